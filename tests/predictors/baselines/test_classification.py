"""Baselines of classification beside scikit-learn itself."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from predictors.baselines import Baselines, classification_baselines
from predictors.baselines.rows import boosting_rounds, chosen

INPUTS, CODES = load_iris(return_X_y=True)
ORDER = np.random.default_rng(0).permutation(150)
TRAIN, TEST = ORDER[:100], ORDER[100:]
# Five rounds: enough to tell whether the columns are right.
SMALL = 1e-9


def answers(codes: np.ndarray = CODES, classes: int = 3, **options: int) -> Baselines:
    return classification_baselines(INPUTS[TRAIN], codes[TRAIN], INPUTS[TEST], classes, budget=SMALL, **options)


def test_each_gives_probabilities_in_the_order_of_the_classes() -> None:
    found = answers()
    assert list(found) == ["majority_class", "logistic_regression", "gradient_boosting"]
    for probabilities in found.values():
        assert probabilities.shape == (50, 3) and probabilities.dtype == np.float64
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    for name in ("logistic_regression", "gradient_boosting"):
        assert (found[name].argmax(axis=1) == CODES[TEST]).mean() > 0.85


def test_the_majority_gives_the_frequencies_of_training() -> None:
    found = classification_baselines(np.arange(4.0)[:, None], [1, 1, 0, 1], [[0.0], [9.0]], 3)
    assert found["majority_class"].tolist() == [[0.25, 0.75, 0.0]] * 2


def test_they_are_scikit_learns() -> None:
    found = answers()
    mean, deviation = INPUTS[TRAIN].mean(axis=0), INPUTS[TRAIN].std(axis=0)
    linear = LogisticRegression(max_iter=500).fit((INPUTS[TRAIN] - mean) / deviation, CODES[TRAIN])
    expected = linear.predict_proba((INPUTS[TEST] - mean) / deviation)
    np.testing.assert_allclose(found["logistic_regression"], expected, atol=1e-6)
    trees = HistGradientBoostingClassifier(max_iter=5, learning_rate=0.3, random_state=0)
    expected = trees.fit(INPUTS[TRAIN], CODES[TRAIN]).predict_proba(INPUTS[TEST])
    np.testing.assert_allclose(found["gradient_boosting"], expected, atol=1e-12)


def test_a_class_without_a_training_row_keeps_its_column() -> None:
    # Codes 0, 2 and 4 of five.
    found = answers(2 * CODES, 5)
    plain = answers()
    for name, probabilities in found.items():
        assert not probabilities[:, [1, 3]].any()
        np.testing.assert_array_equal(probabilities[:, [0, 2, 4]], plain[name])


def test_one_class_in_training_leaves_out_what_cannot_learn_from_it() -> None:
    found = answers(np.ones(150, int))
    assert list(found) == ["majority_class"]
    assert found.left_out["logistic_regression"] == "all 100 training rows are of class 1"


def test_caps_are_noted_and_the_same_for_the_same_seed() -> None:
    found = answers(most_rows=60, seed=3)
    assert found.notes["logistic_regression"] == "trained on 60 of 100 rows, drawn by the seed"
    assert found.notes["gradient_boosting"].endswith("seed; 5 of 100 rounds of boosting, to stay within the budget")
    again, other = answers(most_rows=60, seed=3), answers(most_rows=60, seed=4)
    np.testing.assert_array_equal(found["gradient_boosting"], again["gradient_boosting"])
    assert not np.array_equal(found["logistic_regression"], other["logistic_regression"])
    assert "logistic_regression" not in answers().notes
    stopped = answers(most_iterations=2).notes["logistic_regression"]
    assert stopped == "stopped after 2 iterations, not converged"


def test_without_a_budget_boosting_has_all_its_rounds() -> None:
    assert boosting_rounds(18_000, 784, 62, budget=float("inf")) == (100, "")


def test_rounds_follow_from_sizes_alone() -> None:
    assert boosting_rounds(1_000, 10, 1, budget=60.0) == (100, "")
    # 62 trees of 784 features, 54 microseconds each, are 2.62 s a round.
    assert boosting_rounds(5_000, 784, 62, budget=60.0)[0] == 22
    rows, note = chosen(10, 4, seed=0)
    assert len(set(rows)) == 4 and (np.diff(rows) > 0).all() and note


def test_features_that_never_vary_change_nothing() -> None:
    wide = np.concatenate([np.full((150, 2), 7.0), INPUTS], axis=1)
    found = classification_baselines(wide[TRAIN], CODES[TRAIN], wide[TEST], 3, budget=SMALL)
    for name, probabilities in answers().items():
        np.testing.assert_allclose(found[name], probabilities)


def test_inputs_that_say_nothing_at_all_give_the_frequencies() -> None:
    found = classification_baselines(np.zeros((8, 2)), [0, 0, 0, 0, 0, 0, 1, 1], np.zeros((1, 2)), 2, budget=SMALL)
    np.testing.assert_allclose(found["logistic_regression"], [[0.75, 0.25]], atol=1e-4)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="one width"):
        classification_baselines(INPUTS, CODES, INPUTS[:, :2], 3)
    with pytest.raises(ValueError, match="149 codes.*150 training rows"):
        classification_baselines(INPUTS, CODES[1:], INPUTS, 3)
    with pytest.raises(ValueError, match="codes from 0 to 1"):
        classification_baselines(INPUTS, CODES, INPUTS, 2)
    with pytest.raises(ValueError, match="NaN or infinite.*drop"):
        classification_baselines(np.where(INPUTS > 7, np.nan, INPUTS), CODES, INPUTS, 3)
    with pytest.raises(ValueError, match="rows.reshape"):
        classification_baselines(INPUTS.reshape(150, 2, 2), CODES, INPUTS, 3)
