"""Reconstruction errors and their baselines, against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from generative import Dataset, DataSpec
from generative.metrics import psnr, squared_error
from generative.metrics.reconstruction import mean_row_error, pca_error

SPEC = DataSpec((2,), "uint8", 0.0, 10.0)


def test_errors_are_fractions_of_the_range() -> None:
    data = Dataset(np.zeros((2, 2), np.uint8), np.array([[0, 10], [5, 5]], np.uint8), SPEC)
    assert squared_error(data, np.array([[0, 5], [5, 6]], np.uint8)) == pytest.approx((0.25 + 0.01) / 4)


def test_psnr_by_hand() -> None:
    assert psnr(0.01) == pytest.approx(20.0) and psnr(0.0) == math.inf


def test_the_mean_row_is_of_the_training_rows_and_quantised() -> None:
    # The mean (5/3, 4) is rounded to (2, 4).
    data = Dataset(np.array([[1, 4], [2, 4], [2, 4]], np.uint8), np.array([[3, 4]], np.uint8), SPEC)
    assert mean_row_error(data) == pytest.approx(0.1**2 / 2)


def test_principal_components_restore_what_they_span() -> None:
    steps = np.linspace(-1, 1, 21)
    train = np.stack([steps, 2 * steps, -steps], axis=1)
    spec = DataSpec((3,), "float64", -2.0, 2.0, bounded=False)
    on_the_line = Dataset(train, 0.3 * train, spec)
    assert pca_error(on_the_line, 1) == pytest.approx(0.0, abs=1e-12)
    # (1, 0, 1) is orthogonal to the line: all of it is lost, as a fraction of a range of 4.
    off_the_line = Dataset(train, np.array([[1.0, 0.0, 1.0]]), spec)
    assert pca_error(off_the_line, 1) == pytest.approx(2 / 16 / 3)
    assert pca_error(off_the_line, 99) == pytest.approx(0.0, abs=1e-12)
