"""Normalises a data set by the statistics of its training rows, or each row by its own."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from generative.spec import DataSpec
from lab.errors import bad_value

KINDS = ("feature", "sample")
CHUNK = 4_096
# Standard deviations on [-1, 1] that are none: of rows scaled in float32, and in float64.
LEAST, LEAST_WIDE = 1e-6, 1e-13


class Normalised(NamedTuple):
    """Rows to train on and rows held out, (N, ...) each, and what a row of them is."""

    train: np.ndarray
    test: np.ndarray
    spec: DataSpec


def normalised(train: np.ndarray, test: np.ndarray, spec: DataSpec, by: str) -> Normalised:
    """Return a data set's rows normalised feature-wise or sample-wise.

    "feature": what generators see changes, the data do not. Every channel of images, or column of points, is centred
    on its mean over the training rows and divided by its standard deviation, then all by the one factor that brings
    the declared range (of points: the training rows) into [-1, 1], which holds for every data set. So all features
    have mean 0 and the same deviation; samples, metrics and pictures stay in the data set's own range.

    "sample": the data themselves change, training and test rows alike, for there is no way back: every image is
    centred on its own mean and divided by its own standard deviation. The declared range becomes the largest absolute
    value of the training rows, either way, to which test rows are clipped; rows become float32, even images zeros.

    Args:
        train, test: (N, ...) rows in the range of `spec`.
        spec: What a row is.
        by: "feature" or "sample".

    Raises:
        UsageError: On another word, or rows that it does not fit.
    """
    if by not in KINDS:
        raise bad_value("normalised", "by", by, "one of " + ", ".join(map(repr, KINDS)))
    return (_by_feature if by == "feature" else _by_sample)(train, test, spec)


def _by_feature(train: np.ndarray, test: np.ndarray, spec: DataSpec) -> Normalised:
    plain = dataclasses.replace(spec, centre=None, spread=None)
    features = plain.shape[-1] if len(plain.shape) != 2 else 1
    centre, deviation = _moments(train, plain, features)
    # What never differs stays 0, whatever it is divided by.
    deviation = np.where(deviation < (LEAST_WIDE if plain.is_wide else LEAST), 1.0, deviation)
    if plain.bounded:
        farthest = (1.0 + np.abs(centre)) / deviation
    else:
        values = _scaled(train, plain) if plain.is_wide else plain.normalise(train)
        farthest = np.abs((values.reshape(-1, features) - centre) / deviation).max(axis=0)
    scale = deviation * max(float(farthest.max()), 1e-6)
    spec = dataclasses.replace(plain, centre=tuple(centre.tolist()), spread=tuple(scale.tolist()))
    return Normalised(train, test, spec)


def _moments(rows: np.ndarray, plain: DataSpec, features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each feature on [-1, 1], float64 (features,)."""
    if plain.is_wide:
        # In two passes: of features far from zero the difference of squares would be lost.
        values = _scaled(rows, plain).reshape(-1, features)
        return values.mean(axis=0), values.std(axis=0)
    count, total, squares = 0, np.zeros(features), np.zeros(features)
    for start in range(0, len(rows), CHUNK):
        values = plain.normalise(rows[start : start + CHUNK]).reshape(-1, features).astype(np.float64)
        count, total, squares = count + len(values), total + values.sum(axis=0), squares + np.square(values).sum(axis=0)
    centre = total / count
    return centre, np.sqrt(np.maximum(squares / count - np.square(centre), 0.0))


def _scaled(rows: np.ndarray, plain: DataSpec) -> np.ndarray:
    return plain.fractions(rows) * 2.0 - 1.0


def _by_sample(train: np.ndarray, test: np.ndarray, spec: DataSpec) -> Normalised:
    if not spec.is_image:
        raise bad_value("normalised", "rows of shape", spec.shape, "images, to normalise each by itself")
    train, test = (_standardised(rows) for rows in (train, test))
    limit = float(np.abs(train).max())
    if limit == 0.0:
        raise bad_value("normalised", "images", "even ones alone", "images that show something")
    spec = dataclasses.replace(spec, dtype="float32", low=-limit, high=limit, bounded=True, centre=None, spread=None)
    return Normalised(train, np.clip(test, -limit, limit), spec)


def _standardised(rows: np.ndarray) -> np.ndarray:
    result = np.empty(rows.shape, np.float32)
    axes = tuple(range(1, rows.ndim))
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK].astype(np.float64)
        part -= part.mean(axis=axes, keepdims=True)
        deviation = part.std(axis=axes, keepdims=True)
        result[start : start + CHUNK] = part / np.where(deviation == 0.0, 1.0, deviation)
    return result
