"""The figure of a table: what each state is worth and which action is best there, as maps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lab.media.plotting import GRAY, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# More parts of an observation than two are shown side by side where they have so few values, else averaged.
MOST_PANELS = 4
TURNED = 16
# Cells of a map up to which each has its number.
WRITTEN = 144
# Up, right, down, left: as `envs.grid` counts directions.
ARROWS = "↑→↓←"


class Tables:
    """Draws the figure `values` of an agent with a table; it goes before `agents.base.Agent` among an agent's bases."""

    figures: ClassVar[tuple[str, ...]] = ("values",)
    # Of the agent.
    q_table: np.ndarray
    visits: np.ndarray
    rows: Any

    def figure(self, kind: str, task: Any) -> Figure:
        env = task.source.make()
        try:
            inner = env.unwrapped
            shape, several = shape_of(self.rows.sizes, inner), len(self.rows.sizes) > 1
            return draw(self.q_table, self.visits, shape, directions_of(inner), several)
        finally:
            env.close()


def shape_of(sizes: np.ndarray, env: Any) -> tuple[int, ...]:
    """Return the axes along which states lie: of an observation's parts, or of the map that an environment has.

    Args:
        sizes: How many values each part of an observation has.
        env: The environment without its wrappers. Ours and Gymnasium's grids say how many rows and columns they have.
    """
    count = math.prod(sizes.tolist())
    if len(sizes) > 1:
        return tuple(sizes.tolist())
    inner = getattr(env, "tensor_env", None)
    found = [getattr(getattr(one, "grid", None), "shape", None) for one in (env, inner)]
    found += [getattr(env, "shape", None), (getattr(env, "nrow", 0), getattr(env, "ncol", 0))]
    for shape in found:
        if isinstance(shape, tuple) and len(shape) == 2 and math.prod(shape) == count:
            return int(shape[0]), int(shape[1])
    # Nobody says: rows of a square, of which the last may be short.
    columns = math.isqrt(count - 1) + 1
    return -(-count // columns), columns


def directions_of(env: Any) -> str:
    """Return an arrow for each action of a grid whose actions are directions; "" for others.

    Args:
        env: The environment without its wrappers: one of ours, or Gymnasium's FrozenLake or CliffWalking.
    """
    facings = getattr(env, "facings", None) or getattr(getattr(env, "tensor_env", None), "facings", None)
    if facings:
        return "".join(ARROWS[facing] for facing in facings)
    name = getattr(getattr(env, "spec", None), "name", "")
    return {"FrozenLake": "←↓→↑", "FrozenLake8x8": "←↓→↑", "CliffWalking": "↑→↓←"}.get(name, "")


def maps(table: np.ndarray, visits: np.ndarray, shape: tuple[int, ...]) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return a title, the values and the best actions of each panel, float64 (rows, columns); NaN where nobody was.

    The two parts with most values are the axes. Others have a panel each value where these are few, else what is shown
    is the mean over them, weighted by visits, of the action values.

    Args:
        table: float64 (states, actions).
        visits: int64 (states, actions).
        shape: Axes of the states; beyond their number it is filled up.
    """
    actions, wanted = table.shape[1], math.prod(shape)
    weights = np.zeros((wanted, 1))
    weights[: len(table), 0] = visits.sum(axis=1)
    whole = np.zeros((wanted, actions))
    whole[: len(table)] = table
    weights, whole = weights.reshape(*shape, 1), whole.reshape(*shape, actions)
    down, across = sorted(np.argsort(shape, kind="stable")[-2:].tolist())
    others = [axis for axis in range(len(shape)) if axis not in (down, across)]
    order = (*others, down, across, len(shape))
    weights, whole = weights.transpose(order), whole.transpose(order)
    few = math.prod(shape[axis] for axis in others) <= MOST_PANELS
    names = [f"[{axis}]" for axis in others]
    panels = []
    for place in np.ndindex(*(shape[axis] for axis in others)) if few else [()]:
        own, values = weights[place], whole[place]
        if not few:
            lead = tuple(range(len(others)))
            summed = own.sum(axis=lead)
            values = np.divide((own * values).sum(axis=lead), summed, out=np.zeros(values.shape[-3:]), where=summed > 0)
            own = summed
        met = own[..., 0] > 0
        title = ", ".join(f"{name} = {value}" for name, value in zip(names, place, strict=False))
        best = np.where(met, values.max(axis=-1), np.nan)
        panels.append((title, best, np.where(met, values.argmax(axis=-1), np.nan)))
    return panels


def draw(
    table: np.ndarray, visits: np.ndarray, shape: tuple[int, ...], directions: str = "", several: bool = False
) -> Figure:
    """Draw the values of states above, and below the actions that are best there; states never visited are gray.

    Args:
        table, visits, shape: As of `maps`.
        directions: A sign for each action of a grid; "" for their numbers.
        several: Whether the axes are parts of an observation.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    panels: list[Any] = list(maps(table, visits, shape))
    actions = table.shape[1]
    # Tall maps would leave their page; it is the same map on its side.
    turned = len(shape) == 2 and shape[0] > TURNED * shape[1] and not directions
    figure = Figure(figsize=(3.8 * len(panels) + 0.6, 5.6), layout="constrained", facecolor="white")
    kinds: Any = (
        ("value", "viridis", {}),
        ("best action", colormaps["tab10" if actions <= 10 else "tab20"], {"vmin": -0.5, "vmax": actions - 0.5}),
    )
    for row, (name, colours, limits) in enumerate(kinds):
        for column, panel in enumerate(panels):
            axes = figure.add_subplot(2, len(panels), row * len(panels) + column + 1)
            shown = panel[1 + row].T if turned else panel[1 + row]
            cmap = colours if row == 0 else colours.resampled(actions)
            image = axes.imshow(shown, cmap=cmap, aspect="auto", interpolation="nearest", **limits)
            style(axes, f"{name}{': ' if panel[0] else ''}{panel[0]}")
            axes.grid(False)
            axes.set_facecolor("#e6e8ec")
            axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
            if several or directions:
                down, across = sorted(np.argsort(shape, kind="stable")[-2:].tolist(), reverse=turned)
                axes.set_ylabel(f"[{down}]" if several else "row", fontsize=8, color=GRAY)
                axes.set_xlabel(f"[{across}]" if several else "column", fontsize=8, color=GRAY)
            if shown.size <= WRITTEN:
                _write(axes, image, shown, directions if row else "", whole=bool(row))
            bar = figure.colorbar(image, ax=axes, ticks=range(actions) if row and actions <= 20 else None)
            bar.ax.tick_params(labelsize=8, colors=GRAY, length=0)
            if row and directions:
                bar.ax.set_yticklabels(list(directions))
    return figure


def _write(axes: Any, image: Any, shown: np.ndarray, signs: str, whole: bool) -> None:
    """Write into each cell what it stands for, dark on light and light on dark."""
    for (row, column), value in np.ndenumerate(shown):
        if np.isnan(value):
            continue
        text = signs[int(value)] if signs else f"{value:.0f}" if whole else f"{value:.2g}"
        light = float(np.dot(image.cmap(image.norm(value))[:3], (0.299, 0.587, 0.114))) > 0.55
        size = 13 if signs else 7
        axes.text(column, row, text, ha="center", va="center", fontsize=size, color="#1b1f24" if light else "white")
