"""A grid world with walls, pits, goals and slippery floors, small enough to be solved exactly."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.error import DependencyNotInstalled, ResetNeeded
from numpy.typing import ArrayLike, NDArray

from envs.drawing.overlay import Overlay, make_overlay
from envs.gridworld.maps import GOAL, MOVES, PIT, START, WALL, GridMap, load_map
from envs.tabular.transitions import Transitions

if TYPE_CHECKING:
    from envs.gridworld.render import GridWorldRenderer
    from envs.tabular.tables import TabularTensorEnv

UP, RIGHT, DOWN, LEFT = range(4)


class GridWorld(gymnasium.Env[Any, Any]):
    """Walk from a start to a goal around walls and pits.

    Observations are the agent's cell, numbered row by row: `Discrete(rows * columns)`. Actions are 0 up, 1 right,
    2 down, 3 left. Moving into a wall or over the border leaves the agent where it is. An episode terminates on a goal
    or a pit; truncation is left to `TimeLimit`.

    With probability `slip` a move goes astray, half of the time a quarter turn to either side, as in the 4x3 world of
    Russell & Norvig, "Artificial Intelligence: A Modern Approach", section 17.1 (there slip is 0.2).

    A step pays for the cell it ends in: `goal_reward`, `pit_reward`, or else `step_reward` (also for a bump), never a
    sum of two. The default step reward is small enough that no detour makes a pit look good within 100 steps.

    Args:
        map: a name ("default", "russell_norvig", "cliff", "four_rooms", "open") or rows of text made of 'S' start,
            'G' goal, 'P' pit, '#' wall and '.' floor. An episode begins at one of the starts, drawn uniformly.
        slip: probability in [0, 1] of moving to the side.
        step_reward: reward of a step that does not end the episode.
        goal_reward: reward of the step onto a goal.
        pit_reward: reward of the step into a pit.
        render_mode: None, "human" (a window) or "rgb_array" (uint8 (height, width, 3), both even).

    Raises:
        ValueError: for a bad map, slip, reward or render mode.
    """

    metadata: dict[str, Any] = {"render_modes": ["human", "rgb_array"], "render_fps": 8}  # noqa: RUF012 (as in Env)

    # Of each action, as `envs.grid` counts directions: up, right, down, left.
    facings: ClassVar[tuple[int, ...]] = (0, 1, 2, 3)

    def __init__(
        self,
        map: str | Sequence[str] = "default",
        *,
        slip: float = 0.0,
        step_reward: float = -0.01,
        goal_reward: float = 1.0,
        pit_reward: float = -1.0,
        render_mode: str | None = None,
    ) -> None:
        if not 0.0 <= slip <= 1.0:
            raise ValueError(f"slip: received {slip!r}, expected a probability in [0, 1]; 0.0 makes moves certain.")
        for name, reward in (("step_reward", step_reward), ("goal_reward", goal_reward), ("pit_reward", pit_reward)):
            if not math.isfinite(reward):
                raise ValueError(f"{name}: received {reward!r}, expected a finite number; give one such as -0.01.")
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise ValueError(
                f"render_mode: received {render_mode!r}, expected None or one of {self.metadata['render_modes']}; "
                "use 'rgb_array' to record."
            )
        self.grid = load_map(map)
        self.slip = float(slip)
        self.render_mode = render_mode
        self.observation_space = gymnasium.spaces.Discrete(len(self.grid.kinds))
        self.action_space = gymnasium.spaces.Discrete(len(MOVES))
        self._starts = self.grid.cells(START)
        self._terminal = [kind in (GOAL, PIT) for kind in self.grid.kinds]
        pays = {GOAL: float(goal_reward), PIT: float(pit_reward)}
        self._rewards = [pays.get(kind, float(step_reward)) for kind in self.grid.kinds]
        self._next_cells = [
            [self.grid.neighbour(cell, move) for move in range(len(MOVES))] for cell in range(len(self.grid.kinds))
        ]
        self._cell: int | None = None
        self._facing = DOWN
        self._overlay = Overlay()
        self._renderer: GridWorldRenderer | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Put the agent on a start; `options` are not used."""
        super().reset(seed=seed)
        starts = self._starts
        self._cell = starts[0] if len(starts) == 1 else starts[int(self.np_random.integers(len(starts)))]
        self._facing = DOWN
        if self.render_mode == "human":
            self.render()
        return self._cell, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Move the agent.

        Raises:
            ValueError: for an action that is not 0, 1, 2 or 3.
            ResetNeeded: before the first reset and after the end of an episode.
        """
        cell = self._cell
        if cell is None or self._terminal[cell]:
            reason = "before the first reset" if cell is None else "after the episode's end"
            raise ResetNeeded(f"GridWorld.step: received a step {reason}, expected a running episode; call reset().")
        if action not in (UP, RIGHT, DOWN, LEFT):
            raise ValueError(
                f"action: received {action!r}, expected 0 (up), 1 (right), 2 (down) or 3 (left); give one of these."
            )
        move = int(action)
        self._facing = move
        if self.slip > 0.0:
            draw = self.np_random.random()
            if draw < self.slip:
                move = (move + (1 if draw < self.slip / 2 else -1)) % len(MOVES)
        cell = self._cell = self._next_cells[cell][move]
        if self.render_mode == "human":
            self.render()
        return cell, self._rewards[cell], self._terminal[cell], False, {}

    @cached_property
    def transitions(self) -> Transitions:
        """Give the exact dynamics as dense, read-only arrays; a wall is a state that nothing enters or leaves."""
        cells, actions = len(self.grid.kinds), len(MOVES)
        probabilities = np.zeros((cells, actions, cells))
        rewards = np.zeros((cells, actions, cells))
        for cell, kind in enumerate(self.grid.kinds):
            for action in range(actions):
                if kind in (GOAL, PIT, WALL):
                    probabilities[cell, action, cell] = 1.0
                    continue
                for turn, chance in ((0, 1.0 - self.slip), (1, self.slip / 2), (-1, self.slip / 2)):
                    probabilities[cell, action, self._next_cells[cell][(action + turn) % actions]] += chance
                possible = probabilities[cell, action] > 0.0
                rewards[cell, action, possible] = np.asarray(self._rewards)[possible]
        arrays = Transitions(probabilities, rewards, np.array(self._terminal))
        for array in arrays:
            array.flags.writeable = False
        return arrays

    @cached_property
    def tensor_env(self) -> TabularTensorEnv | None:
        """The same dynamics as TensorFlow functions, for the compiled lane; None where a subclass has others."""
        changed = set().union(*(vars(cls) for cls in type(self).__mro__[: type(self).__mro__.index(GridWorld)]))
        if changed & {"reset", "step"}:
            return None
        return _tensor_env(self.grid, self.slip, tuple(self._rewards))

    def get_state(self) -> dict[str, Any]:
        """Give all that the next steps depend on, as a nested dictionary that JSON can hold."""
        return {
            "map": list(self.grid.rows),
            "cell": self._cell,
            "facing": self._facing,
            "np_random_seed": self.np_random_seed,
            "np_random": self.np_random.bit_generator.state,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on exactly where `get_state` was called, in this or another environment of the same settings.

        Raises:
            ValueError: for a state with missing entries, of another map, or with a cell no agent can be in.
        """
        missing = {"map", "cell", "facing", "np_random_seed", "np_random"} - set(state)
        if missing:
            raise ValueError(f"state: received one without {sorted(missing)}, expected all entries; use get_state().")
        if tuple(state["map"]) != self.grid.rows:
            raise ValueError(
                f"state: received one of the map {state['map']}, expected {list(self.grid.rows)}; build this "
                "environment with the map the state was taken from."
            )
        cell = state["cell"]
        if cell is not None and cell not in self.grid.cells("SGP."):
            raise ValueError(f"state: received cell {cell!r}, expected None or a cell that is open; see get_state().")
        generator = self.np_random
        generator.bit_generator.state = state["np_random"]
        self._np_random_seed = state["np_random_seed"]
        self._cell, self._facing = cell, int(state["facing"])

    def set_overlay(self, values: ArrayLike | None = None, policy: ArrayLike | None = None) -> None:
        """Draw state values and greedy actions over the floor from the next frame on; without arguments, stop.

        Args:
            values: float (cells,); the tint's scale is symmetric around zero. NaN leaves a cell plain.
            policy: int (cells,), an action a cell, -1 for no arrow.

        Raises:
            ValueError: for a wrong shape, or an action outside -1 to 3.
        """
        self._overlay = make_overlay(len(self.grid.kinds), values, policy)

    def render(self) -> NDArray[np.uint8] | None:
        """Draw the current cell: a new uint8 (height, width, 3) under "rgb_array", to the window under "human".

        A window the user has closed stays closed and the episode goes on without it.
        """
        if self.render_mode is None:
            gymnasium.logger.warn("GridWorld.render: received no render_mode, expected one; give it to gymnasium.make.")
            return None
        if self._renderer is None:
            self._renderer = _new_renderer(self)
        if self.render_mode == "human":
            self._renderer.show(self._cell, self._facing, self._overlay)
            return None
        return self._renderer.frame(self._cell, self._facing, self._overlay)

    def close(self) -> None:
        """Close this environment's window and free its pictures; no other environment notices."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


@lru_cache(maxsize=16)
def _tensor_env(grid: GridMap, slip: float, rewards: tuple[float, ...]) -> TabularTensorEnv:
    # One definition for equal environments, so that what is compiled for it serves all of them.
    from envs.tabular.tables import Tables, TabularTensorEnv

    # Straight on, a quarter turn right, a quarter turn left.
    turns = [(0, 1.0 - slip), (1, slip / 2), (-1, slip / 2)] if slip > 0.0 else [(0, 1.0)]
    outcomes: dict[int, dict[int, list[tuple[float, int, float, bool]]]] = {}
    for cell, kind in enumerate(grid.kinds):
        outcomes[cell] = {}
        for action in range(len(MOVES)):
            if kind in (GOAL, PIT, WALL):
                outcomes[cell][action] = [(1.0, cell, 0.0, kind != WALL)]
                continue
            ends = [(chance, grid.neighbour(cell, (action + turn) % len(MOVES))) for turn, chance in turns]
            outcomes[cell][action] = [(p, end, rewards[end], grid.kinds[end] in (GOAL, PIT)) for p, end in ends]
    return TabularTensorEnv(Tables.from_lists(outcomes), grid.cells(START))


def _new_renderer(env: GridWorld) -> GridWorldRenderer:
    # Pygame greets on standard output, where a command may be printing JSON.
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    try:
        from envs.gridworld.render import GridWorldRenderer
    except ImportError as error:
        raise DependencyNotInstalled("GridWorld.render needs pygame; run `pip install pygame-ce`.") from error
    return GridWorldRenderer(env.grid, fps=env.metadata["render_fps"])
