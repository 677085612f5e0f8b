"""Stable-baselines3's own evaluation of agents, through the adapter of the documentation, gives the returns of ours."""

from __future__ import annotations

import gymnasium
import pytest

from agents import DQN, PPO, SAC, RecurrentPPO
from lab import Experiment
from tests.documentation.pages import DOCS, blocks

evaluation = pytest.importorskip("stable_baselines3.common.evaluation", reason="pip install 'keras-lab[peers]' runs it")
SMALL = {"hidden_sizes": (8,)}


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (DQN(**SMALL), "CartPole-v1"),
        (PPO(**SMALL), "CartPole-v1"),
        (RecurrentPPO(**SMALL, cell_size=4), "CartPole-v1"),
        (SAC(**SMALL), "Pendulum-v1"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_evaluate_policy_gives_the_same_returns_on_the_same_seeds(agent, name):
    from stable_baselines3.common.vec_env import DummyVecEnv

    names = {}
    for block in blocks(DOCS / "coming_from.md", "python"):
        exec(block, names)
    experiment = Experiment(agent, name, lane="host", seed=3, progress=False)
    ours = experiment.evaluate(episodes=3)
    theirs = []
    for i in range(3):
        env = DummyVecEnv([lambda: gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.make(name))])
        env.seed(experiment.seeds.integer("evaluation", 0, 1, i))
        found = evaluation.evaluate_policy(
            names["Model"](agent), env, n_eval_episodes=1, return_episode_rewards=True, warn=False
        )
        theirs += found[0]
        agent.end_episodes()
    assert theirs == pytest.approx(ours.returns, rel=1e-6)
