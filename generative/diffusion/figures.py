"""Figures of a diffusion model: how noise becomes rows, and gaps filled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from generative.figures import pictures
from generative.spec import DataSpec
from lab.media.grids import image_grid
from lab.media.plotting import COLOUR, GRAY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS = 8
PANELS = 5
# A video: images side by side, steps from noise to rows, and how many frames stay at the end.
CELLS = 36
FRAMES = 50
STAY = 20


def denoising_picture(path: np.ndarray, spec: DataSpec) -> np.ndarray | Figure:
    """Show how noise becomes rows: images a line each, anything else as clouds side by side.

    Args:
        path: float32 (S, N, ...) on [-1, 1], the rows after each step.
        spec: What a row is.
    """
    path = path[np.rint(np.linspace(0, len(path) - 1, pictures.COLUMNS)).astype(int)]
    return _columns(path, spec) if spec.is_image else _clouds(path, spec)


def inpainting_picture(rows: np.ndarray, mask: np.ndarray, filled: np.ndarray, spec: DataSpec) -> np.ndarray:
    """Show images, what was known of them, and what the gaps were filled with, one below the other.

    Args:
        rows, filled: (N, ...) in the range of `spec`.
        mask: bool (...), True where a value was known.
        spec: What a row is.
    """
    shown = [rows, np.where(mask, rows, np.asarray((spec.low + spec.high) / 2).astype(spec.dtype)), filled]
    return image_grid(pictures.pixels(np.concatenate(shown), spec), len(rows))


def path_frames(path: np.ndarray, spec: DataSpec, real: np.ndarray) -> Iterator[np.ndarray]:
    """Yield uint8 frames of noise that becomes rows; see `denoising_picture`.

    Args:
        path: float32 (S, N, ...) on [-1, 1].
        spec: What a row is.
        real: (M, ...) rows of the data set, in its range.
    """
    for step in [*range(len(path)), *[len(path) - 1] * STAY]:
        if spec.is_image:
            yield image_grid(pictures.pixels(spec.quantise(path[step]), spec))
        else:
            yield pictures.pixels_of(_cloud(path[step], spec, real))


def half(spec: DataSpec) -> np.ndarray:
    """Return a mask of a row's shape that knows the upper half of it."""
    mask = np.zeros(spec.shape, bool)
    mask[: spec.shape[0] // 2] = True
    return mask


def _columns(path: np.ndarray, spec: DataSpec) -> np.ndarray:
    rows = np.swapaxes(path, 0, 1).reshape(-1, *spec.shape)
    return image_grid(pictures.pixels(spec.quantise(rows), spec), len(path))


def _clouds(path: np.ndarray, spec: DataSpec) -> Figure:
    from matplotlib.figure import Figure

    chosen = path[np.rint(np.linspace(0, len(path) - 1, PANELS)).astype(int)]
    figure = Figure(figsize=(2.2 * len(chosen), 2.4), layout="constrained", facecolor="white")
    for i, rows in enumerate(chosen):
        axes = figure.add_subplot(1, len(chosen), i + 1)
        flat = rows.reshape(len(rows), -1)
        axes.scatter(flat[:, 0], flat[:, min(1, flat.shape[1] - 1)], s=4, color=COLOUR, linewidths=0)
        axes.set(xlim=(-2.5, 2.5), ylim=(-2.5, 2.5), xticks=[], yticks=[], aspect="equal")
    return figure


def _cloud(rows: np.ndarray, spec: DataSpec, real: np.ndarray) -> Figure:
    figure, axes = pictures.new_figure(4.8, 4.8)
    flat, held_out = rows.reshape(len(rows), -1), spec.normalise(real).reshape(len(real), -1)
    second = min(1, flat.shape[1] - 1)
    axes.scatter(held_out[:, 0], held_out[:, second], s=6, color=GRAY, alpha=0.35, linewidths=0)
    axes.scatter(flat[:, 0], flat[:, second], s=9, color=COLOUR, linewidths=0)
    axes.set(xlim=(-2.5, 2.5), ylim=(-2.5, 2.5), xticks=[], yticks=[], aspect="equal")
    return figure
