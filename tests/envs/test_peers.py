"""Other libraries train on these environments as they are; runs where the extra `peers` is installed."""

from __future__ import annotations

import gymnasium
import pytest

from lab import registry

stable_baselines3 = pytest.importorskip("stable_baselines3", reason="pip install 'keras-lab[peers]' runs it")
registry.load_environments()

# By its defaults DQN explores for longer than the test trains; these are rl-baselines3-zoo's for CartPole, less steps.
DQN = {
    "learning_rate": 2.3e-3,
    "batch_size": 64,
    "learning_starts": 1_000,
    "target_update_interval": 10,
    "train_freq": 256,
    "gradient_steps": 128,
    "exploration_fraction": 0.3,
    "exploration_final_eps": 0.04,
    "policy_kwargs": {"net_arch": [256, 256]},
}
SETTINGS = {"PPO": {}, "DQN": DQN}


@pytest.mark.parametrize("name", ["lab/Catch-v0", "lab/CartPole-v1"])
@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
def test_stable_baselines3_trains_on_it_unchanged(name, algorithm):
    from stable_baselines3.common.env_checker import check_env
    from stable_baselines3.common.evaluation import evaluate_policy

    check_env(gymnasium.make(name))
    model = getattr(stable_baselines3, algorithm)("MlpPolicy", name, seed=1, device="cpu", **SETTINGS[algorithm])
    before = evaluate_policy(model, gymnasium.make(name), 20)[0]
    model.learn(20_000)
    after = evaluate_policy(model, gymnasium.make(name), 20)[0]
    assert after > before
    assert model.num_timesteps >= 20_000
