import json
import os
import signal
import threading

import pytest

from agents import DQN, QLearning, Random
from lab import Callback, Experiment, TrainingDiverged, UsageError
from lab.callbacks import CSVLogger, EarlyStopping, Evaluate, LearningRateSchedule, StopAtReturn
from lab.errors import RunDirectoryError
from tests.agents.helpers import Counter

TINY = {"hidden_sizes": (8,), "batch_size": 4, "learning_starts": 8, "update_every": 4, "updates_per_round": 2}


def experiment(learner=None, source=Counter, **keywords):
    keywords = {"progress": False, "log_every": 10, **keywords}
    return Experiment(learner or Random(), source, **keywords)


class Recorder(Callback):
    def __init__(self, every=None):
        super().__init__(every)
        self.seen = []

    def on_train_begin(self, experiment):
        self.seen.append("begin")

    def on_train_end(self, experiment):
        self.seen.append("end")

    def on_interval(self, experiment):
        self.seen.append(f"interval {experiment.step}")

    def on_log(self, experiment, row):
        self.seen.append(f"log {row['step']}")

    def on_evaluation(self, experiment, evaluation):
        self.seen.append(f"evaluation {evaluation.step}")

    def on_checkpoint(self, experiment, path):
        self.seen.append(f"checkpoint {path.name[-2:]}")


def test_events_come_in_one_order_and_checkpoints_last(tmp_path):
    recorder = Recorder(every=15)
    made = experiment(callbacks=[recorder], run_dir=tmp_path / "run", evaluate_every=15, checkpoint_every=15)
    history = made.train(30)
    assert recorder.seen == [
        "begin", "log 10", "evaluation 15", "interval 15", "checkpoint 15",
        "log 20", "log 30", "evaluation 30", "interval 30", "checkpoint 30", "end", "checkpoint 30",
    ]  # fmt: skip
    assert [row["step"] for row in history.rows] == [10, 20, 30]
    assert history is made.history and len(history) == 3


def test_the_run_directory_is_as_documented(tmp_path):
    made = experiment(run_dir=tmp_path / "run", video_every=20, evaluate_every=20, callbacks=[CSVLogger()])
    made.train(20)
    made.evaluate(5)
    path = made.render("final.png")
    run = tmp_path / "run"
    assert {p.name for p in run.iterdir()} == {
        "config.json", "settings.toml", "metrics.jsonl", "metrics.csv", "evaluations.jsonl", "checkpoints", "videos",
        "samples",
    }  # fmt: skip
    assert path == run / "samples" / "final.png"
    assert (run / "videos" / "episode-000000020.mp4").stat().st_size > 500
    config = json.loads((run / "config.json").read_text())
    assert (config["learner"], config["source"], config["seed"], config["steps"]) == ("random", None, 0, 20)
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [r["step"] for r in rows] == [10, 20] and {"time_elapsed", "time_steps_per_second"} <= rows[0].keys()
    purposes = [json.loads(line)["purpose"] for line in (run / "evaluations.jsonl").read_text().splitlines()]
    assert purposes == ["training", "report"]
    assert (run / "metrics.csv").read_text().startswith("step,")


def test_nothing_is_written_without_a_run_directory(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    made = experiment(evaluate_every=10)
    made.train(20)
    made.evaluate(2)
    assert os.listdir(tmp_path) == []
    assert made.render("a.gif").exists()
    assert capsys.readouterr().err == ""
    made.task.kinds = ("episode", "policy", "values")
    assert made.render("b.gif").exists() and made.render("episode.gif").exists()
    assert capsys.readouterr().err == "note: b.gif shows 'episode'; names that show something else: policy, values\n"
    assert sorted(os.listdir(tmp_path)) == ["a.gif", "b.gif", "episode.gif"]


def test_a_used_directory_is_refused_and_left_as_it_was(tmp_path):
    experiment(run_dir=tmp_path / "run").train(10)
    before = sorted(p.name for p in (tmp_path / "run").iterdir())
    with pytest.raises(RunDirectoryError, match=r"already holds a run\. Fix: .*lab resume"):
        experiment(run_dir=tmp_path / "run")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x")
    with pytest.raises(RunDirectoryError, match="is not empty"):
        experiment(run_dir=tmp_path / "full")
    with pytest.raises(RunDirectoryError, match="is a file"):
        experiment(run_dir=tmp_path / "full" / "thesis.txt")
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == before


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"seed": -1}, "seed received -1"),
        ({"num_envs": 0}, "num_envs received 0; expected a whole number > 0"),
        ({"lane": "fast"}, "lane received 'fast'; expected one of 'auto', 'host', 'compiled'"),
        ({"lane": "compiled"}, "lane received 'compiled', but .* Fix: lane='auto' or 'host'"),
        ({"evaluate_every": 0}, "evaluate_every received 0"),
        ({"checkpoint_every": 1.5}, "checkpoint_every received 1.5"),
        ({"callbacks": [print]}, "callbacks received"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(tmp_path, keywords, message):
    with pytest.raises(UsageError, match=message):
        experiment(run_dir=tmp_path / "run", **keywords)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("steps", [0, -5, 1.5, "10", True])
def test_bad_steps_are_refused(steps, tmp_path):
    made = experiment(run_dir=tmp_path / "run")
    with pytest.raises(UsageError, match="steps received"):
        made.train(steps)
    assert not (tmp_path / "run").exists()


def test_a_class_instead_of_an_instance_says_what_to_do():
    with pytest.raises(UsageError, match=r"pass an instance: DQN\(\)"):
        Experiment(DQN, "CartPole-v1")


def test_a_callback_can_stop_a_run():
    class Stopper(Callback):
        def on_log(self, experiment, row):
            if row["step"] >= 20:
                experiment.stop("enough")

    made = experiment(callbacks=[Stopper()])
    made.train(100)
    assert (made.step, made.stop_reason) == (20, "enough")


def test_stop_at_return_and_early_stopping():
    made = experiment(QLearning(), "lab/GridWorld-v0", callbacks=[Evaluate(10, episodes=2), StopAtReturn(-100)])
    made.train(100)
    assert made.step == 10 and "reached -100" in made.stop_reason
    made = experiment(callbacks=[EarlyStopping("length", patience=3, mode="max")])
    made.train(1000)
    # Every episode of Counter is 3 steps long, so nothing improves after the first reading.
    assert made.step == 40 and "length has not improved" in made.stop_reason
    with pytest.raises(UsageError, match="mode received 'up'"):
        EarlyStopping(mode="up")


@pytest.mark.thorough
def test_a_schedule_sets_the_learning_rate_by_step():
    made = experiment(DQN(**TINY), callbacks=[LearningRateSchedule(lambda step: 0.1 / (1 + step), every=10)])
    made.train(25)
    assert made.learner.learning_rate == pytest.approx(0.1 / 21)
    with pytest.raises(UsageError, match="has no learning rate"):
        experiment(callbacks=[LearningRateSchedule(lambda step: 0.1)]).train(10)


def test_evaluate_keeps_the_best_and_prefers_a_later_equal(tmp_path):
    class Scripted(Random):
        def __init__(self):
            super().__init__()
            self.calls = 0

        def act_batch(self, observations, explore=False):
            # The return of Counter is the number of 1s acted: 3 at step 20 and 30, else 0.
            import numpy as np

            return np.full(len(observations), int(not explore and self.calls in (2, 3)))

    class Count(Callback):
        every = 10

        def __init__(self):
            super().__init__(10)

        def on_log(self, experiment, row):
            experiment.learner.calls = row["step"] // 10

    made = experiment(Scripted(), callbacks=[Count()], run_dir=tmp_path / "run", evaluate_every=10)
    made.train(50)
    best = [p.name for p in (tmp_path / "run" / "checkpoints").glob("best-*")]
    assert best == ["best-000000000030"]


class Poisoned(DQN):
    lanes = ("host",)

    def update(self):
        metrics = super().update()
        if metrics and self.steps >= 40:
            return {**metrics, "loss": float("nan")}
        return metrics


@pytest.mark.thorough
def test_a_loss_that_is_no_number_stops_the_run_and_overwrites_nothing(tmp_path):
    made = experiment(Poisoned(**TINY), run_dir=tmp_path / "run", checkpoint_every=12)
    with pytest.raises(TrainingDiverged, match=r"loss became nan at step 40.*step-000000000036"):
        made.train(100)
    assert [p.name[-3:] for p in sorted((tmp_path / "run" / "checkpoints").iterdir())] == ["024", "036"]


@pytest.mark.parametrize("lane", ["host", "compiled"])
@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_signal_ends_training_after_a_checkpoint_and_resume_equals_not_stopping(tmp_path, number, error, lane):
    # The compiled lane hears signals between its calls, here at the rows of the log.
    at = 28 if lane == "host" else 30

    class Interrupt(Callback):
        def on_update(self, experiment, metrics):
            if experiment.task_step == at:
                os.kill(os.getpid(), number)

    made = experiment(DQN(**TINY), "CartPole-v1", run_dir=tmp_path / "run", callbacks=[Interrupt()], lane=lane)
    handlers = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(error):
        made.train(60)
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert made.last_checkpoint.name == f"step-{at:012d}"
    resumed = Experiment.resume(tmp_path / "run", progress=False, callbacks=[Interrupt()])
    assert resumed.step == at
    resumed.callbacks = [c for c in resumed.callbacks if not isinstance(c, Interrupt)]
    resumed.train()
    straight = experiment(DQN(**TINY), "CartPole-v1", lane=lane)
    straight.train(60)
    assert resumed.history == straight.history
    assert [w.numpy().tolist() for w in resumed.learner.online.variables] == [
        w.numpy().tolist() for w in straight.learner.online.variables
    ]


def test_training_works_outside_the_main_thread():
    made = experiment()
    thread = threading.Thread(target=made.train, args=(20,))
    thread.start()
    thread.join()
    assert made.step == 20


def test_a_subclass_can_override_rungs_and_hooks():
    class Mine(Experiment):
        seen: list = []  # noqa: RUF012

        def train_chunk(self):
            self.seen.append(self.step)
            super().train_chunk()

        def on_log(self, row):
            self.seen.append("log")

    made = Mine(Random(), Counter, progress=False, log_every=10)
    made.train(20)
    assert made.seen == [0, "log", 10, "log"]


@pytest.mark.thorough
def test_the_best_checkpoint_is_what_open_and_load_give(tmp_path):
    made = experiment(DQN(**TINY), "CartPole-v1", run_dir=tmp_path / "run", evaluate_every=20)
    made.train(60)
    (best,) = (tmp_path / "run" / "checkpoints").glob("best-*")
    opened = Experiment.open(tmp_path / "run")
    assert opened.step == int(best.name[-12:])
    assert opened.evaluate(3).returns
    with pytest.raises(UsageError, match="Experiment.resume"):
        opened.train(10)
    loaded = DQN.load(tmp_path / "run", which="last")
    observation = [0.01, 0.02, 0.03, 0.04]
    assert loaded.act(observation) == made.learner.act(observation)
    with pytest.raises(UsageError, match=r"holds a DQN; expected a QLearning. Fix: DQN.load"):
        QLearning.load(tmp_path / "run")


def test_resuming_says_what_is_missing(tmp_path):
    with pytest.raises(RunDirectoryError, match="is not a run: it has no config.json"):
        Experiment.resume(tmp_path)
    made = experiment(run_dir=tmp_path / "run", callbacks=[Recorder()])
    made.train(10)
    with pytest.raises(UsageError, match=r"trained on an object \(factory\).*source="):
        Experiment.resume(tmp_path / "run")
    with pytest.raises(UsageError, match=r"callbacks \['recorder'\].*callbacks=\[...\]"):
        Experiment.resume(tmp_path / "run", source=Counter)
    assert Experiment.resume(tmp_path / "run", source=Counter, callbacks=[Recorder()]).step == 10
    config = tmp_path / "run" / "config.json"
    for text in ("{", "[]", '{"learner": 3}', config.read_text().replace('"seed": 0', '"seed": "0"')):
        config.write_text(text)
        with pytest.raises(RunDirectoryError, match="cannot be read"):
            Experiment.resume(tmp_path / "run", source=Counter)
