"""Coloured shapes of known factors: what a latent space has learnt can be held against what made the picture."""

from __future__ import annotations

import functools

import numpy as np

from generative.data.dataset import Dataset, DataSpec
from generative.datasets.conversion.fields import centres, read
from generative.datasets.synthetic import TEST, TRAIN, check_counts, even_labels, stream

SIDE = 32
SHAPES = ("square", "ellipse", "triangle", "star", "cross")
# Ranges of the factors, each drawn evenly and apart from the others. Within 30 degrees no shape looks like itself
# turned, so that each picture has one rotation.
RANGES = {
    "hue": (0.0, 1.0),  # of the colour wheel: 0 red, 1/3 green, 2/3 blue
    "size": (0.2, 0.33),  # of the side: from the centre to the farthest corner
    "x": (0.37, 0.63),  # of the side, from the left
    "y": (0.37, 0.63),  # of the side, from the top
    "rotation": (-30.0, 30.0),  # degrees, anticlockwise
}
SATURATION = 0.85
CHUNK = 2_000
# Of the distance fields that the shapes are read from, and how far they reach beyond a shape's farthest corner.
TEXELS = 256
HALF = 1.5
_CORNERS = np.radians(90.0 + 36.0 * np.arange(10))
_STAR = np.stack([np.cos(_CORNERS), np.sin(_CORNERS)], axis=1) * np.where(np.arange(10) % 2, 0.45, 1.0)[:, None]
_THIRDS = np.radians(90.0 + 120.0 * np.arange(3))
_POLYGONS = {
    "square": np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) / np.sqrt(2.0),
    "triangle": np.stack([np.cos(_THIRDS), np.sin(_THIRDS)], axis=1),
    "star": _STAR,
    "cross": np.array(
        [[1, 3], [-1, 3], [-1, 1], [-3, 1], [-3, -1], [-1, -1], [-1, -3], [1, -3], [1, -1], [3, -1], [3, 1], [1, 1]]
    )
    / np.sqrt(10.0),
}
_ASPECT = 0.55


def load(train: int = 20_000, test: int = 4_000, seed: int = 0) -> Dataset:
    """Return single shapes on black, uint8 (32, 32, 3), anti-aliased, with the shape as label.

    `train_factors` and `test_factors` hold hue, size, x, y and rotation by name, float32 (N,), in units of `RANGES`,
    and the shape's number. All factors are independent; the shape is always whole.

    Args:
        train, test: Rows.
        seed: Another seed gives other rows.

    Raises:
        UsageError: When a number does not fit.
    """
    check_counts("shapes", train, test, seed)
    spec = DataSpec((SIDE, SIDE, 3), "uint8", 0.0, 255.0, len(SHAPES), "shapes", class_names=SHAPES)
    parts = []
    for count, split in ((train, TRAIN), (test, TEST)):
        rng = stream(seed, split)
        labels = even_labels(count, len(SHAPES), rng)
        factors = {name: rng.uniform(*limits, count).astype(np.float32) for name, limits in RANGES.items()}
        parts.append((draw(labels, factors), labels, {"shape": labels.astype(np.float32), **factors}))
    (rows, labels, factors), (test_rows, test_labels, test_factors) = parts
    return Dataset(rows, test_rows, spec, labels, test_labels, "shapes", None, factors, test_factors)


def draw(labels: np.ndarray, factors: dict[str, np.ndarray]) -> np.ndarray:
    """Return the pictures of given factors, such as a walk along one of them.

    Args:
        labels: Whole numbers (N,), places in `SHAPES`.
        factors: float (N,) for each name in `RANGES`.

    Returns:
        uint8 (N, 32, 32, 3).
    """
    rows = np.empty((len(labels), SIDE, SIDE, 3), np.uint8)
    for start in range(0, len(labels), CHUNK):
        part = slice(start, start + CHUNK)
        these = {name: np.asarray(factors[name][part], np.float64) for name in RANGES}
        covered = _coverage(np.asarray(labels[part], np.int64), these)[..., None]
        rows[part] = np.rint(covered * _colours(these["hue"])[:, None, None, :] * 255.0)
    return rows


def _coverage(labels: np.ndarray, factors: dict[str, np.ndarray]) -> np.ndarray:
    """Return how much of each pixel the shape covers, (N, SIDE, SIDE), from the distance to its edge."""
    pixel = (np.arange(SIDE) + 0.5) / SIDE
    right = pixel[None, None, :] - factors["x"][:, None, None]
    up = factors["y"][:, None, None] - pixel[None, :, None]
    angle = np.radians(factors["rotation"])[:, None, None]
    size = factors["size"][:, None, None]
    # The pixels in the shape's own coordinates, where its farthest corner is at distance 1.
    x = (right * np.cos(angle) + up * np.sin(angle)) / size
    y = (up * np.cos(angle) - right * np.sin(angle)) / size
    depth = read(_fields(), labels[:, None, None], x, y, HALF)
    return np.clip(depth * size * SIDE + 0.5, 0.0, 1.0)


@functools.cache
def _fields() -> np.ndarray:
    points = np.stack(centres(TEXELS, HALF), axis=-1)
    return np.stack([_ellipse(points) if name == "ellipse" else _polygon(points, _POLYGONS[name]) for name in SHAPES])


def _polygon(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Return the signed distance to a polygon's edge, positive inside."""
    nearest = np.full(points.shape[:-1], np.inf)
    inside = np.zeros(points.shape[:-1], bool)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        side, to = end - start, points - start
        along = np.clip(to @ side / (side @ side), 0.0, 1.0)
        nearest = np.minimum(nearest, np.square(to - along[..., None] * side).sum(axis=-1))
        crosses = (start[1] > points[..., 1]) != (end[1] > points[..., 1])
        if side[1] != 0.0:
            inside ^= crosses & (points[..., 0] < start[0] + (points[..., 1] - start[1]) / side[1] * side[0])
    return np.where(inside, 1.0, -1.0) * np.sqrt(nearest)


def _ellipse(points: np.ndarray) -> np.ndarray:
    """Return the distance to an upright ellipse's edge, to first order: the implicit function by its gradient."""
    x, y = points[..., 0] / _ASPECT, points[..., 1]
    value = np.hypot(x, y)
    gradient = np.hypot(x / _ASPECT, y) / np.maximum(value, 1e-9)
    return (1.0 - value) / np.maximum(gradient, 1e-9)


def _colours(hue: np.ndarray) -> np.ndarray:
    """Return full-bright RGB in [0, 1] of hues in [0, 1]; (N, 3)."""
    wheel = np.abs((hue[:, None] * 6.0 + np.array([0.0, 4.0, 2.0])) % 6.0 - 3.0) - 1.0
    return 1.0 - SATURATION * (1.0 - np.clip(wheel, 0.0, 1.0))
