"""The twins do what Gymnasium's environments do, step for step."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from envs import random
from envs.classic.acrobot import Acrobot
from envs.classic.cartpole import CartPole
from envs.classic.mountain_car import MountainCar
from envs.classic.mountain_car_continuous import MountainCarContinuous
from envs.classic.pendulum import Pendulum

TWINS = (CartPole, MountainCar, MountainCarContinuous, Acrobot, Pendulum)
# Gymnasium rounds the states of this one to single precision after every step.
ROUNDED = (MountainCarContinuous,)
TRAJECTORIES = 250


def starts(twin, number):
    """First states of Gymnasium's own distribution, float64 (number, d)."""
    env = gymnasium.make(twin.counterpart_of).unwrapped
    env.reset(seed=3)
    rows = []
    for _ in range(number):
        env.reset()
        rows.append(np.array(env.state, np.float64))
    return np.array(rows)


def actions_for(definition, rng, shape):
    space = definition.action_space
    if isinstance(space, gymnasium.spaces.Discrete):
        return rng.integers(space.n, size=shape).astype(np.int32)
    # Beyond the bounds too: both sides clip.
    return rng.uniform(-2.5, 2.5, (*shape, 1)).astype(np.float32)


def rollout(definition, states, actions):
    """All states, observations, rewards and ends of trajectories that no end interrupts."""

    @tf.function(jit_compile=True)
    def run(state, actions):
        keys = tf.zeros((state.shape[0], 2), tf.uint32)
        outputs = [tf.TensorArray(t, actions.shape[0]) for t in (state.dtype, tf.float32, tf.float32, tf.bool)]
        for t in tf.range(actions.shape[0]):
            step = definition.step(state, actions[t], keys)
            state = step.state
            values = (state, step.observation, step.reward, step.terminated)
            outputs = [array.write(t, value) for array, value in zip(outputs, values, strict=True)]
        return [array.stack() for array in outputs]

    return [x.numpy() for x in run(tf.constant(states), tf.constant(actions))]


@pytest.mark.parametrize("twin", TWINS)
def test_whole_trajectories_agree_with_gymnasiums_ends_included(twin):
    definition, rng = twin(), np.random.default_rng(1)
    env = gymnasium.make(twin.counterpart_of).unwrapped
    limit = 60
    states = starts(twin, TRAJECTORIES)
    actions = actions_for(definition, rng, (limit, TRAJECTORIES))
    # Some trajectories push one way and so reach walls, goals and ends early.
    if twin in (MountainCar, MountainCarContinuous):
        states[: TRAJECTORIES // 2, 0] = rng.uniform(-1.2, 0.5, TRAJECTORIES // 2)
        states[: TRAJECTORIES // 2, 1] = rng.uniform(-0.07, 0.07, TRAJECTORIES // 2)
    if twin is Acrobot:
        states[: TRAJECTORIES // 2] = rng.uniform(-3, 3, (TRAJECTORIES // 2, 4))
    ours = rollout(definition, states, actions)
    # Theirs step by step, and which steps they are: a trajectory is over where it ends.
    theirs, places, ends = ([], [], [], []), [], 0
    for i in range(TRAJECTORIES):
        env.reset()
        env.state = states[i].copy()
        if twin is CartPole:
            env.steps_beyond_terminated = None
        for t in range(limit):
            if twin in ROUNDED:
                # From our own state, or the roundings of many steps would add up to more than a rule may differ by.
                env.state = (states[i] if t == 0 else ours[0][t - 1, i]).copy()
            # In float64, or Gymnasium's Pendulum would round the torque's part to float32.
            action = actions[t, i] if actions.ndim == 2 else actions[t, i].astype(np.float64)
            observation, reward, terminated, truncated, _ = env.step(action if action.ndim else int(action))
            assert not truncated, (i, t)
            for found, value in zip(theirs, (np.array(env.state), observation, reward, terminated), strict=True):
                found.append(value)
            places.append((t, i))
            if terminated:
                ends += 1
                break
    at = tuple(np.array(places).T)
    precision = 6e-8 if twin in ROUNDED else 1e-9
    # A reward of 100 has no more digits in single precision.
    for mine, found, allowed in zip(ours, theirs, ((0, precision), (0, 1e-6), (1e-6, 1e-6), (0, 0)), strict=True):
        np.testing.assert_allclose(mine[at], np.array(found, dtype=np.float64), *allowed)
    assert ends == 0 if twin is Pendulum else ends > 20


@pytest.mark.thorough
@pytest.mark.parametrize("twin", TWINS)
def test_single_precision_stays_within_a_tenthousandth_a_step(twin):
    definition, rng = twin(), np.random.default_rng(2)
    states = starts(twin, 64)
    actions = actions_for(definition, rng, (200, 64))
    exact = rollout(definition, states, actions)[0]
    before = exact[:-1].reshape(-1, states.shape[1])
    if twin is CartPole:
        # Far beyond its ends the pole spins at speeds that no episode has.
        before = before[np.abs(before[:, 2]) < 0.3]
    following = actions_for(definition, rng, (1, len(before)))
    single = rollout(definition, before.astype(np.float32), following)
    double = rollout(definition, before, following)
    assert np.abs(single[0] - double[0]).max() < 1e-4
    assert np.abs(single[2] - double[2]).max() < 1e-4
    # Ends differ only where rounding carries a state over the threshold.
    assert (single[3] != double[3]).mean() < 1e-3


def test_one_step_by_hand():
    # CartPole at rest, pushed right: the pole turns by -p / (0.5 (4/3 - 0.1/1.1)), p = 10/1.1.
    push = 10 / 1.1
    turn = -push / (0.5 * (4 / 3 - 0.1 / 1.1))
    expected = [0.0, 0.02 * (push - 0.05 * turn / 1.1), 0.0, 0.02 * turn]
    np.testing.assert_allclose(rollout(CartPole(), np.zeros((1, 4)), np.array([[1]], np.int32))[0][0, 0], expected)
    # MountainCar at the bottom of cos(3 p) = 1: velocity 0.001 - 0.0025.
    car = rollout(MountainCar(), np.zeros((1, 2)), np.array([[2]], np.int32))
    np.testing.assert_allclose(car[0][0, 0], [-0.0015, -0.0015])
    # It stops dead at the left wall.
    wall = rollout(MountainCar(), np.array([[-1.19, -0.07]]), np.array([[0]], np.int32))
    np.testing.assert_allclose(wall[0][0, 0], [-1.2, 0.0])
    # With a throttle of 2 it has the engine's whole 0.0015 and pays for 2; at the goal 100 come on top.
    throttle = rollout(
        MountainCarContinuous(), np.array([[0.0, 0.0], [0.44, 0.05]]), np.array([[[2.0], [0.5]]], np.float32)
    )
    np.testing.assert_allclose(throttle[0][0, 0], [-0.001, -0.001])
    np.testing.assert_allclose(throttle[2][0], [-0.4, 99.975], rtol=1e-6)
    assert throttle[3][0].tolist() == [False, True]
    # Pendulum lying flat: spin 0.05 (15 + 3 * 2), cost (pi/2)^2 + 0.004.
    flat = rollout(Pendulum(), np.array([[np.pi / 2, 0.0]]), np.array([[[2.0]]], np.float32))
    np.testing.assert_allclose(flat[0][0, 0], [np.pi / 2 + 0.05 * 1.05, 1.05])
    assert flat[2][0, 0] == pytest.approx(-((np.pi / 2) ** 2) - 0.004)
    # Acrobot hanging still without torque stays, at reward -1.
    still = rollout(Acrobot(), np.zeros((1, 4)), np.array([[1]], np.int32))
    np.testing.assert_allclose(still[0][0, 0], np.zeros(4), atol=1e-12)
    assert still[2][0, 0] == -1 and not still[3][0, 0]


@pytest.mark.parametrize("twin", TWINS)
def test_first_states_are_distributed_as_gymnasiums(twin):
    state, _ = twin().reset(random.key_from_seed(5, 20_000))
    ours, theirs = state.numpy(), starts(twin, 5_000)
    for i in range(ours.shape[1]):
        spread = theirs[:, i].std()
        assert abs(ours[:, i].mean() - theirs[:, i].mean()) <= 5 * spread / 5_000**0.5 + 1e-9
        assert ours[:, i].std() == pytest.approx(spread, rel=0.05, abs=1e-9)
        assert ours[:, i].min() >= theirs[:, i].min() - 0.01 and ours[:, i].max() <= theirs[:, i].max() + 0.01


@pytest.mark.parametrize("twin", TWINS)
def test_spaces_and_limits_are_gymnasiums(twin):
    env = gymnasium.make(twin.counterpart_of)
    ours, theirs = twin().observation_space, env.observation_space
    most = np.finfo(np.float32).max
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours.high, np.minimum(theirs.high, most), rtol=1e-6)
    np.testing.assert_allclose(ours.low, np.maximum(theirs.low, -most), rtol=1e-6)
    assert twin().action_space == env.action_space
    assert twin.max_episode_steps == env.spec.max_episode_steps


def test_acrobot_begins_as_far_off_rest_as_is_said():
    rest, observed = Acrobot(spread=0.0).reset(random.key_from_seed(3, 4))
    np.testing.assert_array_equal(rest, np.zeros((4, 4)))
    np.testing.assert_array_equal(observed, np.tile([1, 0, 1, 0, 0, 0], (4, 1)))
    wide = Acrobot(spread=0.5).reset(random.key_from_seed(3, 1_000))[0].numpy()
    assert 0.45 < np.abs(wide).max() <= 0.5
    for spread in (-0.1, np.inf, np.nan):
        with pytest.raises(ValueError, match="Acrobot: spread received"):
            Acrobot(spread)
