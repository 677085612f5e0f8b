"""Frozen lake: cross the ice to the goal without falling into a hole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from envs.grid.grid import TabularGrid
from envs.gridworld.maps import FLOOR, GOAL, PIT, START, GridMap
from envs.tabular.tables import Tables

LEFT, DOWN, RIGHT, UP = range(4)
STEPS = {LEFT: (0, -1), DOWN: (1, 0), RIGHT: (0, 1), UP: (-1, 0)}
MAPS = {
    "4x4": ("SFFF", "FHFH", "FFFH", "HFFG"),
    "8x8": ("SFFFFFFF", "FFFFFFFF", "FFFHFFFF", "FFFFFHFF", "FFFHFFFF", "FHHFFFHF", "FHFFHFHF", "FFFHFFFG"),
}
LETTERS = {"S": START, "F": FLOOR, "H": PIT, "G": GOAL}


class FrozenLake(TabularGrid):
    """Crosses a frozen lake that may be slippery.

    On slippery ice a move goes where it was meant to, or a quarter turn to either side, with a third each. A move off
    the map stays where it is.

    - Observation: the cell, Discrete(rows * columns), row by row.
    - Actions: 0 left, 1 down, 2 right, 3 up.
    - Reward: 1 for reaching the goal, else 0.
    - Ends: terminated on the goal and in a hole; truncated after 100 steps, also on the 8x8 map.
    - Source: the dynamics of Gymnasium's FrozenLake-v1 and its maps.

    Args:
        map_name: "4x4" or "8x8".
        is_slippery: Whether moves may go astray.
        desc: Rows of one's own instead of a named map, of S start, F ice, H hole and G goal.

    Raises:
        ValueError: On an unknown map, or rows that are not a map.
    """

    max_episode_steps = 100
    facings: ClassVar[tuple[int, ...]] = (3, 2, 1, 0)
    theme: ClassVar[str] = "ice"

    def __init__(self, map_name: str = "4x4", is_slippery: bool = True, desc: Sequence[str] | None = None) -> None:
        if desc is None and map_name not in MAPS:
            raise ValueError(f"FrozenLake: map_name received {map_name!r}; expected one of {', '.join(MAPS)}.")
        rows = tuple(desc) if desc is not None else MAPS[map_name]
        letters = set("".join(rows))
        if not letters <= set(LETTERS) or not {"S", "G"} <= letters or len({len(row) for row in rows}) != 1:
            raise ValueError(
                f"FrozenLake: desc received {rows}; expected rows of equal length of S, F, H and G, with both S and G."
            )
        self.is_slippery = bool(is_slippery)
        grid = GridMap(tuple("".join(LETTERS[letter] for letter in row) for row in rows))
        super().__init__(grid, _tables(grid, self.is_slippery))


def _tables(grid: GridMap, slippery: bool) -> Tables:
    kinds = grid.kinds
    outcomes: dict[int, dict[int, list[tuple[float, int, float, bool]]]] = {}
    for cell, kind in enumerate(kinds):
        outcomes[cell] = {}
        for action in STEPS:
            if kind in (GOAL, PIT):
                outcomes[cell][action] = [(1.0, cell, 0.0, True)]
                continue
            taken = [(action - 1) % 4, action, (action + 1) % 4] if slippery else [action]
            ends = [_moved(grid, cell, a) for a in taken]
            outcomes[cell][action] = [
                (1.0 / len(ends), end, float(kinds[end] == GOAL), kinds[end] in (GOAL, PIT)) for end in ends
            ]
    return Tables.from_lists(outcomes)


def _moved(grid: GridMap, cell: int, action: int) -> int:
    rows, columns = grid.shape
    row, column = divmod(cell, columns)
    row = min(max(row + STEPS[action][0], 0), rows - 1)
    return row * columns + min(max(column + STEPS[action][1], 0), columns - 1)
