"""What feeds a learner is looked up by kinds and lane; learners name no task."""

import subprocess
import sys
from pathlib import Path

import pytest

import agents
import generative
from lab import Experiment, Learner, Task, UsageError
from lab.registry import tasks
from lab.results.evaluation import Evaluation
from lab.seeding import Seeds
from lab.task import TaskOptions

ROOT = Path(__file__).parents[2]
OPTIONS = TaskOptions(Seeds(0))


class Doubling(Learner):
    def build(self):
        self.value = 1


class Further(Doubling):
    pass


class Feeding(Task):
    unit = "doublings"

    def __init__(self, learner, source, options):
        self.learner, self.source, self.options = learner, source, options
        learner.finish_setup()

    not_state = ("learner", "source", "options")

    def advance(self, steps, control):
        self.learner.value *= 2**steps
        return steps

    def evaluate(self, *, episodes=None, stream=0, step=0):
        return Evaluation({"value": float(self.learner.value)}, step=step, main="value")

    def render(self, path, kind):
        return path


class Elsewhere(Feeding):
    pass


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    monkeypatch.setattr(tasks, "_makers", dict(tasks._makers))
    monkeypatch.setattr(tasks, "_kinds", dict(tasks._kinds))


@pytest.mark.thorough
def test_an_agent_trains_without_what_reads_recordings():
    code = (
        "import sys; from agents import DQN; from lab import Experiment; "
        "Experiment(DQN(), 'CartPole-v1', lane='host', progress=False).train(20); "
        "print(*(m for m in sys.modules if m.startswith(('agents.offline', 'agents.episodes', 'generative'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_name_that_the_packages_register_stands_for_something():
    assert agents and generative
    names = {*(name for pair in tasks.pairs() for name in pair), *tasks.source_classes()}
    names = sorted(name for name in names if not name.startswith("tests."))
    assert len(names) >= 9
    for name in names:
        assert tasks.name_of(tasks.resolve(name)) == name or callable(tasks.resolve(name)), name


def test_a_users_own_kind_of_learner_is_fed_by_what_it_registers():
    with pytest.raises(UsageError, match=r"Doubling has no source of data. Fix: .*lab.registry.tasks.register"):
        Experiment(Doubling(), "numbers")
    tasks.register(Doubling, tasks.name_of(Feeding))
    for made in (Doubling(), Further()):
        experiment = Experiment(made, "numbers", progress=False, log_every=2)
        experiment.train(3)
        assert made.value == 8 and experiment.evaluate()["value"] == 8


def test_the_nearest_class_decides_then_the_source_then_the_lane():
    tasks.register_source("paths", "pathlib:PurePath", (".numbers",))
    tasks.register(Doubling, tasks.name_of(Feeding))
    tasks.register(Doubling, tasks.name_of(Elsewhere), source="paths")

    def chosen(learner, source, lane="auto"):
        return type(tasks.make(learner, source, TaskOptions(Seeds(0), lane=lane)))

    assert chosen(Doubling(), 3) is Feeding
    assert chosen(Doubling(), "a.numbers") is chosen(Further(), Path("a")) is Elsewhere
    tasks.register(Further, tasks.name_of(Feeding))
    tasks.register(Further, tasks.name_of(Elsewhere), lane="host")
    assert chosen(Further(), Path("a")) is Feeding
    assert chosen(Further(), Path("a"), "host") is Elsewhere
    assert chosen(Doubling(), 3, "host") is Feeding


def test_a_learner_may_make_its_task_itself():
    class Own(Doubling):
        def make_task(self, source, options):
            return Elsewhere(self, source, options)

    tasks.register(Doubling, tasks.name_of(Feeding))
    assert type(tasks.make(Own(), 3, OPTIONS)) is Elsewhere


def test_recordings_are_known_by_their_name_without_being_opened(tmp_path):
    assert tasks.kind_of("a.npz") == tasks.kind_of(tmp_path / "a.npz") == "episodes"
    assert tasks.kind_of("CartPole-v1") == tasks.kind_of(lambda: None) == tasks.ANY
    with pytest.raises(UsageError, match="Random learns by acting; received the recorded episodes 'a.npz'"):
        Experiment(agents.Random(), "a.npz")
