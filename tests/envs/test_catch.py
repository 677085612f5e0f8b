"""Tests of Catch, and of what all pixel games share."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.utils.env_checker import check_env

from envs import random
from envs.adapters import TensorEnvAdapter
from envs.arcade.asterix import Asterix
from envs.arcade.breakout import Breakout
from envs.arcade.catch import Catch, CatchState
from envs.arcade.pixel import LEFT, NOOP, SIDE, paint, pick, pick_cell, spot
from envs.arcade.snake import Snake
from tests.envs.pixel_play import catcher, compare, first_state, seen, step

GAMES = (Catch, Snake, Breakout, Asterix)
BALL, PADDLE = 0, 1


def at(row, column, paddle, caught=0):
    """Build a state, NumPy, without the leading axis."""
    return CatchState(*map(np.int32, (row, column, paddle, NOOP, caught, 0)))


# ---------------------------------------------------------------- Catch


@pytest.mark.parametrize(
    ("paddle", "action", "expected"), [(4, 0, 4), (4, 1, 3), (4, 2, 5), (0, 1, 0), (9, 2, 9), (0, 2, 1), (9, 1, 8)]
)
def test_the_paddle_moves_one_column_up_to_the_walls_and_the_ball_falls_one_row(paddle, action, expected):
    state, taken = step(Catch(), at(2, 7, paddle), action)
    assert (state.row, state.column, state.paddle) == (3, 7, expected)
    assert seen(taken.observation, BALL) == [(3, 7)] and seen(taken.observation, PADDLE) == [(9, expected)]
    assert taken.reward.numpy() == [0.0] and not taken.terminated.numpy().any()


@pytest.mark.parametrize(
    ("paddle", "action", "reward"), [(7, 0, 1.0), (6, 2, 1.0), (8, 1, 1.0), (6, 0, -1.0), (7, 1, -1.0), (0, 0, -1.0)]
)
def test_landing_pays_by_where_the_paddle_is_after_its_move(paddle, action, reward):
    state, taken = step(Catch(), at(8, 7, paddle), action)
    assert taken.reward.numpy() == [reward] and not taken.terminated.numpy().any()
    assert (state.caught, state.missed) == ((1, 0) if reward > 0 else (0, 1))
    assert seen(taken.observation, BALL) == [(9, 7)]


def test_after_landing_the_next_ball_appears_in_any_column_of_the_top_row():
    columns = []
    for seed in range(60):
        state, taken = step(Catch(), at(9, 7, 7, caught=1), 0, seed)
        assert state.row == 0 and state.caught == 1 and taken.reward.numpy() == [0.0]
        columns.append(int(state.column))
    assert set(columns) == set(range(SIDE))


@pytest.mark.thorough
def test_a_hundred_steps_are_ten_balls_and_each_can_be_caught():
    scripted, by_chance = compare(Catch(), catcher, number=128)
    assert (scripted.returns == 10.0).all() and (scripted.lengths == 100).all()
    # A paddle that takes no notice of the ball meets about one in ten: 10 * (0.1 - 0.9).
    assert -9.0 < by_chance.returns.mean() < -7.0 and (by_chance.lengths == 100).all()


# ---------------------------------------------------------------- what the games share


@pytest.mark.parametrize("game", GAMES)
def test_keeps_the_contract_and_passes_the_checker_of_gymnasium(game):
    env = game()
    env.check()
    assert env.observation_space.shape == (SIDE, SIDE, len(env.channels))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # The checker says of every environment that has no registered id that it cannot be made anew.
        warnings.filterwarnings("ignore", message=".*(spec|render mode).*")
        check_env(TensorEnvAdapter(env, render_mode="rgb_array"))


@pytest.mark.parametrize("game", GAMES)
def test_compiled_and_eager_steps_agree(game):
    env = game(sticky_actions=0.3)
    keys = random.key_from_seed(5, 16)
    carry, compiled_carry = env.begin(keys), env.begin(keys)
    advance = tf.function(env.advance, jit_compile=True)
    ended = 0
    for i in range(12):
        action = random.integers(random.fold_in(keys, 1000 + i), int(env.action_space.n))
        carry, taken = env.advance(carry, action)
        compiled_carry, compiled = advance(compiled_carry, action)
        tf.nest.map_structure(np.testing.assert_array_equal, carry, compiled_carry)
        tf.nest.map_structure(np.testing.assert_array_equal, taken, compiled)
        assert set(np.unique(taken.observation)) == {0, 255}
        ended += int(taken.terminated.numpy().sum())
    assert ended > 0 or game in (Catch, Asterix)


@pytest.mark.parametrize("game", GAMES)
def test_sticky_actions_repeat_the_last_action_as_often_as_they_say(game):
    number = 2000
    for probability in (0.0, 0.25):
        env = game(sticky_actions=probability)
        keys = random.key_from_seed(2, number)
        state, _ = env.reset(keys)
        assert (state.last_action.numpy() == NOOP).all()
        state = state._replace(last_action=tf.fill([number], 2))
        taken = env.step(state, tf.fill([number], LEFT), keys)
        repeated = taken.state.last_action.numpy() == 2
        assert ((taken.state.last_action.numpy() == LEFT) | repeated).all()
        # Four standard deviations of a share of 2000.
        assert abs(repeated.mean() - probability) <= 4 * np.sqrt(probability * (1 - probability) / number)


@pytest.mark.parametrize("game", GAMES)
def test_refuses_a_probability_outside_its_range(game):
    for probability in (-0.1, 1.0):
        with pytest.raises(ValueError, match=rf"{game.__name__}: sticky_actions received {probability}"):
            game(sticky_actions=probability)


@pytest.mark.parametrize("game", GAMES)
def test_draws_pictures_that_change_with_the_state(game):
    env = game(sticky_actions=0.0)
    state = first_state(env)
    picture = env.draw(state)
    assert picture.dtype == np.uint8 and picture.shape == (440, 400, 3)
    later, _ = step(env, state, 1)
    assert (env.draw(later) != picture).any()
    np.testing.assert_array_equal(env.draw(state), picture)


def test_painting_marks_cells_in_their_channel_and_none_outside_the_grid():
    row, column = tf.constant([0, 9, -1, 10, 3]), tf.constant([9, 0, 4, 4, 10])
    grids = paint(spot(row, column), tf.zeros((5, SIDE, SIDE), tf.bool)).numpy()
    assert grids.dtype == np.uint8 and grids.shape == (5, SIDE, SIDE, 2)
    assert np.argwhere(grids).tolist() == [[0, 0, 9, 0], [1, 9, 0, 0]] and grids.max() == 255


def test_picking_takes_each_marked_place_alike_and_no_other():
    generator = np.random.default_rng(0)
    free = generator.random((SIDE, SIDE)) < 0.2
    cells = np.argwhere(free)
    # One number in the middle of each cell's share, and the two ends of the unit interval.
    numbers = np.float32([*((np.arange(len(cells)) + 0.5) / len(cells)), 0.0, 1 - 2**-24])
    row, column = pick_cell(tf.constant(np.tile(free, (len(numbers), 1, 1))), tf.constant(numbers))
    expected = [*cells.tolist(), cells[0].tolist(), cells[-1].tolist()]
    assert np.stack([row, column], axis=1).tolist() == expected
    lanes = tf.constant([[False, True, False, True, True, False]] * 5 + [[False] * 6])
    assert pick(lanes, tf.constant([0.0, 0.3, 0.34, 0.7, 0.99, 0.5])).numpy().tolist() == [1, 1, 3, 4, 4, 6]
    row, _ = pick_cell(tf.zeros((1, SIDE, SIDE), tf.bool), tf.constant([0.5]))
    assert row.numpy() == [SIDE]
