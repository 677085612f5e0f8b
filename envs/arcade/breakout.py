"""Breakout: keep a ball in play with a paddle and let it break a wall of bricks."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np
import tensorflow as tf

from envs import random
from envs.arcade.pixel import BAR, CELL, NOOP, SIDE, Board, PixelGame, blend, move_paddle, paint, spot
from envs.drawing.canvas import Colour
from envs.tensor import State, TensorStep

FIRST_BRICKS, LAST_BRICKS = 1, 3
START_ROW, BOTTOM = LAST_BRICKS + 1, SIDE - 1
COLOURS: tuple[Colour, ...] = ((232, 92, 84), (240, 172, 72), (92, 184, 132))


class BreakoutState(NamedTuple):
    """Where n games of Breakout are.

    Attributes:
        bricks: bool (n, 10, 10), which cells hold a brick.
        row, column: int32 (n,), of the ball.
        down, right: int32 (n,), where it is heading: -1 or 1 each.
        paddle: int32 (n,), its column.
        last_action: int32 (n,).
        score: int32 (n,), bricks broken.
    """

    bricks: tf.Tensor
    row: tf.Tensor
    column: tf.Tensor
    down: tf.Tensor
    right: tf.Tensor
    paddle: tf.Tensor
    last_action: tf.Tensor
    score: tf.Tensor


class Breakout(PixelGame):
    """Breaks bricks with a ball that must not fall past the paddle.

    Bricks fill rows 1 to 3; the paddle is one cell in the bottom row and moves, one column a step, before the ball. The
    ball starts below the bricks in a column drawn uniformly, falling to the left or the right, and moves one cell
    diagonally a step. It bounces where two cells meet, first sideways, then up or down: a step that would enter a side
    wall or a brick beside the ball turns it sideways and leaves its column as it is; one that would then enter the
    ceiling, a brick or the paddle turns it up or down and leaves its row. A brick that is hit breaks, so a ball in a
    corner of two bricks breaks both.

    The player aims by where the paddle takes the ball. Standing in the column that the ball comes from, it sends the
    ball on sideways; standing in the one that the ball falls into, it sends the ball back the way it came, the column
    unchanged. When all bricks are broken, a new wall appears as soon as the ball is below its rows. Every ball can be
    reached in time; the game does not get harder.

    - Observation: uint8 (10, 10, 4), 0 or 255; channels paddle, ball, trail (the cell behind the ball, moved into the
      grid where it lies outside, so that the ball's direction can be seen), bricks.
    - Actions: 0 stays, 1 goes left, 2 goes right.
    - Reward: 1 for each brick broken.
    - Ends: terminated when the ball reaches the bottom row; truncated after 1000 steps.
    - Source: after the game in Young and Tian 2019 (MinAtar); start, bounces and aim are this project's own.

    Args:
        sticky_actions: Probability of repeating the last action.
    """

    max_episode_steps = 1000
    render_fps: ClassVar[int] = 15
    channels = ("paddle", "ball", "trail", "bricks")

    def __init__(self, sticky_actions: float = 0.1) -> None:
        super().__init__(actions=3, sticky_actions=sticky_actions)

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        numbers = random.uniform(key, (2,))
        zeros = tf.zeros(key.shape[0], tf.int32)
        state = BreakoutState(
            bricks=tf.tile(_wall(), [key.shape[0], 1, 1]),
            row=zeros + START_ROW,
            column=tf.cast(numbers[:, 0] * SIDE, tf.int32),
            down=zeros + 1,
            right=tf.where(numbers[:, 1] < 0.5, -1, 1),
            paddle=zeros + SIDE // 2,
            last_action=zeros + NOOP,
            score=zeros,
        )
        return state, self._observe(state)

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        # The only chance in a step is in the sticky actions; where there are none, nothing is drawn.
        number = random.uniform(key) if self.sticky_actions > 0.0 else tf.ones(key.shape[0])
        action = self.executed(action, state.last_action, number)
        paddle = move_paddle(state.paddle, action)

        beside = state.column + state.right
        brick_beside = state.bricks & spot(state.row, beside)
        turns = (beside < 0) | (beside >= SIDE) | tf.reduce_any(brick_beside, axis=(1, 2))
        right, column = tf.where(turns, -state.right, state.right), tf.where(turns, state.column, beside)

        ahead = state.row + state.down
        brick_ahead = state.bricks & spot(ahead, column)
        at_paddle = ahead == BOTTOM
        returned = at_paddle & ((paddle == state.column) | (paddle == column))
        bounces = (ahead < 0) | tf.reduce_any(brick_ahead, axis=(1, 2)) | returned
        down, row = tf.where(bounces, -state.down, state.down), tf.where(bounces, state.row, ahead)
        back = returned & (paddle != state.column)
        right, column = tf.where(back, -right, right), tf.where(back, state.column, column)

        broken = brick_beside | brick_ahead
        number_broken = tf.reduce_sum(tf.cast(broken, tf.int32), axis=(1, 2))
        bricks = state.bricks & ~broken
        rebuilt = ~tf.reduce_any(bricks, axis=(1, 2)) & (row > LAST_BRICKS)
        bricks = tf.where(rebuilt[:, None, None], _wall(), bricks)
        new = BreakoutState(bricks, row, column, down, right, paddle, action, state.score + number_broken)
        lost = at_paddle & ~returned
        return TensorStep(new, self._observe(new), tf.cast(number_broken, tf.float32), lost, tf.zeros_like(lost))

    def _observe(self, state: BreakoutState) -> tf.Tensor:
        behind = (state.row - state.down, state.column - state.right)
        trail = spot(*(tf.clip_by_value(place, 0, SIDE - 1) for place in behind))
        paddle = spot(tf.zeros_like(state.paddle) + BOTTOM, state.paddle)
        return paint(paddle, spot(state.row, state.column), trail, state.bricks)

    def draw(self, state: State) -> np.ndarray:
        night = (28, 32, 54)
        board = Board(night, (31, 36, 60), (18, 20, 36), "Breakout", f"bricks {int(state.score)}")
        x, y = board.middle(state.row, state.column)
        for back in (4, 3, 2, 1):
            shift = 0.24 * back * CELL
            # Near the ceiling the trail would reach into the bar.
            place = (x - int(state.right) * shift, max(y - int(state.down) * shift, BAR + 0.2 * CELL))
            board.circle(*place, (0.24 - 0.04 * back) * CELL, blend((150, 176, 255), night, 0.3 + 0.15 * back))
        for row, column in zip(*np.nonzero(state.bricks), strict=True):
            colour = COLOURS[int(row) - FIRST_BRICKS]
            left, top = column * CELL + 2, BAR + row * CELL + 4
            board.rectangle(left, top, CELL - 4, CELL - 8, blend(colour, (0, 0, 0), 0.28), 6)
            board.rectangle(left, top, CELL - 4, CELL - 12, colour, 6)
            board.rectangle(left + 5, top + 4, CELL - 14, 3, blend(colour, (255, 255, 255), 0.45), 1.5)
        lost = int(state.row) == BOTTOM
        board.circle(x, y, 0.29 * CELL, (240, 104, 84) if lost else (245, 247, 255))
        board.circle(x - 0.09 * CELL, y - 0.1 * CELL, 0.08 * CELL, (255, 200, 190) if lost else (255, 255, 255))
        left, top = int(state.paddle) * CELL + 1, BAR + BOTTOM * CELL + 4
        board.rectangle(left, top, CELL - 2, 16, (58, 92, 176), 8)
        board.rectangle(left, top, CELL - 2, 12, (104, 152, 240), 6)
        return board.pixels()


def _wall() -> tf.Tensor:
    rows = tf.range(SIDE)[:, None]
    return tf.tile(((rows >= FIRST_BRICKS) & (rows <= LAST_BRICKS))[None], [1, 1, SIDE])
