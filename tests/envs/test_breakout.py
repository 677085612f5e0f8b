"""Tests of Breakout: bounces, bricks, aim and loss."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from envs import random
from envs.arcade.breakout import Breakout, BreakoutState
from envs.arcade.pixel import NOOP, PADDLE_LEFT, PADDLE_RIGHT, SIDE
from tests.envs.pixel_play import compare, first_state, follower, seen, step

PADDLE, BALL, TRAIL, BRICKS = range(4)
GAME = Breakout(sticky_actions=0.0)
WALL = [(row, column) for row in (1, 2, 3) for column in range(SIDE)]


def ball(row, column, down, right, paddle=5, bricks=((1, 9),)):
    """Build a state; NumPy, without the leading axis."""
    grid = np.zeros((SIDE, SIDE), bool)
    for cell in bricks:
        grid[cell] = True
    return BreakoutState(grid, *map(np.int32, (row, column, down, right, paddle, NOOP, 0)))


def motion(state):
    """Return the ball's row, column and direction."""
    return tuple(map(int, (state.row, state.column, state.down, state.right)))


def bricks_of(state):
    """List the cells with bricks."""
    return [tuple(cell) for cell in np.argwhere(state.bricks).tolist()]


def test_starts_below_a_wall_of_thirty_bricks_falling_to_either_side():
    starts = [first_state(GAME, seed) for seed in range(80)]
    for state in starts:
        assert bricks_of(state) == WALL and (state.row, state.down, state.paddle) == (4, 1, 5)
    assert {int(state.column) for state in starts} == set(range(SIDE))
    assert {int(state.right) for state in starts} == {-1, 1}


@pytest.mark.parametrize(
    ("before", "after", "trail"),
    [
        # Free flight in all four directions; the trail is the cell that the ball left.
        ((6, 4, 1, 1), (7, 5, 1, 1), (6, 4)),
        ((6, 4, 1, -1), (7, 3, 1, -1), (6, 4)),
        ((6, 4, -1, 1), (5, 5, -1, 1), (6, 4)),
        ((6, 4, -1, -1), (5, 3, -1, -1), (6, 4)),
        # A side wall turns the ball sideways, and it stays in its column.
        ((6, 0, 1, -1), (7, 0, 1, 1), (6, 0)),
        ((6, 9, -1, 1), (5, 9, -1, -1), (6, 9)),
        # The ceiling turns it down, and it stays in its row.
        ((0, 4, -1, 1), (0, 5, 1, 1), (0, 4)),
        # Both at once: it stays, and the trail beyond both edges is moved into the grid.
        ((0, 0, -1, -1), (0, 0, 1, 1), (0, 0)),
    ],
)
def test_flies_diagonally_and_bounces_off_walls_and_ceiling(before, after, trail):
    state, taken = step(GAME, ball(*before), NOOP)
    assert motion(state) == after and not taken.terminated.numpy().any() and taken.reward.numpy() == [0.0]
    assert seen(taken.observation, BALL) == [after[:2]] and seen(taken.observation, TRAIL) == [trail]
    assert seen(taken.observation, PADDLE) == [(9, 5)] and seen(taken.observation, BRICKS) == [(1, 9)]


@pytest.mark.parametrize(
    ("before", "bricks", "after", "broken"),
    [
        # From below and from above: the brick in the column that the ball moves to.
        ((4, 4, -1, 1), [(3, 4), (3, 5)], (4, 5, 1, 1), [(3, 5)]),
        ((0, 4, 1, -1), [(1, 3), (1, 4)], (0, 3, -1, -1), [(1, 3)]),
        # From the side: the ball goes on in its column.
        ((3, 4, -1, 1), [(3, 5), (1, 0)], (2, 4, -1, -1), [(3, 5)]),
        # Into a corner: both bricks, and back the way it came.
        ((3, 4, -1, 1), [(3, 5), (2, 4), (2, 5)], (3, 4, 1, -1), [(3, 5), (2, 4)]),
        # At a side wall, the brick above the ball.
        ((4, 0, -1, -1), [(3, 0), (3, 1)], (4, 0, 1, 1), [(3, 0)]),
    ],
)
def test_a_brick_that_is_hit_breaks_pays_one_and_turns_the_ball(before, bricks, after, broken):
    state, taken = step(GAME, ball(*before, bricks=[*bricks, (1, 9)]), NOOP)
    assert motion(state) == after and state.score == len(broken)
    assert taken.reward.numpy() == [len(broken)] and not taken.terminated.numpy().any()
    left = sorted({*bricks, (1, 9)} - set(broken))
    assert bricks_of(state) == left and seen(taken.observation, BRICKS) == left


@pytest.mark.parametrize(
    ("before", "paddle", "action", "after"),
    [
        # In the column the ball comes from: on in the same direction.
        ((8, 4, 1, 1), 4, NOOP, (8, 5, -1, 1)),
        ((8, 4, 1, -1), 5, PADDLE_LEFT, (8, 3, -1, -1)),
        # In the column the ball falls into: back the way it came.
        ((8, 4, 1, 1), 5, NOOP, (8, 4, -1, -1)),
        ((8, 4, 1, -1), 2, PADDLE_RIGHT, (8, 4, -1, 1)),
        # Beside a wall both are the same column, and the wall has turned the ball.
        ((8, 0, 1, -1), 0, NOOP, (8, 0, -1, 1)),
        ((8, 9, 1, 1), 8, PADDLE_RIGHT, (8, 9, -1, -1)),
    ],
)
def test_the_paddle_returns_the_ball_by_where_it_takes_it(before, paddle, action, after):
    state, taken = step(GAME, ball(*before, paddle=paddle), action)
    assert motion(state) == after and not taken.terminated.numpy().any() and taken.reward.numpy() == [0.0]


@pytest.mark.parametrize(
    ("before", "paddle", "action", "end"),
    [
        ((8, 4, 1, 1), 6, NOOP, (9, 5)),
        ((8, 4, 1, 1), 3, NOOP, (9, 5)),
        ((8, 4, 1, 1), 5, PADDLE_RIGHT, (9, 5)),
        ((8, 0, 1, -1), 1, NOOP, (9, 0)),
    ],
)
def test_a_ball_past_the_paddle_ends_the_episode_at_the_bottom(before, paddle, action, end):
    state, taken = step(GAME, ball(*before, paddle=paddle), action)
    assert taken.terminated.numpy().all() and motion(state)[:2] == end and taken.reward.numpy() == [0.0]


def test_a_new_wall_appears_once_the_ball_is_below_it():
    state, taken = step(GAME, ball(2, 4, -1, 1, bricks=[(1, 5)]), NOOP)
    assert taken.reward.numpy() == [1.0] and bricks_of(state) == [] and motion(state) == (2, 5, 1, 1)
    state, _ = step(GAME, state, NOOP)
    assert bricks_of(state) == [] and state.row == 3
    state, taken = step(GAME, state, NOOP)
    assert bricks_of(state) == WALL and state.row == 4 and state.score == 1
    # From below, the ball is out of the wall's way at once.
    state, taken = step(GAME, ball(4, 4, -1, 1, bricks=[(3, 5)]), NOOP)
    assert bricks_of(state) == WALL and taken.reward.numpy() == [1.0]


def test_the_direction_can_be_read_off_ball_and_trail_wherever_the_ball_is():
    states = [
        (row, column, down, right)
        for row in range(SIDE - 1)
        for column in range(SIDE)
        for down in (-1, 1)
        for right in (-1, 1)
    ]
    batch = [ball(*values) for values in states]
    stacked = tf.nest.map_structure(lambda *leaves: tf.convert_to_tensor(np.stack(leaves)), *batch)
    observations = GAME._observe(stacked).numpy()
    pictures = {observation[..., 1:3].tobytes() for observation in observations}
    assert len(pictures) == len(states)


@pytest.mark.thorough
def test_the_ball_is_never_inside_a_brick_and_all_bricks_can_be_broken():
    @tf.function(jit_compile=True)
    def advance(carry):
        return GAME.advance(carry, follower(carry.state, random.fold_in(carry.key, carry.count + 1000)))

    carry, broken = GAME.begin(random.key_from_seed(0, 32)), np.zeros((SIDE, SIDE), bool)
    for _ in range(300):
        carry, _ = advance(carry)
        state = tf.nest.map_structure(lambda leaf: leaf.numpy(), carry.state)
        assert not state.bricks[np.arange(32), state.row, state.column].any()
        broken |= ~state.bricks.all(axis=0)
    assert broken.all()


@pytest.mark.thorough
def test_a_player_below_the_ball_never_loses_it_and_breaks_walls():
    below, by_chance = compare(GAME, follower)
    assert (below.lengths == 1000).all() and below.returns.min() > 30.0 and below.returns.mean() > 60.0
    assert by_chance.returns.mean() < 2.0 and by_chance.lengths.mean() < 30
