"""Figures of a diffusion model: rows by class, how noise becomes rows, ways between rows, gaps filled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from generative.data.dataset import Dataset, DataSpec
from generative.data.labels import label_values
from generative.figures import pictures
from lab.errors import UsageError
from lab.media.grids import image_grid
from lab.media.plotting import COLOUR, GRAY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from generative.diffusion.generator import Diffusion

COLUMNS = 10
ROWS = 8
PANELS = 5
# A video: images side by side, steps from noise to rows, and how many frames stay at the end.
CELLS = 36
FRAMES = 50
STAY = 20
MOST_CLASSES = 12


def picture(model: Diffusion, kind: str, data: Dataset) -> np.ndarray | Figure:
    """Show one of a model's kinds but samples: classes, denoising, interpolation or inpainting."""
    spec = model.spec
    if kind == "classes":
        return _classes(model)
    if kind == "denoising":
        path = model.sample_path(ROWS if spec.is_image else pictures.how_many(spec))
        path = path[np.rint(np.linspace(0, len(path) - 1, COLUMNS)).astype(int)]
        return _columns(path, spec) if spec.is_image else _clouds(path, spec)
    if kind == "interpolation":
        count = min(ROWS, len(data.test) // 2)
        ways = model.interpolate(data.test[:count], data.test[count : 2 * count], COLUMNS)
        if spec.is_image:
            return image_grid(pictures.pixels(ways.reshape(-1, *spec.shape), spec), COLUMNS)
        return pictures.ways_picture(ways, spec, data.test)
    rows, mask = data.test[:COLUMNS], half(spec)
    filled = model.inpaint(rows, mask)
    shown = [rows, np.where(mask, rows, np.asarray((spec.low + spec.high) / 2).astype(spec.dtype)), filled]
    return image_grid(pictures.pixels(np.concatenate(shown), spec), len(rows))


def frames(model: Diffusion, kind: str, data: Dataset) -> Iterator[np.ndarray]:
    """Yield frames of noise that becomes rows, or of ways between rows."""
    spec = model.spec
    if kind == "interpolation" and spec.is_image:
        count = min(CELLS, len(data.test) // 2)
        ways = model.interpolate(data.test[:count], data.test[count : 2 * count], FRAMES)
        for rows in np.swapaxes(ways, 0, 1):
            yield image_grid(pictures.pixels(rows, spec))
        return
    if kind not in ("samples", "denoising", "classes"):
        raise UsageError(f"{type(model).__name__} shows {kind!r} as a still picture only. Fix: render a .png.")
    steps = model.frame_steps(FRAMES)
    labels = None
    number = CELLS if spec.is_image else pictures.how_many(spec)
    if kind == "classes":
        labels = label_values(spec, np.arange(number) % model.classes)
    path = model.sample_path(number, sampler=model.frame_sampler, steps=steps, labels=labels)
    for step in [*range(len(path)), *[len(path) - 1] * STAY]:
        if spec.is_image:
            yield image_grid(pictures.pixels(spec.quantise(path[step]), spec))
        else:
            yield pictures.pixels_of(_cloud(path[step], spec, data.test))


def half(spec: DataSpec) -> np.ndarray:
    """Return a mask of a row's shape that knows the upper half of it."""
    mask = np.zeros(spec.shape, bool)
    mask[: spec.shape[0] // 2] = True
    return mask


def _classes(model: Diffusion) -> np.ndarray | Figure:
    spec, classes = model.spec, label_values(model.spec, np.arange(min(model.classes, MOST_CLASSES)))
    if spec.is_image:
        labels = np.repeat(classes, COLUMNS)
        return image_grid(pictures.pixels(model.sample(len(labels), labels=labels), spec), COLUMNS)
    figure, axes = pictures.new_figure(5.0, 4.5)
    for label in classes:
        rows = model.sample(200, labels=int(label)).reshape(200, -1)
        axes.scatter(rows[:, 0], rows[:, min(1, rows.shape[1] - 1)], s=8, linewidths=0, label=spec.label_name(label))
    pictures.legend(axes, title="label")
    return figure


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
