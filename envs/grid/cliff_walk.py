"""Cliff walk: the shortest way along a cliff is the most dangerous one."""

from __future__ import annotations

from envs.grid.grid import TabularGrid
from envs.gridworld.maps import GOAL, MAPS, MOVES, PIT, START, GridMap
from envs.tabular.tables import Tables


class CliffWalk(TabularGrid):
    """Walks from one end of a cliff to the other; whoever falls off starts again.

    - Observation: the cell, Discrete(48), row by row on the map of 4 x 12.
    - Actions: 0 up, 1 right, 2 down, 3 left; a move off the map stays where it is.
    - Reward: -1 a step, -100 for a fall.
    - Ends: terminated on the goal; truncated after 200 steps.
    - Source: Sutton and Barto, "Reinforcement Learning: An Introduction", example 6.6; the dynamics of Gymnasium's
      CliffWalking-v1.

    Args:
        is_slippery: Whether a move may go a quarter turn to either side, with a third each.
    """

    max_episode_steps = 200

    def __init__(self, is_slippery: bool = False) -> None:
        self.is_slippery = bool(is_slippery)
        grid = GridMap(MAPS["cliff"])
        super().__init__(grid, _tables(grid, self.is_slippery))


def _tables(grid: GridMap, slippery: bool) -> Tables:
    (start,) = grid.cells(START)
    outcomes: dict[int, dict[int, list[tuple[float, int, float, bool]]]] = {}
    for cell in range(len(grid.kinds)):
        outcomes[cell] = {}
        for action in range(len(MOVES)):
            taken = [(action - 1) % 4, action, (action + 1) % 4] if slippery else [action]
            rows = []
            for end in (grid.neighbour(cell, a) for a in taken):
                fell = grid.kinds[end] == PIT
                place, reward = (start, -100.0) if fell else (end, -1.0)
                rows.append((1.0 / len(taken), place, reward, grid.kinds[end] == GOAL))
            outcomes[cell][action] = rows
    return Tables.from_lists(outcomes)
