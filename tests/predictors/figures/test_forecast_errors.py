"""The figure of errors by steps ahead."""

from __future__ import annotations

import numpy as np
import pytest

from lab import UsageError
from predictors.figures import horizon_figure

TRUE = np.array([[1.0, 2.0], [3.0, 4.0]])


def test_it_draws_the_mean_absolute_error_and_the_coverage_of_each_step() -> None:
    forecasts = {"mine": TRUE + np.array([[1.0, -3.0], [2.0, 1.0]]), "naive": TRUE}
    figure = horizon_figure(TRUE, forecasts, (TRUE - 0.5, TRUE + np.array([[1.0, -0.2], [1.0, 1.0]])), 0.8, "waves")
    errors, coverage = figure.axes
    np.testing.assert_allclose(errors.lines[0].get_ydata(), [1.5, 2.0])
    np.testing.assert_allclose(errors.lines[1].get_ydata(), [0.0, 0.0])
    np.testing.assert_allclose(coverage.lines[1].get_ydata(), [1.0, 0.5])
    assert "waves" in errors.get_title(loc="left")


def test_forecasts_of_another_shape_are_refused() -> None:
    with pytest.raises(UsageError, match="of shape"):
        horizon_figure(TRUE, {"mine": TRUE[:1]})
