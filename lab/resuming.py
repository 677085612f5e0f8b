"""Writes what a run is into its config.json, and opens the run again from its files."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lab import checkpoints, registry
from lab.errors import CheckpointError, UsageError
from lab.history import History
from lab.logging import JsonLines
from lab.run_directory import RunDirectory
from lab.threads import start_tensorflow, threads_in_use
from lab.version import __version__

if TYPE_CHECKING:
    from lab.callbacks import Callback
    from lab.experiment import Experiment
    from lab.learner import Learner
    from lab.recording import Recording

E = TypeVar("E", bound="Experiment")
PACKAGES = ("tensorflow", "keras", "gymnasium", "numpy")


def describe(experiment: Recording) -> dict[str, Any]:
    """Return the run's configuration as JSON values: all that opening it again needs."""
    return {
        "format": 1,
        "learner": experiment.learner.name,
        "settings": experiment.learner.config.to_dict(),
        "source": source_name(experiment.source),
        **experiment.options,
        "log_every": experiment.log_every,
        "unit": experiment.task.unit,
        "steps": experiment.target_step,
        "lane_used": experiment.task.lane,
        "lane_reason": experiment.task.lane_reason,
        "task": experiment.task.describe(),
        "callbacks": list(named(experiment.callbacks)),
        "versions": versions(),
        "threads": threads_in_use(),
    }


def source_name(source: Any) -> str | None:
    """Return a source's name or path, or None for an object that a file cannot name."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    return getattr(source, "source_name", None)


def versions() -> dict[str, str]:
    """Return the versions of Python, this project and the packages that decide a run's numbers."""
    from importlib.metadata import version

    return {"python": platform.python_version(), "lab": __version__, **{name: version(name) for name in PACKAGES}}


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
    learner: Learner | None,
    callbacks: list[Callback],
    progress: bool | None,
    exact: bool,
) -> E:
    """Open a run at its newest whole checkpoint; see `Experiment.resume`."""
    directory = RunDirectory(run_dir)
    config = directory.read_config()
    # Before the learner asks for its own number, so that every bit comes out as it did in the run.
    start_tensorflow(config.get("threads") or None)
    if learner is None:
        learner = registry.learner(config["learner"])(**config["settings"])
    elif learner.config.to_dict() != config["settings"]:
        raise UsageError(f"the learner has settings {learner.config.to_dict()}; the run has {config['settings']}.")
    experiment = _rebuilt(cls, directory, config, source, learner, callbacks, progress)
    missing = set(config["callbacks"]) - set(named(experiment.callbacks))
    if missing:
        raise UsageError(
            f"{directory.path} was trained with the callbacks {sorted(missing)}, which hold part of its state. "
            "Fix: Experiment.resume(run_dir, callbacks=[...]) with callbacks made as they were."
        )
    restore_newest(experiment, directory, exact)
    experiment.task.check_same(config["task"])
    return experiment


def open_run(cls: type[E], run_dir: str | os.PathLike[str], which: str, source: Any) -> E:
    """Open a run to judge and show what it learnt; see `Experiment.open`."""
    from lab.learner import Learner

    directory = RunDirectory(run_dir)
    config = directory.read_config()
    experiment = _rebuilt(cls, directory, config, source, Learner.load(run_dir, which), [], False)
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
    learner: Learner,
    callbacks: list[Callback],
    progress: bool | None,
) -> E:
    if source is None and config["source"] is None:
        raise UsageError(
            f"{directory.path} was trained on an object ({config['task'].get('source_kind', 'unknown')}), which its "
            "files cannot name. Fix: pass it again, as in Experiment.resume(run_dir, source=...)."
        )
    keywords = {k: config[k] for k in ("seed", "num_envs", "evaluate_every", "checkpoint_every", "video_every")}
    experiment = cls(
        learner,
        config["source"] if source is None else source,
        lane=config["lane_used"],
        log_every=config["log_every"],
        callbacks=callbacks,
        progress=progress,
        **keywords,
    )
    experiment.options["lane"] = config["lane"]
    attach(experiment, directory, callbacks, progress)
    experiment.target_step = config["steps"]
    return experiment


def attach(experiment: Experiment, directory: RunDirectory, callbacks: list[Callback], progress: bool | None) -> None:
    """Give an experiment the directory of the run it continues."""
    experiment.directory = directory
    experiment.callbacks = experiment.with_standard(callbacks, progress)
    experiment._claimed = True


def restore_newest(experiment: Experiment, directory: RunDirectory, exact: bool) -> None:
    """Restore the newest whole checkpoint; a run killed before its first one begins anew, which is as exact."""
    path: Path | None = directory.find_checkpoint("last")
    experiment._resumed_at = 0
    if path is not None:
        state, notes = checkpoints.read(path)
        restore(experiment, state, exact)
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
    experiment.learner.set_state(state["learner"])
    experiment.task.exact = exact
    experiment.task.set_state(state["task"])
    for name, callback_state in state["callbacks"].items():
        callbacks[name].set_state(callback_state)
