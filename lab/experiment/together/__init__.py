"""Trains several experiments side by side: `Experiment.train_many` and `Experiment.resume_many`."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lab.callbacks import Callback, Progress
from lab.errors import UsageError, bad_value
from lab.experiment import resuming
from lab.experiment.base import ExperimentBase
from lab.experiment.options import Options
from lab.experiment.together.siblings import plan_of, siblings
from lab.experiment.together.training import train_prepared
from lab.runs import population
from lab.runs.directory import RunDirectory
from lab.runs.opening import building
from lab.runs.opening.learners import learner_of
from lab.runs.opening.sources import from_run

if TYPE_CHECKING:
    import os

    from lab.learner import Learner

E = TypeVar("E", bound=ExperimentBase)


def train_many(
    pattern: E, seeds: Iterable[int] | None, settings: Iterable[Mapping[str, Any]], steps: int | None
) -> list[E]:
    """Train a pattern's siblings; see `Experiment.train_many`."""
    for name, given in (("seeds", () if seeds is None else seeds), ("settings", settings)):
        if isinstance(given, (str, Mapping)) or not isinstance(given, Iterable):
            raise bad_value("train_many", name, given, "a list", f"{name}=[...].")
    changes = list(settings)
    for one in changes:
        if not isinstance(one, Mapping):
            raise bad_value("train_many", "settings", one, "a dict of settings each", "settings=[{...}, {...}].")
    members = siblings(pattern, [pattern.seeds.seed] if seeds is None else list(seeds), changes)
    for member in members:
        member.prepare_training(steps)
    if pattern.directory is not None:
        population.write(pattern.directory.path, plan_of(pattern, members))
    train_prepared(members, _shown(pattern))
    return members


def resume_many(
    cls: type[E],
    run_dir: str | os.PathLike[str],
    given: Mapping[str, Any],
    learner: type[Learner] | None,
    callbacks: list[Callback],
    progress: bool | None,
    exact: bool,
) -> list[E]:
    """Train a population on to its end; see `Experiment.resume_many`."""
    plan = population.read(run_dir)
    source, elsewhere, options = given["source"], given["evaluation_source"], plan.options
    elsewhere_name, kind = options.get("evaluation_source"), options.get("evaluation_source_kind")
    if source is None and plan.source is None:
        raise UsageError(
            f"{run_dir} was trained on an object, which its files cannot name. "
            "Fix: pass it again: Experiment.resume_many(run_dir, source=...)."
        )
    made = learner or learner_of({"learner": plan.learner}, Path(run_dir))
    build: Any = cls
    members: list[E] = []
    for member in plan.members:
        directory = RunDirectory(Path(run_dir) / member.name)
        own = copy.deepcopy(callbacks)
        if directory.config_path.exists():
            config = directory.read_config()
            again = {"source": source, "evaluation_source": elsewhere}
            fresh = building.made_from(config, directory, made)
            one = build.resume(directory.path, **again, learner=fresh, callbacks=own, progress=False, exact=exact)
        else:
            fresh = building.made_from({"settings": member.settings}, directory, made)
            one = build(
                fresh,
                from_run(fresh, {"source": plan.source}, Path(run_dir), "resume") if source is None else source,
                evaluation_source=resuming.named_evaluation_source(fresh, elsewhere_name, kind, Path(run_dir))
                if elsewhere is None
                else elsewhere,
                run_dir=directory.path,
                callbacks=own,
                progress=False,
                **Options.from_json({**options, "seed": member.seed}).to_json(),
            )
            one.source = plan.source if source is None else source
            resuming.check_callbacks(one, plan.callbacks, directory.path)
        members.append(one)
    left = []
    for one in members:
        begun = one.directory is not None and one.directory.config_path.exists()
        if not begun or one.is_unfinished:
            one.prepare_training(None if begun else plan.steps)
            left.append(one)
    if left:
        train_prepared(left, progress)
    return members


def _shown(experiment: ExperimentBase) -> bool | None:
    return next((c.show for c in experiment.callbacks if isinstance(c, Progress)), None)
