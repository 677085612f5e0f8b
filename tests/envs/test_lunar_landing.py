"""The lander can be landed for more than 200, and nothing but landing pays."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from envs import random
from envs.lander.environment import LunarLander, LunarLanderContinuous
from tests.envs.episodes import play


def demand(seen):
    """How much a lander should be lifted and turned, from its observations."""
    x, y, right, up, angle, spin, left_foot, right_foot = tf.unstack(seen, axis=1)
    wanted = tf.clip_by_value(-0.6 * x, -0.5, 0.5)
    lean = tf.clip_by_value(0.9 * (right - wanted), -0.4, 0.4)
    sink = tf.maximum(-0.12 - 0.35 * tf.nn.relu(y), -0.5)
    on_ground = left_foot + right_foot > 0.0
    turn = tf.where(on_ground, 0.0, 0.5 * (lean - angle) - spin)
    return tf.where(on_ground, tf.where(up < -0.1, 1.0, -1.0), sink - up), turn


def pilot(seen, key):
    lift, turn = demand(seen)
    return tf.where(lift > 0.04, 2, tf.where(turn > 0.06, 3, tf.where(turn < -0.06, 1, 0)))


def continuous_pilot(seen, key):
    lift, turn = demand(seen)
    return tf.stack([tf.where(lift > 0.0, 4.0 * lift, -1.0) - 0.2, 6.0 * turn], axis=1)


def assert_lands(returns, last_rewards, places, lengths) -> None:
    assert returns.mean() > 200 and (last_rewards == 100).mean() >= 0.95
    # On the pad, and in a third of the time there is.
    assert np.abs(places[:, 0]).max() < 2.6 and lengths.mean() < 333


@pytest.mark.thorough
def test_a_pilot_with_throttles_lands_for_more_than_two_hundred() -> None:
    played = play(LunarLanderContinuous(), continuous_pilot, 20, seed=1)
    assert_lands(played.returns, played.last_rewards, played.states.body.position, played.lengths)


@pytest.mark.thorough
def test_a_pilot_lands_for_more_than_two_hundred_and_what_does_not_land_earns_less_than_nothing() -> None:
    each = 40

    def by_fifths(seen, key):
        """Let a fifth of the landers each be piloted, act at random, do nothing, burn on, and hover half a field up."""
        _, turn = demand(seen)
        side = tf.where(turn > 0.06, 3, tf.where(turn < -0.06, 1, 0))
        hover = tf.where(0.3 * (0.5 - seen[:, 1]) - seen[:, 3] > 0.0, 2, side)
        rest = [random.integers(key[:each], 4), tf.zeros(each, tf.int32), 2 * tf.ones(each, tf.int32)]
        return tf.concat([pilot(seen[:each], key), *rest, hover[4 * each :]], axis=0)

    played = play(LunarLander(), by_fifths, 5 * each, seed=2)
    assert_lands(*(part[:20] for part in (played.returns, played.last_rewards)),
                 played.states.body.position[:20], played.lengths[:20])  # fmt: skip
    _, at_random, *others = means = played.returns.reshape(5, each).mean(axis=1)
    assert -220 < at_random < -110 and max(others) < -30, means
    assert played.lengths[4 * each :].mean() > 900
