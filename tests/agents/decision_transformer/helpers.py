"""A small environment whose return an agent can choose, and recorded episodes of it."""

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from agents.episodes import Episodes
from lab.seeding import Seeds

LENGTH = 8
SMALL = {"context_length": 4, "layers": 2, "width": 8, "dropout": 0.0, "max_episode_length": 30, "batch_size": 8,
         "encoder_sizes": (), "learning_rate": 3e-3, "weight_decay": 1e-4, "average_decay": 0.0}  # fmt: skip


class Wages(gymnasium.Env):
    """Eight steps; action 1 pays 1 and action 0 nothing, or a number in [0, 2] pays itself."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(self, continuous=False, length=LENGTH, render_mode=None):
        self.length, self.continuous, self.render_mode = length, continuous, render_mode
        self.observation_space = Box(-np.inf, np.inf, (2,), np.float32)
        self.action_space = Box(0, 2, (1,), np.float32) if continuous else Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.elapsed, self.tag = 0, self.np_random.uniform()
        return self.observe(), {}

    def observe(self):
        return np.array([self.elapsed / self.length, self.tag], np.float32)

    def step(self, action):
        self.elapsed += 1
        reward = float(np.asarray(action).reshape(-1)[0])
        return self.observe(), reward, self.elapsed == self.length, False, {}

    def render(self):
        return np.full((32, 48, 3), 20 * self.elapsed, np.uint8)


def episodes(number=200, continuous=False, seed=0, length=LENGTH):
    """Return episodes of players that are industrious in different degrees, (E,) lengths all the same."""
    rng = np.random.default_rng(seed)
    env = Wages(continuous, length)
    degrees = np.repeat(rng.uniform(size=number), length)
    acted = (rng.uniform(size=number * length) < degrees).astype(np.int64)
    if continuous:
        acted = (2 * degrees + rng.normal(0, 0.05, number * length)).clip(0, 2).astype(np.float32)[:, None]
    observed = np.stack([np.tile(np.arange(length) / length, number), np.repeat(rng.uniform(size=number), length)], 1)
    whole = Episodes.from_arrays(
        observations=observed.astype(np.float32),
        actions=acted,
        rewards=acted.reshape(-1).astype(np.float64),
        terminated=np.ones(number, bool),
        truncated=np.zeros(number, bool),
        lengths=np.full(number, length),
        final_observations=np.ones((number, 2), np.float32),
        observation_space=env.observation_space,
        action_space=env.action_space,
    )
    return whole.with_environment(lambda render_mode=None: Wages(continuous, length, render_mode))


def built(seed=0, continuous=False, data=None, **settings):
    """Return an untrained agent that knows its data."""
    from agents import DecisionTransformer

    agent = DecisionTransformer(**{**SMALL, **settings})
    data = data or episodes(10, continuous)
    agent.setup(data.observation_space, data.action_space, Seeds(seed))
    agent.adapt(data)
    return agent
