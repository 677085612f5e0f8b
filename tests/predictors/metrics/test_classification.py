"""Scores of probabilities, by hand and beside scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as reference

from predictors.metrics import (
    accuracy,
    class_scores,
    classification_metrics,
    confusion_matrix,
    log_loss,
    macro_auroc,
    top_k_accuracy,
)

HAND = np.array([[0.7, 0.2, 0.1], [0.4, 0.5, 0.1], [0.1, 0.6, 0.3], [0.2, 0.2, 0.6]])
CODES = np.array([0, 0, 2, 2])


def random_rows(rows: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, classes, rows)
    logits = generator.normal(size=(rows, classes)) + 1.5 * np.eye(classes)[codes]
    weights = np.exp(logits)
    return weights / weights.sum(axis=1, keepdims=True), codes


def test_accuracy_top_k_and_log_loss_by_hand() -> None:
    assert accuracy(HAND, CODES) == 0.5
    assert top_k_accuracy(HAND, CODES, 2) == 1.0
    assert log_loss(HAND, CODES) == pytest.approx(-math.log(0.7 * 0.4 * 0.3 * 0.6) / 4)


def test_a_probability_of_zero_costs_sixteen_nats_and_not_infinity() -> None:
    assert log_loss([[1.0, 0.0]], [1]) == pytest.approx(-math.log(1e-7))


def test_equal_probabilities_count_for_the_first_class_only() -> None:
    even = np.full((4, 4), 0.25)
    codes = np.arange(4)
    assert [top_k_accuracy(even, codes, k) for k in (1, 2, 3, 4)] == [0.25, 0.5, 0.75, 1.0]


def test_confusion_and_class_scores_by_hand() -> None:
    matrix = confusion_matrix(HAND.argmax(axis=1), CODES, 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 1]]
    scores = class_scores(matrix)
    np.testing.assert_array_equal(scores.precision, [1.0, 0.0, 1.0])
    np.testing.assert_array_equal(scores.recall, [0.5, np.nan, 0.5])
    np.testing.assert_allclose(scores.f1, [2 / 3, 0.0, 2 / 3])
    assert scores.support.tolist() == [2, 0, 2]
    assert scores.macro() == pytest.approx({"precision_macro": 2 / 3, "recall_macro": 0.5, "f1_macro": 4 / 9})


def test_a_class_that_neither_occurs_nor_is_predicted_has_no_score_and_moves_no_mean() -> None:
    scores = class_scores(confusion_matrix([0, 1, 1], [0, 1, 0], 3))
    assert np.isnan([scores.precision[2], scores.recall[2], scores.f1[2]]).all()
    assert scores.macro() == class_scores(confusion_matrix([0, 1, 1], [0, 1, 0], 2)).macro()


@pytest.mark.parametrize("classes", [2, 3, 12])
def test_scores_equal_scikit_learns(classes: int) -> None:
    probabilities, codes = random_rows(400, classes)
    predicted = probabilities.argmax(axis=1)
    table = classification_metrics(probabilities, codes)
    assert table["accuracy"] == pytest.approx(reference.accuracy_score(codes, predicted))
    assert table["log_loss"] == pytest.approx(reference.log_loss(codes, probabilities))
    assert table["f1_macro"] == pytest.approx(reference.f1_score(codes, predicted, average="macro"))
    shown = probabilities[:, 1] if classes == 2 else probabilities
    assert table["auroc"] == pytest.approx(reference.roc_auc_score(codes, shown, multi_class="ovr"))
    assert ("top3" in table) == (classes > 3)
    if classes > 3:
        assert table["top3"] == pytest.approx(reference.top_k_accuracy_score(codes, probabilities, k=3))
    matrix = confusion_matrix(predicted, codes, classes)
    np.testing.assert_array_equal(matrix, reference.confusion_matrix(codes, predicted))
    expected = reference.precision_recall_fscore_support(codes, predicted)
    for ours, theirs in zip(class_scores(matrix), expected, strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_f1_of_a_class_that_is_only_predicted_equals_scikit_learns() -> None:
    table = classification_metrics(HAND, CODES)
    assert table["f1_macro"] == pytest.approx(reference.f1_score(CODES, HAND.argmax(axis=1), average="macro"))


def test_auroc_is_left_out_with_the_reason_where_a_class_has_no_row() -> None:
    table = classification_metrics(HAND, CODES)
    assert "auroc" not in table and table.left_out["auroc"] == "auroc: 1 of 3 classes have no row (1)"
    assert list(table) == ["accuracy", "log_loss", "f1_macro", "ece"]
    with pytest.raises(ValueError, match="1 of 3 classes"):
        macro_auroc(HAND, CODES)


def test_float32_softmax_is_taken() -> None:
    probabilities, codes = random_rows(50, 5)
    assert classification_metrics(probabilities.astype(np.float32), codes)["accuracy"] == accuracy(probabilities, codes)


@pytest.mark.parametrize(
    ("probabilities", "codes", "message"),
    [
        (
            HAND * 3,
            CODES,
            "sums up to 2 away from 1'; expected.*apply a softmax",
        ),
        (HAND, CODES + 1, "codes from 1 to 3'; expected codes from 0 to 2"),
        (HAND, CODES.astype(float), "float64 .*expected whole numbers"),
        (HAND, np.array(list("aabb")), "np.unique"),
        (HAND, CODES[:2], "2 codes.*one for each of 4 rows"),
        (HAND[:, :1], CODES, "K >= 2"),
        (HAND[0], CODES, "rows \\(N, D\\)"),
        (np.where(HAND > 0.6, np.nan, HAND), CODES, "NaN or infinite"),
        (HAND[:0], CODES[:0], "rows"),
    ],
)
def test_bad_input_is_refused(probabilities: np.ndarray, codes: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classification_metrics(probabilities, codes)


def test_bad_k_matrix_and_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="from 1 to 3"):
        top_k_accuracy(HAND, CODES, 4)
    with pytest.raises(ValueError, match="\\(K, K\\)"):
        class_scores(np.zeros((2, 3), int))
    with pytest.raises(ValueError, match="no rows"):
        class_scores(np.zeros((3, 3), int)).macro()
    with pytest.raises(ValueError, match="as many as true ones, 2"):
        confusion_matrix([0], [0, 1], 2)
