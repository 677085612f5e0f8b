"""Batches of one and of n steps, by hand."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from agents.dqn import DQN
from agents.replay import Replay
from agents.replay.accumulators import n_step, one_step
from agents.transitions import Transition
from lab import Experiment


def window(terminated, truncated, rewards=(1.0, 2.0, 4.0)):
    """One window of three steps through the states 0, 1, 2, 3."""
    one = np.float32([[[0], [1], [2]]])
    ends = [tf.constant([list(map(bool, flags))]) for flags in (terminated, truncated)]
    extras = {"value": tf.constant([[7.0, 8.0, 9.0]])}
    return Transition(tf.constant(one), tf.constant([[5, 6, 7]]), tf.constant([rewards]), *ends, one + 1.0, extras)


def test_one_step_by_hand():
    batch = one_step(tf.nest.map_structure(lambda x: x[0], window([0, 1, 0], [0, 0, 1])), 0.5)
    assert batch.reward.numpy().tolist() == [1.0, 2.0, 4.0]
    assert batch.discount.numpy().tolist() == [0.5, 0.0, 0.5], "a cut off episode bootstraps"
    assert batch.next_observation[:, 0].tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("terminated", "truncated", "reward", "discount", "following"),
    [
        # 1 + 0.5 * 2 + 0.25 * 4, and what follows three steps on weighs 1/8.
        ([0, 0, 0], [0, 0, 0], 3.0, 0.125, 3.0),
        ([0, 0, 1], [0, 0, 0], 3.0, 0.0, 3.0),
        ([0, 0, 0], [0, 0, 1], 3.0, 0.125, 3.0),
        # Two steps, then another episode begins.
        ([0, 1, 0], [0, 0, 0], 2.0, 0.0, 2.0),
        ([0, 0, 0], [0, 1, 0], 2.0, 0.25, 2.0),
        ([1, 0, 0], [0, 0, 0], 1.0, 0.0, 1.0),
        ([0, 0, 0], [1, 0, 0], 1.0, 0.5, 1.0),
        # The first end counts, whatever comes of the next episode.
        ([0, 0, 1], [1, 0, 0], 1.0, 0.5, 1.0),
        ([1, 0, 0], [0, 1, 0], 1.0, 0.0, 1.0),
        ([1, 0, 0], [1, 0, 0], 1.0, 0.0, 1.0),
    ],
)
@pytest.mark.parametrize("compiled", [False, True])
def test_n_steps_stop_at_either_kind_of_end(terminated, truncated, reward, discount, following, compiled):
    call = compiled_n_step if compiled else n_step
    batch = call(window(terminated, truncated), tf.constant(0.5))
    assert batch.reward.numpy().tolist() == [reward]
    assert batch.discount.numpy().tolist() == [discount]
    assert batch.next_observation.numpy().tolist() == [[following]]
    assert (batch.observation.numpy().tolist(), batch.action.numpy().tolist()) == ([[0.0]], [5])
    assert batch.extras["value"].numpy().tolist() == [7.0]


compiled_n_step = tf.function(n_step, jit_compile=True)


def test_windows_of_one_step_are_single_steps():
    single = tf.nest.map_structure(lambda x: tf.convert_to_tensor(x)[0], window([0, 1, 0], [1, 0, 0]))
    expected = one_step(single, 0.9)
    found = n_step(tf.nest.map_structure(lambda x: x[:, None], single), 0.9)
    for name in ("observation", "action", "reward", "discount", "next_observation"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-6)


def test_a_discount_of_0_keeps_the_first_reward_alone():
    batch = n_step(window([0, 0, 0], [0, 0, 0]), 0.0)
    assert (batch.reward.numpy().tolist(), batch.discount.numpy().tolist()) == ([1.0], [0.0])


class Discounting(DQN):
    """Weighs what follows row by row: here nothing counts after a step that leads to an observation above 0."""

    def experience(self):
        return dataclasses.replace(super().experience(), accumulator=forgetting)


def forgetting(steps, discount):
    batch = one_step(steps, discount)
    return batch._replace(discount=tf.where(batch.next_observation[:, 0] > 0.0, 0.0, batch.discount))


def test_an_accumulator_of_ones_own_makes_the_batch():
    replay = dataclasses.replace(Replay(10, 3), accumulator=forgetting)
    steps = tf.nest.map_structure(lambda x: x[0], window([0, 1, 0], [0, 0, 0]))
    shifted = steps._replace(next_observation=steps.next_observation - 2.0)
    assert replay.accumulated(shifted, 0.5).discount.numpy().tolist() == [0.5, 0.0, 0.0]
    assert Replay(10, 3).accumulated(shifted, 0.5).discount.numpy().tolist() == [0.5, 0.0, 0.5]


@pytest.mark.thorough
@pytest.mark.parametrize("lane", ["host", "compiled"])
def test_both_lanes_learn_from_it(lane):
    experiment = Experiment(
        Discounting(hidden_sizes=(8,), learning_starts=16), "CartPole-v1", seed=1, lane=lane, progress=False
    )
    plain = Experiment(DQN(hidden_sizes=(8,), learning_starts=16), "CartPole-v1", seed=1, lane=lane, progress=False)
    for one in (experiment, plain):
        one.train(60)
    first, second = (one.learner.online.get_weights()[0] for one in (experiment, plain))
    assert not np.array_equal(first, second)
