"""Describe grid world maps: the named ones, and the parser that checks a user's own."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

START, GOAL, PIT, WALL, FLOOR = "S", "G", "P", "#", "."
CHARACTERS = {START: "start", GOAL: "goal", PIT: "pit", WALL: "wall", FLOOR: "floor"}

# Row and column offsets of the actions up, right, down, left: clockwise, so that a neighbour in this order is a
# quarter turn away and slipping is plus or minus one.
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))

MAPS: dict[str, tuple[str, ...]] = {
    "default": (
        "....#..G",
        ".##.#.##",
        ".#......",
        ".#.PP.#.",
        "...PP.#.",
        ".##.....",
        ".#..##..",
        "S..#....",
    ),
    # Russell & Norvig, "Artificial Intelligence: A Modern Approach", figure 17.1 (3rd edition).
    "russell_norvig": (
        "...G",
        ".#.P",
        "S...",
    ),
    # Sutton & Barto, "Reinforcement Learning: An Introduction", example 6.6; here a fall ends the episode.
    "cliff": (
        "............",
        "............",
        "............",
        "SPPPPPPPPPPG",
    ),
    # Sutton, Precup & Singh (1999), "Between MDPs and semi-MDPs", figure 2, without the outer wall.
    "four_rooms": (
        "S....#....S",
        ".....#.....",
        "...........",
        ".....#.....",
        ".....#.....",
        "#.####.....",
        ".....###.##",
        ".....#.....",
        ".....#.....",
        "...........",
        "S....#....G",
    ),
    "open": (
        "S.....",
        "......",
        "......",
        "......",
        "......",
        ".....G",
    ),
}


@dataclass(frozen=True)
class GridMap:
    """Hold a checked map; cells are numbered row by row, so cell = row * columns + column."""

    rows: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Give the numbers of rows and columns."""
        return len(self.rows), len(self.rows[0])

    @property
    def kinds(self) -> str:
        """Give one character per cell, in the order of the cells."""
        return "".join(self.rows)

    def cells(self, characters: str) -> tuple[int, ...]:
        """List the cells whose character is one of `characters`."""
        return tuple(cell for cell, kind in enumerate(self.kinds) if kind in characters)

    def neighbour(self, cell: int, move: int) -> int:
        """Give the cell one `move` (index into MOVES) leads to: `cell` itself at a wall or at the border."""
        row, column = divmod(cell, self.shape[1])
        row, column = row + MOVES[move][0], column + MOVES[move][1]
        inside = 0 <= row < self.shape[0] and 0 <= column < self.shape[1]
        return row * self.shape[1] + column if inside and self.rows[row][column] != WALL else cell


def load_map(map: str | Sequence[str]) -> GridMap:
    """Check a map given by name or as strings, one a row.

    Args:
        map: a key of MAPS, or rows of equal length made of 'S', 'G', 'P', '#' and '.'.

    Raises:
        ValueError: for an unknown name or character, ragged or no rows, no start, no goal, or a start without a path
            to any goal that avoids walls and pits.
    """
    if isinstance(map, str):
        if map not in MAPS:
            close = difflib.get_close_matches(map, MAPS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "give one of these names, or a list of strings as rows."
            raise ValueError(f"map: received {map!r}, expected one of {', '.join(sorted(MAPS))}; {hint}")
        return GridMap(MAPS[map])
    rows = tuple(map)
    _check_rows(rows)
    grid = GridMap(rows)
    _check_reachable(grid)
    return grid


def _check_rows(rows: tuple[str, ...]) -> None:
    allowed = ", ".join(f"{character!r} ({name})" for character, name in CHARACTERS.items())
    if not rows or not all(isinstance(row, str) for row in rows) or not rows[0]:
        raise ValueError(f"map: received {rows!r}, expected at least one row of text; give strings such as ['S..G'].")
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(
                f"map: received row {index} with {len(row)} cells, expected {len(rows[0])} as in row 0; "
                "pad the shorter rows with '#' or '.'."
            )
        for column, character in enumerate(row):
            if character not in CHARACTERS:
                raise ValueError(
                    f"map: received {character!r} at row {index}, column {column}, expected one of {allowed}; "
                    "replace that character."
                )
    for needed in (START, GOAL):
        if not any(needed in row for row in rows):
            name = CHARACTERS[needed]
            raise ValueError(f"map: received no {name}, expected at least one; mark a cell with {needed!r}.")


def _check_reachable(grid: GridMap) -> None:
    # Backwards from all goals at once: moves between cells that are neither wall, pit nor goal can all be undone, so
    # one search answers for every start.
    reached = set(grid.cells(GOAL))
    queue = deque(reached)
    while queue:
        cell = queue.popleft()
        for move in range(len(MOVES)):
            neighbour = grid.neighbour(cell, move)
            if neighbour not in reached and grid.kinds[neighbour] in (START, FLOOR):
                reached.add(neighbour)
                queue.append(neighbour)
    for start in grid.cells(START):
        if start not in reached:
            row, column = divmod(start, grid.shape[1])
            raise ValueError(
                f"map: received a start at row {row}, column {column} that cannot reach a goal, expected a path around "
                "walls and pits; open a wall, or move the start or a goal."
            )
