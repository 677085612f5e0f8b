"""Intervals as wide as they have to be."""

from __future__ import annotations

import numpy as np
import pytest

from predictors.forecasting.calibration import PRIOR, widened, widening

LEVELS = (0.1, 0.5, 0.9)
MANY = np.inf


def test_the_factor_by_hand() -> None:
    # Errors in units of the half interval on their side: 1, 2, 3 and, below, -4 / 2.
    quantiles = np.tile([-2.0, 0.0, 1.0], (4, 1, 1, 1))
    true = np.array([1.0, 2.0, 3.0, -4.0])[:, None, None]
    # ceil(0.8 * 5) = 4: the largest of 1, 2, 2, 3.
    assert widening(quantiles, true, LEVELS, MANY) == 3.0
    assert widening(quantiles, true, (0.3, 0.5, 0.7), MANY) == 2.0
    # As many windows as the prior has take half of the logarithm.
    assert widening(quantiles, true, LEVELS, PRIOR) == pytest.approx(3.0**0.5)


def test_intervals_that_were_too_narrow_cover_what_they_should_on_other_rows() -> None:
    rng = np.random.default_rng(0)
    scale = rng.uniform(0.5, 5.0, (4_000, 1, 1))
    true = scale * rng.normal(size=(4_000, 1, 1))
    narrow = scale[..., None] * np.array([-0.4, 0.0, 0.4])
    factor = widening(narrow[:2_000], true[:2_000], LEVELS, MANY)
    found = widened(narrow[2_000:].astype(np.float32), LEVELS, factor)
    covered = (found[..., 0] <= true[2_000:]) & (true[2_000:] <= found[..., 2])
    assert covered.mean() == pytest.approx(0.8, abs=0.03)
    assert factor == pytest.approx(1.2816 / 0.4, rel=0.05)


def test_the_median_stays_and_points_are_no_intervals() -> None:
    quantiles = np.array([[-2.0, 0.5, 1.0]], np.float32)
    np.testing.assert_allclose(widened(quantiles, LEVELS, 2.0), [[-4.5, 0.5, 1.5]])
    assert widening(np.zeros((3, 1, 1, 1)), np.ones((3, 1, 1)), (0.5,), MANY) == 1.0
    assert widening(np.zeros((3, 1, 1, 3)), np.ones((3, 1, 1)), LEVELS, MANY) == 10.0
