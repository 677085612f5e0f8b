"""Snake: eat, grow, and bite neither the walls nor yourself."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np
import tensorflow as tf

from envs import random
from envs.arcade.pixel import CELL, NOOP, RIGHT, SIDE, Board, PixelGame, blend, moves, paint, pick_cell, spot
from envs.drawing.canvas import Point
from envs.tensor import State, TensorStep

START_ROW, START_COLUMN, START_LENGTH = 5, 4, 3


class SnakeState(NamedTuple):
    """Where n games of Snake are.

    Attributes:
        age: uint8 (n, 10, 10), for how many steps without food each cell stays part of the snake: 1 at the tail, the
            length at the head, 0 where there is no snake.
        row, column: int32 (n,), of the head.
        direction: int32 (n,), where it is heading: LEFT, UP, RIGHT or DOWN.
        food_row, food_column: int32 (n,); 10 once the snake fills the grid.
        last_action: int32 (n,).
        score: int32 (n,), what it has eaten.
    """

    age: tf.Tensor
    row: tf.Tensor
    column: tf.Tensor
    direction: tf.Tensor
    food_row: tf.Tensor
    food_column: tf.Tensor
    last_action: tf.Tensor
    score: tf.Tensor


class Snake(PixelGame):
    """Steers a snake to food that makes it longer.

    The snake starts three cells long, heading right, and moves one cell a step. Food lies in one cell, drawn uniformly
    from those without snake; eating it lengthens the snake by one, its tail staying where it is for that step, and new
    food appears. The cell that the tail leaves in a step may be entered in the same step. A snake that would move out
    of the grid or into itself dies and stays where it was.

    - Observation: uint8 (10, 10, 5), 0 or 255; channels head, neck (the cell behind the head, so that the direction
      can be seen), body (all of the snake), tail, food.
    - Actions: 0 goes straight on, 1 left, 2 up, 3 right, 4 down; the way back goes straight on.
    - Reward: 1 for food, else 0.
    - Ends: terminated when the snake dies or fills the grid; truncated after 1000 steps.
    - Source: the rules of the classic arcade game.

    Args:
        sticky_actions: Probability of repeating the last action.
    """

    max_episode_steps = 1000
    render_fps: ClassVar[int] = 12
    channels = ("head", "neck", "body", "tail", "food")

    def __init__(self, sticky_actions: float = 0.1) -> None:
        super().__init__(actions=5, sticky_actions=sticky_actions)

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        number = key.shape[0]
        start = np.zeros((SIDE, SIDE), np.uint8)
        start[START_ROW, START_COLUMN - START_LENGTH + 1 : START_COLUMN + 1] = np.arange(1, START_LENGTH + 1)
        age = tf.tile(tf.constant(start)[None], [number, 1, 1])
        food_row, food_column = pick_cell(age == 0, random.uniform(key))
        zeros = tf.zeros(number, tf.int32)
        state = SnakeState(
            age, zeros + START_ROW, zeros + START_COLUMN, zeros + RIGHT, food_row, food_column, zeros + NOOP, zeros
        )
        return state, self._observe(state)

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        numbers = random.uniform(key, (2,))
        action = self.executed(action, state.last_action, numbers[:, 0])
        # Opposite directions are two apart.
        straight = (action == NOOP) | (tf.abs(action - state.direction) == 2)
        direction = tf.where(straight, state.direction, action)
        down, right = moves(direction)
        row, column = state.row + down, state.column + right
        eats = (row == state.food_row) & (column == state.food_column)
        stays = eats[:, None, None] | (state.age == 0)
        aged = tf.where(stays, state.age, state.age - tf.constant(1, tf.uint8))
        head = spot(row, column)
        outside = (row < 0) | (row >= SIDE) | (column < 0) | (column >= SIDE)
        dies = outside | tf.reduce_any(head & (aged > 0), axis=(1, 2))
        score = state.score + tf.cast(eats, tf.int32)
        length = tf.cast(START_LENGTH + score, tf.uint8)[:, None, None]
        age = tf.where(dies[:, None, None], state.age, tf.where(head, length, aged))
        row, column = tf.where(dies, state.row, row), tf.where(dies, state.column, column)
        food_row, food_column = pick_cell(age == 0, numbers[:, 1])
        food_row = tf.where(eats, food_row, state.food_row)
        food_column = tf.where(eats, food_column, state.food_column)
        new = SnakeState(age, row, column, direction, food_row, food_column, action, score)
        terminated = dies | (score == SIDE * SIDE - START_LENGTH)
        return TensorStep(new, self._observe(new), tf.cast(eats, tf.float32), terminated, tf.zeros_like(dies))

    def _observe(self, state: SnakeState) -> tf.Tensor:
        neck = tf.cast(START_LENGTH + state.score - 1, tf.uint8)[:, None, None]
        return paint(
            spot(state.row, state.column),
            state.age == neck,
            state.age > 0,
            state.age == 1,
            spot(state.food_row, state.food_column),
        )

    def draw(self, state: State) -> np.ndarray:
        board = Board((170, 207, 118), (178, 214, 127), (74, 112, 62), "Snake", f"length {(state.age > 0).sum()}")
        if state.food_row < SIDE:
            _draw_apple(board, *board.middle(state.food_row, state.food_column))
        length = int(state.age.max())
        order = sorted(zip(*np.nonzero(state.age), strict=True), key=lambda cell: state.age[cell])
        points = [board.middle(*cell) for cell in order]
        head_colour, tail_colour = (58, 96, 196), (104, 150, 232)
        for outline in (True, False):
            for i, point in enumerate(points):
                share = (i + 1) / length
                # The last few cells taper towards the tail.
                width = (0.72 - 0.09 * max(0, 3 - i)) * CELL
                colour = (36, 62, 138) if outline else blend(tail_colour, head_colour, share)
                board.line(points[max(i - 1, 0)], point, colour, width if outline else width - 5)
        _draw_face(board, points[-1], moves_of(int(state.direction)))
        return board.pixels()


def moves_of(direction: int) -> tuple[int, int]:
    """Return the (row, column) step of a direction."""
    return ((0, 0), (0, -1), (-1, 0), (0, 1), (1, 0))[direction]


def _draw_apple(board: Board, x: float, y: float) -> None:
    for side in (-0.1, 0.1):
        board.circle(x + side * CELL, y + 0.06 * CELL, 0.25 * CELL, (214, 54, 56))
    board.circle(x - 0.16 * CELL, y - 0.03 * CELL, 0.07 * CELL, (250, 170, 160))
    board.line((x, y - 0.12 * CELL), (x + 0.05 * CELL, y - 0.32 * CELL), (104, 70, 40), 3)
    board.polygon([(x + 0.05 * CELL, y - 0.22 * CELL), (x + 0.16 * CELL, y - 0.38 * CELL),
                   (x + 0.32 * CELL, y - 0.34 * CELL), (x + 0.2 * CELL, y - 0.2 * CELL)], (70, 140, 62))  # fmt: skip


def _draw_face(board: Board, middle: Point, step: tuple[int, int]) -> None:
    down, right = step

    def place(ahead: float, aside: float) -> Point:
        return middle[0] + (ahead * right - aside * down) * CELL, middle[1] + (ahead * down + aside * right) * CELL

    fork = place(0.52, 0.0)
    board.line(place(0.3, 0.0), fork, (214, 54, 56), 3)
    for aside in (-0.09, 0.09):
        board.line(fork, place(0.62, aside), (214, 54, 56), 2)
    board.circle(*middle, 0.4 * CELL, (36, 62, 138))
    board.circle(*middle, 0.4 * CELL - 2.5, (58, 96, 196))
    for aside in (-0.19, 0.19):
        board.circle(*place(0.1, aside), 0.135 * CELL, (255, 255, 255))
        board.circle(*place(0.16, aside), 0.07 * CELL, (24, 28, 44))
