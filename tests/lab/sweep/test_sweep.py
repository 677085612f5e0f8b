"""Sweeps of a small learner: what they find, what a kill changes (nothing), what is refused."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from lab import Experiment, Sweep
from lab.errors import RunDirectoryError, UsageError
from lab.files.json_lines import JsonLines
from lab.runs import checkpoints
from lab.sweep import plan as plans
from lab.testing.comparing import without_clock
from tests.contracts import logged
from tests.lab.sweep.tabular import KEYWORDS, WALK, Tabular, sweep

ROOT = Path(__file__).parents[3]


def journal(directory):
    return [json.loads(line) for line in (Path(directory) / "trials.jsonl").read_text().splitlines()]


def runs(directory):
    return sorted(path.parent.relative_to(directory) for path in Path(directory).glob("trial-*/seed-*/config.json"))


def assert_same(directory, other):
    assert journal(directory) == journal(other)
    assert runs(directory) == runs(other)
    for run in runs(directory):
        for name in ("metrics.jsonl", "evaluations.jsonl"):
            assert logged(directory / run, name) == logged(other / run, name), run
        newest = [max((one / run / "checkpoints").glob("step-*")) for one in (directory, other)]
        assert newest[0].name == newest[1].name
        assert len({(path / "state.safetensors").read_bytes() for path in newest}) == 1, run


def test_every_trial_ends_and_the_best_is_the_best(finished):
    assert [trial.number for trial in finished.trials] == list(range(8))
    states = [trial.state for trial in finished.trials]
    assert states.count("complete") >= 2 and "pruned" in states
    complete = {trial.number: trial.value for trial in finished.trials if trial.state == "complete"}
    assert finished.best.value == max(complete.values())
    assert finished.best.number == min(n for n, value in complete.items() if value == finished.best.value)
    for trial in finished.trials:
        if trial.value is not None:
            assert trial.value == pytest.approx(np.mean(list(trial.values.values())))
            assert list(trial.values) == [5, 6]
            assert trial.step == max(trial.reports) == (240 if trial.state == "complete" else trial.step)
    first = next(trial for trial in finished.trials if trial.state == "complete")
    for seed in (5, 6):
        rows = JsonLines(first.path / f"seed-{seed}" / "evaluations.jsonl").read()
        assert [row["mean"] for row in rows if row["purpose"] == "training"][-1] == first.values[seed]


def test_settings_that_do_not_go_together_fail_their_trial_alone(finished):
    failed = [trial for trial in finished.trials if trial.state == "failed"]
    for trial in failed:
        assert trial.settings["optimistic"] and trial.settings["repeats"] > 1
        assert "at most 1 with optimistic" in trial.reason and not list(trial.path.glob("seed-*"))
    together = [t for t in finished.trials if t.settings["optimistic"] and t.settings["repeats"] > 1]
    assert failed == together and failed


def test_trials_are_ordinary_runs(finished, tmp_path):
    best = finished.best
    shutil.copytree(best.path / "seed-5", tmp_path / "best")
    opened = Experiment.open(tmp_path / "best")
    assert opened.learner.config.step_size == best.settings["step_size"]
    assert opened.evaluate(episodes=3)["episodes"] == 3
    opened.close()
    copy = tmp_path / "trial"
    pruned = next(trial for trial in finished.trials if trial.state == "pruned")
    shutil.copytree(pruned.path, copy)
    # A pruned run goes on alone to its end, and so do all of a trial's.
    alone = Experiment.resume(copy / "seed-5", progress=False)
    assert alone.step == pruned.step
    alone.train()
    assert alone.step == 240
    assert [one.step for one in Experiment.resume_many(copy, progress=False)] == [240, 240]


def test_a_trial_is_the_run_that_its_settings_give_alone(finished):
    trial = next(trial for trial in finished.trials if trial.state == "complete")
    alone = Experiment(Tabular(**trial.settings), WALK, seed=6, evaluate_every=60, progress=False)
    rows = alone.train(240).rows
    assert without_clock(rows) == logged(trial.path / "seed-6")
    alone.close()


def test_in_the_compiled_lane_a_program_full_of_runs_is_a_batch(tmp_path):
    from agents import QLearning

    found = Sweep(QLearning(), "lab/GridWorld-v0", {"discount": None}, run_dir=tmp_path / "a", seeds=3, steps=100)
    assert found.pattern.task.lane == "compiled" and found.plan.together == 2
    assert not (tmp_path / "a").exists()


def test_a_study_for_optunas_own_figures(finished):
    study = finished.study()
    assert study.best_trial.number == finished.best.number and study.best_value == finished.best.value
    assert [t.number for t in study.trials] == list(range(8))


class Killed(BaseException):
    """Ends everything as a kill does: no checkpoint, no last row."""


def killed_after(calls, monkeypatch):
    """Let nothing be written after so many rows and checkpoints; return how many there were.

    A checkpoint that is written beside training is in a thread of its own, whose end the others wait for.
    """
    count = [0]

    def counting(function):
        def counted(*arguments, **keywords):
            if count[0] == calls and threading.current_thread() is threading.main_thread():
                raise Killed
            if count[0] == calls:
                return None
            count[0] += 1
            return function(*arguments, **keywords)

        return counted

    monkeypatch.setattr(JsonLines, "append", counting(JsonLines.append))
    monkeypatch.setattr(checkpoints, "write_packed", counting(checkpoints.write_packed))
    return count


def test_killed_anywhere_and_resumed_it_is_as_if_uninterrupted(finished, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        count = killed_after(-1, patch)
        sweep(tmp_path / "count").run(progress=False)
    shutil.rmtree(tmp_path / "count")
    directory, generator = tmp_path / "killed", np.random.default_rng(1)
    last = 0
    while True:
        # Of a whole sweep's writes about a seventh each time.
        with monkeypatch.context() as patch:
            killed_after(int(generator.integers(1, count[0] // 4)), patch)
            try:
                begun = plans.is_sweep(directory)
                found = Sweep.resume(directory) if begun else sweep(directory)
                found.run(progress=False)
                break
            except Killed:
                last += 1
    assert last >= 3
    assert found.best == finished.best.__class__(**{**vars(finished.best), "path": found.best.path})
    assert_same(directory, finished.directory)


def test_ends_that_a_kill_tore_apart_are_written_once(finished, tmp_path):
    directory = tmp_path / "torn"
    shutil.copytree(finished.directory, directory)
    lines = (directory / "trials.jsonl").read_bytes().splitlines(keepends=True)
    ends = [i for i, line in enumerate(lines) if b'"ended"' in line]
    # In the middle of the first batch's ends, of which one is torn: the trials after it had not begun.
    (directory / "trials.jsonl").write_bytes(b"".join(lines[: ends[1]]) + lines[ends[1]][:40])
    for number in range(3, 8):
        shutil.rmtree(directory / f"trial-{number:04d}", ignore_errors=True)
    found = Sweep.resume(directory)
    assert [trial.state for trial in found.trials].count("running") == 2
    found.run(progress=False)
    rows = [row for row in journal(directory) if row["event"] == "ended"]
    assert [row["trial"] for row in rows] == list(range(8))
    assert [vars(t) | {"path": 0} for t in found.trials] == [vars(t) | {"path": 0} for t in finished.trials]


KILL = """
import os, signal, sys
from lab import Sweep
from lab.files.json_lines import JsonLines
from lab.sweep import plan
from tests.lab.sweep.tabular import sweep

directory, after = sys.argv[1], int(sys.argv[2])
append, count = JsonLines.append, [0]

def counted(self, *rows):
    count[0] += 1
    if count[0] == after:
        os.kill(os.getpid(), signal.SIGKILL)
    append(self, *rows)

JsonLines.append = counted
(Sweep.resume(directory) if plan.is_sweep(directory) else sweep(directory)).run(progress=False)
"""


@pytest.mark.thorough
def test_a_process_killed_by_sigkill_goes_on_in_another(finished, tmp_path):
    directory = tmp_path / "killed"
    command = [sys.executable, "-c", KILL, str(directory)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([*command, "40"], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert 0 < len(journal(directory)) < len(journal(finished.directory))
    Sweep.resume(directory).run(progress=False)
    assert_same(directory, finished.directory)


@pytest.mark.thorough
def test_score_and_statistic(tmp_path):
    found = sweep(tmp_path / "best", trials=2, seeds=[1, 2, 3, 4, 9], score="best", statistic="iqm", pruner="none",
                  search={"step_size": None}, together=2)  # fmt: skip
    found.run(progress=False)
    for trial in found.trials:
        assert trial.state == "complete" and trial.value == max(trial.reports.values())
        # Of five values the middle three.
        assert trial.value == pytest.approx(np.mean(sorted(trial.values.values())[1:4]))


def test_a_metric_of_which_less_is_better(tmp_path):
    found = sweep(tmp_path / "std", trials=2, metric="std", seeds=1, pruner="none", together=1)
    best = found.run(progress=False)
    assert found.journal.metric == ("std", False)
    assert best.value == min(trial.value for trial in found.trials if trial.state == "complete")
    with pytest.raises(UsageError, match="metric received 'colour'; expected one of mean, std"):
        sweep(tmp_path / "none", metric="colour").run(progress=False)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trials": 0}, "trials received 0; expected a whole number > 0"),
        ({"trials": 10**6}, "at most 10,000"),
        ({"seeds": 0}, "seeds received 0"),
        ({"seeds": []}, "1 to 1,000 seeds, each once"),
        ({"seeds": [1, 1]}, "each once"),
        ({"seeds": "12"}, "how many, or a list of seeds"),
        ({"seed": -1}, "seed received -1"),
        ({"sampler": "grid"}, "'random', 'tpe', 'gp'"),
        ({"pruner": "median"}, "'none', 'halving', 'hyperband'"),
        ({"reduction": 1}, "reduction received 1"),
        ({"score": "mean"}, "'last', 'best'"),
        ({"statistic": "max"}, "'mean', 'iqm'"),
        ({"together": 0}, "together received 0"),
        ({"evaluate_every": 500}, "every received 500; training ends at step 240"),
        ({"progress": False}, "progress"),
        ({"lane": "compiled"}, "compiled"),
        ({"search": {"speed": "1:2"}}, "no setting is called 'speed'"),
        ({"search": {"num_envs": "1:2"}}, "no setting is called 'num_envs'"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(changes, words, tmp_path):
    with pytest.raises(ValueError) as error:
        sweep(tmp_path / "bad", **changes)
    assert words in str(error.value)
    assert not list(tmp_path.iterdir())


def test_what_is_no_learner_or_cannot_be_shared_is_refused(tmp_path):
    import gymnasium

    with pytest.raises(UsageError, match="Sweep: learner received"):
        Sweep(Tabular, WALK, {"step_size": None}, run_dir=tmp_path / "a")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="expected Discrete"):
        Sweep(Tabular(), "CartPole-v1", {"step_size": None}, run_dir=tmp_path / "a", **KEYWORDS)
    env = gymnasium.make(WALK)
    with pytest.raises(UsageError, match="several runs cannot share"):
        Sweep(Tabular(), env, {"step_size": None}, run_dir=tmp_path / "a", **KEYWORDS)
    assert not list(tmp_path.iterdir())


def test_an_object_is_passed_again_on_resuming(tmp_path):
    import gymnasium

    def source():
        return gymnasium.make(WALK)

    found = Sweep(
        Tabular(), source, {"step_size": None}, run_dir=tmp_path / "a", **{**KEYWORDS, "trials": 2, "seeds": 1}
    )
    found.run(progress=False)
    with pytest.raises(UsageError, match=r"Sweep.resume\(run_dir, source="):
        Sweep.resume(tmp_path / "a")
    assert Sweep.resume(tmp_path / "a", source=source).run(progress=False) == found.best


def test_a_directory_that_holds_something_is_kept(finished, tmp_path):
    with pytest.raises(RunDirectoryError, match="already holds a sweep. Fix: choose another directory, or go on"):
        sweep(finished.directory)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(RunDirectoryError, match="not empty"):
        sweep(tmp_path / "mine")
    with pytest.raises(RunDirectoryError, match="is no sweep: it has no sweep.json"):
        Sweep.resume(tmp_path / "mine")
    with pytest.raises(UsageError, match="opened to be looked at"):
        Sweep.open(finished.directory).run()
