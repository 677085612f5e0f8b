"""Catch: one ball after the other falls, and a paddle has to be under it."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np
import tensorflow as tf

from envs import random
from envs.arcade.pixel import CELL, NOOP, SIDE, Board, PixelGame, blend, move_paddle, paint, spot
from envs.tensor import State, TensorStep

BOTTOM = SIDE - 1


class CatchState(NamedTuple):
    """Where n games of Catch are; int32 (n,) each."""

    row: tf.Tensor
    column: tf.Tensor
    paddle: tf.Tensor
    last_action: tf.Tensor
    caught: tf.Tensor
    missed: tf.Tensor


class Catch(PixelGame):
    """Catches falling balls with a paddle of one cell in the bottom row.

    A ball appears in the top row, in a column drawn uniformly, and falls one row a step. In the step in which it
    reaches the bottom row it is caught if the paddle stands there; in the step after that the next ball appears. The
    paddle moves before the ball, one column a step or against a wall not at all, so the nine steps of a fall are just
    enough to reach every column: each ball can be caught.

    - Observation: uint8 (10, 10, 2), 0 or 255; channels ball, paddle.
    - Actions: 0 stays, 1 goes left, 2 goes right.
    - Reward: 1 for a ball caught, -1 for one missed, in the step in which it reaches the bottom row; else 0.
    - Ends: never terminated; truncated after 100 steps, which are ten balls: the return is between -10 and 10.
    - Source: Osband et al. 2020, "Behaviour Suite for Reinforcement Learning" (Catch, there with one ball an episode).

    Args:
        sticky_actions: Probability of repeating the last action. Unlike in the other games 0 by default, so that the
            perfect return is always within reach.
    """

    max_episode_steps = 100
    render_fps: ClassVar[int] = 12
    channels = ("ball", "paddle")

    def __init__(self, sticky_actions: float = 0.0) -> None:
        super().__init__(actions=3, sticky_actions=sticky_actions)

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        zeros = tf.zeros(key.shape[0], tf.int32)
        state = CatchState(zeros, random.integers(key, SIDE), zeros + SIDE // 2, zeros + NOOP, zeros, zeros)
        return state, self._observe(state)

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        numbers = random.uniform(key, (2,))
        action = self.executed(action, state.last_action, numbers[:, 0])
        paddle = move_paddle(state.paddle, action)
        appears = state.row == BOTTOM
        row = tf.where(appears, 0, state.row + 1)
        column = tf.where(appears, tf.cast(numbers[:, 1] * SIDE, tf.int32), state.column)
        lands, meets = row == BOTTOM, column == paddle
        caught, missed = tf.cast(lands & meets, tf.int32), tf.cast(lands & ~meets, tf.int32)
        new = CatchState(row, column, paddle, action, state.caught + caught, state.missed + missed)
        never = tf.zeros_like(lands)
        return TensorStep(new, self._observe(new), tf.cast(caught - missed, tf.float32), never, never)

    def _observe(self, state: CatchState) -> tf.Tensor:
        return paint(spot(state.row, state.column), spot(tf.zeros_like(state.paddle) + BOTTOM, state.paddle))

    def draw(self, state: State) -> np.ndarray:
        night, grass, ball = (31, 36, 66), (64, 140, 92), (255, 190, 70)
        score = f"caught {int(state.caught)}   missed {int(state.missed)}"
        board = Board(night, (35, 41, 74), (20, 23, 44), "Catch", score)
        row, column, paddle = int(state.row), int(state.column), int(state.paddle)
        caught = row == BOTTOM and column == paddle
        board.rectangle(0, board.middle(BOTTOM, 0)[1] + 0.34 * CELL, SIDE * CELL, CELL, grass)
        x, y = board.middle(row, column)
        for back in range(min(row, 3), 0, -1):
            board.circle(x, y - 0.42 * back * CELL, (0.3 - 0.06 * back) * CELL, blend(ball, night, 0.45 + 0.15 * back))
        if row == BOTTOM and not caught:
            for sign in (-1, 1):
                for reach, rise in ((0.62, 0.0), (0.5, 0.35)):
                    board.circle(x + sign * reach * CELL, y + (0.1 - rise) * CELL, 0.07 * CELL, (240, 104, 84))
        board.circle(x, y, 0.32 * CELL, (240, 104, 84) if row == BOTTOM and not caught else ball)
        board.circle(x - 0.1 * CELL, y - 0.11 * CELL, 0.09 * CELL, (255, 244, 214))
        self._draw_basket(board, paddle, caught)
        return board.pixels()

    def _draw_basket(self, board: Board, paddle: int, caught: bool) -> None:
        wood, shade = ((126, 217, 150), (78, 168, 108)) if caught else ((208, 138, 82), (160, 98, 56))
        x, y = board.middle(BOTTOM, paddle)
        low, high = y + 0.44 * CELL, y - 0.02 * CELL
        board.polygon([(x - 0.48 * CELL, high), (x + 0.48 * CELL, high), (x + 0.34 * CELL, low),
                       (x - 0.34 * CELL, low)], wood)  # fmt: skip
        for along in (-0.22, 0.0, 0.22):
            board.line((x + 1.2 * along * CELL, high), (x + 0.9 * along * CELL, low - 2), shade, 2.5)
        board.line((x - 0.46 * CELL, high), (x + 0.46 * CELL, high), shade, 6)
