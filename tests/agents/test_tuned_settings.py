"""The file of settings per environment: each entry is what its agent takes."""

import gymnasium
import pytest

from agents import tuned
from agents.tuned_settings import known
from lab import Experiment, registry
from lab.errors import UsageError

ENTRIES = [(agent, environment) for agent, there in known().items() for environment in there]


@pytest.mark.parametrize(("agent", "environment"), ENTRIES)
def test_an_entry_is_of_an_environment_and_changes_settings_that_its_agent_has(agent, environment):
    gymnasium.spec(environment)
    found, learner = tuned(agent, environment), registry.learner(agent)
    settings = learner.Settings(**found.settings)
    same = [name for name in found.settings if getattr(settings, name) == getattr(learner.Settings(), name)]
    assert not same, "the defaults need no line"
    assert found.steps >= 10_000
    assert getattr(settings, "rollout_steps", 0) % found.num_envs == 0


def test_what_is_not_there_is_said_with_what_is():
    with pytest.raises(UsageError, match=r"no tuned settings of ppo for 'Taxi-v4'; .*CartPole-v1.* Fix: the defaults"):
        tuned("ppo", "Taxi-v4")
    with pytest.raises(UsageError, match=r"no tuned settings of vae for 'digits'; .* some of .*ppo"):
        tuned("vae", "digits")


@pytest.mark.parametrize(("package", "environment"), [("Box2D", "LunarLander-v3"), ("mujoco", "HalfCheetah-v5")])
def test_environments_of_the_extras_are_learnt_and_go_on_bit_for_bit(package, environment, tmp_path):
    pytest.importorskip(package)
    chosen = tuned("ppo", environment)
    small = {**chosen.settings, "rollout_steps": 128, "minibatch_size": 64, "epochs": 2, "hidden_sizes": (16,)}

    def fresh(directory=None):
        agent = registry.learner("ppo")(**small)
        return Experiment(agent, environment, num_envs=4, seed=1, run_dir=directory, progress=False)

    whole = fresh()
    before = [v.numpy() for v in whole.learner.actor.trainable_variables]
    whole.train(384)
    after = [v.numpy() for v in whole.learner.actor.trainable_variables]
    assert all((old != new).any() for old, new in zip(before, after, strict=True))
    cut = fresh(tmp_path / "run")
    cut.prepare_training(384)
    cut.train(200)
    again = Experiment.resume(tmp_path / "run", progress=False)
    again.train(184)
    resumed = [v.numpy() for v in again.learner.actor.trainable_variables]
    assert all((one == other).all() for one, other in zip(after, resumed, strict=True))
