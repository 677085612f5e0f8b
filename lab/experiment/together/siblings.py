"""The experiments of a population: like one pattern, with other seeds and settings."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from lab.callbacks.base import named
from lab.config import Settings, make
from lab.errors import UsageError, bad_value
from lab.experiment.base import ExperimentBase
from lab.runs import population
from lab.runs.opening.sources import source_name

E = TypeVar("E", bound=ExperimentBase)


def siblings(pattern: E, seeds: Sequence[int], settings: Sequence[Mapping[str, Any]]) -> list[E]:
    """Return an untrained experiment like `pattern` for each of the settings and seeds.

    Raises:
        UsageError: When two would be the same run, or the source is one object that they cannot share.
    """
    for name, given in (("seeds", seeds), ("settings", settings)):
        if not given or any(given.count(one) > 1 for one in given):
            raise bad_value("train_many", name, given, "at least one, each once")
    if pattern.step or pattern.record.claimed:
        raise UsageError("this experiment has begun a run of its own. Fix: call train_many on a fresh Experiment.")
    check_shared("train_many", pattern)
    learner = pattern.learner
    present = {name: getattr(learner.config, name) for name in learner.config.to_dict()}
    members = []
    # All settings first, so that one that is wrong is refused before anything is built.
    configs = [make(type(learner.config), {**present, **changes}) for changes in settings]
    for config, changes in zip(configs, settings, strict=True):
        for seed in seeds:
            name = ",".join([*(f"{key}={_plain(value)}" for key, value in changes.items()), f"seed-{seed}"])
            directory = pattern.directory.path / name if pattern.directory is not None else None
            members.append(sibling(pattern, config, seed, directory))
    return members


def check_shared(owner: str, pattern: ExperimentBase) -> None:
    """Raise `UsageError` where a source is one object that several runs cannot share."""
    if not (isinstance(pattern.source, str) or callable(pattern.source) or pattern.learner.shares_source):
        raise UsageError(
            f"{owner} received the source {pattern.source!r}, which several runs cannot share. "
            "Fix: give it a name or a factory: lambda: MyEnv()."
        )


def sibling(pattern: E, config: Settings, seed: int, directory: Path | None) -> E:
    """Return an untrained experiment like `pattern` with other settings, seed and directory."""
    build = cast(Any, type(pattern))
    options = dataclasses.replace(pattern.options, seed=seed, log_every=pattern.log_every)
    made: E = build(
        pattern.learner.another(config),
        pattern.source,
        evaluation_source=pattern.evaluation_source,
        run_dir=directory,
        callbacks=copy.deepcopy(pattern.given_callbacks),
        progress=False,
        **options.to_json(),
    )
    return made


def plan_of(pattern: ExperimentBase, members: Sequence[ExperimentBase]) -> population.Population:
    """Return what it takes to begin each of a pattern's siblings anew."""
    options = {key: value for key, value in pattern.options.to_json().items() if key != "seed"}
    runs = [
        population.Member(m.directory.path.name, m.seeds.seed, m.learner.config.to_dict())
        for m in members
        if m.directory is not None
    ]
    return population.Population(
        learner=pattern.learner.name,
        source=source_name(pattern.source),
        steps=members[0].target_step,
        options={**options, **evaluated_elsewhere(pattern), "log_every": pattern.log_every},
        callbacks=list(named(members[0].callbacks)),
        members=runs,
    )


def evaluated_elsewhere(pattern: ExperimentBase) -> dict[str, Any]:
    """Return what a plan keeps of another source to evaluate in; nothing where there is none."""
    if pattern.evaluation_source is None:
        return {}
    name = source_name(pattern.evaluation_source)
    return {"evaluation_source": name, "evaluation_source_kind": type(pattern.evaluation_source).__name__}


def _plain(value: Any) -> str:
    return "x".join(map(_plain, value)) if isinstance(value, tuple | list) else f"{value}"
