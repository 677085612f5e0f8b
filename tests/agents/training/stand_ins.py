"""Small environments that keep their randomness and state where third-party packages do."""

import random

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete


class Walk(gymnasium.Env):
    """A walk that `draw` disturbs; ends after `length` steps. The observation is where it is and how long it took."""

    def __init__(self, length=12):
        self.length = length
        self.observation_space = Box(-np.inf, np.inf, (2,), np.float64)
        self.action_space = Discrete(3)

    def draw(self):
        return self.np_random.random()

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.steps = self.draw(), 0
        return np.array([self.place, self.steps]), {}

    def step(self, action):
        self.place += self.draw() * (int(action) - 1)
        self.steps += 1
        return np.array([self.place, self.steps]), self.place, self.steps >= self.length, False, {}


class OwnSeeded(Walk):
    """Keeps a RandomState that `reset(seed=...)` makes anew, and leaves np_random alone, as MinAtar does."""

    rng = None

    def draw(self):
        return self.rng.rand()

    def reset(self, *, seed=None, options=None):
        if seed is not None or self.rng is None:
            self.rng = np.random.RandomState(seed)
        return super().reset()


class OwnUnseeded(Walk):
    """Keeps a generator that no seed reaches, in an object of its own; the system's entropy began it."""

    def __init__(self, length=12, kind=np.random.RandomState):
        super().__init__(length)
        self.game = type("Game", (), {})()
        self.game.parts = [{"rng": kind()}]

    def draw(self):
        return self.game.parts[0]["rng"].random()


class GlobalNumpy(Walk):
    """Draws from NumPy's global generator, as highway traffic and trading environments have done."""

    def draw(self):
        return np.random.normal()


class GlobalPython(Walk):
    """Draws from Python's global generator."""

    def draw(self):
        return random.random()


class GlobalSeeded(Walk):
    """Seeds NumPy's global generator in reset and draws from it."""

    def draw(self):
        return np.random.rand()

    def reset(self, *, seed=None, options=None):
        if seed is not None:
            getattr(np.random, "seed")(seed)  # noqa: B009
        return super().reset(seed=seed)


class IgnoresSeed(Walk):
    """Draws from np_random but does not give the seed to it."""

    def reset(self, *, seed=None, options=None):
        return super().reset()


class SamplesSpace(Walk):
    """Samples its own action space, which nobody seeds."""

    def draw(self):
        return float(self.action_space.sample())


class Hidden(Walk):
    """Has a generator where Python cannot see it, seeded by `reset(seed=...)` alone, as ALE's sticky actions have."""

    def __init__(self, length=12):
        super().__init__(length)
        hidden = {"rng": np.random.default_rng()}

        def draw():
            # For some steps it does not show.
            return float(hidden["rng"].random() < 0.25)

        def begin(seed):
            hidden["rng"] = np.random.default_rng(seed)

        self.draw, self.begin = draw, begin

    def reset(self, *, seed=None, options=None):
        if seed is not None:
            self.begin(seed)
        return super().reset()


class Remembers(Walk):
    """Keeps one world for all episodes, whose past shows in small differences, as Box2D's does."""

    def __init__(self, length=12, first=1):
        super().__init__(length)
        self.first, self.episodes = first, 0

    def reset(self, *, seed=None, options=None):
        self.episodes += 1
        return super().reset(seed=seed)

    def step(self, action):
        place, *rest = super().step(action)
        if self.steps > 3 and self.episodes > self.first:
            place[0] += 1e-12 * self.episodes
        return place, *rest


class Irreproducible(Walk):
    """Draws from the system's entropy."""

    def draw(self):
        return random.SystemRandom().random()


class MakesSpacesAnew(Walk):
    """Makes its action space anew in reset and draws from it for nothing; keeps a source of the system's entropy."""

    def reset(self, *, seed=None, options=None):
        self.entropy = random.SystemRandom()
        self.action_space = Discrete(3)
        self.action_space.sample()
        return super().reset(seed=seed)


class RunningMean(gymnasium.ObservationWrapper):
    """A user's own wrapper with running statistics."""

    def __init__(self, env):
        super().__init__(env)
        self.total, self.count = np.zeros(2), 0

    def observation(self, observation):
        self.total, self.count = self.total + observation, self.count + 1
        return observation - self.total / self.count


class WritesIntoActions(Walk):
    """Clips the action it is given in place, and takes another one the second time."""

    def __init__(self, length=12):
        super().__init__(length)
        self.action_space = Box(-1, 1, (1,), np.float32)

    def step(self, action):
        taken = float(action[0])
        action *= 0.5
        self.place += taken
        self.steps += 1
        return np.array([self.place, self.steps]), self.place, self.steps >= self.length, False, {}
