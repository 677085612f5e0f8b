"""A signal in each phase: it ends at once, with its exit status, and leaves nothing half written or half done."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import gymnasium
import pytest

from agents import Random
from agents.base import Agent
from agents.episodes.recording import record
from agents.training.task import AgentTask
from lab import Callback, Experiment, cli
from lab.runtime.signals.interruption import Stopped, ending_cleanly, leaving_due, listen, stoppable
from lab.task import Control
from tests.agents.odd_environments import Endless, Scripted

ROOT = Path(__file__).parents[3]
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
SIGNALS = pytest.mark.parametrize("number", list(STATUS), ids=["SIGINT", "SIGTERM"])


def sends(number, at=30):
    """Return a factory of endless environments that send this process a signal at a step."""
    return lambda render_mode=None: Endless(at=at, number=number, render_mode=render_mode)


def ended_by(number):
    return pytest.raises(KeyboardInterrupt if number == signal.SIGINT else SystemExit)


@SIGNALS
def test_an_evaluation_outside_training_ends_at_once(number, tmp_path):
    experiment = Experiment(Random(), Scripted, evaluation_source=sends(number), progress=False)
    with ended_by(number) as caught:
        experiment.evaluate(episodes=50)
    assert number == signal.SIGINT or caught.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, "as it was before"


@SIGNALS
@pytest.mark.parametrize("suffix", [".mp4", ".png"])
def test_a_film_ends_at_once_and_leaves_no_file(number, suffix, tmp_path):
    experiment = Experiment(Random(), Scripted, evaluation_source=sends(number), progress=False)
    with ended_by(number):
        experiment.render(tmp_path / f"film{suffix}")
    assert not list(tmp_path.iterdir())


@SIGNALS
def test_a_recording_ends_at_once(number):
    with ended_by(number):
        record(Random(), sends(number), episodes=3)


@SIGNALS
def test_a_baseline_before_training_ends_at_once(number, tmp_path):
    experiment = Experiment(
        Random2(), Scripted, evaluation_source=sends(number), progress=False, run_dir=tmp_path / "run"
    )
    with ended_by(number):
        experiment.train(10)
    assert experiment.step == 0
    resumed = Experiment.resume(tmp_path / "run", source=Scripted, evaluation_source=Scripted, progress=False)
    resumed.train()
    assert [row["purpose"] for row in rows(tmp_path / "run", "evaluations.jsonl")] == [
        "baseline"
    ] and resumed.step == 10


class Random2(Agent):
    """Draws actions with a generator that is part of its state."""

    learns = False

    def build(self):
        self.rng = self.seeds.generator("exploration")

    def act_batch(self, observations, explore=False):
        rng = self.rng if explore else self.evaluation_rng
        return rng.integers(2, size=len(observations))


class Counts(Callback):
    """Changes its state before it evaluates."""

    def __init__(self, every):
        super().__init__(every)
        self.calls = 0

    def on_interval(self, experiment):
        self.calls += 1
        experiment.evaluate_in_training(episodes=3)


def rows(run, name):
    return [
        {key: value for key, value in json.loads(line).items() if not key.startswith("time_")}
        for line in (run / name).read_text().splitlines()
    ]


@pytest.mark.parametrize(
    ("phase", "at", "number"),
    [
        ("evaluation", 10, signal.SIGINT),
        ("evaluation", 20, signal.SIGTERM),
        ("film", 10, signal.SIGTERM),
        ("callback", 10, signal.SIGTERM),
        ("callback", 20, signal.SIGINT),
    ],
)
def test_a_signal_within_training_stops_what_was_due_and_resuming_does_it_again(phase, at, number, tmp_path):
    """Stopped and resumed, the run is that of one that was never stopped: rows, best checkpoint and films."""

    def short(render_mode=None):
        return Scripted(length=6, render_mode=render_mode)

    def experiment(run, sending):
        source = sends(number, at=5) if sending else short
        every = {"evaluation": {"evaluate_every": at}, "film": {"video_every": at}, "callback": {}}[phase]
        return Experiment(
            Random2(), Scripted, evaluation_source=source, run_dir=tmp_path / run, progress=False, seed=2,
            callbacks=[Counts(at)] if phase == "callback" else [], checkpoint_every=7, log_every=5, **every,
        )  # fmt: skip

    def finished(run):
        return Experiment.resume(
            tmp_path / run, source=Scripted, progress=False, callbacks=[Counts(at)] if phase == "callback" else [],
            evaluation_source=short,
        )  # fmt: skip

    experiment("whole", False).train(20)
    stopped = experiment("stopped", True)
    stopped.task.baselines = dict
    with ended_by(number):
        stopped.train(20)
    assert stopped.step == at and not list((tmp_path / "stopped").glob("videos/*"))
    path = stopped.directory.find_checkpoint("last")
    assert path is not None and path.name == f"step-{at:012d}", "the checkpoint of the step it was stopped at"
    resumed = finished("stopped")
    assert resumed.is_unfinished
    resumed.train()
    assert not resumed.is_unfinished and resumed.step == 20
    whole, again = tmp_path / "whole", tmp_path / "stopped"
    assert rows(again, "metrics.jsonl") == rows(whole, "metrics.jsonl")
    if phase != "film":
        found = [row for row in rows(whole, "evaluations.jsonl") if row["purpose"] == "training"]
        assert found == [row for row in rows(again, "evaluations.jsonl") if row["purpose"] == "training"]
        assert len(found) == 20 // at
    films = [sorted(path.name for path in run.glob("videos/*.mp4")) for run in (whole, again)]
    assert films[0] == films[1] and len(films[0]) == (20 // at if phase == "film" else 0)
    if phase == "evaluation":
        best = [sorted(p.name for p in (run / "checkpoints").glob("best-*")) for run in (whole, again)]
        assert best[0] == best[1] and best[0]
    if phase == "callback":
        assert next(c for c in resumed.callbacks if isinstance(c, Counts)).calls == 20 // at


@SIGNALS
def test_runs_side_by_side_all_keep_the_step_they_reached(number, tmp_path, monkeypatch):
    pattern = Experiment(
        Random2(), Scripted, evaluation_source=sends(number, at=5), run_dir=tmp_path / "runs", progress=False,
        evaluate_every=10, log_every=10,
    )  # fmt: skip
    monkeypatch.setattr(AgentTask, "baselines", lambda self: {})
    with ended_by(number):
        pattern.train_many([0, 1], steps=20)
    for seed in (0, 1):
        resumed = Experiment.resume(
            tmp_path / "runs" / f"seed-{seed}", source=Scripted, evaluation_source=Scripted, progress=False
        )
        assert resumed.step in (0, 10) and resumed.is_unfinished
        resumed.train()
        found = rows(resumed.directory.path, "evaluations.jsonl")
        assert [row["step"] for row in found if row["purpose"] == "training"] == [10, 20]


def test_the_second_signal_acts_at_once():
    control = Control()
    with pytest.raises(KeyboardInterrupt), listen(control) as interruption:
        signal.raise_signal(signal.SIGINT)
        assert control.stop and interruption.received == signal.SIGINT
        signal.raise_signal(signal.SIGINT)
        pytest.fail("unreachable")


class Swallows:
    """Sends a signal where Python prints what is raised, and goes on."""

    def __init__(self, number):
        self.number = number

    def __del__(self):
        signal.raise_signal(self.number)


@SIGNALS
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_a_destructor_swallows_still_ends_the_program(number):
    reached = []
    with ended_by(number) as caught, ending_cleanly():
        Swallows(number)
        reached.append(1)
    assert reached and (number == signal.SIGINT or caught.value.code == 143)
    with ended_by(number) as caught, listen(Control()) as interruption:
        with contextlib.suppress(Stopped), leaving_due(), stoppable():
            Swallows(number)
        interruption.raise_again()
    assert number == signal.SIGINT or caught.value.code == 143


DEAF = """
import hashlib, sys
from lab.runtime.signals.interruption import listen
from lab.task import Control
with listen(Control()):
    print("deaf", flush=True)
    while True:
        hashlib.pbkdf2_hmac("sha256", b"", b"", 400_000_000)
"""


@SIGNALS
def test_a_second_signal_ends_a_process_that_is_within_one_long_call(number):
    process = subprocess.Popen([sys.executable, "-c", DEAF], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True)  # fmt: skip
    try:
        assert process.stdout.readline() == "deaf\n"
        process.send_signal(number)
        time.sleep(0.1)
        assert process.poll() is None, "the first one waits for the call's end"
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert process.returncode == STATUS[number] and "ended at the second signal" in said
    finally:
        process.kill()
        process.wait()


def test_only_what_can_be_done_again_is_left_in_the_middle():
    with listen(Control()) as interruption:
        with stoppable():
            signal.raise_signal(signal.SIGTERM)
        assert interruption.received == signal.SIGTERM, "a training step is finished first"
        with pytest.raises(Stopped), leaving_due(), stoppable():
            pytest.fail("what has not begun does not begin")
        interruption.received = None
        with pytest.raises(Stopped), leaving_due(), stoppable():
            signal.raise_signal(signal.SIGTERM)
            pytest.fail("unreachable")


def test_a_handler_that_a_program_has_set_stays():
    seen = []
    before = signal.signal(signal.SIGTERM, lambda *_: seen.append(1))
    try:
        with ending_cleanly(), stoppable():
            signal.raise_signal(signal.SIGTERM)
        assert seen == [1]
    finally:
        signal.signal(signal.SIGTERM, before)


@SIGNALS
def test_the_command_ends_with_the_signals_status(number, tmp_path, capsys):
    gymnasium.register("Sends-v0", entry_point=sends(number))
    gymnasium.register("Scripted-v0", entry_point=Scripted)
    run, data = str(tmp_path / "run"), str(tmp_path / "data.npz")
    try:
        assert cli.main(["train", "random", "Scripted-v0", "--steps", "6", "--run", run]) == 0
        config = tmp_path / "run" / "config.json"
        config.write_text(config.read_text().replace("Scripted-v0", "Sends-v0"))
        before = sorted(path for path in tmp_path.rglob("*"))
        for command in (["evaluate", run], ["render", run], ["record", "random", "Sends-v0", "-o", data]):
            if number == signal.SIGINT:
                assert cli.main(command) == 130
            else:
                with pytest.raises(SystemExit) as caught:
                    cli.main(command)
                assert caught.value.code == 143
        assert [p for p in tmp_path.rglob("*") if p.is_file() and p not in before] == []
    finally:
        del gymnasium.registry["Sends-v0"], gymnasium.registry["Scripted-v0"]


SCRIPT = """
import sys, time
import gymnasium
from tests.agents.odd_environments import Endless

class Tells(Endless):
    def __init__(self, **keywords):
        super().__init__(space=gymnasium.spaces.Discrete(2), **keywords)

    def step(self, action):
        if self.count == 50:
            print("playing", flush=True)
        return super().step(action)

gymnasium.register("Tells-v0", entry_point=Tells)
from lab import cli
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.thorough
def test_a_process_in_its_baseline_ends_within_a_second(tmp_path):
    arguments = ["train", "q_learning", "Tells-v0", "--steps", "50", "--run", str(tmp_path / "run")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, *arguments], cwd=ROOT, env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    try:
        assert any("playing" in line for line in process.stdout)
        sent = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 143
        print(f"ended after {time.monotonic() - sent:.2f} s")
    finally:
        process.kill()
        process.wait()
