"""What every learner must do: agent, generator or predictor."""

from __future__ import annotations

import copy
import json
import math
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lab.errors import UsageError
from lab.experiment.experiment import Experiment
from lab.files.json_lines import JsonLines
from lab.learner import Learner
from lab.testing.comparing import check_same_state, without_clock
from lab.testing.failures import CheckFailed, expect, expected_error
from lab.testing.subject import Snapshot, Trial, train, train_part

STRANGE = "colour_of_the_sky"
EPISODES = 3


def settings_are_checked(trial: Trial) -> None:
    """Settings go through JSON unchanged, and unknown ones are refused by name."""
    learner = trial.subject.make()
    kind = type(learner)
    again = kind.from_settings(json.loads(json.dumps(learner.config.to_dict())))
    expect(
        again.config == learner.config,
        f"settings {again.config} after JSON",
        learner.config,
        "declare them in a frozen dataclass of `Settings`, with types that JSON has",
    )
    fix = f"leave the arguments to {kind.__name__}.__init__ as they are, and declare `Settings`"
    with expected_error(STRANGE, "an unknown setting", fix):
        kind(**{STRANGE: 1})
    with expected_error("expected", "a number in place of settings", fix):
        kind(3)  # type: ignore[arg-type]


def trains_with_finite_rows(trial: Trial) -> None:
    """Training logs a row at every interval and at its end, of finite numbers alone, in memory as on the disk."""
    subject, trained = trial.subject, trial.trained
    rows = trained.experiment.history.rows
    check_rows(rows)
    intervals = range(subject.log_every, subject.steps + 1, subject.log_every)
    steps, expected = [row["step"] for row in rows], sorted({*intervals, subject.first, subject.steps})
    expect(steps == expected, f"rows at steps {steps}", f"rows at {expected}", "count steps as `Task.advance` does")
    written = without_clock(JsonLines(trained.run / "metrics.jsonl").read())
    check_same_state(written, without_clock(rows), "rows in metrics.jsonl and in the history", "let metrics be floats")


def check_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """Check that every row has its step and otherwise finite numbers, and that steps ascend.

    Raises:
        CheckFailed: Naming the entry.
    """
    last, fix = 0, "return finite floats by name from `update` and `gauges`"
    for row in rows:
        for name, value in row.items():
            number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
            expect(number, f"{name}={value!r} at step {row.get('step')}", "a finite number", fix)
        expect(row["step"] > last, f"a row at step {row['step']} after one at {last}", "ascending steps", fix)
        last = row["step"]
    expect(last, "no rows", "one row a log point", fix)


def evaluates_without_changing(trial: Trial) -> None:
    """An evaluation has finite metrics, is the same each time, and leaves the learner as it was."""
    experiment = trial.trained.experiment
    before = experiment.get_state()
    evaluation = experiment.evaluate(episodes=5)
    for name, value in evaluation.items():
        fix = "look for the first value that is not finite"
        expect(math.isfinite(value), f"{name}={value!r} in an evaluation", "a finite number", fix)
    expect(evaluation.main in evaluation, f"no metric {evaluation.main!r}", list(evaluation), "name one that there is")
    expect(evaluation.step == experiment.step, f"step {evaluation.step}", experiment.step, "keep the step given")
    drawn = "draw from `evaluation_rng` (agents) or `rng(seed)` (generators), never from the streams of training"
    again = experiment.evaluate(episodes=5)
    expect(again == evaluation, f"{again} the second time", f"{evaluation} again", drawn)
    experiment.task.evaluate(episodes=EPISODES, stream=1, step=experiment.step)
    check_same_state(experiment.get_state(), before, "states before and after an evaluation", drawn)


def renders_every_kind(trial: Trial) -> None:
    """Each kind of picture can be written, the usual one lands in the run, and the learner stays as it was."""
    experiment, folder = trial.trained.experiment, trial.place("pictures")
    before = experiment.get_state()
    expect(experiment.task.kinds, "no kinds to render", "one or more", "name them in `kinds` or `figures`")
    kinds = [kind for kind in experiment.task.kinds if _can_be_rendered(experiment, kind, folder)]
    for kind in kinds:
        still = folder / f"{kind}.png"
        whole = still.read_bytes()[:4] == b"\x89PNG" and still.stat().st_size > 100
        expect(whole, f"a file for {kind!r} that is no PNG", "a picture", f"mend what draws {kind!r}")
    if experiment.task.kinds[0] in kinds:
        usual = experiment.render()
        inside = usual.stat().st_size > 100 and usual.is_relative_to(trial.trained.run)
        expect(inside, f"the file {usual}", f"one below {trial.trained.run}", "write to the path given")
    with expected_error("kind received 'nothing'; expected one of", "an unknown kind", "leave `render` as it is"):
        experiment.render(kind="nothing")
    fix = "draw from streams that rendering has of its own"
    check_same_state(experiment.get_state(), before, "states before and after rendering", fix)


def _can_be_rendered(experiment: Experiment, kind: str, folder: Path) -> bool:
    # Where the environment has no pictures, there is no film of the agent in it; to say so is right.
    try:
        experiment.render(folder / f"{kind}.png", kind=kind)
    except UsageError as error:
        if "cannot be rendered" in str(error):
            return False
        raise
    return True


def resumes_exactly(trial: Trial) -> None:
    """A run that was interrupted and resumed equals the uninterrupted one to the bit."""
    _check_resume(trial, trial.trained)


def resumes_exactly_with_three_environments(trial: Trial) -> None:
    """The same with three environments stepped together."""
    _check_resume(trial, train(trial.subject, trial.place("three"), num_envs=3))


def _check_resume(trial: Trial, trained: Any) -> None:
    subject, whole, run = trial.subject, trained.experiment, trial.place("resumed") / "run"
    shutil.copytree(trained.early, run)
    resumed = subject.resume(run, callbacks=[Snapshot(subject.middle)])
    fix = "keep all that training changes in attributes made in `build`, and draw from `self.seeds` alone"
    try:
        check_same_state(resumed.get_state(), trained.early_state, "states saved and restored", fix)
        train_part(resumed, subject.then)
        check_same_state(resumed.get_state(), whole.get_state(), "states of the resumed and the whole run", fix)
        rows, others = (without_clock(each.history.rows) for each in (resumed, whole))
        check_same_state(rows, others, "rows of the resumed and the whole run", fix)
        mine, theirs = (without_clock(JsonLines(path / "metrics.jsonl").read()) for path in (run, trained.run))
        check_same_state(mine, theirs, "rows in metrics.jsonl of the resumed and the whole run", fix)
    finally:
        resumed.close()


def loads_what_was_learnt(trial: Trial) -> None:
    """Loaded from its run, by its own class, by `Learner` or by `Experiment.open`, it does as the trained one."""
    trained, learner = trial.trained, trial.trained.experiment.learner
    opened = trial.subject.open(trained.run)
    reference = uses(learner)
    fix = "build everything in `build` from settings and spaces alone, so that a checkpoint can fill it"
    kind = type(learner)
    mine, anyones = kind.load(trained.run, which="last"), Learner.load(trained.run)
    for loaded in (opened.learner, mine, anyones):
        expect(type(loaded) is kind, type(loaded).__name__, kind.__name__, "give each class a name of its own")
        if loaded is not anyones:
            check_same_state(uses(loaded), reference, "what the loaded and the trained learner do", fix)
    # It is read as its own class reads it, so that this says as much as using it, which compiles it once more.
    check_same_state(anyones.get_state(), mine.get_state(), "states of `Learner.load` and of its class's", fix)
    if learner.group == "lab.agents":
        again, before = opened.evaluate(episodes=EPISODES), trained.experiment.evaluate(episodes=EPISODES)
        expect(again == before, f"{again} of the opened run", before, fix)
    opened.close()


def uses(learner: Any) -> np.ndarray:
    """Return what a learner does for its user: actions on a few observations, predictions, or samples."""
    if learner.group == "lab.predictors":
        found = learner.predict(learner.made_up_inputs(3))
        return found if isinstance(found, np.ndarray) else np.concatenate([np.ravel(v) for v in found.values()])
    if learner.group != "lab.agents":
        return learner.sample(3, seed=1)
    space = learner.observation_space
    space.seed(0)
    learner.evaluation_rng = np.random.default_rng(0)
    return np.array([learner.act(space.sample()) for _ in range(20)])


def copies_with_what_was_learnt(trial: Trial) -> None:
    """`copy.deepcopy` of a trained learner gives one of its own that does as the trained one."""
    learner = trial.trained.experiment.learner
    state, expected = learner.get_state(), uses(learner)
    copied = copy.deepcopy(learner)
    fix = "let `setup_arguments` return what `setup` was given"
    check_same_state(copied.get_state(), state, "states of a learner and its copy", fix)
    check_same_state(uses(copied), expected, "what a copy and the learner do", fix)
    check_same_state(learner.get_state(), state, "states before and after being copied", fix)


def refuses_files_of_another_learner(trial: Trial) -> None:
    """A run whose config.json names an unknown learner or setting is one clear error for all who open it."""
    subject, run = trial.subject, trial.place("edited") / "run"
    kind = type(trial.trained.experiment.learner)
    shutil.copytree(trial.trained.early, run)
    path = run / "config.json"
    config = json.loads(path.read_text())
    calls: Any = (Learner.load, kind.load, subject.resume, subject.open)
    fix = f"leave {kind.__name__}.load and from_settings as they are"
    for edited, words in (({"learner": "no_such_learner"}, "no_such_learner"), ({"settings": {STRANGE: 1}}, STRANGE)):
        path.write_text(json.dumps({**config, **edited}))
        for call in calls:
            with expected_error(words, f"a config.json with {words!r}", fix):
                call(run)


def refuses_what_it_cannot_train_on(trial: Trial) -> None:
    """A source that is nothing of the kind is one clear error."""
    try:
        Experiment(trial.subject.make(), object())
    except UsageError:
        return
    raise CheckFailed("no error for an object() as the source", "a UsageError", "leave `make_task` as it is")


CHECKS = (
    settings_are_checked,
    refuses_what_it_cannot_train_on,
    trains_with_finite_rows,
    evaluates_without_changing,
    renders_every_kind,
    resumes_exactly,
    loads_what_was_learnt,
    copies_with_what_was_learnt,
    refuses_files_of_another_learner,
)
