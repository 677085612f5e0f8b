"""Opens a run again from its files."""

from __future__ import annotations

import dataclasses
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lab.callbacks.base import named
from lab.callbacks.loggers import service_of
from lab.errors import CheckpointError, UnconfirmedSource, UsageError, bad_value
from lab.experiment.base import ExperimentBase
from lab.experiment.options import Options
from lab.learner import Learner
from lab.messages.notes import note
from lab.runs import checkpoints, population
from lab.runs.directory import RunDirectory
from lab.runs.opening import building
from lab.runs.opening.learners import learner_of
from lab.runs.opening.sources import from_run, is_given
from lab.runs.run_state import read_run
from lab.runtime.conditions import had_cut_processors, take_up, warn_of_other_conditions
from lab.runtime.threads import start_tensorflow

if TYPE_CHECKING:
    from lab.callbacks import Callback

E = TypeVar("E", bound=ExperimentBase)


def resume(
    cls: type[E],
    run_dir: str | os.PathLike[str],
    source: Any,
    evaluation_source: Any,
    learner: Learner | None,
    network: Any,
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
    learner = _learner(learner, network, config, directory)
    learner.check_description(config["task"])
    experiment = _rebuilt(cls, directory, config, source, evaluation_source, learner, callbacks, progress, "resume")
    check_callbacks(experiment, config["callbacks"], directory.path)
    experiment.task.check_description(config["task"])
    # Also where no step is left to train: a kill may have come after the last checkpoint.
    directory.tidy()
    restore_newest(experiment, directory, exact)
    experiment.task.check_same(config["task"])
    return experiment


def _learner(learner: Learner | None, network: Any, config: Mapping[str, Any], directory: RunDirectory) -> Learner:
    """Return the user's learner, if there is one, else one of the run's settings and the user's network, if any."""
    if learner is None:
        learner = building.made_from(config, directory, learner_of(config, directory.path), network)
    elif network is not None:
        raise bad_value("Experiment", "network", network, "None beside a learner", "learner=DQN(network=...).")
    else:
        _check_learner(learner, config)
    return learner


def _check_learner(learner: Any, config: Mapping[str, Any]) -> None:
    if not isinstance(learner, Learner) or learner.name != config["learner"]:
        fix = "pass a fresh one, as in learner=DQN(...)."
        raise bad_value("Experiment.resume", "learner", learner, f"a {config['learner']} like the run's", fix)
    mine, theirs = learner.config.to_dict(), config["settings"]
    # Settings that came after the run's version have defaults, which mean what that version did.
    defaults = {f.name for f in dataclasses.fields(learner.config) if getattr(learner.config, f.name) == f.default}
    for name in sorted(mine.keys() | theirs.keys()):
        if mine.get(name) != theirs.get(name) and (name in theirs or name not in defaults):
            expected = f"{theirs.get(name)!r} as in the run"
            raise bad_value("Experiment.resume", f"learner.config.{name}", mine.get(name), expected)


def check_callbacks(experiment: ExperimentBase, expected: list[str], run: Path) -> None:
    """Check that an experiment has the callbacks of the run that it continues.

    Raises:
        UsageError: When one is missing.
    """
    missing = set(expected) - set(named(experiment.callbacks))
    left_out = sorted(service for name in missing if (service := service_of(name)))
    if left_out:
        # They hold nothing of training's, and what they take may not be there.
        note(
            f"{run} was logged to {', '.join(left_out)}, and is not now. To go on there: `lab resume {run} "
            f"{' '.join('--log ' + service for service in left_out)}`, or Experiment.resume(run_dir, callbacks=[...])."
        )
    missing = {name for name in missing if not service_of(name)}
    if missing:
        raise UsageError(
            f"{run} was trained with the callbacks {sorted(missing)}, which hold part of its state. "
            "Fix: Experiment.resume(run_dir, callbacks=[...]) with callbacks made as they were."
        )


def open_run(
    cls: type[E],
    run_dir: str | os.PathLike[str],
    which: str,
    source: Any,
    evaluation_source: Any = None,
    learner: Learner | None = None,
    network: Any = None,
) -> E:
    """Open a run to evaluate and show what it learnt; see `Experiment.open`."""
    directory = RunDirectory(run_dir)
    directory.check_links()
    config = directory.read_config()
    # Once for both, because it reads the whole checkpoint, and what it warns of is said once.
    path = directory.find_checkpoint(which)
    if learner is not None or network is not None:
        learner = _learner(learner, network, config, directory)
    learner = Learner.load_checkpoint(directory, config, path, learner)
    experiment = _rebuilt(cls, directory, config, source, evaluation_source, learner, [], False, "evaluate")
    experiment.loop.look_at(checkpoints.step_of(path) if path is not None else 0)
    experiment.record.show(experiment.step)
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
    asked = Options.from_json(config)
    found = from_run(learner, config, directory.path, verb) if source is None else source
    # A class below the base is made as `Experiment` is.
    make: Any = cls
    experiment: E = make(
        learner,
        found,
        evaluation_source=evaluation_source,
        callbacks=callbacks,
        progress=progress,
        **{**asked.to_json(), "lane": config["lane_used"]},
    )
    if source is None:
        # As it was named, also where that was looked up under another name.
        experiment.source = config["source"]
    experiment.options = asked
    if isinstance(config.get("lane_reason"), str):
        # It is asked for the lane that was used; why that was used the run knows.
        experiment.task.lane_reason = config["lane_reason"]
    experiment.record.reopen(directory, config)
    # Which are standard depends on the directory too.
    experiment.callbacks = experiment.with_standard(callbacks, progress)
    experiment.target_step = config["steps"]
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


def restore_newest(experiment: ExperimentBase, directory: RunDirectory, exact: bool) -> None:
    """Restore the newest whole checkpoint; a run killed before its first one begins anew, which is as exact."""
    newest = directory.newest_step()
    path: Path | None = directory.find_checkpoint("last")
    notes: Mapping[str, Any] = {}
    if path is not None:
        state, notes = read_run(path)
        with checkpoints.restoring(path):
            restore(experiment, state, exact)
    experiment.record.go_on(experiment.step, path, notes, newest)


def restore(experiment: ExperimentBase, state: dict[str, Any], exact: bool) -> None:
    """Put the state of a checkpoint into an experiment."""
    callbacks = named(experiment.callbacks)
    unknown = sorted(name for name in set(state["callbacks"]) - set(callbacks) if not service_of(name))
    if unknown:
        raise CheckpointError(f"the checkpoint holds the state of callbacks {unknown}, which this experiment lacks.")
    experiment.loop.set_state(state["experiment"], experiment.callbacks)
    experiment.learner.set_state(state["learner"])
    experiment.task.exact = exact
    experiment.task.set_state(state["task"])
    for name in callbacks.keys() & state["callbacks"].keys():
        callbacks[name].set_state(state["callbacks"][name])
