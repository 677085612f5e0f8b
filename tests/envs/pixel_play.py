"""Play the pixel games: hand-built states, single steps, and scripted players in compiled loops."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from envs import random
from envs.arcade.pixel import DOWN, LEFT, NOOP, PADDLE_LEFT, PADDLE_RIGHT, RIGHT, SIDE, UP, moves


def step(env, state, action, seed=0):
    """Take one eager step of one environment; return the NumPy state without the leading axis, and the step."""
    state = type(state)(*(tf.convert_to_tensor(part)[None] for part in state))
    taken = env.step(state, tf.constant([action]), random.key_from_seed(seed, 1))
    return tf.nest.map_structure(lambda leaf: leaf.numpy()[0], taken.state), taken


def first_state(env, seed=0):
    """Begin one episode; return the NumPy state without the leading axis."""
    state, _ = env.reset(random.key_from_seed(seed, 1))
    return tf.nest.map_structure(lambda leaf: leaf.numpy()[0], state)


def seen(observation, channel):
    """List the cells (row, column) that a channel of one environment's observation marks."""
    grid = np.asarray(observation)[..., channel].reshape(SIDE, SIDE)
    return [(int(row), int(column)) for row, column in zip(*np.nonzero(grid), strict=True)]


def towards(target, paddle):
    """Return the paddle's action that brings it to a column."""
    return tf.where(target < paddle, PADDLE_LEFT, tf.where(target > paddle, PADDLE_RIGHT, NOOP))


def catcher(state, key):
    """Go where the ball falls, in Catch."""
    return towards(state.column, state.paddle)


def follower(state, key):
    """Stay below the ball in Breakout, now and then one column to the side of it, for another angle."""
    ahead = tf.clip_by_value(state.column + state.right, 0, SIDE - 1)
    return towards(tf.where(random.bernoulli(key, 0.3), ahead, state.column), state.paddle)


def glutton(state, key):
    """Go for the food in Snake by the safest of the shortest ways."""
    costs = []
    for action in (LEFT, UP, RIGHT, DOWN):
        down, right = moves(tf.constant([action]))
        row, column = state.row + down, state.column + right
        places = tf.range(SIDE)
        here = (places[:, None] == row[:, None, None]) & (places == column[:, None, None])
        free = tf.reduce_any(here & (state.age <= 1), axis=(1, 2))
        distance = tf.abs(row - state.food_row) + tf.abs(column - state.food_column)
        costs.append(distance + tf.where(free, 0, 100))
    return tf.argmin(tf.stack(costs, axis=1), axis=1, output_type=tf.int32) + LEFT


def collector(state, key):
    """Go for the nearest treasure in Asterix, and never where an enemy is or may be after the step."""
    there = state.thing_direction != 0
    lane_rows = tf.range(1, SIDE - 1)
    costs = []
    for action in (NOOP, LEFT, UP, RIGHT, DOWN):
        down, right = moves(tf.constant([action]))
        row = tf.clip_by_value(state.row + down, 1, SIDE - 2)[:, None]
        column = tf.clip_by_value(state.column + right, 0, SIDE - 1)[:, None]
        ahead = state.thing_column + state.thing_direction
        near = (state.thing_column == column) | (ahead == column)
        danger = tf.reduce_any(there & ~state.treasure & (lane_rows == row) & near, axis=1)
        distance = tf.abs(lane_rows - row) + tf.abs(ahead - column)
        nearest = tf.reduce_min(tf.where(there & state.treasure, distance, 30), axis=1)
        centre = tf.abs(2 * column[:, 0] - SIDE + 1)
        costs.append(100 * nearest + centre + tf.where(danger, 10_000, 0))
    return tf.argmin(tf.stack(costs, axis=1), axis=1, output_type=tf.int32)


class Played(NamedTuple):
    """What one episode in each of n environments gave, by the game's own limit: float32 (n,) and int32 (n,)."""

    returns: np.ndarray
    lengths: np.ndarray


def compare(env, player, number=64, seed=0):
    """Play as many games with a player as with random actions; return what the player got and what chance got."""
    game = env.limited()
    steps, actions = game.max_episode_steps, int(env.action_space.n)

    # One compiled loop for both: compiling takes longer than playing.
    @tf.function(jit_compile=True)
    def play(keys):
        n = keys.shape[0]
        by_chance = tf.range(n) >= number

        def body(i, carry, total, length, going):
            first, second = random.split(random.fold_in(carry.key, carry.count + 1_000_000))
            action = tf.where(by_chance, random.integers(first, actions), player(carry.state[0], second))
            carry, taken = game.advance(carry, action)
            total += tf.where(going, taken.reward, 0.0)
            length += tf.cast(going, tf.int32)
            return i + 1, carry, total, length, going & ~taken.terminated & ~taken.truncated

        start = (0, game.begin(keys), tf.zeros(n), tf.zeros(n, tf.int32), tf.ones(n, tf.bool))
        last = tf.while_loop(lambda i, carry, total, length, going: i < steps, body, start)
        return last[2], last[3]

    total, length = (part.numpy() for part in play(random.key_from_seed(seed, 2 * number)))
    return Played(total[:number], length[:number]), Played(total[number:], length[number:])
