"""Asterix: collect the treasures that cross the grid and keep away from the enemies among them."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np
import tensorflow as tf

from envs import random
from envs.arcade.asterix_sprites import draw_enemy, draw_hedge, draw_player, draw_treasure
from envs.arcade.pixel import NOOP, SIDE, Board, PixelGame, moves, paint, pick, spot
from envs.tensor import State, TensorStep

LANES = SIDE - 2
FIRST_ROW, LAST_ROW = 1, LANES
TREASURE_SHARE = 1.0 / 3.0
RAMP_STEPS, LAST_LEVEL = 100, 8


class AsterixState(NamedTuple):
    """Where n games of Asterix are.

    Attributes:
        row, column: int32 (n,), of the player.
        thing_column: int32 (n, 8), where the thing in each lane is; lane i is row i + 1.
        thing_direction: int32 (n, 8), -1 or 1, the way it moves; 0 for a lane without a thing.
        treasure: bool (n, 8), whether it is a treasure; else an enemy.
        move_in, spawn_in: int32 (n,), in how many steps the things move and the next one appears, 1 for the next step.
        clock: int32 (n,), steps since the beginning.
        last_action: int32 (n,).
        score: int32 (n,), treasures collected.
    """

    row: tf.Tensor
    column: tf.Tensor
    thing_column: tf.Tensor
    thing_direction: tf.Tensor
    treasure: tf.Tensor
    move_in: tf.Tensor
    spawn_in: tf.Tensor
    clock: tf.Tensor
    last_action: tf.Tensor
    score: tf.Tensor


class Asterix(PixelGame):
    """Walks among treasures and enemies that cross the grid from its sides.

    The player walks, one cell a step, in rows 1 to 8, each of which is a lane for one thing at a time. A step goes
    thus: the player moves; all things move one cell, if it is time, and those that leave the grid are gone; a thing
    appears, if it is time, at the left or right end of a lane drawn from the empty ones. It is a treasure with
    probability 1/3, else an enemy. The player collects a treasure, or dies of an enemy, on being in the same cell after
    either move. A thing that appears where the player stands counts only once the player has had a move to get away.

    Things move every 5 steps and appear every 10, the first in the first step. With `difficulty_ramp` the level rises
    by one every 100 steps, up to 8: at level k things move every 5 - floor(k / 2) steps and one appears every 10 - k,
    so that from step 800 on they are as fast as the player.

    - Observation: uint8 (10, 10, 4), 0 or 255; channels player, enemies, trail (the cell behind each thing, so that
      its direction can be seen), treasures.
    - Actions: 0 stays, 1 goes left, 2 up, 3 right, 4 down.
    - Reward: 1 for each treasure.
    - Ends: terminated when an enemy meets the player; truncated after 1000 steps.
    - Source: after the game in Young and Tian 2019 (MinAtar); the ramp's table is this project's own.

    Args:
        sticky_actions: Probability of repeating the last action.
        difficulty_ramp: Whether the level rises; else it stays at 0.
    """

    max_episode_steps = 1000
    render_fps: ClassVar[int] = 15
    channels = ("player", "enemies", "trail", "treasures")

    def __init__(self, sticky_actions: float = 0.1, difficulty_ramp: bool = True) -> None:
        super().__init__(actions=5, sticky_actions=sticky_actions)
        self.difficulty_ramp = difficulty_ramp

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        zeros, lanes = tf.zeros(key.shape[0], tf.int32), tf.zeros((key.shape[0], LANES), tf.int32)
        state = AsterixState(
            row=zeros + SIDE // 2,
            column=zeros + SIDE // 2,
            thing_column=lanes,
            thing_direction=lanes,
            treasure=tf.zeros_like(lanes, tf.bool),
            move_in=self._intervals(zeros)[0],
            spawn_in=zeros + 1,
            clock=zeros,
            last_action=zeros + NOOP,
            score=zeros,
        )
        return state, self._observe(state)

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        numbers = random.uniform(key, (4,))
        action = self.executed(action, state.last_action, numbers[:, 0])
        down, right = moves(action)
        row = tf.clip_by_value(state.row + down, FIRST_ROW, LAST_ROW)
        column = tf.clip_by_value(state.column + right, 0, SIDE - 1)

        places, directions, treasure = state.thing_column, state.thing_direction, state.treasure
        directions, collected, dies = _meet(row, column, places, directions, treasure)
        moving = state.move_in <= 1
        # A thing that has just killed the player stays for its picture.
        places = tf.where((moving & ~dies)[:, None], places + directions, places)
        directions = tf.where((places < 0) | (places >= SIDE), 0, directions)
        directions, also_collected, also_dies = _meet(row, column, places, directions, treasure)

        spawning = state.spawn_in <= 1
        lane = pick(directions == 0, numbers[:, 1])
        new_here = (tf.range(LANES) == lane[:, None]) & spawning[:, None]
        from_left = (numbers[:, 2] < 0.5)[:, None]
        places = tf.where(new_here, tf.where(from_left, 0, SIDE - 1), places)
        directions = tf.where(new_here, tf.where(from_left, 1, -1), directions)
        treasure = tf.where(new_here, (numbers[:, 3] < TREASURE_SHARE)[:, None], treasure)

        move_every, spawn_every = self._intervals(state.clock + 1)
        gained = tf.cast(collected | also_collected, tf.int32)
        new = AsterixState(
            row=row,
            column=column,
            thing_column=places,
            thing_direction=directions,
            treasure=treasure,
            move_in=tf.where(moving, move_every, state.move_in - 1),
            spawn_in=tf.where(spawning, spawn_every, state.spawn_in - 1),
            clock=state.clock + 1,
            last_action=action,
            score=state.score + gained,
        )
        terminated = dies | also_dies
        return TensorStep(new, self._observe(new), tf.cast(gained, tf.float32), terminated, tf.zeros_like(terminated))

    def _intervals(self, clock: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        level = tf.minimum(clock // RAMP_STEPS, LAST_LEVEL) if self.difficulty_ramp else tf.zeros_like(clock)
        return 5 - level // 2, 10 - level

    def _observe(self, state: AsterixState) -> tf.Tensor:
        there = state.thing_direction != 0
        return paint(
            spot(state.row, state.column),
            _in_lanes(state.thing_column, there & ~state.treasure),
            _in_lanes(state.thing_column - state.thing_direction, there),
            _in_lanes(state.thing_column, there & state.treasure),
        )

    def draw(self, state: State) -> np.ndarray:
        level = min(int(state.clock) // RAMP_STEPS, LAST_LEVEL) if self.difficulty_ramp else 0
        words = f"treasures {int(state.score)}   level {level}"
        board = Board((222, 205, 168), (228, 212, 177), (96, 66, 44), "Asterix", words)
        draw_hedge(board, 0)
        draw_hedge(board, SIDE - 1)
        player, touched = (int(state.row), int(state.column)), False
        for lane in np.flatnonzero(state.thing_direction).tolist():
            place = (lane + FIRST_ROW, int(state.thing_column[lane]))
            draw = draw_treasure if state.treasure[lane] else draw_enemy
            draw(board, board.middle(*place), int(state.thing_direction[lane]))
            touched |= place == player and not state.treasure[lane]
        draw_player(board, board.middle(*player), touched)
        return board.pixels()


def _meet(
    row: tf.Tensor, column: tf.Tensor, places: tf.Tensor, directions: tf.Tensor, treasure: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the directions without a collected treasure, and whether one was collected and whether an enemy hit."""
    here = (tf.range(FIRST_ROW, LAST_ROW + 1) == row[:, None]) & (places == column[:, None]) & (directions != 0)
    collected, hit = here & treasure, here & ~treasure
    return tf.where(collected, 0, directions), tf.reduce_any(collected, axis=1), tf.reduce_any(hit, axis=1)


def _in_lanes(places: tf.Tensor, there: tf.Tensor) -> tf.Tensor:
    cells = (tf.range(SIDE) == places[:, :, None]) & there[:, :, None]
    return tf.pad(cells, [[0, 0], [1, 1], [0, 0]])
