"""Pictures of rows: grids of images, clouds of points, or a heat map of anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from generative.data.dataset import DataSpec
from lab.errors import bad_value
from lab.media.grids import image_grid
from lab.media.plotting import COLOUR, GRAY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GRID = 64
CLOUD = 500
# Rows of a class or of a way side by side, and how many classes are shown at most.
COLUMNS = 10
MOST_CLASSES = 12


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


def classes_picture(rows: np.ndarray, labels: np.ndarray, spec: DataSpec) -> np.ndarray | Figure:
    """Show rows by class: images a line each, anything else by its first two numbers.

    Args:
        rows: (K, n, ...) in the range of `spec`, n of each class.
        labels: Whole numbers (K,), one a class.
        spec: What a row is.
    """
    if spec.is_image:
        return image_grid(pixels(rows.reshape(-1, *spec.shape), spec), rows.shape[1])
    figure, axes = new_figure(5.0, 4.5)
    for label, each in zip(labels, rows.reshape(*rows.shape[:2], -1), strict=True):
        name = spec.label_name(label)
        axes.scatter(each[:, 0], each[:, min(1, each.shape[1] - 1)], s=8, linewidths=0, label=name)
    legend(axes, title="label")
    return figure


def members(spec: DataSpec) -> int:
    """Return how many rows of a class `classes_picture` needs."""
    return COLUMNS if spec.is_image else 200


def ways_picture(ways: np.ndarray, spec: DataSpec, real: np.ndarray) -> np.ndarray | Figure:
    """Show ways between rows: images a line each, anything else by its first two numbers over the real rows.

    Args:
        ways: (N, S, ...) in the range of `spec`, S rows a way.
        spec: What a row is.
        real: (M, ...) rows of the data set.
    """
    if spec.is_image:
        return image_grid(pixels(ways.reshape(-1, *spec.shape), spec), ways.shape[1])
    figure, axes = new_figure(5.0, 4.5)
    flat, held_out = ways.reshape(*ways.shape[:2], -1), real.reshape(len(real), -1)
    second = min(1, flat.shape[2] - 1)
    axes.scatter(held_out[:, 0], held_out[:, second], s=6, color=GRAY, alpha=0.35, linewidths=0, label="held out")
    for i, way in enumerate(flat):
        axes.plot(
            way[:, 0], way[:, second], "o-", color=COLOUR, markersize=3, linewidth=0.9, label=None if i else "ways"
        )
    legend(axes)
    return figure


def pixels_of(figure: np.ndarray | Figure) -> np.ndarray:
    """Draw a figure as uint8 (H, W, 3), for a frame of a video; an image stays as it is."""
    if isinstance(figure, np.ndarray):
        return figure
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def new_figure(width: float, height: float) -> tuple[Figure, Any]:
    """Return a figure that no global state knows of, and its one panel."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    return figure, figure.add_subplot()


def legend(axes: Axes, **options: Any) -> None:
    """Put the legend beside a panel, where it covers no point."""
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9, markerscale=1.6, **options)
