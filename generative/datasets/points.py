"""Points in the plane whose distribution is known: what a generator learns of them can be seen at a glance."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from generative.data.dataset import Dataset, DataSpec
from generative.datasets.synthetic import TEST, TRAIN, check_counts, even_labels, stream
from lab.errors import bad_value

LAYOUTS = ("ring", "grid")


def moons(train: int = 10_000, test: int = 2_000, seed: int = 0, noise: float = 0.05) -> Dataset:
    """Return two half circles of radius 1 that reach into each other, with labels "upper" and "lower".

    The upper one is around (0, 0), the lower one around (1, 0.5), as in scikit-learn's `make_moons`.

    Args:
        train, test: Rows.
        seed: Another seed gives other rows.
        noise: Standard deviation of the Gaussian noise on both coordinates.
    """

    def draw(count: int, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
        labels = even_labels(count, 2, rng)
        angle = rng.uniform(0.0, np.pi, count)
        upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return np.where(labels[:, None] == 0, upper, [1.0, 0.5] - upper), labels

    spec = DataSpec((2,), "float32", -1.25, 2.25, 2, "moons", False, ("upper", "lower"))
    return _noisy(draw, spec, train, test, seed, noise)


def swiss_roll(train: int = 10_000, test: int = 2_000, seed: int = 0, noise: float = 0.02) -> Dataset:
    """Return a spiral of one and a half turns, even along its angle t: t (cos t, sin t) / 4.5 pi, t from 1.5 pi.

    It is the profile of scikit-learn's `make_swiss_roll`, brought to radius 1; it has no labels, and t as a factor.

    Args:
        train, test: Rows.
        seed: Another seed gives other rows.
        noise: Standard deviation of the Gaussian noise on both coordinates.
    """

    def draw(count: int, rng: np.random.RandomState) -> tuple[np.ndarray, None]:
        angle = rng.uniform(1.5 * np.pi, 4.5 * np.pi, count)
        return np.stack([np.cos(angle), np.sin(angle)], axis=1) * angle[:, None] / (4.5 * np.pi), None

    return _noisy(draw, DataSpec((2,), "float32", -1.1, 1.1, None, "swiss_roll", False), train, test, seed, noise)


def gaussians(
    train: int = 10_000,
    test: int = 2_000,
    seed: int = 0,
    components: int = 8,
    layout: str = "ring",
    deviation: float = 0.05,
) -> Dataset:
    """Return equally likely round Gaussians; the label is the component, so that missing modes can be counted.

    Args:
        train, test: Rows.
        seed: Another seed gives other rows.
        components: How many; a square number for a grid.
        layout: "ring" puts the means on the unit circle from (1, 0) on, "grid" evenly over [-1, 1] x [-1, 1].
        deviation: Standard deviation of each on both coordinates.
    """
    means = component_means(components, layout)

    def draw(count: int, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
        labels = even_labels(count, components, rng)
        return means[labels], labels

    spec = DataSpec((2,), "float32", -1.25, 1.25, components, "gaussians", False)
    return _noisy(draw, spec, train, test, seed, deviation)


def component_means(components: int = 8, layout: str = "ring") -> np.ndarray:
    """Return the means of `gaussians`, float64 (components, 2).

    Raises:
        UsageError: On a layout that is not known, or a number that does not fit it.
    """
    if layout not in LAYOUTS:
        raise bad_value("gaussians", "layout", layout, "one of " + ", ".join(map(repr, LAYOUTS)))
    side = math.isqrt(max(0, int(components)))
    if components < 1 or (layout == "grid" and (side * side != components or side < 2)):
        expected = "a square number >= 4, such as 25" if layout == "grid" else "a whole number >= 1"
        raise bad_value("gaussians", "components", components, expected)
    if layout == "grid":
        line = np.linspace(-1.0, 1.0, side)
        return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    angle = np.arange(components) * (2.0 * np.pi / components)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _noisy(
    draw: Callable[[int, np.random.RandomState], tuple[np.ndarray, np.ndarray | None]],
    spec: DataSpec,
    train: int,
    test: int,
    seed: int,
    noise: float,
) -> Dataset:
    check_counts(spec.name, train, test, seed)
    if not 0.0 <= noise < np.inf:
        raise bad_value(spec.name, "noise", noise, "a number >= 0")
    parts = []
    for count, split in ((train, TRAIN), (test, TEST)):
        rng = stream(seed, split)
        points, labels = draw(count, rng)
        parts.append(((points + noise * rng.standard_normal((count, 2))).astype(np.float32), labels))
    (train_rows, train_labels), (test_rows, test_labels) = parts
    return Dataset(train_rows, test_rows, spec, train_labels, test_labels, kind=spec.name)
