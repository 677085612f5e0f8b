"""A DQN's statistics of observations: learnt from updates alone, the same in both forms, part of what is saved."""

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents import DQN
from agents.replay.accumulators import one_step
from agents.transitions import Transition
from lab.config import check_read
from lab.errors import UsageError
from lab.seeding import Seeds

TINY = {"hidden_sizes": (4,), "batch_size": 2, "learning_starts": 8, "update_every": 4, "normalise_observations": True}


@pytest.fixture(scope="module")
def agent():
    made = DQN(**TINY)
    made.setup(Box(-99.0, 99.0, (2,), np.float32), Discrete(2), Seeds(1))
    return made


def batch_of(rows):
    count = len(rows)
    numbers = tf.zeros(count, tf.int32), tf.zeros(count), tf.zeros(count, tf.bool), tf.zeros(count, tf.bool)
    observed = tf.constant(rows, tf.float32)
    return one_step(Transition(observed, *numbers, observed), 0.9)._replace(weights=tf.ones(count))


def test_an_update_takes_its_observations_in_and_acting_none(agent):
    state = agent.state()
    agent.policy(state, tf.constant([[50.0, 50.0]]), tf.zeros(2, tf.uint32), True)
    once = agent.learn(state, batch_of([[0.0, 10.0], [4.0, 30.0]]), tf.zeros(2, tf.uint32)).parameters
    # Before the first update they stay as they are.
    assert agent.seen(state.parameters, tf.constant([[3.0, 7.0]])).numpy() == pytest.approx(np.array([[3.0, 7.0]]))
    assert [part.numpy().tolist() for part in once.observed] == [2.0, [2.0, 20.0], [4.0, 100.0]]
    twice = agent.learn(state._replace(parameters=once), batch_of([[2.0, 20.0], [2.0, 20.0]]), tf.zeros(2, tf.uint32))
    # Of 0, 4, 2, 2 and of 10, 30, 20, 20.
    assert [part.numpy().tolist() for part in twice.parameters.observed] == [4.0, [2.0, 20.0], [2.0, 50.0]]
    assert agent.seen(once, tf.constant([[4.0, 10.0]])).numpy() == pytest.approx(np.array([[1.0, -1.0]]), abs=1e-5)


def test_arrays_and_tensors_are_scaled_alike_and_the_state_holds_the_scale(agent):
    once = agent.learn(agent.state(), batch_of([[0.0, 10.0], [4.0, 30.0]]), tf.zeros(2, tf.uint32)).parameters
    agent.set_parameters(once)
    observed = np.array([[4.0, 10.0], [-99.0, 99.0]], np.float32)
    expected = agent.seen(once, tf.constant(observed)).numpy()
    # The last lies beyond ten deviations.
    assert agent.seen_in_numpy(observed) == pytest.approx(expected, abs=1e-5) and expected.min() == -10.0
    pure = agent.values(agent.acting_weights(once, False), tf.constant(expected)).numpy()
    assert agent.action_values(observed) == pytest.approx(pure, abs=1e-5)
    assert agent.inference_state().keys() >= {"observed"}


def test_numbers_of_a_kind_have_no_scale():
    made = DQN(**TINY)
    made.setup(Discrete(5), Discrete(2), Seeds(1))
    with pytest.raises(UsageError, match="Discrete observations have no scale"):
        check_read(made)
