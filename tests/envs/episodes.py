"""Whole episodes of a policy, as one program."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from envs import random


class Episodes(NamedTuple):
    """What episodes came to, each an array (number,).

    Attributes:
        returns: float32.
        lengths: float32, in steps.
        terminated: Whether the environment ended it.
        last_rewards: float32, of the last step.
        states: The state after the last step, with the leading axis.
    """

    returns: np.ndarray
    lengths: np.ndarray
    terminated: np.ndarray
    last_rewards: np.ndarray
    states: object


def play(env, policy, number, seed):
    """Play one episode in each of `number` environments with actions `policy(observations, keys)`."""

    @tf.function(jit_compile=True, autograph=False)
    def run(keys):
        def one(i, state, observation, going, returns, lengths, last):
            action = policy(observation, random.fold_in(keys, 1_000_000 + i))
            step = env.step(state, action, random.fold_in(keys, i + 1))

            def held(new, old):
                return tf.where(tf.reshape(going, [-1] + [1] * (len(new.shape) - 1)), new, old)

            weight = tf.cast(going, tf.float32)
            state, last = tf.nest.map_structure(held, step.state, state), held(step.reward, last)
            # A stopped environment's numbers may run away, and 0 times infinity is no number.
            returns = returns + held(step.reward, tf.zeros(number))
            return i + 1, state, step.observation, going & ~step.terminated, returns, lengths + weight, last

        state, observation = env.reset(random.fold_in(keys, 0))
        zeros = tf.zeros(number)
        start = (tf.constant(0), state, observation, tf.ones(number, tf.bool), zeros, zeros, zeros)

        def goes_on(i, state, observation, going, *_):
            return (i < env.max_episode_steps) & tf.reduce_any(going)

        _, state, _, going, returns, lengths, last = tf.while_loop(goes_on, one, start)
        return returns, lengths, ~going, last, state

    return Episodes(*tf.nest.map_structure(lambda leaf: leaf.numpy(), run(random.key_from_seed(seed, number))))
