"""Writes what a run is into its config.json, and opens the run again from its files."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lab import registry
from lab.errors import CheckpointError, UnconfirmedSource, UsageError
from lab.files.json_lines import JsonLines
from lab.files.reading.run_state import read_run
from lab.results.history import History
from lab.runs import building, checkpoints, population
from lab.runs.directory import RunDirectory
from lab.runs.sources import from_run, is_given
from lab.runtime.conditions import had_cut_processors, recorded, take_up, warn_of_other_conditions
from lab.runtime.threads import start_tensorflow

if TYPE_CHECKING:
    from lab.callbacks import Callback
    from lab.experiment.experiment import Experiment
    from lab.experiment.recording import Recording
    from lab.learner import Learner

E = TypeVar("E", bound="Experiment")


def describe(experiment: Recording) -> dict[str, Any]:
    """Return the run's configuration as JSON values: all that opening it again needs."""
    return {
        "format": 1,
        "learner": experiment.learner.name,
        "settings": experiment.learner.config.to_dict(),
        "source": source_name(experiment.source),
        "evaluation_source": source_name(experiment.evaluation_source),
        **experiment.options,
        "log_every": experiment.log_every,
        "unit": experiment.task.unit,
        "steps": experiment.target_step,
        "lane_used": experiment.task.lane,
        "lane_reason": experiment.task.lane_reason,
        "task": experiment.task.describe(),
        "callbacks": list(named(experiment.callbacks)),
        **recorded(experiment.begun_with, experiment.step),
    }


def source_name(source: Any) -> str | None:
    """Return a source's name or path, or None for an object that a file cannot name."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    return getattr(source, "source_name", None)


def named(callbacks: list[Callback]) -> dict[str, Callback]:
    """Return callbacks by a name that is the same in every process: the class's, numbered where it repeats."""
    found: dict[str, Callback] = {}
    for callback in callbacks:
        name = registry.snake_case(type(callback).__name__)
        number = sum(1 for n in found if n.split("#")[0] == name)
        found[name if number == 0 else f"{name}#{number + 1}"] = callback
    return found


def resume(
    cls: type[E],
    run_dir: str | os.PathLike[str],
    source: Any,
    evaluation_source: Any,
    learner: Learner | None,
    callbacks: list[Callback],
    progress: bool | None,
    exact: bool,
) -> E:
    """Open a run at its newest whole checkpoint; see `Experiment.resume`."""
    directory = RunDirectory(run_dir)
    directory.check_links()
    if population.is_population(directory.path):
        raise UsageError(
            f"{directory.path} holds several runs. Fix: Experiment.resume_many(run_dir), or resume one of them, such "
            f"as {directory.path / population.read(directory.path).members[0].name}."
        )
    config = directory.read_config()
    take_up(config)
    # Before the learner asks for its own number, so that every bit comes out as it did in the run.
    start_tensorflow(config.get("threads") or None, cut=had_cut_processors(config))
    warn_of_other_conditions(config, directory.path)
    if learner is None:
        learner = building.made_from(config, directory, registry.learner(config["learner"]))
    elif learner.config.to_dict() != config["settings"]:
        raise UsageError(f"the learner has settings {learner.config.to_dict()}; the run has {config['settings']}.")
    experiment = _rebuilt(cls, directory, config, source, evaluation_source, learner, callbacks, progress, "resume")
    check_callbacks(experiment, config["callbacks"], directory.path)
    experiment.task.check_description(config["task"])
    restore_newest(experiment, directory, exact)
    experiment.task.check_same(config["task"])
    return experiment


def check_callbacks(experiment: Experiment, expected: list[str], run: Path) -> None:
    """Check that an experiment has the callbacks of the run that it continues.

    Raises:
        UsageError: When one is missing.
    """
    missing = set(expected) - set(named(experiment.callbacks))
    if missing:
        raise UsageError(
            f"{run} was trained with the callbacks {sorted(missing)}, which hold part of its state. "
            "Fix: Experiment.resume(run_dir, callbacks=[...]) with callbacks made as they were."
        )


def open_run(
    cls: type[E], run_dir: str | os.PathLike[str], which: str, source: Any, evaluation_source: Any = None
) -> E:
    """Open a run to judge and show what it learnt; see `Experiment.open`."""
    from lab.learner import Learner

    directory = RunDirectory(run_dir)
    directory.check_links()
    config = directory.read_config()
    learner = Learner.load(run_dir, which)
    experiment = _rebuilt(cls, directory, config, source, evaluation_source, learner, [], False, "evaluate")
    path = directory.find_checkpoint(which)
    experiment.step = checkpoints.step_of(path) if path is not None else 0
    rows = [row for row in JsonLines(directory.metrics).read() if row["step"] <= experiment.step]
    experiment.history = History(rows, unit=experiment.task.unit)
    experiment._opened = True
    return experiment


def _rebuilt(
    cls: type[E],
    directory: RunDirectory,
    config: dict[str, Any],
    source: Any,
    evaluation_source: Any,
    learner: Learner,
    callbacks: list[Callback],
    progress: bool | None,
    verb: str,
) -> E:
    if source is None and config["source"] is None:
        raise UsageError(
            f"{directory.path} was trained on an object ({config['task'].get('source_kind', 'unknown')}), which its "
            "files cannot name. Fix: pass it again, as in Experiment.resume(run_dir, source=...)."
        )
    if verb == "evaluate" and isinstance(source, str) and config["source"] not in (None, source):
        # Whoever resumes is held to the run's own data and environment by their state.
        warnings.warn(f"{directory.path} learnt from {config['source']!r}; it is shown on {source!r}", stacklevel=4)
    if evaluation_source is None:
        kind = config["task"].get("evaluation_source_kind")
        evaluation_source = named_evaluation_source(learner, config.get("evaluation_source"), kind, directory.path)
    keywords = {k: config[k] for k in ("seed", "num_envs", "evaluate_every", "checkpoint_every", "video_every")}
    found = from_run(learner, config, directory.path, verb) if source is None else source
    experiment = cls(
        learner,
        found,
        evaluation_source=evaluation_source,
        lane=config["lane_used"],
        log_every=config["log_every"],
        callbacks=callbacks,
        progress=progress,
        **keywords,
    )
    if source is None:
        # As it was named, also where that was looked up under another name.
        experiment.source = config["source"]
    experiment.options["lane"] = config["lane"]
    if isinstance(config.get("lane_reason"), str):
        # It is asked for the lane that was used; why that was used the run knows.
        experiment.task.lane_reason = config["lane_reason"]
    attach(experiment, directory, callbacks, progress)
    experiment.target_step = config["steps"]
    experiment.begun_with = config
    return experiment


def named_evaluation_source(learner: Learner, name: str | None, kind: str | None, run: Path) -> str | None:
    """Return the evaluation source that a run's file names, which may be none.

    Args:
        learner: Of the run; it knows what the name stands for.
        name: As the file has it.
        kind: Of what kind it was; None where the run was evaluated in its source.
        run: The run's directory.

    Raises:
        UsageError: When it was an object.
        UnconfirmedSource: When its name takes the user's word.
    """
    if name is None and kind is not None:
        raise UsageError(
            f"{run} was evaluated in an object ({kind}), which its files cannot name. "
            "Fix: pass it again, as in Experiment.resume(run_dir, evaluation_source=...)."
        )
    try:
        return name if name is None or is_given(name) else learner.named_source(name, run)
    except UnconfirmedSource as why:
        raise UnconfirmedSource(f"{run} names the evaluation_source {name!r}, which {why}") from why


def attach(experiment: Experiment, directory: RunDirectory, callbacks: list[Callback], progress: bool | None) -> None:
    """Give an experiment the directory of the run it continues."""
    experiment.directory = directory
    experiment.callbacks = experiment.with_standard(callbacks, progress)
    experiment._claimed = True


def newest_step(directory: RunDirectory) -> int:
    """Return the step of a run's newest checkpoint, whole or not; -1 where there is none."""
    found = checkpoints.listed(directory.checkpoints, "step")
    return checkpoints.step_of(found[-1]) if found else -1


def restore_newest(experiment: Experiment, directory: RunDirectory, exact: bool) -> None:
    """Restore the newest whole checkpoint; a run killed before its first one begins anew, which is as exact."""
    experiment._newest_known = newest_step(directory)
    path: Path | None = directory.find_checkpoint("last")
    experiment._resumed_at = 0
    if path is not None:
        state, notes = read_run(path)
        with checkpoints.restoring(path):
            restore(experiment, state, exact)
        experiment._logs = notes.get("logs", {})
        experiment._elapsed = float(notes.get("time_elapsed", 0.0))
        experiment._resumed_at = experiment.step
        experiment.last_checkpoint = path
    rows = [row for row in JsonLines(directory.metrics).read() if row["step"] <= experiment.step]
    experiment.history = History(rows, unit=experiment.task.unit)


def restore(experiment: Experiment, state: dict[str, Any], exact: bool) -> None:
    """Put the state of a checkpoint into an experiment."""
    callbacks = named(experiment.callbacks)
    unknown = sorted(set(state["callbacks"]) - set(callbacks))
    if unknown:
        raise CheckpointError(f"the checkpoint holds the state of callbacks {unknown}, which this experiment lacks.")
    experiment.step = state["experiment"]["step"]
    experiment.target_step = max(experiment.target_step, state["experiment"]["target_step"])
    experiment._due = [callbacks[name] for name in state["experiment"].get("due", []) if name in callbacks]
    experiment.learner.set_state(state["learner"])
    experiment.task.exact = exact
    experiment.task.set_state(state["task"])
    for name, callback_state in state["callbacks"].items():
        callbacks[name].set_state(callback_state)
