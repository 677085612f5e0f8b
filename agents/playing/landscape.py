"""The landscape of an actor-critic: what it expects and would do, over two dimensions of the observation."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from gymnasium.spaces import Box

from agents.playing.exported import Seen
from agents.playing.figures import Landscape, landscape_figure
from lab.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The evaluation stream whose episodes are shown, beside those of `agents.training.task`; and how much of them.
STREAM, EPISODES, KEPT = 5, 5, 2_000
POINTS = 60
MOST_PANELS = 4


class Landscapes:
    """Draws the figure `landscape` of an agent; it goes before `agents.base.Agent` among an agent's bases."""

    figures: ClassVar[tuple[str, ...]] = ("landscape",)
    # Of the agent.
    observation_space: Any

    def figures_of_spaces(self) -> tuple[str, ...]:
        """Return the figure's name where observations are vectors of two numbers or more, else nothing."""
        return self.figures if _is_vector(self.observation_space) else ()

    @abstractmethod
    def state_values(self, observed: np.ndarray) -> np.ndarray | None:
        """Return what is expected from each observation (n, ...) on, float32 (n,); None where nothing is."""

    @abstractmethod
    def preferences(self, observed: np.ndarray) -> Mapping[str, np.ndarray]:
        """Return what the policy would do for each observation (n, ...), by what it is, float (n,) each."""

    def figure(self, kind: str, task: Any) -> Figure:
        return landscape_figure(survey(self, task))


def survey(agent: Any, task: Any) -> Landscape:
    """Find value and policy over the two dimensions of the observation that matter most.

    What matters is measured on observations of episodes played without exploring: how far the value, or the policy of
    an agent without one, moves where a dimension has its median instead.

    Args:
        agent: Gives `state_values` and `preferences`.
        task: Has environments to play in, and seeds.

    Raises:
        UsageError: For observations that are no vectors of two numbers or more.
    """
    space = agent.observation_space
    if not _is_vector(space):
        raise UsageError(
            f"the figure 'landscape' of {type(agent).__name__} received the observation space {space}; expected a Box "
            "of one axis with two numbers or more. Fix: another kind, such as 'episode'."
        )
    seen = Seen(KEPT, task.seeds.generator("evaluation", STREAM, 2))
    task.play(EPISODES, STREAM, watch=seen.watch)
    rows = np.stack(seen.rows).astype(space.dtype)
    first, second = _most_telling(agent, rows)
    ends = np.quantile(rows, (0.005, 0.995), axis=0)
    across, up = (np.linspace(*_wide(ends[:, d]), POINTS) for d in (first, second))
    grid = np.repeat(np.median(rows, axis=0)[None], POINTS * POINTS, axis=0)
    grid[:, first], grid[:, second] = (part.reshape(-1) for part in np.meshgrid(across, up))
    panels = _panels(agent, grid.astype(space.dtype))
    squares = {name: values.reshape(POINTS, POINTS) for name, values in panels.items()}
    return Landscape(rows, (first, second), across, up, squares, EPISODES)


def _is_vector(space: Any) -> bool:
    return isinstance(space, Box) and len(space.shape) == 1 and space.shape[0] >= 2


def _panels(agent: Any, rows: np.ndarray) -> dict[str, np.ndarray]:
    values = agent.state_values(rows)
    found = {} if values is None else {"value": np.asarray(values)}
    return dict(list({**found, **agent.preferences(rows)}.items())[:MOST_PANELS])


def _most_telling(agent: Any, rows: np.ndarray) -> tuple[int, int]:
    """Return the two dimensions, in their order, without which the first panels say most else."""
    before, effects = _panels(agent, rows), []
    names = ["value"] if "value" in before else list(before)
    for dimension in range(rows.shape[1]):
        changed = rows.copy()
        changed[:, dimension] = np.median(rows[:, dimension])
        after = _panels(agent, changed)
        effects.append(sum(float(np.abs(after[name] - before[name]).mean()) for name in names))
    first, second = sorted(np.argsort(effects)[-2:].tolist())
    return first, second


def _wide(ends: np.ndarray) -> tuple[float, float]:
    """Return the ends of a range that is not empty."""
    low, high = ends.tolist()
    return (low, high) if high > low else (low - 1.0, high + 1.0)
