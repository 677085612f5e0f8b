"""What the games on a grid of 10 x 10 cells share: channels, moves, sticky actions and a board to draw on.

Source: Young and Tian 2019, "MinAtar: An Atari-Inspired Testbed for Thorough and Reproducible Reinforcement Learning
Experiments": small grids with one channel for each kind of object, and sticky actions.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pygame
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from envs.drawing.canvas import Canvas, Colour, Point
from envs.tensor import TensorEnv

SIDE = 10
NOOP, LEFT, UP, RIGHT, DOWN = range(5)
PADDLE_LEFT, PADDLE_RIGHT = 1, 2

CELL, BAR = 40, 40


class PixelGame(TensorEnv):
    """A game whose observation is a grid of 10 x 10 cells with a channel for each kind of object (base class).

    Observations are uint8 (10, 10, channels) with 255 where the object is and 0 elsewhere: the bounds of a picture, so
    that whatever scales pictures by 255 scales these to 0 and 1.

    Args:
        actions: How many actions there are.
        sticky_actions: Probability in [0, 1) that a step repeats the action executed before instead of the given one;
            the action "before" an episode's first is the no-op.

    Attributes:
        channels: What each channel shows, in order.
    """

    channels: ClassVar[tuple[str, ...]]

    def __init__(self, actions: int, sticky_actions: float) -> None:
        if not 0.0 <= sticky_actions < 1.0:
            raise ValueError(
                f"{type(self).__name__}: sticky_actions received {sticky_actions}; expected a probability in [0, 1)."
            )
        self.sticky_actions = float(sticky_actions)
        self.observation_space = Box(0, 255, (SIDE, SIDE, len(self.channels)), np.uint8)
        self.action_space = Discrete(actions)

    def executed(self, action: tf.Tensor, last_action: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        """Return the actions that happen, int32 (n,), given uniform random numbers, float32 (n,)."""
        return tf.where(number < self.sticky_actions, last_action, action) if self.sticky_actions > 0.0 else action


# ---------------------------------------------------------------- moves and grids


def moves(action: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the rows and columns that NOOP, LEFT, UP, RIGHT and DOWN move by, int32 (n,) each."""
    return _sign(action, DOWN, UP), _sign(action, RIGHT, LEFT)


def move_paddle(paddle: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
    """Move a paddle's column by the actions 0 (no-op), 1 (left) and 2 (right), up to the walls; int32 (n,)."""
    return tf.clip_by_value(paddle + _sign(action, PADDLE_RIGHT, PADDLE_LEFT), 0, SIDE - 1)


def _sign(action: tf.Tensor, plus: int, minus: int) -> tf.Tensor:
    return tf.cast(action == plus, tf.int32) - tf.cast(action == minus, tf.int32)


def spot(row: tf.Tensor, column: tf.Tensor) -> tf.Tensor:
    """Mark one cell of each grid, bool (n, 10, 10), from int32 (n,); a cell outside the grid marks nothing."""
    places = tf.range(SIDE)
    return (places[:, None] == row[:, None, None]) & (places == column[:, None, None])


def paint(*channels: tf.Tensor) -> tf.Tensor:
    """Join channels, bool (n, 10, 10) each, to observations, uint8 (n, 10, 10, channels) of 0 and 255."""
    return tf.cast(tf.stack(channels, axis=-1), tf.uint8) * tf.constant(255, tf.uint8)


def pick(free: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    """Choose one of the marked places, all equally likely; its index, int32 (n,), or `places` where none is marked.

    Args:
        free: bool (n, places).
        number: float32 (n,), uniform in [0, 1).
    """
    upto = _running_sum(tf.cast(free, tf.int32))
    return _first_beyond(upto, _rank(upto, number))


def pick_cell(free: tf.Tensor, number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Choose one of the marked cells, all equally likely; its row and column, int32 (n,), or 10 where none is marked.

    Args:
        free: bool (n, 10, 10).
        number: float32 (n,), uniform in [0, 1).
    """
    in_row = tf.reduce_sum(tf.cast(free, tf.int32), axis=2)
    upto = _running_sum(in_row)
    rank = _rank(upto, number)
    row = _first_beyond(upto, rank)
    before = tf.reduce_sum(tf.where(upto <= rank[:, None], in_row, 0), axis=1)
    in_this_row = tf.reduce_any(free & (tf.range(SIDE) == row[:, None])[:, :, None], axis=1)
    return row, _first_beyond(_running_sum(tf.cast(in_this_row, tf.int32)), rank - before)


def _running_sum(counts: tf.Tensor) -> tf.Tensor:
    # Ten sums of ten: cheaper once compiled than a cumulative sum, which is not fused with what surrounds it.
    places = tf.range(counts.shape[1])
    return tf.reduce_sum(tf.where(places[None, :] <= places[:, None], counts[:, None, :], 0), axis=2)


def _rank(upto: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    total = upto[:, -1]
    # Rounding may lift a number just below one to the total itself.
    return tf.minimum(tf.cast(number * tf.cast(total, tf.float32), tf.int32), tf.maximum(total - 1, 0))


def _first_beyond(upto: tf.Tensor, rank: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(upto <= rank[:, None], tf.int32), axis=1)


# ---------------------------------------------------------------- pictures


class Board(Canvas):
    """A canvas of 400 x 440 pixels: a bar with two short texts above 10 x 10 cells of 40 pixels.

    Args:
        dark, light: Colours of the cells, like a chess board's.
        bar: Colour of the bar.
        left, right: Words in the bar, such as the name and the score.
    """

    def __init__(self, dark: Colour, light: Colour, bar: Colour, left: str, right: str) -> None:
        super().__init__(SIDE * CELL, BAR + SIDE * CELL, dark)
        for row in range(SIDE):
            for column in range(row % 2, SIDE, 2):
                self.rectangle(column * CELL, BAR + row * CELL, CELL, CELL, light)
        self.rectangle(0, 0, SIDE * CELL, BAR, bar)
        self.text(left, 14, 11, 26, (255, 255, 255))
        width = pygame.font.Font(None, 26).size(right)[0]
        self.text(right, SIDE * CELL - 14 - width, 11, 26, (255, 255, 255))

    def middle(self, row: float, column: float) -> Point:
        """Return the point in the middle of a cell, in pixels."""
        return (float(column) + 0.5) * CELL, BAR + (float(row) + 0.5) * CELL


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """Mix two colours; `share` in [0, 1] of the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
