"""TabularGrid: a compiled environment on a grid map, drawn like GridWorld."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from envs.adapters import TensorEnvAdapter
from envs.drawing.overlay import Overlay, make_overlay
from envs.gridworld.maps import START, GridMap
from envs.tabular.tables import Tables, TabularTensorEnv
from envs.tensor import State

if TYPE_CHECKING:
    from envs.gridworld.render import GridWorldRenderer

PLAIN = Overlay()
DOWN = 2


class TabularGrid(TabularTensorEnv):
    """Walks on a grid; cells are numbered row by row.

    Args:
        grid: The map; episodes begin at its starts.
        tables: The dynamics.

    Attributes:
        facings: For each action the way that the agent's picture looks: 0 up, 1 right, 2 down, 3 left.
        theme: How the map looks: "stone" or "ice".
    """

    render_fps: ClassVar[int] = 8
    facings: ClassVar[tuple[int, ...]] = (0, 1, 2, 3)
    theme: ClassVar[str] = "stone"

    def __init__(self, grid: GridMap, tables: Tables) -> None:
        super().__init__(tables, grid.cells(START))
        self.grid = grid
        self._renderer: GridWorldRenderer | None = None

    @classmethod
    def adapter(cls) -> type[TensorEnvAdapter]:
        return GridAdapter

    def draw(self, state: State, overlay: Overlay = PLAIN) -> np.ndarray:
        if self._renderer is None:
            from envs.gridworld.render import GridWorldRenderer

            self._renderer = GridWorldRenderer(self.grid, self.render_fps, self.theme)
        action = int(state.action)
        facing = self.facings[action] if action >= 0 else DOWN
        return self._renderer.frame(int(state.place), facing, overlay)


class GridAdapter(TensorEnvAdapter):
    """A TabularGrid as a Gymnasium environment that can show values and a policy over its floor."""

    tensor_env: TabularGrid
    overlay = PLAIN

    def set_overlay(self, values: ArrayLike | None = None, policy: ArrayLike | None = None) -> None:
        """Draw state values and greedy actions from the next frame on; without arguments, stop.

        Args:
            values: float (cells,); NaN leaves a cell plain.
            policy: int (cells,), an action a cell, -1 for no arrow.

        Raises:
            ValueError: for a wrong shape, or an action that there is not.
        """
        overlay = make_overlay(len(self.tensor_env.grid.kinds), values, policy)
        if overlay.policy is not None:
            # The picture's arrows go by direction, whatever number an environment gives it.
            facings = np.array([*self.tensor_env.facings, -1])
            overlay = overlay._replace(policy=facings[overlay.policy])
        self.overlay = overlay

    def _draw(self, state: State) -> np.ndarray:
        return self.tensor_env.draw(state, self.overlay)
