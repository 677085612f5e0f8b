"""Maze: find the only way through a maze that a seed made."""

from __future__ import annotations

import numpy as np

from envs.grid.grid import TabularGrid
from envs.gridworld.maps import FLOOR, GOAL, MOVES, START, WALL, GridMap
from envs.tabular.tables import Tables

STEP_REWARD, GOAL_REWARD = -0.01, 1.0


class Maze(TabularGrid):
    """Walks through a perfect maze: between any two of its rooms there is one way.

    - Observation: the cell, Discrete((2 size - 1)^2), row by row; rooms lie on even rows and columns, the cells between
      them are passages or walls.
    - Actions: 0 up, 1 right, 2 down, 3 left; a move into a wall stays where it is.
    - Reward: -0.01 a step, 1 for reaching the goal.
    - Ends: terminated on the goal in the lower right corner; truncated after 400 steps.
    - Source: this project's own; the maze is a depth-first spanning tree of the grid of rooms, its branches drawn at
      random.

    Args:
        size: Rooms a side, 2 to 10.
        maze_seed: Which maze.

    Raises:
        ValueError: On a size or seed out of range.
    """

    max_episode_steps = 400

    def __init__(self, size: int = 6, maze_seed: int = 0) -> None:
        if not 2 <= size <= 10:
            raise ValueError(f"Maze: size received {size}; expected 2 to 10 rooms a side.")
        if maze_seed < 0:
            raise ValueError(f"Maze: maze_seed received {maze_seed}; expected a whole number >= 0.")
        self.size, self.maze_seed = int(size), int(maze_seed)
        grid = dig(self.size, np.random.default_rng(self.maze_seed))
        super().__init__(grid, _tables(grid))


def dig(size: int, rng: np.random.Generator) -> GridMap:
    """Dig a maze of size x size rooms, its start in the upper left corner and its goal in the lower right."""
    side = 2 * size - 1
    cells = np.full((side, side), WALL)
    cells[0, 0] = FLOOR
    way = [(0, 0)]
    while way:
        row, column = way[-1]
        ahead = [(row + 2 * down, column + 2 * right) for down, right in MOVES]
        closed = [(r, c) for r, c in ahead if 0 <= r < side and 0 <= c < side and cells[r, c] == WALL]
        if not closed:
            way.pop()
            continue
        r, c = closed[int(rng.integers(len(closed)))]
        cells[r, c] = cells[(row + r) // 2, (column + c) // 2] = FLOOR
        way.append((r, c))
    cells[0, 0], cells[-1, -1] = START, GOAL
    return GridMap(tuple("".join(row) for row in cells))


def _tables(grid: GridMap) -> Tables:
    outcomes: dict[int, dict[int, list[tuple[float, int, float, bool]]]] = {}
    for cell, kind in enumerate(grid.kinds):
        outcomes[cell] = {}
        for action in range(len(MOVES)):
            if kind in (GOAL, WALL):
                outcomes[cell][action] = [(1.0, cell, 0.0, kind == GOAL)]
                continue
            end = grid.neighbour(cell, action)
            reached = grid.kinds[end] == GOAL
            outcomes[cell][action] = [(1.0, end, GOAL_REWARD if reached else STEP_REWARD, reached)]
    return Tables.from_lists(outcomes)
