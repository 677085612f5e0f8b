"""Past transitions to learn from: storage x sampler x accumulator, each an object of its own, in host memory and inside
compiled programs. May import transitions, spaces, parts, envs.random and lab."""

from agents.replay.experience import Experience, Replay, Rollouts
from agents.replay.samplers import Prioritised, Uniform

__all__ = ["Experience", "Prioritised", "Replay", "Rollouts", "Uniform"]
