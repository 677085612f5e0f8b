"""Characters in matplotlib's own fonts, bent and thickened at random: as many images as wanted, without a download."""

from __future__ import annotations

import functools

import numpy as np

from generative.data.dataset import Dataset, DataSpec
from generative.datasets.conversion.fields import read
from generative.datasets.drawn.outlines import CHARACTERS, FONTS, outlines
from generative.datasets.synthetic import TEST, TRAIN, check_counts, even_labels, frozen, stream

SIDE = 28
CAP_HEIGHT = (17.0, 21.0)  # pixels
LARGEST = 23.0  # pixels, the longer side of a character without its stroke's growth
ROTATION = 12.0  # degrees, either way
SHEAR = 0.2  # of the height, either way
STRETCH = 0.12  # of the width, either way, the height inversely
SHIFT = 1.5  # pixels, either way
WEIGHT = (-0.15, 0.5)  # pixels by which a stroke's edges move outwards
CHUNK = 2_000


def load(train: int = 20_000, test: int = 4_000, seed: int = 0) -> Dataset:
    """Return what `make` does, made once a process."""
    return make(train, test, seed)


@functools.lru_cache(maxsize=2)
def make(train: int = 20_000, test: int = 4_000, seed: int = 0) -> Dataset:
    """Return characters 0-9, A-Z, a-z (62 labels, in this order), uint8 (28, 28, 1), white on black.

    Every label comes as often as any other, give or take one. Each row is a character of one of 21 fonts, rotated,
    sheared, stretched, scaled, thickened and shifted by random amounts (the constants above), always whole and at
    least a pixel from the frame. Capitals are larger than small letters, as in text. Training and test rows come from
    streams of their own: more training rows change no test row. The arrays are shared, hence read-only.

    Args:
        train: Training rows.
        test: Test rows.
        seed: Another seed gives other rows.

    Raises:
        UsageError: When a number does not fit.
    """
    check_counts("glyphs", train, test, seed)
    spec = DataSpec((SIDE, SIDE, 1), "uint8", 0.0, 255.0, len(CHARACTERS), "glyphs", class_names=tuple(CHARACTERS))
    train_rows, train_labels = _draw(train, stream(seed, TRAIN))
    test_rows, test_labels = _draw(test, stream(seed, TEST))
    return Dataset(train_rows, test_rows, spec, train_labels, test_labels, kind="glyphs")


def _draw(count: int, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    labels = even_labels(count, len(CHARACTERS), rng)
    rows = np.empty((count, SIDE, SIDE, 1), np.uint8)
    for start in range(0, count, CHUNK):
        rows[start : start + CHUNK, :, :, 0] = _images(labels[start : start + CHUNK], rng)
    frozen(rows, labels)
    return rows, labels


def _images(labels: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    count, drawn = len(labels), outlines()
    fonts = rng.randint(len(FONTS), size=count)
    matrix = _matrices(count, rng)
    weight = rng.uniform(*WEIGHT, count)
    points = drawn.extremes[fonts, labels] @ matrix.transpose(0, 2, 1)
    low, high = points.min(axis=1), points.max(axis=1)
    scale = np.minimum(rng.uniform(*CAP_HEIGHT, count), LARGEST / (high - low).max(axis=1))
    room = (SIDE - 2.0 - (high - low) * scale[:, None]) / 2.0 - np.maximum(weight, 0.0)[:, None] - 0.5
    shift = np.clip(rng.uniform(-SHIFT, SHIFT, (count, 2)), -room, room)
    # From pixels (y down) to the character's own coordinates (y up): the middle of its bounds lands on the shift.
    pixel = np.arange(SIDE) - (SIDE - 1) / 2.0
    x = (pixel - shift[:, :1])[:, None, :] / scale[:, None, None] + ((low + high) / 2.0)[:, 0, None, None]
    y = -(pixel - shift[:, 1:])[:, :, None] / scale[:, None, None] + ((low + high) / 2.0)[:, 1, None, None]
    back = np.linalg.inv(matrix)[:, :, :, None, None]
    half = drawn.half[fonts, labels][:, None, None]
    which = (fonts * len(CHARACTERS) + labels)[:, None, None]
    distance = read(
        drawn.fields, which, back[:, 0, 0] * x + back[:, 0, 1] * y, back[:, 1, 0] * x + back[:, 1, 1] * y, half
    )
    # A pixel is as white as the edge's distance leaves of it.
    covered = np.clip(distance * scale[:, None, None] + weight[:, None, None] + 0.5, 0.0, 1.0)
    return np.rint(covered * 255.0).astype(np.uint8)


def _matrices(count: int, rng: np.random.RandomState) -> np.ndarray:
    """Return random maps of the plane that keep areas: stretch, then shear, then rotation; (count, 2, 2)."""
    angle = np.radians(rng.uniform(-ROTATION, ROTATION, count))
    shear = rng.uniform(-SHEAR, SHEAR, count)
    stretch = 1.0 + rng.uniform(-STRETCH, STRETCH, count)
    cos, sin = np.cos(angle), np.sin(angle)
    rotation = np.array([[cos, -sin], [sin, cos]])
    bent = np.array([[stretch, shear / stretch], [np.zeros(count), 1.0 / stretch]])
    return np.einsum("ijn,jkn->nik", rotation, bent)
