"""Tests of Snake: moves, growth, deaths and food."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

from envs import random
from envs.arcade.pixel import DOWN, LEFT, NOOP, RIGHT, SIDE, UP
from envs.arcade.snake import Snake, SnakeState
from tests.envs.pixel_play import compare, first_state, glutton, seen, step

HEAD, NECK, BODY, TAIL, FOOD = range(5)
GAME = Snake(sticky_actions=0.0)


def snake(cells, direction, food=(0, 0)):
    """Build a state from the snake's cells, tail first; NumPy, without the leading axis."""
    age = np.zeros((SIDE, SIDE), np.uint8)
    for i, cell in enumerate(cells):
        age[cell] = i + 1
    numbers = (*cells[-1], direction, *food, NOOP, len(cells) - 3)
    return SnakeState(age, *map(np.int32, numbers))


def cells_of(state):
    """List a snake's cells, tail first, and check that its ages count up."""
    cells = sorted(map(tuple, np.argwhere(state.age)), key=lambda cell: state.age[cell])
    assert [state.age[cell] for cell in cells] == list(range(1, len(cells) + 1))
    return [(int(row), int(column)) for row, column in cells]


STRAIGHT = [(4, 2), (4, 3), (4, 4)]


def test_starts_three_long_heading_right():
    state = first_state(GAME)
    assert cells_of(state) == [(5, 2), (5, 3), (5, 4)] and state.direction == RIGHT and state.score == 0


@pytest.mark.parametrize(
    ("action", "head", "direction"),
    [
        (NOOP, (4, 5), RIGHT),
        (LEFT, (4, 5), RIGHT),
        (UP, (3, 4), UP),
        (RIGHT, (4, 5), RIGHT),
        (DOWN, (5, 4), DOWN),
    ],
)
def test_moves_turn_the_snake_but_never_back(action, head, direction):
    state, taken = step(GAME, snake(STRAIGHT, RIGHT), action)
    assert cells_of(state) == [(4, 3), (4, 4), head] and state.direction == direction
    assert not taken.terminated.numpy().any() and taken.reward.numpy() == [0.0]
    assert seen(taken.observation, HEAD) == [head] and seen(taken.observation, NECK) == [(4, 4)]
    assert sorted(seen(taken.observation, BODY)) == sorted([(4, 3), (4, 4), head])
    assert seen(taken.observation, TAIL) == [(4, 3)] and seen(taken.observation, FOOD) == [(0, 0)]


def test_food_pays_one_and_lengthens_the_snake_whose_tail_stays():
    state, taken = step(GAME, snake(STRAIGHT, RIGHT, food=(3, 4)), UP)
    assert cells_of(state) == [*STRAIGHT, (3, 4)] and state.score == 1
    assert taken.reward.numpy() == [1.0] and not taken.terminated.numpy().any()
    # The next step takes the tail along again.
    state, taken = step(GAME, state._replace(food_row=np.int32(9), food_column=np.int32(9)), UP)
    assert cells_of(state) == [(4, 3), (4, 4), (3, 4), (2, 4)] and taken.reward.numpy() == [0.0]


@pytest.mark.parametrize(
    ("cells", "direction"),
    [
        ([(4, 7), (4, 8), (4, 9)], RIGHT),
        ([(4, 2), (4, 1), (4, 0)], LEFT),
        ([(2, 5), (1, 5), (0, 5)], UP),
        ([(7, 5), (8, 5), (9, 5)], DOWN),
    ],
)
def test_dies_at_each_wall_and_stays_where_it_was(cells, direction):
    state, taken = step(GAME, snake(cells, direction), NOOP)
    assert taken.terminated.numpy().all() and taken.reward.numpy() == [0.0]
    assert cells_of(state) == cells and seen(taken.observation, HEAD) == [cells[-1]]


# The head, at (5, 5), has the snake's own cell (4, 5) above it.
RING = [(4, 5), (4, 6), (5, 6), (5, 5)]


def test_may_enter_the_cell_that_its_tail_leaves():
    state, taken = step(GAME, snake(RING, LEFT), UP)
    assert not taken.terminated.numpy().any() and cells_of(state) == [(4, 6), (5, 6), (5, 5), (4, 5)]


def test_dies_of_biting_itself():
    cells = [(4, 4), *RING]
    state, taken = step(GAME, snake(cells, LEFT), UP)
    assert taken.terminated.numpy().all() and cells_of(state) == cells


def test_food_is_drawn_alike_from_the_free_cells_only():
    # All but five cells of the grid are snake; then it eats one of these.
    path = [(row, column if row % 2 == 0 else SIDE - 1 - column) for row in range(SIDE) for column in range(SIDE)]
    full, free = path[:95], path[95:]
    state = snake(full, LEFT, food=free[0])
    number = 2000
    states = tf.nest.map_structure(lambda leaf: tf.convert_to_tensor(np.stack([leaf] * number)), state)
    taken = GAME.step(states, tf.fill([number], NOOP), random.key_from_seed(1, number))
    assert (taken.reward.numpy() == 1.0).all() and not taken.terminated.numpy().any()
    places = np.stack([taken.state.food_row, taken.state.food_column], axis=1).tolist()
    counts = [places.count(list(cell)) for cell in free[1:]]
    # 500 each, within four standard deviations of 19.
    assert sum(counts) == number and all(abs(count - 500) < 78 for count in counts)


def test_wins_by_filling_the_grid():
    path = [(row, column if row % 2 == 0 else SIDE - 1 - column) for row in range(SIDE) for column in range(SIDE)]
    state, taken = step(GAME, snake(path[:99], LEFT, food=path[99]), NOOP)
    assert taken.terminated.numpy().all() and taken.reward.numpy() == [1.0]
    assert (state.age > 0).all() and seen(taken.observation, FOOD) == []
    assert GAME.draw(state).shape == (440, 400, 3)


@pytest.mark.thorough
def test_a_snake_at_play_stays_whole_and_food_stays_off_it():
    carry = GAME.begin(random.key_from_seed(3, 8))

    @tf.function(jit_compile=True)
    def advance(carry):
        return GAME.advance(carry, glutton(carry.state, carry.key))

    longest = 0
    for _ in range(150):
        carry, _ = advance(carry)
        state = tf.nest.map_structure(lambda leaf: leaf.numpy(), carry.state)
        for i in range(8):
            cells = cells_of(state._replace(age=state.age[i]))
            assert len(cells) == 3 + state.score[i] and cells[-1] == (state.row[i], state.column[i])
            assert all(abs(a - c) + abs(b - d) == 1 for (a, b), (c, d) in pairwise(cells))
            assert (state.food_row[i], state.food_column[i]) not in cells
            longest = max(longest, len(cells))
    assert longest > 10


@pytest.mark.thorough
def test_a_greedy_player_eats_many_times_what_a_random_one_does():
    greedy, by_chance = compare(GAME, glutton)
    assert greedy.returns.mean() > 15.0 and by_chance.returns.mean() < 1.0
