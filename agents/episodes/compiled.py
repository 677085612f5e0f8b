"""Records episodes as one compiled program, hundreds side by side."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents.base import Agent
from agents.baselines import Random
from agents.parts.masking.masked import is_given, nth_allowed
from agents.spaces import pure_to_environment
from envs import random
from envs.tensor import Carry, TensorEnv
from lab.errors import UsageError
from lab.seeding import Seeds

# Side by side at most, and as many as keep one call's record below so many bytes.
WIDTH, MOST_BYTES = 256, 1 << 26


def roll_out(
    agent: Agent, env: TensorEnv, seeds: Seeds, episodes: int, explore: bool, epsilon: float, num_envs: int | None
) -> dict[str, Any]:
    """Play episodes; return arrays as `Episodes.from_arrays` takes them.

    Args:
        agent: A built functional agent, or `Random`.
        env: The environment, its time limit applied.
        seeds: Of the environments' and the agent's keys.
        episodes: How many.
        explore: As for `Agent.act_batch`.
        epsilon: Probability of a uniform action instead.
        num_envs: Episodes side by side; None for as many as suit.
    """
    longest = env.max_episode_steps
    if longest is None:
        raise UsageError("recording in the compiled lane needs a time limit. Fix: lane='host'.")
    bytes_a_step = 8 * (2 + math.prod(env.observation_space.shape or ()))
    number = num_envs or max(1, min(WIDTH, MOST_BYTES // (longest * bytes_a_step), episodes))
    calls = -(-episodes // number)
    words = seeds.sequence("environment").generate_state(2 * calls * number, np.uint32).reshape(calls, number, 2)
    key = tf.constant(seeds.sequence("exploration").generate_state(2, np.uint32))
    acting: Any = agent
    learner = () if isinstance(agent, Random) else acting.state()
    program = _Rollout(agent, env, number, explore, epsilon)
    parts = [_flat(program.run(learner, tf.constant(words[i]), random.fold_in(key, i))) for i in range(calls)]
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    steps = int(arrays["lengths"][:episodes].sum())
    return {k: v[: steps if k in ("observations", "actions", "rewards") else episodes] for k, v in arrays.items()}


class _Rollout:
    def __init__(self, agent: Agent, env: TensorEnv, number: int, explore: bool, epsilon: float) -> None:
        self.agent: Any = agent
        self.env, self.number, self.explore, self.epsilon = env, number, explore, epsilon
        self.longest = int(env.max_episode_steps or 0)

    @tf.function(jit_compile=True, autograph=False)
    def run(self, learner: Any, keys: tf.Tensor, key: tf.Tensor) -> tuple[tf.Tensor, ...]:
        carry, number = self.env.begin(keys), self.number

        def array(like: tf.Tensor) -> tf.TensorArray:
            return tf.TensorArray(like.dtype, self.longest, element_shape=like.shape, clear_after_read=False)

        action, flags = self.act(learner, carry, key), tf.zeros(number, tf.bool)
        arrays = (array(carry.observation), array(action), array(tf.zeros(number)))
        ends = (carry.observation, tf.zeros(number, tf.int32), flags, flags)

        def one(i: tf.Tensor, carry: Carry, going: tf.Tensor, arrays: Any, ends: Any) -> tuple[Any, ...]:
            action = self.act(learner, carry, random.fold_in(key, i + 1))
            after, step = self.env.advance(carry, action)
            written = zip(arrays, (carry.observation, action, step.reward), strict=True)
            arrays = tuple(a.write(i, value) for a, value in written)
            last, lengths, terminated, truncated = ends
            shape = [-1] + [1] * (len(last.shape) - 1)
            last = tf.where(tf.reshape(going, shape), step.observation, last)
            lengths += tf.cast(going, tf.int32)
            ends = (last, lengths, terminated | (going & step.terminated), truncated | (going & step.truncated))
            return i + 1, after, going & ~(step.terminated | step.truncated), arrays, ends

        def more(i: tf.Tensor, carry: Carry, going: tf.Tensor, *_: Any) -> tf.Tensor:
            return tf.reduce_any(going) & (i < self.longest)

        *_, arrays, ends = tf.while_loop(more, one, (tf.constant(0), carry, ~flags, arrays, ends))
        return *(a.stack() for a in arrays), *ends

    def act(self, learner: Any, carry: Carry, key: tf.Tensor) -> tf.Tensor:
        """Return an action for each row: the agent's, or with probability epsilon a uniform one."""
        own, coin, other = random.split(key, 3)
        if isinstance(self.agent, Random):
            return self.uniform(own)
        mask = self.env.action_mask(carry.state) if self.agent.honours_masks else ()
        choice = self.agent.policy(learner._replace(allowed=mask), carry.observation, own, self.explore)
        action = pure_to_environment(self.env.action_space, choice.action)
        if not self.epsilon:
            return action
        at_random = random.bernoulli(coin, self.epsilon, (self.number,))
        uniform = nth_allowed(random.uniform(other, (self.number,)), mask) if is_given(mask) else self.uniform(other)
        return tf.where(tf.reshape(at_random, [-1] + [1] * (len(action.shape) - 1)), uniform, action)

    def uniform(self, key: tf.Tensor) -> tf.Tensor:
        """Return a uniform action for each row."""
        space: Any = self.env.action_space
        if isinstance(space, Discrete):
            return random.integers(key, int(space.n), (self.number,))
        if not isinstance(space, Box) or not space.is_bounded():
            raise UsageError(f"nobody can draw uniformly from {space}. Fix: bound the action space.")
        low, high = (np.asarray(bound, np.float32) for bound in (space.low, space.high))
        return low + (high - low) * random.uniform(key, (self.number, *space.shape))


def _flat(run: tuple[tf.Tensor, ...]) -> dict[str, np.ndarray]:
    observations, actions, rewards, last, lengths, terminated, truncated = (part.numpy() for part in run)
    # Time is the first axis in the loop; in a recording one episode follows the other.
    played = np.arange(len(observations)) < lengths[:, None]
    return {
        "observations": observations.swapaxes(0, 1)[played],
        "actions": actions.swapaxes(0, 1)[played],
        "rewards": rewards.swapaxes(0, 1)[played],
        "lengths": lengths,
        "final_observations": last,
        "terminated": terminated,
        "truncated": truncated,
    }
