"""Exact plans: value iteration, policy iteration and linear systems agree, with each other and by hand."""

import gymnasium
import numpy as np
import pytest

from agents.tabular import Model, evaluate_policy, policy_iteration, value_iteration
from envs.gridworld import planning
from lab.errors import UsageError

# From 0, action 0 pays 1 and stays or ends, half each; action 1 pays 0 and goes to 1, where everything pays 3 and ends.
SMALL = {
    0: {0: [(0.5, 0, 1.0, False), (0.5, 0, 1.0, True)], 1: [(1.0, 1, 0.0, False)]},
    1: {0: [(1.0, 0, 3.0, True)], 1: [(1.0, 1, 3.0, True)]},
}


def test_a_small_process_by_hand():
    model = Model.from_lists(SMALL, np.array([1.0, 0.0]))
    # To stay is worth v = 1 + 0.45 v; to go 0.9 * 3.
    assert evaluate_policy(model, [0, 0], 0.9) == pytest.approx([1 / 0.55, 3.0])
    assert evaluate_policy(model, np.full((2, 2), 0.5), 0.9)[0] == pytest.approx((0.5 + 1.35) / (1 - 0.225))
    for plan in (value_iteration(model, 0.9), policy_iteration(model, 0.9)):
        assert plan.values == pytest.approx([2.7, 3.0]) and plan.policy.tolist() == [1, 0]
        assert plan.action_values[0] == pytest.approx([1 + 0.45 * 2.7, 2.7])
        assert plan.return_from(model.starts) == pytest.approx(2.7)


@pytest.mark.parametrize(
    "name", ["FrozenLake-v1", "lab/FrozenLake-v0", "CliffWalking-v1", "Taxi-v4", "lab/GridWorld-v0"]
)
def test_all_ways_come_to_the_same_values(name):
    model = Model.of(name)
    swept, improved = value_iteration(model, 0.95, 1e-12), policy_iteration(model, 0.95)
    np.testing.assert_allclose(swept.values, improved.values, atol=1e-9)
    np.testing.assert_allclose(evaluate_policy(model, swept.policy, 0.95), swept.values, atol=1e-9)
    np.testing.assert_array_equal(swept.policy, improved.policy)
    assert model.starts.sum() == pytest.approx(1.0)


def test_known_returns():
    # The shortest way along the cliff has 13 steps; the lake's best policy reaches the goal in 0.824 of endless walks.
    assert value_iteration(Model.of("CliffWalking-v1"), 1.0).values[36] == pytest.approx(-13)
    assert value_iteration(Model.of("FrozenLake-v1"), 1.0).values[0] == pytest.approx(14 / 17, abs=1e-6)


def test_our_grids_agree_with_their_own_planner():
    transitions = gymnasium.make("lab/GridWorld-v0").unwrapped.transitions
    values, _ = planning.value_iteration(transitions, 0.9)
    mine = value_iteration(Model.of("lab/GridWorld-v0"), 0.9).values
    # Those of ends and walls are nobody's.
    going = values != 0.0
    assert going.sum() > 20
    np.testing.assert_allclose(mine[going], values[going], atol=1e-5)


def test_what_cannot_be_planned_is_refused():
    with pytest.raises(UsageError, match="expected Discrete spaces that begin at 0.*DynaQ"):
        Model.of("CartPole-v1")
    with pytest.raises(UsageError, match="expected Discrete spaces"):
        Model.of("Blackjack-v1")
    env = gymnasium.make("FrozenLake-v1").unwrapped
    del env.P
    with pytest.raises(UsageError, match="does not say what its actions lead to; expected an attribute `P`"):
        Model.of(env)
    with pytest.raises(UsageError, match="probabilities of the sum 0.5 in state 0, action 0"):
        Model.from_lists({0: {0: [(0.5, 0, 0.0, True)]}})
    with pytest.raises(UsageError, match="next states up to 4; expected 0 to 0"):
        Model.from_lists({0: {0: [(1.0, 4, 0.0, True)]}})
    endless = Model.from_lists({0: {0: [(1.0, 0, 1.0, False)]}})
    with pytest.raises(UsageError, match="it does not end from every state. Fix: a discount below 1"):
        policy_iteration(endless, 1.0)
    with pytest.raises(UsageError, match=r"discount received 1\.5; expected a number in \[0, 1\]"):
        value_iteration(endless, 1.5)
    with pytest.raises(UsageError, match="received a policy of int64"):
        evaluate_policy(endless, np.array([0, 0]))
