"""Builds what all runs of a sweep are like from its plan, within what a user or the registry has named."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lab import registry
from lab.callbacks import Callback
from lab.errors import UsageError
from lab.experiment import resuming
from lab.experiment.experiment import Experiment
from lab.experiment.options import Options
from lab.learner import Learner
from lab.runs.directory import RunDirectory
from lab.runs.opening import building
from lab.runs.opening.sources import from_run
from lab.runtime.conditions import had_cut_processors, take_up
from lab.runtime.threads import start_tensorflow
from lab.sweep.journal import folder
from lab.sweep.plan import Plan


def first_config(plan: Plan, directory: Path) -> dict[str, Any] | None:
    """Return the config.json of the first run that has begun, or None."""
    for number in range(plan.trials):
        trial = directory / folder(number)
        if not trial.is_dir():
            continue
        for seed in plan.seeds:
            run = RunDirectory(trial / f"seed-{seed}")
            if run.config_path.is_file():
                return run.read_config()
    return None


def pattern_of(
    plan: Plan,
    directory: Path,
    source: Any,
    evaluation_source: Any,
    learner: type[Learner] | None,
    callbacks: Iterable[Callback],
) -> Experiment:
    """Return an experiment that all runs of a sweep are like; it is not trained.

    Raises:
        UsageError: When the source was an object and is not given, or the callbacks are not those of the sweep.
        UnconfirmedSource: When the file alone is not followed to its source.
        RunDirectoryError: When the settings are none of the learner's.
    """
    if source is None and plan.source is None:
        raise UsageError(
            f"{directory} was trained on an object, which its files cannot name. "
            "Fix: pass it again: Sweep.resume(run_dir, source=...)."
        )
    begun = first_config(plan, directory)
    if begun is not None:
        take_up(begun)
        # Before the learner asks for its own number, so that every bit comes out as it did in the runs.
        start_tensorflow(begun.get("threads") or None, cut=had_cut_processors(begun))
    made = learner or registry.learner(plan.learner)
    fresh: Learner = building.made_from({"settings": plan.settings}, RunDirectory(directory), made)
    name, kind = plan.options.get("evaluation_source"), plan.options.get("evaluation_source_kind")
    elsewhere = evaluation_source
    if elsewhere is None:
        elsewhere = resuming.named_evaluation_source(fresh, name, kind, directory)
    options = Options.from_json({**plan.options, "seed": 0})
    found = from_run(fresh, {"source": plan.source}, directory, "resume") if source is None else source
    pattern = Experiment(
        fresh, found, evaluation_source=elsewhere, callbacks=callbacks, progress=False, **options.to_json()
    )
    if source is None:
        pattern.source = plan.source
    with_runs = [name for name in plan.callbacks if name != "checkpoint"]
    resuming.check_callbacks(pattern, with_runs, directory)
    return pattern
