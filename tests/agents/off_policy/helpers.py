"""Small actor-critics, batches, and single updates."""

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents.transitions import Batch
from lab.seeding import Seeds

VECTOR = Box(-1.0, 1.0, (3,))
# Not symmetric, and another range in each direction: 0 in units of half the range is (1, 10).
ACTIONS = Box(np.array([-1.0, 6.0], np.float32), np.array([3.0, 14.0], np.float32))
TWO = Discrete(2)
SMALL = {"hidden_sizes": (8,), "batch_size": 4, "learning_starts": 8}


def built(kind, actions=ACTIONS, observations=VECTOR, num_envs=1, **settings):
    agent = kind(**{**SMALL, **settings})
    agent.setup(observations, actions, Seeds(3), num_envs)
    return agent


def batch_of(agent, number=6, reward=None, discount=0.9, seed=1):
    """Return a batch of random transitions within the agent's spaces."""
    rng = np.random.default_rng(seed)
    observed, following = (tf.constant(rng.uniform(-1, 1, (number, 3)), tf.float32) for _ in range(2))
    if isinstance(agent.action_space, Discrete):
        actions = tf.constant(rng.integers(agent.action_space.n, size=number), tf.int32)
    else:
        low, high = agent.action_space.low, agent.action_space.high
        actions = tf.constant(rng.uniform(low, high, (number, len(low))), tf.float32)
    rewards = tf.constant(rng.normal(size=number) if reward is None else [reward] * number, tf.float32)
    return Batch(observed, actions, rewards, tf.fill([number], discount), following, tf.ones(number))


def learnt(agent, batch=None, key=(1, 2), **parts):
    """Return the parameters before an update and what it came to; parts replace those of the parameters before."""
    state = agent.state()
    state = state._replace(parameters=state.parameters._replace(**parts))
    return state.parameters, agent.learn(state, batch or batch_of(agent), tf.constant(key, tf.uint32))


def constant_critics(agent, *values):
    """Return critics' weights that give each its value, or list of values, whatever they see."""
    weights = [tf.zeros_like(w) for w in agent.critics]
    place = 2 * (len(agent.ensemble.sizes) - 1) - 1
    weights[place] = tf.reshape(tf.constant(values, tf.float32), weights[place].shape)
    return tuple(weights)


def changed(before, after):
    """Return whether any number of nested tensors differs."""
    pairs = zip(tf.nest.flatten(before), tf.nest.flatten(after), strict=True)
    return any(not np.array_equal(a.numpy(), b.numpy()) for a, b in pairs)
