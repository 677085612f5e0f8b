"""Figures of a GAN: rows by class, ways between rows, and the losses of both players."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from generative.data.dataset import Dataset
from generative.data.labels import label_values
from generative.figures import pictures
from generative.figures.slerp import slerp
from lab.media.grids import image_grid
from lab.media.plotting import COLOUR

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from generative.gan.generator import GAN

COLUMNS = 10
ROWS = 8
MOST_CLASSES = 12
# A video: images side by side, how far each one walks, and how slowly.
CELLS = 36
LEGS = 4
FRAMES_A_LEG = 20
OTHER = "#c05f1a"


def picture(model: GAN, kind: str, data: Dataset) -> np.ndarray | Figure:
    """Show one of a model's kinds but samples: classes, interpolation or players."""
    if kind == "players":
        return players(model)
    return _classes(model) if kind == "classes" else _interpolation(model, data)


def players(model: GAN) -> Figure:
    """Draw the losses of both players over the updates."""
    figure, axes = pictures.new_figure(7.0, 4.0)
    updates, losses = model.curves.means()
    for i, (name, colour) in enumerate((("discriminator", COLOUR), ("generator", OTHER))):
        axes.plot(updates, losses[:, i], color=colour, linewidth=1.4, label=name)
    axes.set_title(f"{type(model).__name__} on {model.spec.name}: losses of both players", fontsize=10, loc="left")
    axes.set(xlabel="updates", ylabel="loss, without penalties")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e8ec", linewidth=0.6)
    pictures.legend(axes)
    return figure


def frames(model: GAN, data: Dataset) -> Iterator[np.ndarray]:
    """Yield frames of rows that turn into others, and at the end into those of the beginning."""
    spec, rng = model.spec, model.rng(None)
    number = CELLS if spec.is_image else pictures.how_many(spec)
    stops = rng.standard_normal((LEGS, number, model.latent_size), np.float32)
    labels = model.drawn_labels(number, model.rng(None, 1))
    # Slow at both ends of a leg, so that every stop can be seen.
    shares = 0.5 - 0.5 * np.cos(np.pi * np.arange(FRAMES_A_LEG) / FRAMES_A_LEG)
    for leg in range(LEGS):
        way = slerp(stops[leg], stops[(leg + 1) % LEGS], shares)
        for latents in np.swapaxes(way, 0, 1):
            rows = model.decode(latents, labels)
            shown = pictures.rows_picture(rows, spec, data.test)
            yield shown if isinstance(shown, np.ndarray) else pictures.pixels_of(shown)


def _classes(model: GAN) -> np.ndarray | Figure:
    spec, classes = model.spec, label_values(model.spec, np.arange(min(model.classes, MOST_CLASSES)))
    if spec.is_image:
        labels = np.repeat(classes, COLUMNS)
        return image_grid(pictures.pixels(model.sample(len(labels), labels=labels), spec), COLUMNS)
    figure, axes = pictures.new_figure(5.0, 4.5)
    for label in classes:
        rows = model.sample(200, labels=label).reshape(200, -1)
        axes.scatter(rows[:, 0], rows[:, min(1, rows.shape[1] - 1)], s=8, linewidths=0, label=spec.label_name(label))
    pictures.legend(axes, title="label")
    return figure


def _interpolation(model: GAN, data: Dataset) -> np.ndarray | Figure:
    spec, rng = model.spec, model.rng(None)
    first, second = rng.standard_normal((2, ROWS, model.latent_size), np.float32)
    columns = COLUMNS if spec.is_image else 4 * COLUMNS
    labels = model.drawn_labels(ROWS, model.rng(None, 1))
    way = slerp(first, second, np.linspace(0.0, 1.0, columns)).reshape(ROWS * columns, -1)
    # A way keeps its label.
    rows = model.decode(way, None if labels is None else np.repeat(labels, columns))
    if spec.is_image:
        return image_grid(pictures.pixels(rows, spec), columns)
    return pictures.ways_picture(rows.reshape(ROWS, columns, -1), spec, data.test)
