"""Tests of value iteration against worlds solved by hand and in the literature."""

from __future__ import annotations

import numpy as np
import pytest

from envs.gridworld.environment import DOWN, LEFT, RIGHT, UP, GridWorld
from envs.gridworld.planning import value_iteration
from envs.tabular.transitions import Transitions


def test_discounted_corridor():
    values, q_values = value_iteration(GridWorld(["S.G"], step_reward=-0.5).transitions, discount=0.5)
    # V(1) = 1; V(0) = -0.5 + 0.5 * 1 = 0. A bump at 1: -0.5 + 0.5 * 1 = 0; back from 1 to 0: -0.5 + 0.5 * 0 = -0.5.
    np.testing.assert_allclose(values, [0.0, 1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(q_values[1], [0.0, 1.0, 0.0, -0.5], atol=1e-12)
    np.testing.assert_allclose(q_values[0], [-0.5, 0.0, -0.5, -0.5], atol=1e-12)
    np.testing.assert_array_equal(q_values[2], 0.0)


def test_slippery_corridor():
    values, q_values = value_iteration(GridWorld(["S.G"], slip=0.2, step_reward=-0.1).transitions, discount=1.0)
    # Slipping only bumps. V(1) = 0.8 * 1 + 0.2 (-0.1 + V(1)) gives 0.975; V(0) = -0.1 + 0.8 V(1) + 0.2 V(0) gives 0.85.
    np.testing.assert_allclose(values, [0.85, 0.975, 0.0], atol=1e-8)
    # Up at 0: 0.1 to the right, else a bump: -0.1 + 0.1 * 0.975 + 0.9 * 0.85.
    assert q_values[0, UP] == pytest.approx(0.7625, abs=1e-8)


def test_russell_and_norvigs_utilities():
    values, q_values = value_iteration(
        GridWorld("russell_norvig", slip=0.2, step_reward=-0.04).transitions, discount=1.0
    )
    # Rewards here belong to the cell a step enters, and a terminal cell's value is zero:
    #   V(s) = max_a sum P (terminal s': r(s'), else -0.04 + V(s')).
    # In the book's 3rd edition rewards belong to the state itself and terminal states have their reward as utility:
    #   U(s) = -0.04 + max_a sum P U(s').
    # Put U(s') = r(s') for terminal and U(s') = V(s') - 0.04 for all others: the second line becomes the first, less
    # 0.04 on both sides. So U = V - 0.04. (The 4th edition pays as this environment does.)
    utilities = values - 0.04
    np.testing.assert_allclose(utilities[[0, 1, 2]], [0.812, 0.868, 0.918], atol=6e-4)
    np.testing.assert_allclose(utilities[[4, 6]], [0.762, 0.660], atol=6e-4)
    np.testing.assert_allclose(utilities[[8, 9, 10, 11]], [0.705, 0.655, 0.611, 0.388], atol=6e-4)
    np.testing.assert_array_equal(values[[3, 5, 7]], 0.0)
    # The policy of the book's figure 17.2 (a).
    policy = q_values.argmax(axis=1)
    np.testing.assert_array_equal(
        policy[[0, 1, 2, 4, 6, 8, 9, 10, 11]], [RIGHT, RIGHT, RIGHT, UP, UP, UP, LEFT, LEFT, LEFT]
    )


def test_values_are_what_the_greedy_policy_earns():
    env = GridWorld(slip=0.2)
    values, q_values = value_iteration(env.transitions, discount=1.0)
    policy = q_values.argmax(axis=1)
    returns = []
    env.reset(seed=4)
    start = env.reset()[0]
    for _ in range(2_000):
        observation, _ = env.reset()
        total, terminated = 0.0, False
        while not terminated:
            observation, reward, terminated, _, _ = env.step(policy[observation])
            total += reward
        returns.append(total)
    assert abs(np.mean(returns) - values[start]) < 4 * np.std(returns) / np.sqrt(len(returns))


@pytest.mark.parametrize(("name", "length"), [("default", 14), ("russell_norvig", 5), ("cliff", 13), ("open", 10)])
def test_named_maps_have_known_shortest_paths(name, length):
    env = GridWorld(name, step_reward=-1.0, goal_reward=0.0, pit_reward=-100.0)
    values, _ = value_iteration(env.transitions, discount=1.0)
    assert values[env.reset()[0]] == 1.0 - length


def test_no_wall_bump_looks_better_than_the_way():
    env = GridWorld(["S.G", ".P."])
    _, q_values = value_iteration(env.transitions, discount=0.9)
    assert q_values[1].argmax() == RIGHT
    assert q_values[1, DOWN] == -1.0
    assert q_values[4].max() == 0.0


@pytest.mark.parametrize("discount", [-0.1, 1.1, float("nan")])
def test_discount_out_of_range_is_refused(discount):
    with pytest.raises(ValueError, match=r"discount: received .*, expected a number in \[0, 1\]"):
        value_iteration(GridWorld().transitions, discount)


def test_tolerance_and_sweeps_out_of_range_are_refused():
    transitions = GridWorld().transitions
    with pytest.raises(ValueError, match=r"tolerance: received 0.0, expected a number above 0"):
        value_iteration(transitions, 0.9, tolerance=0.0)
    with pytest.raises(ValueError, match="max_sweeps: received 0, expected at least 1"):
        value_iteration(transitions, 0.9, max_sweeps=0)


def test_values_without_a_limit_are_reported():
    endless = Transitions(np.ones((1, 1, 1)), np.ones((1, 1, 1)), np.zeros(1, dtype=bool))
    with pytest.raises(RuntimeError, match=r"values still move by 1 after 50 sweeps.*lower the discount"):
        value_iteration(endless, 1.0, max_sweeps=50)
