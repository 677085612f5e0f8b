"""`lab train --tuned`: settings per environment, beneath what the user sets."""

from agents import tuned
from lab import Experiment


def test_the_command_takes_them_and_what_the_user_sets_comes_first(command, tmp_path):
    own = ("--set", "epochs=1", "--set", "evaluate_every=none", "--set", "hidden_sizes=8", "--steps", 1024)
    status, out, err = command("train", "ppo", "CartPole-v1", "--tuned", *own, "--run", tmp_path / "run")
    assert status == 0, err
    assert f"tuned    {tuned('ppo', 'CartPole-v1')}" in out
    experiment = Experiment.open(tmp_path / "run")
    expected = {**tuned("ppo", "CartPole-v1").settings, "epochs": 1, "hidden_sizes": (8,)}
    assert {name: getattr(experiment.learner.config, name) for name in expected} == expected
    assert experiment.options.num_envs == tuned("ppo", "CartPole-v1").num_envs
    status, _, err = command("train", "ppo", "Taxi-v4", "--tuned")
    assert status == 2 and "no tuned settings of ppo for 'Taxi-v4'" in err
