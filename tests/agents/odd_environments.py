"""Environments that break Gymnasium's word, share what they should not, never end, or are wrapped."""

import signal

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, Text

VECTOR = Box(-10.0, 10.0, (3,), np.float32)


class Scripted(gymnasium.Env):
    """Gives what it is told to, and otherwise what its space declares; ends after `length` steps.

    Args:
        space: Of the observations.
        observation: What resets and steps give; None for the least that the space holds.
        from_step: The step from which a step gives what is told; 0 with the reset.
        reset: What `reset` returns as it is, if anything.
        reward, terminated, truncated: What a step gives.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(self, space=VECTOR, observation=None, from_step=0, length=3, actions=None, render_mode=None, **told):
        self.observation_space, self.action_space = space, actions if actions is not None else Discrete(2)
        self.given, self.from_step, self.length, self.told = observation, from_step, length, told
        self.render_mode, self.count, self.received = render_mode, 0, []

    def _observation(self):
        if self.given is not None and self.count >= self.from_step:
            return self.given
        if isinstance(self.observation_space, Discrete):
            return int(self.observation_space.start)
        if not isinstance(self.observation_space, Box):
            return np.zeros(2, np.int64)
        return np.maximum(self.observation_space.low, np.zeros(self.observation_space.shape)).astype(
            self.observation_space.dtype
        )

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return self.told["reset"] if "reset" in self.told else (self._observation(), {})

    def step(self, action):
        self.count += 1
        self.received.append(np.array(action))
        late = self.count >= self.from_step
        reward = self.told.get("reward", 1.0) if late else 1.0
        terminated = self.told.get("terminated", self.count >= self.length) if late else False
        return self._observation(), reward, terminated, self.told.get("truncated", False) if late else False, {}

    def render(self):
        return np.full((32, 32, 3), self.count % 256, np.uint8)


class CountsResets(Scripted):
    """Pays how often it has been reset: an environment that remembers."""

    resets = 0

    def reset(self, **keywords):
        self.resets += 1
        return super().reset(**keywords)

    def step(self, action):
        observation, _, terminated, truncated, info = super().step(action)
        return observation, float(self.resets), terminated, truncated, info


class Simulator:
    """Counts; the state of an environment that only refers to it."""

    def __init__(self):
        self.value = 0

    def __deepcopy__(self, memo):
        return self


class Simulated(Scripted):
    """Keeps its state in a simulator that it is given, which copies share."""

    def __init__(self, simulator=None, **keywords):
        super().__init__(length=50, **keywords)
        self.simulator = simulator if simulator is not None else Simulator()
        # Something that all may share, as nobody changes it.
        self.table = CONSTANTS

    def reset(self, **keywords):
        self.simulator.value = 0
        return super().reset(**keywords)

    def step(self, action):
        self.simulator.value += 1
        return super().step(action)

    def _observation(self):
        return np.full(3, self.simulator.value % 7, np.float32)


CONSTANTS = {"gravity": 9.8}


class Endless(Scripted):
    """Never ends; may raise a signal at a step, as if a user had sent it then."""

    def __init__(self, at=None, number=signal.SIGINT, **keywords):
        super().__init__(length=10**9, **keywords)
        self.at, self.number = at, number

    def step(self, action):
        if self.count + 1 == self.at:
            signal.raise_signal(self.number)
        return super().step(action)


class Drifting(Scripted):
    """Observes random numbers far from zero, so that normalising them shows."""

    def __init__(self, **keywords):
        super().__init__(Box(-np.inf, np.inf, (2,), np.float32), length=8, **keywords)

    def _observation(self):
        return self.np_random.normal(50.0, 5.0, 2).astype(np.float32)


class MissionSpace(Text):
    """A space of texts of a package's own, which nobody can flatten."""


def grid_space(text=MissionSpace):
    """Return observations as MiniGrid gives them: a picture, a direction and a mission in words."""
    return Dict(image=Box(0, 255, (7, 7, 3), np.uint8), direction=Discrete(4), mission=text(10))


gymnasium.spaces.flatten_space.register(MissionSpace)(lambda space: (_ for _ in ()).throw(NotImplementedError()))
