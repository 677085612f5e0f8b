"""Taxi: fetch a passenger and bring them where they want to go, with a mask of what can be done."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from envs.drawing.canvas import BLUE, GOLD, GREEN, INK, PAPER, RED, Canvas, Colour
from envs.tabular.tables import Tables, TabularTensorEnv
from envs.tensor import State

SIDE = 5
STANDS: tuple[tuple[int, int], ...] = ((0, 0), (0, 4), (4, 0), (4, 3))
COLOURS: tuple[Colour, ...] = (RED, GREEN, GOLD, BLUE)
# The passenger's place while in the taxi, after the stands.
ABOARD = len(STANDS)
MOVES = ((1, 0), (-1, 0), (0, 1), (0, -1))
PICK_UP, DROP_OFF = 4, 5
# Cells (row, column) between which and the next one to the right there is a wall.
WALLS = frozenset(((0, 1), (1, 1), (3, 0), (4, 0), (3, 2), (4, 2)))
CELL = 48


class Taxi(TabularTensorEnv):
    """Drives a taxi on a map of 5 x 5 with walls; says which actions would change something.

    - Observation: Discrete(500): ((row * 5 + column) * 5 + passenger) * 4 + destination; passenger and destination
      are one of the four stands, a passenger of 4 is in the taxi.
    - Actions: 0 down, 1 up, 2 right, 3 left, 4 pick up, 5 drop off; a move into a wall stays where it is.
    - Mask: moves that no wall stops, pick up where the passenger stands, drop off at a stand with the passenger aboard.
    - Reward: -1 a step, 20 for the passenger at the destination, -10 for picking up or dropping off where none can be.
    - Ends: terminated with the passenger at the destination; truncated after 200 steps.
    - Source: Dietterich 2000, "Hierarchical Reinforcement Learning with the MAXQ Value Function Decomposition", section
      2.1; the dynamics of Gymnasium's Taxi-v4.
    """

    max_episode_steps = 200
    counterpart_of: ClassVar[str | None] = "Taxi-v4"
    render_fps: ClassVar[int] = 4

    def __init__(self) -> None:
        tables, self.masks = _tables()
        states = np.arange(len(self.masks))
        passenger, destination = states // len(STANDS) % (ABOARD + 1), states % len(STANDS)
        starts = np.flatnonzero((passenger < ABOARD) & (passenger != destination))
        super().__init__(tables, starts.tolist())

    def action_mask(self, state: State) -> tf.Tensor:
        return tf.gather(tf.constant(self.masks), state.place)

    def draw(self, state: State) -> np.ndarray:
        row, column, passenger, destination = _decoded(int(state.place))
        canvas = Canvas(SIDE * CELL, SIDE * CELL, PAPER)
        for (down, right), colour in zip(STANDS, COLOURS, strict=True):
            canvas.rectangle(right * CELL + 3, down * CELL + 3, CELL - 6, CELL - 6, colour, 6)
        down, right = STANDS[destination]
        canvas.text("goal", (right + 0.5) * CELL, (down + 0.7) * CELL, 16, PAPER, centred=True)
        for down, right in WALLS:
            canvas.line(((right + 1) * CELL, down * CELL), ((right + 1) * CELL, (down + 1) * CELL), INK, 4)
        canvas.rectangle(column * CELL + 10, row * CELL + 14, CELL - 20, CELL - 28, INK, 6)
        down, right = (row, column) if passenger == ABOARD else STANDS[passenger]
        canvas.circle(
            (right + 0.5) * CELL, (down + 0.3) * CELL if passenger < ABOARD else (down + 0.5) * CELL, 7, PAPER
        )
        x, y = (right + 0.5) * CELL, (down + (0.5 if passenger == ABOARD else 0.3)) * CELL
        canvas.circle(x, y, 7, PAPER)
        canvas.circle(x, y, 5, INK)
        return canvas.pixels()


def _decoded(place: int) -> tuple[int, int, int, int]:
    rest, destination = divmod(place, len(STANDS))
    rest, passenger = divmod(rest, ABOARD + 1)
    row, column = divmod(rest, SIDE)
    return row, column, passenger, destination


def _encoded(row: int, column: int, passenger: int, destination: int) -> int:
    return ((row * SIDE + column) * (ABOARD + 1) + passenger) * len(STANDS) + destination


def _moved(row: int, column: int, move: tuple[int, int]) -> tuple[int, int]:
    down, right = row + move[0], column + move[1]
    walled = move[1] != 0 and (row, min(column, right)) in WALLS
    return (row, column) if walled or not (0 <= down < SIDE and 0 <= right < SIDE) else (down, right)


def _tables() -> tuple[Tables, NDArray[np.bool_]]:
    """Return the dynamics, and the actions that change something in each state, bool (states, actions)."""
    outcomes: dict[int, dict[int, list[tuple[float, int, float, bool]]]] = {}
    masks = np.zeros((SIDE * SIDE * (ABOARD + 1) * len(STANDS), len(MOVES) + 2), bool)
    for place in range(len(masks)):
        row, column, passenger, destination = _decoded(place)
        here, rows = (row, column), {}
        for action, move in enumerate(MOVES):
            after = _moved(row, column, move)
            rows[action] = (after, passenger, -1.0, False)
            masks[place, action] = after != here
        waits, aboard = passenger < ABOARD and STANDS[passenger] == here, passenger == ABOARD
        masks[place, PICK_UP], masks[place, DROP_OFF] = waits, aboard and here in STANDS
        rows[PICK_UP] = (here, ABOARD if waits else passenger, -1.0 if waits else -10.0, False)
        if aboard and here == STANDS[destination]:
            rows[DROP_OFF] = (here, destination, 20.0, True)
        elif aboard and here in STANDS:
            rows[DROP_OFF] = (here, STANDS.index(here), -1.0, False)
        else:
            rows[DROP_OFF] = (here, passenger, -10.0, False)
        outcomes[place] = {
            action: [(1.0, _encoded(*at, who, destination), reward, ended)]
            for action, (at, who, reward, ended) in rows.items()
        }
    return Tables.from_lists(outcomes), masks
