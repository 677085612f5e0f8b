"""State and seed decide everything, intervals nothing, and every item of state something."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.experiment import resuming
from lab.experiment.experiment import Experiment
from lab.results.history import History
from lab.runs import checkpoints
from lab.testing.comparing import check_same_state, differences, without_clock
from lab.testing.failures import expect
from lab.testing.subject import Snapshot, Subject, Trial, train_part

# State of a task that may be left out without harm, and why.
IDLE_TASK = {
    "fingerprint": "the data set's own hash; another data set is refused",
    "began": "the steps that an agent had before its run, and none has any here",
    "noted": "what callbacks have measured since the last row, and none of them measures here",
}


def state_and_seed_decide_everything(trial: Trial) -> None:
    """Equal seeds train equally however often rows are logged, and other seeds otherwise.

    Where `idle` is given, that has a negative control: an item of state that is left as `build` made it must show in
    the end, but those that `idle` names.
    """
    subject, whole = trial.subject, trial.trained.experiment
    seeded = "draw from `self.seeds` alone, never from a global generator or the clock"
    # One experiment for all, because compiling its updates is what takes time; that it can be used again and again is
    # shown by the last line. First in one go, logged otherwise and without checkpoints:
    other = subject.experiment(log_every=max(2, subject.log_every // 3 + 1), callbacks=[Snapshot(subject.middle)])
    # Schedules that follow the run keep to the length of its first training, so there it is cut as the whole one was.
    cut = other.learner.depends_on_run
    for steps in (subject.first, subject.then) if cut else (subject.steps,):
        train_part(other, steps)
    mine, theirs = other.learner.get_state(), whole.learner.get_state()
    check_same_state(mine, theirs, "states of two trainings with one seed and other intervals", seeded)
    other.log_every = subject.log_every

    fresh, again, different = (subject.experiment(seed=seed).get_state() for seed in (5, 5, 6))
    check_same_state(fresh, again, "states of two that were built with one seed", seeded)
    reference = ending(whole, subject.middle)
    with warnings.catch_warnings():
        # Environments note that they are seeded otherwise than the state says.
        warnings.simplefilter("ignore")
        found = differences(go_on(other, different, subject)["learner"], reference["learner"])
    expect(found, "one end for the seeds 5 and 6", "others for other seeds", "draw from `self.seeds`")
    if subject.idle is not None:
        state = _middle(trial)
        for part, idle in (("task", {**IDLE_TASK, **subject.idle}), ("learner", subject.idle)):
            for item in state[part]:
                _check_item(other, state, fresh, (part, item), subject, reference, item in idle)
    state = _middle(trial)
    check_same_state(go_on(other, state, subject), reference, "ends of the restored and the whole training", seeded)


def _middle(trial: Trial) -> dict[str, Any]:
    return without_checkpoint(through_disk(trial.trained.middle_state, trial.place("middle")))


def _check_item(
    other: Experiment,
    state: Mapping[str, Any],
    fresh: Mapping[str, Any],
    place: tuple[str, str],
    subject: Subject,
    reference: Mapping[str, Any],
    is_idle: bool,
) -> None:
    part, item = place
    if _holds_nothing(state[part][item]) and _holds_nothing(fresh[part].get(item)):
        # A part that an agent of these settings has no use for.
        return
    rest = {name: value for name, value in state[part].items() if name != item}
    # What is only met in training is left out, else it is as `build` made it.
    forgetful = {**state, part: {**rest, **({item: fresh[part][item]} if item in fresh[part] else {})}}
    try:
        found = differences(go_on(other, forgetful, subject), reference)
    except (ZeroDivisionError, ValueError) as error:
        # Sums without their count, or rows of steps that are over: that is noticed too.
        found = [type(error).__name__]
    name = f"{part}.{item}"
    if is_idle:
        expect(not found, f"{name} of `idle`, which changes {found[:3]}", "no change", "take it from `idle`")
    else:
        fix = "name it in `not_state` of the class, or in `idle` with the reason"
        expect(found, f"the same end without {name}", "that every item of state decides something", fix)


def _holds_nothing(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_holds_nothing, value.values()))
    return value is None or (isinstance(value, (tuple, list)) and all(map(_holds_nothing, value)))


def through_disk(state: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Write a state as a checkpoint and read it again."""
    path = checkpoints.write(folder / "step-000000000001", state)
    found, _ = checkpoints.read(path)
    shutil.rmtree(path)
    return found


def ending(experiment: Experiment, since: int) -> dict[str, Any]:
    """Return all that going on from a step has led to: state, and the rows logged since."""
    rows = [row for row in without_clock(experiment.history.rows) if row["step"] > since]
    return {**without_checkpoint(experiment.get_state()), "rows": rows}


def without_checkpoint(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return an experiment's state without the callback that only those with a run directory have."""
    return {**state, "callbacks": {k: v for k, v in state["callbacks"].items() if k != "checkpoint"}}


def go_on(experiment: Experiment, state: Mapping[str, Any], subject: Subject) -> dict[str, Any]:
    """Put the state of `subject.middle` into an experiment, train it as the subject's and return where that leads."""
    experiment.target_step = 0
    experiment.history = History(unit=experiment.task.unit)
    resuming.restore(experiment, dict(state), exact=True)
    train_part(experiment, subject.first - experiment.step)
    train_part(experiment, subject.then)
    return ending(experiment, subject.middle)
