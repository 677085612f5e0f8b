"""Tests of Asterix: meetings, moving, appearing and the ramp."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from envs import random
from envs.arcade.asterix import LANES, Asterix, AsterixState
from envs.arcade.pixel import DOWN, LEFT, NOOP, RIGHT, UP
from tests.envs.pixel_play import collector, compare, first_state, seen, step

PLAYER, ENEMIES, TRAIL, TREASURES = range(4)
GAME = Asterix(sticky_actions=0.0)
FAR = 9


def scene(player, things=(), move_in=FAR, spawn_in=FAR, clock=0):
    """Build a state from things (row, column, direction, is a treasure); NumPy, without the leading axis."""
    columns, directions, treasure = np.zeros(LANES, np.int32), np.zeros(LANES, np.int32), np.zeros(LANES, bool)
    for row, column, direction, is_treasure in things:
        columns[row - 1], directions[row - 1], treasure[row - 1] = column, direction, is_treasure
    numbers = tuple(map(np.int32, (move_in, spawn_in, clock, NOOP, 0)))
    return AsterixState(*map(np.int32, player), columns, directions, treasure, *numbers)


def things_of(state):
    """List the things (row, column, direction, is a treasure)."""
    lanes = np.flatnonzero(state.thing_direction)
    return [
        (int(i) + 1, int(state.thing_column[i]), int(state.thing_direction[i]), bool(state.treasure[i])) for i in lanes
    ]


@pytest.mark.parametrize(
    ("start", "action", "end"),
    [
        ((4, 4), NOOP, (4, 4)),
        ((4, 4), LEFT, (4, 3)),
        ((4, 4), UP, (3, 4)),
        ((4, 4), RIGHT, (4, 5)),
        ((4, 4), DOWN, (5, 4)),
        ((1, 0), UP, (1, 0)),
        ((1, 0), LEFT, (1, 0)),
        ((8, 9), DOWN, (8, 9)),
        ((8, 9), RIGHT, (8, 9)),
    ],
)
def test_the_player_walks_within_the_lanes(start, action, end):
    state, taken = step(GAME, scene(start), action)
    assert (state.row, state.column) == end and seen(taken.observation, PLAYER) == [end]
    assert taken.reward.numpy() == [0.0] and not taken.terminated.numpy().any()


def test_things_are_seen_with_the_cell_behind_them():
    things = [(1, 3, 1, False), (2, 3, -1, True), (3, 0, 1, False), (8, 9, -1, True)]
    _, taken = step(GAME, scene((5, 5), things), NOOP)
    assert seen(taken.observation, ENEMIES) == [(1, 3), (3, 0)]
    assert seen(taken.observation, TREASURES) == [(2, 3), (8, 9)]
    # Behind those that have just come in there is no cell.
    assert seen(taken.observation, TRAIL) == [(1, 2), (2, 4)]


def test_things_move_together_when_it_is_time_and_are_gone_past_the_edge():
    things = [(1, 3, 1, False), (2, 3, -1, True), (3, 9, 1, False), (4, 0, -1, True)]
    state, _ = step(GAME, scene((8, 5), things, move_in=2), NOOP)
    assert things_of(state) == things and state.move_in == 1
    state, taken = step(GAME, state, NOOP)
    assert things_of(state) == [(1, 4, 1, False), (2, 2, -1, True)] and state.move_in == 5
    assert seen(taken.observation, ENEMIES) == [(1, 4)] and seen(taken.observation, TREASURES) == [(2, 2)]


@pytest.mark.parametrize(
    ("thing", "move_in", "action"),
    [
        ((4, 5, 1, True), FAR, RIGHT),  # the player walks into it
        ((3, 4, 1, True), FAR, UP),
        ((4, 5, -1, True), 1, NOOP),  # it moves into the player
        ((4, 5, -1, True), 1, RIGHT),  # they would change places
        ((4, 4, 1, True), FAR, NOOP),  # it appeared there and the player stayed
    ],
)
def test_meeting_a_treasure_pays_one_and_removes_it_and_meeting_an_enemy_ends(thing, move_in, action):
    state, taken = step(GAME, scene((4, 4), [thing], move_in), action)
    assert taken.reward.numpy() == [1.0] and not taken.terminated.numpy().any()
    assert things_of(state) == [] and state.score == 1
    enemy = (*thing[:3], False)
    state, taken = step(GAME, scene((4, 4), [enemy], move_in), action)
    assert taken.reward.numpy() == [0.0] and taken.terminated.numpy().all() and state.score == 0
    assert seen(taken.observation, ENEMIES) == seen(taken.observation, PLAYER)


@pytest.mark.parametrize(
    ("thing", "move_in", "action"),
    [
        ((4, 5, -1, False), 1, UP),  # out of its way
        ((4, 4, 1, False), FAR, DOWN),  # away from where it appeared
        ((4, 6, -1, False), 1, NOOP),  # next to it
        ((3, 4, 1, False), FAR, NOOP),  # in another lane
    ],
)
def test_an_enemy_can_be_avoided(thing, move_in, action):
    _, taken = step(GAME, scene((4, 4), [thing], move_in), action)
    assert not taken.terminated.numpy().any()


def test_a_thing_that_appears_on_the_player_waits_for_its_next_move():
    others = [(row, 5, 1, True) for row in range(1, 9) if row != 4]
    state, taken = step(GAME, scene((4, 0), others, spawn_in=1), NOOP, seed=next(_seeds_from_left(others)))
    assert (state.thing_column[3], state.thing_direction[3]) == (0, 1) and not taken.terminated.numpy().any()
    assert taken.reward.numpy() == [0.0]
    state = state._replace(treasure=np.zeros(LANES, bool))
    assert step(GAME, state, NOOP)[1].terminated.numpy().all()
    assert not step(GAME, state, RIGHT)[1].terminated.numpy().any()


def _seeds_from_left(others):
    for seed in range(100):
        state, _ = step(GAME, scene((8, 9), others, spawn_in=1), NOOP, seed)
        if state.thing_direction[3] == 1:
            yield seed


def test_things_appear_in_empty_lanes_from_both_sides_a_third_of_them_treasures():
    number = 3000
    taken_lanes = [(row, 5, 1, True) for row in (1, 2, 5)]
    states = tf.nest.map_structure(
        lambda leaf: tf.convert_to_tensor(np.stack([leaf] * number)), scene((8, 5), taken_lanes, spawn_in=1)
    )
    state = GAME.step(states, tf.fill([number], NOOP), random.key_from_seed(4, number)).state
    directions, columns = state.thing_direction.numpy(), state.thing_column.numpy()
    assert (np.count_nonzero(directions, axis=1) == 4).all() and (directions[:, [0, 1, 4]] == 1).all()
    lanes = [2, 3, 5, 6, 7]
    counts = np.count_nonzero(directions[:, lanes], axis=0)
    # 600 each, within four standard deviations of 22.
    assert counts.sum() == number and (abs(counts - 600) < 88).all()
    new_direction = directions[:, lanes].sum(axis=1)
    new_column = (columns[:, lanes] * abs(directions[:, lanes])).sum(axis=1)
    assert (new_column == np.where(new_direction == 1, 0, 9)).all()
    assert abs((new_direction == 1).mean() - 1 / 2) < 0.037
    assert abs(state.treasure.numpy()[:, lanes].any(axis=1).mean() - 1 / 3) < 0.035


def test_nothing_appears_where_every_lane_is_taken():
    things = [(row, 5, 1, True) for row in range(1, 9)]
    state, _ = step(GAME, scene((1, 0), things, spawn_in=1), NOOP)
    assert things_of(state) == things and state.spawn_in == 10


@pytest.mark.parametrize(
    ("clock", "move_every", "spawn_every"),
    [(0, 5, 10), (98, 5, 10), (99, 5, 9), (199, 4, 8), (399, 3, 6), (699, 2, 3), (799, 1, 2), (998, 1, 2)],
)
def test_the_ramp_shortens_both_waits_by_its_table_and_only_if_it_is_on(clock, move_every, spawn_every):
    at_once = scene((4, 4), move_in=1, spawn_in=1, clock=clock)
    state, _ = step(GAME, at_once, NOOP)
    assert (state.move_in, state.spawn_in) == (move_every, spawn_every)
    state, _ = step(Asterix(sticky_actions=0.0, difficulty_ramp=False), at_once, NOOP)
    assert (state.move_in, state.spawn_in) == (5, 10)


def test_things_move_every_five_steps_and_appear_every_ten_from_the_first_on():
    state, moved, appeared = first_state(GAME), [], []
    for i in range(1, 32):
        # In the corner of a lane kept empty the player meets nothing.
        state = state._replace(row=np.int32(8), column=np.int32(0))
        state.thing_direction[7] = 0
        before = things_of(state)
        state, _ = step(GAME, state, NOOP, seed=i)
        after = things_of(state)
        if any(thing not in after for thing in before):
            moved.append(i)
        if {thing[0] for thing in after} - {thing[0] for thing in before}:
            appeared.append(i)
    assert appeared == [1, 11, 21, 31] and moved == [5, 10, 15, 20, 25, 30]


@pytest.mark.thorough
def test_a_careful_player_collects_many_times_what_a_random_one_does():
    careful, by_chance = compare(GAME, collector)
    assert careful.returns.mean() > 40.0 and careful.lengths.mean() > 800
    assert by_chance.returns.mean() < 3.0 and by_chance.lengths.mean() < 200
