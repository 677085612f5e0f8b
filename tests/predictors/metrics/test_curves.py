"""ROC and precision-recall, by hand and beside scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from predictors.metrics import UndefinedMetric, auroc, average_precision, precision_recall_curve, roc_curve

SCORES = np.array([0.9, 0.8, 0.8, 0.3])
POSITIVE = np.array([True, False, True, False])


def test_points_and_areas_by_hand() -> None:
    roc = roc_curve(SCORES, POSITIVE)
    assert roc.false_positive_rate.tolist() == [0.0, 0.0, 0.5, 1.0]
    assert roc.true_positive_rate.tolist() == [0.0, 0.5, 1.0, 1.0]
    assert roc.thresholds.tolist() == [np.inf, 0.9, 0.8, 0.3]
    # Pairs: 0.9 beats both, 0.8 ties with 0.8 and beats 0.3.
    assert auroc(SCORES, POSITIVE) == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    curve = precision_recall_curve(SCORES, POSITIVE)
    assert curve.recall.tolist() == [0.0, 0.5, 1.0, 1.0]
    np.testing.assert_allclose(curve.precision, [1.0, 1.0, 2 / 3, 0.5])
    assert average_precision(SCORES, POSITIVE) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_equal_scores_say_nothing() -> None:
    assert auroc(np.zeros(4), POSITIVE) == 0.5


@pytest.mark.parametrize("digits", [1, 12])
def test_curves_and_areas_equal_the_references(digits: int) -> None:
    generator = np.random.default_rng(0)
    truth = generator.random(300) < 0.3
    # Few digits make many ties.
    scores = np.round(generator.normal(size=300) + truth, digits)
    false, hits, thresholds = reference.roc_curve(truth, scores, drop_intermediate=False)
    for ours, theirs in zip(roc_curve(scores, truth), (false, hits, thresholds), strict=True):
        np.testing.assert_allclose(ours, theirs)
    assert auroc(scores, truth) == pytest.approx(reference.roc_auc_score(truth, scores))
    ranked = stats.mannwhitneyu(scores[truth], scores[~truth]).statistic
    assert auroc(scores, truth) == pytest.approx(ranked / (truth.sum() * (~truth).sum()))
    precision, recall, _ = reference.precision_recall_curve(truth, scores)
    curve = precision_recall_curve(scores, truth)
    np.testing.assert_allclose(curve.precision, precision[::-1])
    np.testing.assert_allclose(curve.recall, recall[::-1])
    assert average_precision(scores, truth) == pytest.approx(reference.average_precision_score(truth, scores))


@pytest.mark.parametrize("measure", [auroc, average_precision, roc_curve, precision_recall_curve])
def test_one_class_has_no_curve(measure: object) -> None:
    with pytest.raises(UndefinedMetric, match="none of 4 rows is negative"):
        measure(SCORES, np.ones(4, bool))  # type: ignore[operator]


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="positive received 'int64'; expected bool. Fix: codes == 1"):
        auroc(SCORES, POSITIVE.astype(int))
    with pytest.raises(ValueError, match="one \\(N,\\) for both"):
        auroc(SCORES, POSITIVE[:2])
    with pytest.raises(ValueError, match="NaN"):
        roc_curve([0.1, np.nan, 0.2, 0.3], POSITIVE)
