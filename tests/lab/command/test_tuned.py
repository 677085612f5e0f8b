"""`lab train --tuned`: settings per environment, beneath what the user sets."""

import pytest

from agents import tuned
from lab.command import training
from lab.experiment.experiment import Experiment


@pytest.fixture
def begun(monkeypatch):
    """Let a run be prepared and claimed, and not trained; return what was prepared."""
    found = []
    monkeypatch.setattr(Experiment, "train", lambda experiment, steps: found.append((experiment, steps)))
    monkeypatch.setattr(training, "close", lambda experiment: None)
    return found


def test_the_command_takes_them_and_what_the_user_sets_comes_first(command, begun, tmp_path):
    own = ("--set", "epochs=1", "--set", "hidden_sizes=8", "--set", "lane=host")
    status, out, err = command("train", "ppo", "CartPole-v1", "--tuned", *own, "--run", tmp_path / "run")
    assert status == 0, err
    known = tuned("ppo", "CartPole-v1")
    assert f"tuned    {known}" in out
    (experiment, steps), expected = begun[0], {**known.settings, "epochs": 1, "hidden_sizes": (8,)}
    assert {name: getattr(experiment.learner.config, name) for name in expected} == expected
    assert (experiment.options.num_envs, steps) == (known.num_envs, known.steps)
    experiment.close()
    more = ("--set", "num_envs=4", "--set", "lane=host", "--steps", 4096)
    status, _, err = command("train", "ppo", "CartPole-v1", "--tuned", *more, "--run", tmp_path / "fewer")
    assert status == 0, err
    assert (begun[1][0].options.num_envs, begun[1][1]) == (4, 4096)
    begun[1][0].close()


def test_the_command_says_that_there_are_some_and_where_there_are_none(command, begun, tmp_path):
    status, out, err = command("train", "ppo", "CartPole-v1", "--set", "lane=host", "--run", tmp_path / "run")
    assert status == 0 and "which --tuned takes" in out, err
    assert begun[0][0].learner.config == type(begun[0][0].learner.config)()
    begun[0][0].close()
    status, out, err = command("train", "ppo", "Taxi-v4", "--tuned")
    assert status == 2 and out == "" and "no tuned settings of ppo for 'Taxi-v4'" in err
