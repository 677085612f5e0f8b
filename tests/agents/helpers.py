"""Small environments with known answers."""

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete


class Counter(gymnasium.Env):
    """Observes (episode's random tag, steps taken); ends after `length` steps: terminated, or truncated if asked."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(self, length=3, truncate=False, render_mode=None):
        self.length, self.truncate, self.render_mode = length, truncate, render_mode
        self.observation_space = Box(-np.inf, np.inf, (2,), np.float32)
        self.action_space = Discrete(2)
        self.buffer = np.zeros(2, np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.buffer[:] = self.np_random.integers(1000), 0
        return self.buffer, {}

    def step(self, action):
        # The same buffer each time, as some environments do: whoever keeps it must copy it.
        self.buffer[1] += 1
        ended = bool(self.buffer[1] >= self.length)
        return self.buffer, float(action), ended and not self.truncate, ended and self.truncate, {}

    def render(self):
        return np.full((33, 45, 3), int(self.buffer[1]) * 20 % 256, np.uint8)


class Unrepeatable(Counter):
    """Draws from a generator of its own, which nobody can restore."""

    generator = np.random.default_rng(0)

    def step(self, action):
        result = super().step(action)
        self.buffer[0] = self.generator.random()
        return result


class Threshold(gymnasium.Env):
    """One step an episode: action 1 pays 1 where the observation is positive, action 0 pays 1 elsewhere."""

    def __init__(self):
        self.observation_space = Box(-1, 1, (1,), np.float32)
        self.action_space = Discrete(2)
        self.value = np.zeros(1, np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.value = self.np_random.uniform(-1, 1, 1).astype(np.float32)
        return self.value, {}

    def step(self, action):
        reward = float(int(action) == int(self.value[0] > 0))
        return self.value, reward, True, False, {}
