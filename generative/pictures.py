"""Pictures of rows: grids of images, clouds of points, or a heat map of anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from generative.data import DataSpec
from lab.errors import bad_value
from lab.grids import image_grid
from lab.plotting import COLOUR, GRAY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GRID = 64
CLOUD = 500


def how_many(spec: DataSpec) -> int:
    """Return how many samples a picture needs: a grid of images, or enough points to show where they are dense."""
    return CLOUD if spec.shape == (2,) else GRID


def pixels(rows: np.ndarray, spec: DataSpec) -> np.ndarray:
    """Return images in their data set's range as uint8 (N, H, W, C) over [0, 255].

    Raises:
        UsageError: When the rows are not images.
    """
    if not spec.is_image:
        raise bad_value("picture", "rows of shape", spec.shape, "images (H, W), (H, W, 1) or (H, W, 3)")
    values = np.rint(np.clip(spec.fractions(rows), 0.0, 1.0) * 255.0).astype(np.uint8)
    return values[..., None] if values.ndim == 3 else values


def rows_picture(rows: np.ndarray, spec: DataSpec, real: np.ndarray) -> np.ndarray | Figure:
    """Show rows: images as a grid, points of two dimensions over the real ones, anything else as a heat map.

    Args:
        rows: (N, ...) in the range of `spec`.
        spec: What a row is.
        real: Rows of the data set to show beside where that helps.
    """
    if spec.is_image:
        return image_grid(pixels(rows, spec))
    figure, axes = new_figure(5.0, 4.5)
    if spec.shape == (2,):
        axes.scatter(*real.T, s=6, color=GRAY, alpha=0.35, linewidths=0, label="held out")
        axes.scatter(*rows.T, s=9, color=COLOUR, linewidths=0, label="samples")
        axes.set_aspect("equal", adjustable="datalim")
        legend(axes)
        return figure
    shown = axes.imshow(rows.reshape(len(rows), -1), aspect="auto", cmap="viridis", vmin=spec.low, vmax=spec.high)
    axes.set(xlabel="feature", ylabel="sample")
    figure.colorbar(shown, ax=axes)
    return figure


def new_figure(width: float, height: float) -> tuple[Figure, Any]:
    """Return a figure that no global state knows of, and its one panel."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    return figure, figure.add_subplot()


def legend(axes: Axes, **options: Any) -> None:
    """Put the legend beside a panel, where it covers no point."""
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9, markerscale=1.6, **options)
