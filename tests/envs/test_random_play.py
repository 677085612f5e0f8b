"""Every environment with TensorFlow dynamics through many random episodes: bounds kept, ends met, repeatable."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from envs import random
from envs.tensor import TimeLimit
from lab import registry

registry.load_environments()
NAMES = sorted(name for name in gymnasium.registry if name.startswith("lab/"))
EPISODES = 1_000
# Of bodies with contacts, a step of which takes as long as many of others.
FEW_EPISODES = 200
BODIES = ("lab/Hopper-v0", "lab/Walker-v0", "lab/LunarLander-v0", "lab/LunarLanderContinuous-v0")


def player(env, episodes):
    """Return what plays, for a seed, until each environment has ended an episode: what it saw."""
    space, actions = env.observation_space, env.action_space

    @tf.function(jit_compile=True)
    def run(keys, key):
        def one(i, carry, going, returns, lengths, least, most, total):
            draws = random.uniform(random.fold_in(key, i), (episodes, *(actions.shape or ())))
            if isinstance(actions, Box):
                action = tf.constant(actions.low) + draws * (actions.high - actions.low)
            else:
                action = tf.cast(draws * float(actions.n), tf.int32)
            carry, step = env.advance(carry, action)
            seen = tf.cast(step.observation, tf.float32)
            least = tf.minimum(least, tf.reduce_min(seen, axis=0))
            most = tf.maximum(most, tf.reduce_max(seen, axis=0))
            total += tf.reduce_sum(seen, axis=0)
            weight = tf.cast(going, tf.float32)
            going &= ~(step.terminated | step.truncated)
            return i + 1, carry, going, returns + weight * step.reward, lengths + weight, least, most, total

        zeros, seen = tf.zeros(episodes), tf.zeros(space.shape or ())
        start = (0, env.begin(keys), tf.ones(episodes, tf.bool), zeros, zeros, seen + np.inf, seen - np.inf, seen)
        return tf.while_loop(lambda i, carry, going, *_: tf.reduce_any(going), one, start)[3:]

    return lambda seed: [x.numpy() for x in run(random.key_from_seed(seed, episodes), random.key_from_seed(seed + 1))]


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_many_random_episodes(name):
    made = gymnasium.make(name, disable_env_checker=True)
    env = TimeLimit(made.unwrapped.tensor_env, made.spec.max_episode_steps)
    play = player(env, FEW_EPISODES if name in BODIES else EPISODES)
    returns, lengths, least, most, _ = first = play(5)
    assert np.isfinite(returns).all()
    assert lengths.min() >= 1 and lengths.max() <= env.max_episode_steps
    space = env.observation_space
    if isinstance(space, Discrete):
        assert least >= 0 and most < space.n
    else:
        assert (least >= space.low).all() and (most <= space.high).all()
    assert [x.tobytes() for x in play(5)] == [x.tobytes() for x in first]
    assert [x.tobytes() for x in play(6)] != [x.tobytes() for x in first]
