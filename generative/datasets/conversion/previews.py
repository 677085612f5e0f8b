"""One figure of a data set: rows of every class, and what augmentation makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from generative.data.dataset import Dataset
from generative.figures.pictures import legend, new_figure, pixels
from lab.errors import bad_value
from lab.media.grids import image_grid
from lab.media.plotting import COLOUR, GRAY
from lab.seeding import Seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS, VERSIONS = 10, 8
CLOUD = 1_500


def preview(data: Dataset, seed: int = 0) -> Figure:
    """Show a data set before anything is trained on it.

    Images: a line for each of up to ten classes; with an augmentation, the first picture of a line is the row as it is
    and the others are versions of it as training may meet them. Points: a cloud, coloured by class; with an
    augmentation, the same rows changed. Anything else: a heat map.

    Args:
        data: The data set.
        seed: Of the versions; the same as an experiment's shows what its first updates would do.
    """
    if not isinstance(data, Dataset):
        raise bad_value("preview", "data", type(data).__name__, "a Dataset", "generative.datasets.load(source).")
    if data.spec.is_image:
        return _images(data, seed)
    if data.spec.shape == (2,):
        return _cloud(data, seed)
    figure, axes = new_figure(5.0, 4.5)
    rows = _versions(data, data.train[:64], 1, seed)[0]
    axes.imshow(rows.reshape(len(rows), -1), aspect="auto", cmap="viridis", vmin=data.spec.low, vmax=data.spec.high)
    axes.set(title=_title(data), xlabel="feature", ylabel="row")
    return figure


def _images(data: Dataset, seed: int) -> Figure:
    chosen = _chosen(data)
    originals = data.train[chosen]
    if data.augmentation is None:
        lines = np.stack([originals, *([data.train[_chosen(data, skip=i)] for i in range(1, VERSIONS + 1)])], axis=1)
    else:
        lines = np.stack([originals, *_versions(data, originals, VERSIONS, seed)], axis=1)
    columns = lines.shape[1]
    cells = pixels(lines.reshape(-1, *data.spec.shape), data.spec)
    grid = image_grid(cells, columns)
    width = 0.62 * columns
    figure, axes = new_figure(width + 0.9, width * grid.shape[0] / grid.shape[1] + 0.6)
    axes.imshow(grid, interpolation="nearest")
    middles = (np.arange(len(chosen)) + 0.5) * (grid.shape[0] / len(chosen))
    if data.train_labels is not None:
        axes.set_yticks(middles, [data.spec.label_name(label) for label in data.train_labels[chosen]])
    else:
        axes.set_yticks([])
    axes.set_xticks([])
    if data.augmentation is not None:
        axes.set_xticks([grid.shape[1] / columns / 2, grid.shape[1] * (columns + 1) / columns / 2], ["row", "versions"])
    axes.tick_params(length=0, labelsize=9, colors=GRAY)
    axes.spines[:].set_visible(False)
    axes.set_title(_title(data), fontsize=9.5, loc="left")
    return figure


def _cloud(data: Dataset, seed: int) -> Figure:
    figure, axes = new_figure(5.4, 4.2)
    rows = data.train[:CLOUD]
    labels = None if data.train_labels is None else data.train_labels[:CLOUD]
    shown = rows if data.augmentation is None else _versions(data, rows, 1, seed)[0]
    if data.augmentation is not None:
        axes.scatter(rows[:, 0], rows[:, 1], s=5, color=GRAY, alpha=0.4, linewidths=0, label="row")
    _scatter(axes, shown, labels, data)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_title(_title(data), fontsize=9.5, loc="left")
    if labels is not None or data.augmentation is not None:
        legend(axes)
    return figure


def _scatter(axes: Axes, rows: np.ndarray, labels: np.ndarray | None, data: Dataset) -> None:
    if labels is None:
        axes.scatter(rows[:, 0], rows[:, 1], s=6, color=COLOUR, linewidths=0, label="version")
        return
    for label in np.unique(labels)[:ROWS]:
        x, y = rows[labels == label].T
        axes.scatter(x, y, s=6, color=f"C{label % 10}", linewidths=0, label=data.spec.label_name(label))


def _chosen(data: Dataset, skip: int = 0) -> np.ndarray:
    """Return training rows to show: one of each class, evenly among the classes, or simply the first."""
    if data.train_labels is None:
        return np.arange(skip * ROWS, (skip + 1) * ROWS) % len(data.train)
    present = np.unique(data.train_labels)
    present = present[np.unique(np.linspace(0, len(present) - 1, ROWS).astype(int))]
    places = [np.flatnonzero(data.train_labels == label) for label in present]
    return np.array([place[skip % len(place)] for place in places])


def _versions(data: Dataset, rows: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
    """Return augmented versions of rows, in the data set's range and type."""
    if data.augmentation is None:
        return [rows] * count
    import dataclasses

    from generative.augmentation.augmenting import Augmenter

    seeds = Seeds(seed)
    plain = dataclasses.replace(data.spec, centre=None, spread=None)
    augmenter = Augmenter(data.augmentation, plain, (seeds.integer("data", 0, 0), seeds.integer("data", 0, 1)))
    return [plain.quantise(augmenter(plain.normalise_tensor(rows), update).numpy()) for update in range(count)]


def _title(data: Dataset) -> str:
    spec = data.spec
    size, number = " x ".join(map(str, spec.shape)), f"{len(data.train):,} + {len(data.test):,}"
    title = f"{spec.name}: {number} rows of {size}, {spec.dtype} in [{spec.low:g}, {spec.high:g}]"
    return title if data.augmentation is None else f"{title}\n{data.augmentation.words}"
