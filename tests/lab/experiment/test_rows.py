"""Rows of the log that a task gathers, many a call, are those it would have had one a call."""

import json

import pytest

from lab import Callback, Experiment, Learner, Task, UsageError
from lab.callbacks import Checkpoint, Evaluate, JSONLLogger, LearningRateSchedule
from lab.experiment import loop
from lab.registry import tasks
from lab.results.evaluation import Evaluation
from tests.contracts import assert_same_state, without_clock

ENVS = 3


class Adder(Learner):
    learning_rate = 0.0

    def build(self):
        self.total = 0


class Gathering(Task):
    """Counts in steps of `ENVS`, as environments stepped together do, in calls that know their rows."""

    gathers_rows = True
    counters = ("count",)
    not_state = ("learner", "calls", "rows")

    def __init__(self, learner, source, options):
        self.learner, self.count, self.since, self.rows, self.calls = learner, 0, 0, [], []
        learner.finish_setup()

    def advance(self, steps, control):
        start = self.count
        while self.count - start < steps and not control.stop:
            before, self.count = self.count, self.count + ENVS
            self.learner.total += self.count
            self.since += self.count
            n = control.log_every
            if n and self.count // n > before // n:
                self.rows.append((self.count, self.drain()))
            if control.on_update is not None:
                control.taken = self.count - start
                control.on_update({"sum": self.since})
        self.calls.append(self.count)
        return self.count - start

    def get_state(self):
        assert not self.rows, "they are taken before anything is saved"
        return super().get_state()

    def drain(self):
        row, self.since = {"sum": self.since}, 0
        return row

    def take_rows(self):
        rows, self.rows = self.rows, []
        return rows

    def evaluate(self, *, episodes=None, stream=0, step=0):
        return Evaluation({"total": float(self.learner.total)}, step=step, main="total")

    def render(self, path, kind):
        return path


class Together(Gathering):
    @classmethod
    def advance_batch(cls, tasks, steps, controls):
        return [task.advance(n, control) for task, n, control in zip(tasks, steps, controls, strict=True)]


class Plain(Gathering):
    gathers_rows = False


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setattr(tasks, "_makers", dict(tasks._makers))
    # However fast this machine is, as many at once as may be.
    monkeypatch.setattr(loop, "LONGEST", 1e9)
    feed(Gathering)


def feed(task):
    tasks.register(Adder, tasks.name_of(task))


def experiment(**keywords):
    return Experiment(Adder(), "ones", **{"progress": False, "log_every": 10, **keywords})


def plain(steps, **keywords):
    feed(Plain)
    made = experiment(**keywords)
    made.train(steps)
    feed(Gathering)
    return made


def test_many_rows_come_of_one_call_and_are_those_of_one_call_each():
    made, alone = experiment(), plain(600)
    made.train(600)
    assert made.history == alone.history and len(made.history) == 60
    assert len(made.task.calls) < 6 < len(alone.task.calls) == 60
    assert [row["step"] for row in made.history.rows][:4] == [12, 21, 30, 42]
    elapsed = [row["time_elapsed"] for row in made.history.rows]
    assert elapsed == sorted(elapsed) and elapsed[0] > 0
    assert all(row["time_steps_per_second"] > 0 for row in made.history.rows)


def test_time_is_parted_in_a_straight_line_over_a_call(monkeypatch):
    made = experiment()
    now = iter(range(100, 10_000, 100))
    monkeypatch.setattr(made.record.clock, "seconds", lambda: float(next(now)))
    made.loop.prepare(60, None)
    made.loop._rows_at_once = 6
    made.train_chunk()
    assert [row["time_elapsed"] for row in made.history.rows] == [100 + 100 * s / 60 for s in (12, 21, 30, 42, 51, 60)]
    assert made.history.rows[1]["time_steps_per_second"] == pytest.approx(9 / 15)


def test_rows_are_shown_about_once_a_second(monkeypatch):
    made, wall = experiment(), [0.0]
    monkeypatch.setattr(loop, "LONGEST", 1.0)
    monkeypatch.setattr(loop.time, "perf_counter", lambda: wall[0])
    advance = made.task.advance

    def slowly(steps, control):
        # A tenth of a second a row, and more for the first.
        wall[0] += 5.0 if not made.history.rows else steps / 100
        return advance(steps, control)

    monkeypatch.setattr(made.task, "advance", slowly)
    made.train(600)
    sizes = [len([s for s in range(a, b, ENVS) if (s + ENVS) // 10 > s // 10]) for a, b in pairs(made.task.calls)]
    assert sizes[:5] == [1, 1, 4, 10, 10]


def pairs(calls):
    return zip([0, *calls], calls, strict=False)


class Stopper(Callback):
    def on_log(self, experiment, row):
        assert row["step"] == experiment.step
        if row["step"] >= 51:
            experiment.stop("enough")


class Listener(Callback):
    def on_update(self, experiment, metrics):
        pass


class Reader(Callback):
    acts_on_rows = False
    rows = ()

    def on_log(self, experiment, row):
        self.rows = (*self.rows, row["step"])

    not_state = ("rows",)


class Mixin:
    def on_log(self, experiment, row):
        pass


class Mixed(Mixin, JSONLLogger):
    pass


class Own(Experiment):
    def on_log(self, row):
        assert row["step"] == self.step


def test_whoever_may_act_on_a_row_has_training_pause_there():
    made = experiment(callbacks=[Stopper()])
    made.train(600)
    assert (made.step, made.task.calls) == (51, [12, 21, 30, 42, 51])
    for callbacks in ([Listener()], [Mixed()], [Callback(), Listener()]):
        made = experiment(callbacks=callbacks)
        made.train(60)
        assert made.task.calls == [12, 21, 30, 42, 51, 60]
    made = Own(Adder(), "ones", progress=False, log_every=10)
    made.train(60)
    assert made.task.calls == [12, 21, 30, 42, 51, 60]


def test_whoever_says_that_it_only_reads_gets_every_row():
    reader = Reader()
    made = experiment(callbacks=[reader, LearningRateSchedule(lambda step: 0.1, every=200)])
    made.train(600)
    assert len(made.task.calls) < 12 and len(reader.rows) == 60
    assert {201, 402, 600} <= set(made.task.calls), "a schedule acts at its own steps"


def test_a_run_cut_anywhere_and_resumed_has_the_same_rows(tmp_path):
    keywords = {"evaluate_every": 70, "checkpoint_every": 45}
    whole = experiment(run_dir=tmp_path / "whole", **keywords)
    whole.train(200)
    for cut in (50, 101, 138):
        run = tmp_path / f"cut-{cut}"

        class Killed(BaseException):
            pass

        class Kill(Callback):
            not_state = ("at",)

            def on_interval(self, experiment, kind=Killed):
                raise kind

        made = experiment(run_dir=run, callbacks=[Kill(every=cut)], **keywords)
        with pytest.raises(Killed):
            made.train(200)
        resumed = Experiment.resume(run, source="ones", learner=Adder(), callbacks=[Kill(every=999)], progress=False)
        assert resumed.step == cut // 45 * 45
        resumed.train()
        assert resumed.history == whole.history
        assert rows(run) == rows(tmp_path / "whole")
        assert_same_state(resumed.learner.get_state(), whole.learner.get_state())


def rows(run):
    return without_clock(json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines())


def test_rows_before_a_checkpoint_are_on_disk_when_it_is_written(tmp_path):
    seen = []

    class Look(Checkpoint):
        def on_interval(self, experiment):
            seen.append((experiment.step, rows(experiment.directory.path)[-1]["step"]))
            super().on_interval(experiment)

    made = experiment(run_dir=tmp_path / "run", callbacks=[Look(every=100)])
    made.train(300)
    assert seen == [(102, 102), (201, 201), (300, 300)]


@pytest.mark.parametrize("kind", [Together, Gathering])
def test_runs_side_by_side_have_the_rows_they_would_have_alone(kind):
    alone = plain(300)
    feed(kind)
    members = experiment(callbacks=[Evaluate(130)]).train_many([0, 1], steps=300)
    for member in members:
        assert without_clock(member.history.rows) == without_clock(alone.history.rows)
        assert len(member.task.calls) < 10
        elapsed = [row["time_elapsed"] for row in member.history.rows]
        assert elapsed == sorted(elapsed) and member.history.rows[0]["time_runs_together"] == 2


def test_a_task_whose_rows_are_not_those_of_its_steps_is_refused(monkeypatch):
    made = experiment()
    monkeypatch.setattr(made.task, "take_rows", lambda: [(5, {}), (5, {})])
    with pytest.raises(ValueError, match=r"Gathering.take_rows gave a row of step 5; expected one after 5"):
        made.train(60)


def test_a_callback_that_could_never_act_is_refused_as_before():
    with pytest.raises(UsageError, match="every received 700"):
        experiment(callbacks=[Evaluate(700)]).train(600)
