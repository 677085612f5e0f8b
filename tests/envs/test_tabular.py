"""A process given by tables moves as the tables say."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

import envs  # noqa: F401
from envs import random
from envs.gridworld.environment import GridWorld
from envs.gridworld.maps import MAPS
from envs.gridworld.planning import value_iteration
from envs.tabular.tables import Tables, TabularTensorEnv

# Two states and an end: from 0, action 0 goes to 1 surely; action 1 ends with 0.25 and pays 2, else stays and pays -1.
CHAIN = {
    0: {0: [(1.0, 1, 0.5, False)], 1: [(0.25, 2, 2.0, True), (0.0, 1, 9.0, False), (0.75, 0, -1.0, False)]},
    1: {0: [(1.0, 0, 0.0, False)], 1: [(1.0, 2, 4.0, True)]},
    2: {0: [(1.0, 2, 0.0, True)], 1: [(1.0, 2, 0.0, True)]},
}


def chain(starts=(0,)):
    return TabularTensorEnv(Tables.from_lists(CHAIN), starts)


def test_outcomes_come_as_often_as_the_tables_say():
    env, number = chain(), 20_000
    state, observation = env.reset(random.key_from_seed(0, number))
    assert observation.dtype == tf.int32 and set(observation.numpy()) == {0}
    step = tf.function(env.step, jit_compile=True)(state, tf.ones(number, tf.int32), random.key_from_seed(1, number))
    ended = step.terminated.numpy()
    # Four standard errors of a share of 0.25.
    assert abs(ended.mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / number)
    places, rewards = step.observation.numpy(), step.reward.numpy()
    assert set(zip(places.tolist(), rewards.tolist(), ended.tolist(), strict=True)) == {
        (2, 2.0, True),
        (0, -1.0, False),
    }
    assert step.state.action.numpy().tolist() == [1] * number


def test_extreme_random_numbers_never_pick_an_outcome_that_cannot_happen(monkeypatch):
    env = chain()
    numbers = np.array([0.0, 0.25, np.nextafter(np.float32(0.25), np.float32(0)), np.nextafter(np.float32(1), 0)])
    monkeypatch.setattr(random, "uniform", lambda *_: tf.constant(numbers, tf.float32))
    state, _ = env.reset(random.key_from_seed(0, 4))
    step = env.step(state, tf.ones(4, tf.int32), random.key_from_seed(0, 4))
    assert step.observation.numpy().tolist() == [2, 0, 2, 0]


def test_first_states_are_drawn_alike():
    starts = chain((0, 1)).reset(random.key_from_seed(3, 10_000))[1].numpy()
    assert set(starts) == {0, 1} and abs(starts.mean() - 0.5) < 4 * np.sqrt(0.25 / 10_000)


def test_dense_dynamics_by_hand():
    probabilities, rewards, terminal = chain().transitions
    np.testing.assert_array_equal(probabilities[0], [[0, 1, 0], [0.75, 0, 0.25]])
    np.testing.assert_array_equal(rewards[0], [[0, 0.5, 0], [-1, 0, 2]])
    assert terminal.tolist() == [False, False, True]
    # By hand with discount 0.5: V(1) = 4 by action 1; V(0) = 0.5 + 0.5 V(1) by action 0, which is 2.5, and more than
    # the 0.25 * 2 + 0.75 (-1 + 0.5 * 2.5) = 0.6875 of action 1.
    values, _ = value_iteration(chain().transitions, 0.5)
    np.testing.assert_allclose(values, [2.5, 4.0, 0.0], atol=1e-6)


def test_bad_tables_are_refused():
    wrong = {0: {0: [(0.5, 0, 0.0, False)]}}
    with pytest.raises(ValueError, match=r"probabilities that sum to 0.5 in state 0, action 0"):
        TabularTensorEnv(Tables.from_lists(wrong), [0])
    with pytest.raises(ValueError, match="next_states received .*expected states from 0 to 0"):
        TabularTensorEnv(Tables.from_lists({0: {0: [(1.0, 3, 0.0, False)]}}), [0])
    with pytest.raises(ValueError, match="starts received"):
        chain((7,))
    both = {0: {0: [(0.5, 1, 0.0, True), (0.5, 1, 0.0, False)]}, 1: {0: [(1.0, 1, 0.0, False)]}}
    with pytest.raises(ValueError, match="state 1 both ends episodes and not"):
        _ = TabularTensorEnv(Tables.from_lists(both), [0]).transitions


@pytest.mark.parametrize("name", sorted(MAPS))
@pytest.mark.parametrize("slip", [0.0, 0.2, 1.0])
def test_gridworlds_dynamics_are_its_own(name, slip):
    env = GridWorld(name, slip=slip)
    for ours, theirs in zip(env.tensor_env.transitions, env.transitions, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8)
    assert env.tensor_env.starts == env._starts
    assert GridWorld(name, slip=slip).tensor_env is env.tensor_env, "equal environments share a definition"


def test_gridworld_and_its_twin_walk_alike():
    env = gymnasium.make("lab/GridWorld-v0").unwrapped
    twin = env.tensor_env
    rng = np.random.default_rng(0)
    for _ in range(20):
        place, _ = env.reset()
        state, observation = twin.reset(random.key_from_seed(0, 1))
        assert observation.numpy().tolist() == [place]
        for action in rng.integers(4, size=100):
            step = twin.step(state, tf.constant([action], tf.int32), random.key_from_seed(0, 1))
            place, reward, terminated, _, _ = env.step(int(action))
            state = step.state
            assert (step.observation.numpy()[0], step.terminated.numpy()[0]) == (place, terminated)
            assert step.reward.numpy()[0] == np.float32(reward)
            if terminated:
                break


def test_a_gridworld_with_steps_of_its_own_has_no_dynamics_here():
    class Windy(GridWorld):
        def step(self, action):
            return super().step(0)

    assert Windy().tensor_env is None
