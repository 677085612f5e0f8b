"""Ways to explore, by hand: epsilon-greedy, softmax and upper confidence bounds, for arrays and tensors alike."""

import numpy as np
import pytest
import tensorflow as tf

from agents import SARSA, QLearning
from agents.tabular.parts import exploring
from lab.errors import UsageError
from tests.agents.tabular.helpers import built

VALUES = np.array([[1.0, 3.0, 3.0, 0.0], [2.0, 0.0, 1.0, 1.0]])
TRIED = np.array([[1, 2, 5, 0], [4, 1, 2, 1]])
INFINITE = float("inf")


def both(function, values, *more):
    """Return what a function makes of arrays, after a look at what it makes of tensors."""
    found = function(values, *more)
    as_tensors = [tf.constant(part) if isinstance(part, np.ndarray) else part for part in more]
    np.testing.assert_allclose(function(tf.constant(values), *as_tensors).numpy(), found, atol=1e-12)
    return found


def test_epsilon_soft_shares_the_rest_among_the_best():
    assert both(exploring.epsilon_soft, VALUES, 0.2) == pytest.approx(
        np.array([[0.05, 0.45, 0.45, 0.05], [0.85, 0.05, 0.05, 0.05]])
    )


def test_softmax_by_hand():
    powers = np.exp([-1.0, 0.0, 0.0, -1.5])
    assert both(exploring.boltzmann, VALUES, 2.0)[0] == pytest.approx(powers / powers.sum())
    # Neither overflows.
    assert both(exploring.boltzmann, 1e4 * VALUES, 0.1)[1] == pytest.approx([1, 0, 0, 0])


def test_upper_bounds_try_what_is_untried_first():
    bounds = both(exploring.upper_bounds, VALUES, TRIED, 2.0)
    log = np.log(8)
    wanted = [1 + 2 * np.sqrt(log), 3 + 2 * np.sqrt(log / 2), 3 + 2 * np.sqrt(log / 5), INFINITE]
    assert bounds[0] == pytest.approx(wanted)
    assert bounds[1] == pytest.approx([2, 0, 1, 1] + 2 * np.sqrt(log / TRIED[1]))
    # Of a state that was never met, each is as good.
    nothing = both(exploring.upper_bounds, VALUES, np.zeros_like(TRIED), 2.0)
    assert (nothing == INFINITE).all()
    way = exploring.Exploration("ucb", 0.0, 1.0, 2.0)
    assert exploring.probabilities(way, VALUES, TRIED)[0].tolist() == [0, 0, 0, 1]


def test_actions_are_drawn_as_often_as_their_probabilities_say():
    shares = np.array([0.5, 0.0, 0.3, 0.2])
    draws = np.array([0.0, 0.499, 0.501, 0.799, 0.801, 1.0 - 2**-53])
    found = exploring.drawn(np.tile(shares, (6, 1)), draws)
    assert found.tolist() == [0, 0, 2, 2, 3, 3] and found.dtype == np.int64
    tensors = exploring.drawn(tf.constant(np.tile(shares, (6, 1))), tf.constant(draws))
    assert tensors.numpy().tolist() == found.tolist() and tensors.dtype == tf.int32


def test_an_agent_counts_what_it_tries_and_tries_each_action_of_a_state():
    agent = built(kind=SARSA, exploration="ucb", actions=4)
    assert "tried" in agent.get_state() and "tried" not in built().get_state()
    chosen = set()
    for _ in range(4):
        action = agent.act_batch(np.array([2]), explore=True)
        chosen.add(int(action[0]))
        agent.tried[2, action] += 1
    assert chosen == {0, 1, 2, 3}
    agent.q_table[2] = [0, 5, 0, 0]
    assert agent.act_batch(np.array([2])).tolist() == [1] and agent.gauges() == {}


def test_softmax_cools():
    agent = built(exploration="softmax", temperature_start=2.0, temperature_end=0.5, temperature_steps=10)
    agent.steps = 5
    assert agent.gauges() == {"temperature": 1.25}
    agent.q_table[1] = [0.0, 1.25, 0.0]
    drawn = agent.act_batch(np.full(4000, 1), explore=True)
    assert (drawn == 1).mean() == pytest.approx(np.e / (np.e + 2), abs=0.03)


def test_settings_that_a_way_does_not_read_are_named():
    agent = built(exploration="ucb")
    assert {"epsilon_start", "temperature_end", "bins"} <= agent.unread_settings().keys()
    assert "ucb_scale" in built().unread_settings()
    with pytest.raises(UsageError, match="exploration received 'greedy'; expected one of 'epsilon_greedy'"):
        QLearning(exploration="greedy")
