"""kill -9 anywhere, resume, and rows and weights are those of the uninterrupted run, bit for bit."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import checkpoints
from lab.run_directory import RunDirectory
from tests.resume_scripts import JOBS

ROOT = Path(__file__).parents[2]


def start(name, run, mode="train"):
    command = [sys.executable, "-m", "tests.resume_scripts", name, str(run), mode]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-3000:]
    assert out.startswith("finished"), out


def rows(path):
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [{k: v for k, v in row.items() if not k.startswith("time_")} for row in found]


def outcome(run):
    directory = RunDirectory(run)
    path = directory.find_checkpoint("last")
    return rows(directory.metrics), rows(directory.evaluations), path.name, checkpoints.digest(path)


def kill_later(process, run, rng):
    """Kill the process at a random time after its first checkpoint."""
    deadline = time.time() + 120
    while not checkpoints.listed(run / "checkpoints", "step"):
        assert process.poll() is None and time.time() < deadline, process.communicate()[1][-3000:]
        time.sleep(0.005)
    time.sleep(rng.uniform(0.0, 0.4))
    assert process.poll() is None, "the run was over before it could be killed; give the job more steps"
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("name", JOBS)
def test_a_killed_run_ends_as_the_uninterrupted_one(name, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    finish(start(name, whole))
    process = start(name, killed)
    kill_later(process, killed, random.Random())
    left = json.loads((killed / "config.json").read_text())["steps"]
    assert checkpoints.step_of(checkpoints.listed(killed / "checkpoints", "step")[-1]) < left
    # What a kill in the middle of a write leaves behind: half a row, and half a checkpoint.
    with open(killed / "metrics.jsonl", "a") as file:
        file.write('{"step": 99')
    shutil.copytree(
        checkpoints.listed(killed / "checkpoints", "step")[-1], killed / "checkpoints" / ".step-000000099999.tmp-1"
    )
    finish(start(name, killed, "resume"))
    mine, reference = outcome(killed), outcome(whole)
    assert mine[0] == reference[0], "metrics.jsonl"
    assert mine[1] == reference[1], "evaluations.jsonl"
    assert mine[2:] == reference[2:], "the last checkpoint: all weights, replay, generators and counters"


def small_dqn():
    from agents import DQN
    from lab import Experiment

    module, learner, settings, source, _, _ = JOBS["dqn"]
    assert (module, learner) == ("agents", "DQN")
    return Experiment(DQN(**settings), source, seed=3, lane="host", progress=False)


def end(state, forgotten=None):
    """Go on from a state, one of its learner's items left as a fresh learner has it, and return the weights."""
    experiment = small_dqn()
    learner_state = dict(state["learner"])
    if forgotten is not None:
        learner_state[forgotten] = experiment.learner.get_state()[forgotten]
    experiment.learner.set_state(learner_state)
    experiment.task.set_state(state["task"])
    experiment.step = 600
    experiment.train(300)
    return experiment.learner.get_state()["online"]


@pytest.fixture(scope="module")
def midway():
    """A run's state after 600 steps, and its weights after 900."""
    experiment = small_dqn()
    experiment.train(600)
    state = experiment.get_state()
    experiment.train(300)
    return state, experiment.learner.get_state()["online"]


def test_a_restored_state_ends_as_the_uninterrupted_run(midway):
    state, reference = midway
    assert all((end(state)[k] == reference[k]).all() for k in reference)


@pytest.mark.parametrize("item", ["online", "moments", "replay", "exploration", "steps"])
def test_leaving_one_item_out_of_a_checkpoint_is_noticed(midway, item):
    """The negative control: equality of the ends means something, for without any one item they differ."""
    state, reference = midway
    found = end(state, item)
    assert not all((found[k] == reference[k]).all() for k in reference)
