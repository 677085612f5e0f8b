"""What a classifier makes of samples, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from generative.metrics import class_distance, class_shares, classifier_confidence, classifier_score

SURE = np.eye(4)


def test_the_score_runs_from_one_to_the_number_of_classes() -> None:
    assert classifier_score(SURE) == pytest.approx(4.0)
    assert classifier_score(SURE[[2, 2, 2]]) == pytest.approx(1.0)
    assert classifier_score(np.full((5, 4), 0.25)) == pytest.approx(1.0)


def test_the_score_by_hand() -> None:
    p = np.array([[0.5, 0.5], [1.0, 0.0]])
    # p(y) is (3/4, 1/4).
    divergences = [0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25), np.log(1 / 0.75)]
    assert classifier_score(p) == pytest.approx(np.exp(np.mean(divergences)))


def test_shares_and_their_distance_by_hand() -> None:
    first, second = SURE[[0, 0, 1, 3]], SURE[[0, 1, 1, 1, 2, 3, 3, 3]]
    np.testing.assert_array_equal(class_shares(first), [0.5, 0.25, 0.0, 0.25])
    np.testing.assert_array_equal(class_shares(second), [0.125, 0.375, 0.125, 0.375])
    assert class_distance(first, second) == class_distance(second, first) == pytest.approx(0.375)
    assert class_distance(first, first) == 0.0 and class_distance(SURE[:1], SURE[1:2]) == 1.0


def test_dropped_classes_are_farther() -> None:
    real = SURE.repeat(25, axis=0)
    assert [class_distance(real[: 25 * kept], real) for kept in (4, 3, 2, 1)] == pytest.approx([0, 0.25, 0.5, 0.75])


def test_confidence_is_the_median_of_the_likeliest() -> None:
    assert classifier_confidence(np.array([[0.6, 0.4], [0.1, 0.9], [1.0, 0.0]])) == 0.9


def test_errors() -> None:
    with pytest.raises(ValueError, match="classifier_score: probabilities received 'rows that do not sum to 1'"):
        classifier_score(np.full((3, 4), 0.3))
    with pytest.raises(ValueError, match="class_shares: probabilities received 'rows that do not sum to 1'"):
        class_shares(np.array([[1.5, -0.5]]))
    with pytest.raises(ValueError, match="at least 1"):
        classifier_confidence(np.zeros((0, 4)))
    with pytest.raises(ValueError, match=r"classes received \(4, 2\)"):
        class_distance(SURE, np.full((3, 2), 0.5))
