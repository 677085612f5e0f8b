"""Baselines of regression beside scikit-learn itself."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from predictors.baselines import regression_baselines

GENERATOR = np.random.default_rng(0)
INPUTS = GENERATOR.normal(size=(120, 3)) * [1.0, 10.0, 0.1]
TARGETS = np.stack([INPUTS @ [1.0, -0.2, 3.0] + 5.0, np.sign(INPUTS[:, 0])], axis=1)
SMALL = 1e-9


def test_by_hand_and_beside_scikit_learn() -> None:
    found = regression_baselines(INPUTS[:80], TARGETS[:80], INPUTS[80:], budget=SMALL)
    assert list(found) == ["mean", "ridge", "gradient_boosting"]
    assert {each.shape for each in found.values()} == {(40, 2)}
    np.testing.assert_allclose(found["mean"], np.tile(TARGETS[:80].mean(axis=0), (40, 1)))
    # Normal equations of standardised features with alpha 1.
    mean, deviation = INPUTS[:80].mean(axis=0), INPUTS[:80].std(axis=0)
    scaled, centre = (INPUTS[:80] - mean) / deviation, TARGETS[:80].mean(axis=0)
    weights = np.linalg.solve(scaled.T @ scaled + np.eye(3), scaled.T @ (TARGETS[:80] - centre))
    np.testing.assert_allclose(found["ridge"], (INPUTS[80:] - mean) / deviation @ weights + centre)
    trees = HistGradientBoostingRegressor(max_iter=5, learning_rate=0.3, random_state=0)
    expected = trees.fit(INPUTS[:80], TARGETS[:80, 1]).predict(INPUTS[80:])
    np.testing.assert_allclose(found["gradient_boosting"][:, 1], expected)


def test_one_target_gives_one_number_a_row_and_caps_are_noted() -> None:
    found = regression_baselines(INPUTS[:80], TARGETS[:80, 0], INPUTS[80:], most_rows=50, budget=SMALL)
    assert {each.shape for each in found.values()} == {(40,)}
    assert found["mean"][0] == pytest.approx(TARGETS[:80, 0].mean())
    assert found.notes["ridge"] == "trained on 50 of 80 rows, drawn by the seed"
    assert "5 of 100 rounds" in found.notes["gradient_boosting"] and "mean" not in found.notes


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="for the 120 training rows"):
        regression_baselines(INPUTS, TARGETS[:80], INPUTS)
    with pytest.raises(ValueError, match="NaN"):
        regression_baselines(INPUTS, TARGETS[:, 0] * np.nan, INPUTS)
