"""A checkpoint written beside training is the state of its own step, whole when training ends, and fails aloud."""

import errno
import os
import threading

import numpy as np
import pytest

from agents import Random
from lab import Experiment
from lab.errors import RunDirectoryError
from lab.files.beside import Beside
from lab.runs import checkpoints
from tests.agents.helpers import Counter


class Slowly(Random):
    """A learner whose `get_state` hands out the very array that it goes on to change."""

    not_state = ("array",)

    def build(self):
        super().build()
        self.array = np.zeros(1_000)

    def get_state(self):
        return {"array": self.array}


@pytest.fixture
def run(tmp_path):
    return Experiment(Slowly(), Counter, run_dir=tmp_path / "run", progress=False)


def test_what_training_changes_meanwhile_is_not_in_it(run, monkeypatch):
    gate, real = threading.Event(), checkpoints.write_packed

    def late(*arguments):
        gate.wait(30)
        return real(*arguments)

    monkeypatch.setattr(checkpoints, "write_packed", late)
    run.loop.step = 5
    run.save_checkpoint_beside()
    run.learner.array += 1
    run.loop.step = 6
    assert run.last_checkpoint is None, "it is not told of before it is whole"
    gate.set()
    run.end_writing()
    state, _ = checkpoints.read(run.last_checkpoint)
    assert checkpoints.step_of(run.last_checkpoint) == state["experiment"]["step"] == 5
    assert not state["learner"]["array"].any()


def test_a_disk_that_failed_beside_training_is_told_at_the_next_checkpoint(run, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run.save_checkpoint()
    run.loop.step = 7
    with monkeypatch.context() as patch:
        patch.setattr("lab.files.reading.tensors.write", full)
        run.save_checkpoint_beside()
        with pytest.raises(RunDirectoryError, match="No space left"):
            run.save_checkpoint()
    assert checkpoints.step_of(run.last_checkpoint) == 0
    assert [p.name for p in run.directory.checkpoints.iterdir()] == ["step-000000000000"]
    run.save_checkpoint()
    assert checkpoints.step_of(run.last_checkpoint) == 7


def test_whoever_waits_to_hear_of_a_checkpoint_hears_of_a_whole_one(run):
    from lab.callbacks import Callback

    class Listening(Callback):
        heard = None

        def on_checkpoint(self, experiment, path):
            Listening.heard = checkpoints.read(path)

    run.callbacks = [Listening()]
    run.save_checkpoint_beside()
    assert Listening.heard is not None


def test_one_job_at_a_time_and_an_error_once():
    beside, order = Beside(), []

    def fail():
        raise KeyError("x")

    for i in range(5):
        beside.begin(lambda i=i: order.append(i))
    beside.wait()
    assert order == list(range(5))
    beside.begin(fail)
    with pytest.raises(KeyError):
        beside.wait()
    beside.wait()
