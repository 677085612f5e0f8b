"""Runs that are killed before they have well begun, or when all but their report is done."""

from __future__ import annotations

import json
import shutil

import pytest

from agents import DQN, QLearning
from lab import Callback, Experiment, UsageError
from lab.cli import main
from lab.errors import RunDirectoryError
from lab.testing.comparing import without_clock
from tests.contracts import assert_same_state, logged

SMALL = {"hidden_sizes": (8,), "batch_size": 4, "learning_starts": 8}


class Killed(BaseException):
    """What nothing in the library catches, as nothing can catch SIGKILL."""


def experiment(run, **keywords):
    return Experiment(QLearning(), "lab/CliffWalk-v0", run_dir=run, progress=False, log_every=50, **keywords)


def killed_in(monkeypatch, made, name, act):
    """Run `act` with an experiment's method replaced by one that ends the process, so to speak."""

    def die(*_, **__):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(made, name, die)
        act()


@pytest.mark.thorough
def test_a_run_killed_in_its_baseline_is_resumed_with_all_its_steps_and_gets_its_baseline(tmp_path, monkeypatch):
    whole = experiment(tmp_path / "whole")
    whole.train(200)
    made = experiment(tmp_path / "run")
    killed_in(monkeypatch, made.task, "baselines", lambda: made.train(200))
    assert json.loads((tmp_path / "run" / "config.json").read_text())["steps"] == 200
    resumed = Experiment.resume(tmp_path / "run", progress=False)
    resumed.train()
    assert resumed.step == 200
    assert logged(tmp_path / "run", "evaluations.jsonl") == logged(tmp_path / "whole", "evaluations.jsonl") != []
    assert_same_state(resumed.get_state(), whole.get_state())


@pytest.mark.thorough
def test_a_baseline_lost_before_a_later_kill_is_played_again_once(tmp_path):
    made = experiment(tmp_path / "run", checkpoint_every=100)
    made.train(200)
    row = (tmp_path / "run" / "evaluations.jsonl").read_text()
    (tmp_path / "run" / "evaluations.jsonl").unlink()
    for _ in range(2):
        Experiment.resume(tmp_path / "run", progress=False).train(50)
        assert (tmp_path / "run" / "evaluations.jsonl").read_text() == row


@pytest.mark.thorough
def test_a_run_killed_before_its_first_checkpoint_goes_on_for_fewer_steps_than_an_interval(tmp_path):
    made = experiment(tmp_path / "run", evaluate_every=100)
    made.prepare_training(400)
    made.claim()
    resumed = Experiment.resume(tmp_path / "run", progress=False)
    resumed.train(50)
    assert resumed.step == 50


@pytest.mark.thorough
def test_asking_for_the_same_report_twice_writes_one_row(tmp_path):
    made = experiment(tmp_path / "run")
    made.train(100)
    assert made.evaluate(3) == made.evaluate(3)
    made.evaluate(4)
    purposes = [row["purpose"] for row in logged(tmp_path / "run", "evaluations.jsonl")]
    assert purposes == ["baseline", "report", "report"]


# ---------------------------------------------------------------- side by side


class KillAt(Callback):
    """Ends the process, so to speak, when a run of a seed reaches a step."""

    def __init__(self, seed, step):
        super().__init__(step)
        self.seed = seed

    not_state = ("seed",)

    def on_interval(self, experiment):
        if experiment.seeds.seed == self.seed:
            raise Killed


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    run = tmp_path_factory.mktemp("whole") / "run"
    pattern = Experiment(DQN(**SMALL), "CartPole-v1", run_dir=run, progress=False, log_every=50, checkpoint_every=60)
    return run, pattern.train_many(range(3), steps=200)


def begun(run, callbacks=()):
    return Experiment(
        DQN(**SMALL),
        "CartPole-v1",
        run_dir=run,
        progress=False,
        log_every=50,
        checkpoint_every=60,
        callbacks=callbacks,
    )


def check_as_whole(members, whole, run):
    for member, other in zip(members, whole[1], strict=True):
        assert member.step == 200
        assert_same_state(member.learner.get_state(), other.learner.get_state())
        assert without_clock(member.history.rows) == without_clock(other.history.rows)
        name = f"seed-{member.seeds.seed}"
        for log in ("metrics.jsonl", "evaluations.jsonl"):
            assert logged(run / name, log) == logged(whole[0] / name, log)


@pytest.mark.thorough
def test_runs_side_by_side_killed_in_training_are_resumed_together(tmp_path, whole):
    run = tmp_path / "run"
    with pytest.raises(Killed):
        begun(run, [KillAt(1, 130)]).train_many(range(3), steps=200)
    check_as_whole(Experiment.resume_many(run, callbacks=[KillAt(99, 130)], progress=False), whole, run)


@pytest.mark.thorough
def test_runs_not_begun_when_their_neighbours_were_killed_are_begun(tmp_path, whole, monkeypatch):
    run = tmp_path / "run"
    pattern = begun(run)
    baselines = type(pattern.task).baselines
    calls = []

    def die_second(task):
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        return baselines(task)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(type(pattern.task), "baselines", die_second)
        pattern.train_many(range(3), steps=200)
    assert sorted(p.name for p in run.iterdir()) == ["runs.json", "seed-0", "seed-1"]
    check_as_whole(Experiment.resume_many(run, progress=False), whole, run)


@pytest.mark.thorough
def test_runs_that_have_ended_are_not_trained_on(whole, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(whole[0], run)
    shutil.rmtree(run / "seed-2")
    check_as_whole(Experiment.resume_many(run, progress=False), whole, run)
    check_as_whole(Experiment.resume_many(run, progress=False), whole, run)


def test_the_parent_of_runs_is_resumed_as_many(whole):
    with pytest.raises(UsageError, match=r"holds several runs. Fix: Experiment.resume_many"):
        Experiment.resume(whole[0])
    with pytest.raises(RunDirectoryError, match=r"runs\.json cannot be read"):
        Experiment.resume_many(whole[0] / "seed-0")


@pytest.mark.thorough
def test_runs_of_an_object_ask_for_it(tmp_path):
    import gymnasium

    made = Experiment(
        DQN(**SMALL), lambda: gymnasium.make("CartPole-v1"), run_dir=tmp_path / "run", progress=False, lane="host"
    )
    made.train_many([1], steps=20)
    with pytest.raises(UsageError, match="was trained on an object"):
        Experiment.resume_many(tmp_path / "run")


@pytest.mark.parametrize(
    "change",
    [
        {"members": []},
        {"members": [{"name": "../elsewhere", "seed": 0, "settings": {}}]},
        {"members": [{"name": "seed-0", "seed": -1, "settings": {}}]},
        {"members": [{"name": "seed-0"}]},
        {"members": "seed-0"},
        {"steps": "many"},
        {"format": 2},
    ],
)
def test_a_plan_that_cannot_be_one_is_refused(whole, tmp_path, change):
    plan = json.loads((whole[0] / "runs.json").read_text())
    (tmp_path / "runs.json").write_text(json.dumps({**plan, **change}))
    with pytest.raises(RunDirectoryError, match=r"runs\.json cannot be read"):
        Experiment.resume_many(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["runs.json"]


# ---------------------------------------------------------------- on the command line


def lab(capsys, *arguments):
    status = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def reports(run):
    return [row["step"] for row in logged(run, "evaluations.jsonl") if row["purpose"] == "report"]


@pytest.mark.thorough
def test_a_run_killed_in_its_last_evaluation_gets_its_report_rows(tmp_path, capsys):
    run = tmp_path / "run"
    assert lab(capsys, "train", "q_learning", "lab/CliffWalk-v0", "--steps", 200, "--run", run)[0] == 0
    whole = (run / "evaluations.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    owed = [line for line in lines if b'"report"' in line]
    assert 1 <= len(owed) <= 2
    for kept in range(len(owed)):
        (run / "evaluations.jsonl").write_bytes(b"".join(lines[: len(lines) - len(owed) + kept]))
        status, out, _ = lab(capsys, "resume", run)
        assert status == 0 and "lacks its evaluation" in out and "last     Evaluation(step=200" in out
        assert (run / "evaluations.jsonl").read_bytes() == whole
    status, out, _ = lab(capsys, "resume", run)
    assert status == 0 and "has all of its 200 steps" in out
    assert (run / "evaluations.jsonl").read_bytes() == whole


@pytest.mark.thorough
def test_a_run_that_was_never_told_its_steps_asks_for_them(tmp_path, capsys):
    made = experiment(tmp_path / "run")
    made.evaluate(2)
    status, _, err = lab(capsys, "resume", tmp_path / "run")
    assert status == 2 and "--steps N" in err
    assert lab(capsys, "resume", tmp_path / "run", "--steps", 50)[0] == 0


def test_several_runs_are_resumed_and_reported_by_the_directory_around_them(whole, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(whole[0], run)
    shutil.rmtree(run / "seed-1")
    status, out, _ = lab(capsys, "resume", run)
    assert status == 0 and all(f"seed-{n}" in out for n in range(3)) and f"lab report {run}" in out
    assert [reports(run / f"seed-{n}") for n in range(3)] == [[200]] * 3
    page = tmp_path / "report.html"
    assert lab(capsys, "report", run, "-o", page)[0] == 0
    first = page.read_text()
    assert lab(capsys, "report", *sorted(run.iterdir()), "-o", page)[0] == 0
    assert page.read_text().count("seed-2") == first.count("seed-2") > 0
    for command in ("evaluate", "render"):
        status, _, err = lab(capsys, command, run)
        assert status == 2 and "holds several runs" in err
    status, _, err = lab(capsys, "resume", run, "--steps", 10)
    assert status == 2 and "several runs" in err
