"""Figures of an autoencoder: what it restores, how its latents lie, and ways between them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from generative.data.dataset import DataSpec
from generative.figures import pictures
from lab.media.grids import image_grid
from lab.media.plotting import COLOUR, GRAY

COLUMNS = 12
BLOCKS = 2
# Of a video: images side by side, how far each one walks, and how slowly.
CELLS = 16
LEGS = 4
FRAMES_A_LEG = 20
# t-SNE grows faster than linearly, and a figure shows no more points than this well.
MOST_POINTS = 1_000
PERPLEXITY = 30.0


def balanced(rows: np.ndarray, labels: np.ndarray | None, number: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Return rows that take turns through the classes, in the order of the data, and their labels or None.

    Args:
        rows: (N, ...).
        labels: (N,), or None; then it is the first rows.
        number: How many at most.
    """
    if labels is None:
        return rows[:number], None
    turns = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        turns[members] = np.arange(len(members))
    order = np.lexsort((labels, turns))[:number]
    return rows[order], labels[order]


def reconstructions_figure(rows: np.ndarray, restored: np.ndarray, spec: DataSpec) -> Figure:
    """Draw inputs over their reconstructions.

    Args:
        rows: (N, ...) in the range of `spec`: images, points of two dimensions, or curves over features.
        restored: What the autoencoder makes of them, (N, ...).
        spec: What a row is.
    """
    if spec.is_image:
        return _image_pairs(pictures.pixels(rows, spec), pictures.pixels(restored, spec))
    return _pairs(rows, restored, spec)


def denoising_figure(clean: np.ndarray, damaged: np.ndarray, restored: np.ndarray, spec: DataSpec) -> Figure:
    """Draw clean images, what was made of them, and what is restored from that; other rows without the clean ones.

    Args:
        clean, damaged, restored: (N, ...) in the range of `spec`.
        spec: What a row is.
    """
    if not spec.is_image:
        return _pairs(damaged, restored, spec)
    strips = [("clean", clean), ("input", damaged), ("reconstruction", restored)]
    return image_rows([(name, pictures.pixels(rows, spec)) for name, rows in strips])


def _pairs(rows: np.ndarray, restored: np.ndarray, spec: DataSpec) -> Figure:
    figure, axes = pictures.new_figure(6.0, 4.5)
    if spec.shape == (2,):
        axes.plot(*np.stack([rows, restored], axis=2).T.swapaxes(0, 1), color="#c9cdd3", linewidth=0.8, zorder=1)
        axes.scatter(*rows.T, s=14, color=GRAY, linewidths=0, label="input")
        axes.scatter(*restored.T, s=14, color=COLOUR, linewidths=0, label="reconstruction")
        axes.set_aspect("equal", adjustable="datalim")
    else:
        features = np.arange(rows[0].size)
        for i, (row, answer) in enumerate(zip(rows, restored, strict=True)):
            axes.plot(features, row.ravel(), color=GRAY, linewidth=1.0, label="input" if i == 0 else None)
            axes.plot(features, answer.ravel(), color=COLOUR, linewidth=1.0, label=None if i else "reconstruction")
        axes.set_xlabel("feature")
    pictures.legend(axes)
    return figure


def latent_figure(latents: np.ndarray, labels: np.ndarray | None, name: str) -> Figure:
    """Draw latents on a plane, coloured by label: as they are in two dimensions, otherwise by t-SNE.

    t-SNE (van der Maaten and Hinton 2008) keeps neighbours together; distances between groups mean little.

    Args:
        latents: float32 (N, L).
        labels: int32 (N,) or None.
        name: Of the data set.
    """
    figure, axes = pictures.new_figure(6.4, 5.0)
    points, method = on_a_plane(latents)
    if labels is None:
        axes.scatter(*points.T, s=14, color=COLOUR, linewidths=0)
    else:
        classes = np.unique(labels)
        for label, colour in zip(classes, colours(len(classes)), strict=True):
            axes.scatter(*points[labels == label].T, s=16, color=colour, linewidths=0, label=str(label))
        pictures.legend(axes, title="label", ncols=-(-len(classes) // 20))
    axes.set_title(f"{name}: latents of {len(latents)} held-out rows ({method})", fontsize=10, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    if method == "t-SNE":
        # Its axes have no unit and no meaning.
        axes.set_axis_off()
    return figure


def colours(number: int) -> list[tuple[float, ...]]:
    """Return colours for groups of points, told apart as well as so many can be."""
    import matplotlib

    few = number <= 10
    shades = matplotlib.colormaps["tab10" if few else "gist_rainbow"]
    return [shades(i if few else i / (number - 1)) for i in range(number)]


def between(latents: np.ndarray) -> Iterator[np.ndarray]:
    """Yield what lies on the straight ways from each latent to the next, and from the last back to the first.

    Args:
        latents: (N, L).

    Yields:
        (N, L) a frame: row i begins at latent i and makes `LEGS` of its way; slow at both ends of a leg, so that
        every latent can be seen.
    """
    for leg in range(min(LEGS, len(latents))):
        start, end = np.roll(latents, -leg, axis=0), np.roll(latents, -leg - 1, axis=0)
        for frame in range(FRAMES_A_LEG):
            fraction = 0.5 - 0.5 * np.cos(np.pi * frame / FRAMES_A_LEG)
            yield (1.0 - fraction) * start + fraction * end


def strips(latents: np.ndarray) -> np.ndarray:
    """Return, one below the other, the ways from each latent to the next in `COLUMNS` equal steps.

    Args:
        latents: (N, L).

    Returns:
        ((N - 1) * COLUMNS, L), or N * COLUMNS equal rows for N = 1.
    """
    fractions = np.linspace(0.0, 1.0, COLUMNS)[:, None]
    pairs = itertools.pairwise(latents) if len(latents) > 1 else [(latents[0], latents[0])]
    return np.concatenate([(1.0 - fractions) * start + fractions * end for start, end in pairs])


def _image_pairs(inputs: np.ndarray, restored: np.ndarray) -> Figure:
    columns = min(COLUMNS, len(inputs))
    strips = []
    for start in range(0, len(inputs), columns):
        block = slice(start, start + columns)
        strips += [("input", inputs[block]), ("reconstruction", restored[block])]
    return image_rows(strips)


def image_rows(strips: list[tuple[str, np.ndarray]]) -> Figure:
    """Draw one strip of uint8 images below the other, each with its name."""
    columns = len(strips[0][1])
    margin = 1.25
    width = 0.62 * columns + margin
    figure = Figure(figsize=(width, 0.7 * len(strips)), facecolor="white")
    figure.subplots_adjust(left=margin / width, right=0.995, bottom=0.01, top=0.99, hspace=0.1)
    panels = figure.subplots(len(strips), 1, squeeze=False)[:, 0]
    for axes, (name, images) in zip(panels, strips, strict=True):
        axes.imshow(image_grid(images, columns))
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9, color=GRAY)
    return figure


def on_a_plane(latents: np.ndarray) -> tuple[np.ndarray, str]:
    """Return latents (N, L) as points (N, 2), and in words how."""
    count, size = latents.shape
    if size == 2:
        return latents, "both dimensions"
    if size == 1 or count < 4:
        return np.stack([latents[:, 0], np.zeros(count)], axis=1), "first dimension"
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(PERPLEXITY, (count - 1) / 3.0)
    # For a few hundred rows more threads only wait for each other, twenty times as long where cores are shared.
    with threadpool_limits(1):
        return TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(latents), "t-SNE"


def codes_figure(rows: np.ndarray, codes: np.ndarray, restored: np.ndarray, number: int, spec: DataSpec) -> Figure:
    """Draw inputs, the grids of codes that stand for them, and what is restored from these.

    Args:
        rows: Images (N, ...) in the range of `spec`.
        codes: int32 (N, h, w).
        restored: Images (N, ...).
        number: How many different codes there are; each has a colour of its own.
        spec: What a row is.
    """
    import matplotlib

    # Neighbouring numbers mean nothing, so neighbouring colours shall not either.
    order = np.random.default_rng(0).permutation(number)
    shades = matplotlib.colormaps["gist_rainbow"](order / number)[:, :3] * 255.0
    images = pictures.pixels(rows, spec)
    height, width = images.shape[1:3]
    tiles = np.rint(shades[codes]).astype(np.uint8)
    tiles = tiles.repeat(-(-height // tiles.shape[1]), axis=1).repeat(-(-width // tiles.shape[2]), axis=2)
    blocks = (images, tiles[:, :height, :width], pictures.pixels(restored, spec))
    return image_rows(list(zip(("input", "codes", "reconstruction"), blocks, strict=True)))
