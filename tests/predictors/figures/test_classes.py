"""Figures of classifiers: what stands in them, from 2 to 62 classes, and that nothing is cut off."""

from __future__ import annotations

import numpy as np
import pytest

from predictors.figures import (
    confusion_figure,
    curves_figure,
    mistakes,
    mistakes_figure,
    reliability_figure,
    scores_figure,
)
from predictors.metrics import auroc, confusion_matrix, expected_calibration_error
from tests.predictors.figures.drawing import check_whole, texts
from tests.predictors.metrics.test_classification import random_rows

LONG = [f"the {i}th of the classes" for i in range(10)]


@pytest.mark.parametrize("classes", [2, 10, 62])
def test_confusion_shows_every_count_that_is_not_zero(classes: int) -> None:
    probabilities, codes = random_rows(12 * classes, classes)
    matrix = confusion_matrix(probabilities.argmax(axis=1), codes, classes)
    figure = confusion_figure(matrix, LONG if classes == 10 else None)
    counts = sorted(int(text.get_text()) for text in figure.axes[0].texts)
    assert counts == sorted(matrix[matrix > 0].tolist())
    assert f"{np.trace(matrix)} of {12 * classes} right" in texts(figure)
    assert len(figure.axes[0].get_yticklabels()) == classes
    check_whole(figure)


def test_a_confusion_without_rows_or_with_large_counts_is_drawn() -> None:
    assert "no rows" in texts(confusion_figure(np.zeros((3, 3), int)))
    check_whole(confusion_figure(np.array([[123_456, 1], [0, 0]]), title="half of it"))


@pytest.mark.parametrize("classes", [2, 62])
def test_scores_name_the_worst_class_first(classes: int) -> None:
    probabilities, codes = random_rows(12 * classes, classes)
    figure = scores_figure(confusion_matrix(probabilities.argmax(axis=1), codes, classes))
    shown = [float(text.get_text().split()[0]) for text in figure.axes[0].texts]
    assert len(shown) == classes and shown == sorted(shown)
    check_whole(figure)


def test_a_class_without_a_score_comes_last_without_one() -> None:
    figure = scores_figure(confusion_matrix([0, 1, 1], [0, 1, 0], 3), ["a", "b", "c"])
    assert figure.axes[0].texts[-1].get_text().split() == ["-", "n", "=", "0"]
    assert "F1 of each class, mean 0.667" in texts(figure)


def test_reliability_shows_each_filled_bin_and_the_error() -> None:
    probabilities, codes = random_rows(300, 4)
    figure = reliability_figure(probabilities, codes, bins=10)
    error = expected_calibration_error(probabilities, codes, 10)
    assert f"expected calibration error {error:.3g}" in texts(figure)
    heights = [bar.get_height() for bar in figure.axes[1].patches]
    assert sum(heights) == 300
    check_whole(figure)


def test_two_classes_have_one_curve_and_ten_have_one_each() -> None:
    probabilities, codes = random_rows(200, 2)
    figure = curves_figure(probabilities, codes, ["no", "yes"])
    (label,) = texts(figure.axes[0].get_legend())  # type: ignore[arg-type]
    assert label == f"yes  {auroc(probabilities[:, 1], codes == 1):.3f}"
    probabilities, codes = random_rows(200, 10)
    figure = curves_figure(probabilities, np.where(codes == 3, 4, codes), LONG)
    assert [len(texts(panel.get_legend())) for panel in figure.axes] == [9, 9]  # type: ignore[arg-type]
    assert any("1 classes without a row" in text for text in texts(figure))
    check_whole(figure)


def test_many_classes_have_their_mean_and_the_worst_ones() -> None:
    probabilities, codes = random_rows(900, 30)
    figure = curves_figure(probabilities, codes)
    areas = [auroc(probabilities[:, code], codes == code) for code in range(30)]
    labels = texts(figure.axes[0].get_legend())  # type: ignore[arg-type]
    assert labels[0] == f"{np.argmin(areas)}  {min(areas):.3f}"
    assert labels[-1] == f"mean of 30 classes  {np.mean(areas):.3f}" and len(labels) == 6
    # The area under the mean curve is the mean of the areas.
    mean = figure.axes[0].lines[-1]
    assert np.trapezoid(mean.get_ydata(), mean.get_xdata()) == pytest.approx(np.mean(areas), abs=2e-3)
    check_whole(figure)


def test_mistakes_are_the_surest_first_and_captioned() -> None:
    probabilities = np.array([[0.6, 0.4], [0.1, 0.9], [0.2, 0.8], [0.7, 0.3]])
    codes = np.array([1, 0, 1, 1])
    assert mistakes(probabilities, codes).tolist() == [1, 3, 0]
    assert mistakes(probabilities, codes, most=1).tolist() == [1]
    images = np.arange(4 * 6 * 6, dtype=np.uint8).reshape(4, 6, 6)
    figure = mistakes_figure(images, probabilities, codes, ["cat", "$dog"], most=2)
    shown = texts(figure)
    assert "3 of 4 predicted wrong, the surest 2" in shown
    assert shown.count("true cat") == 1 and r"→ \$dog 0.90" in shown and "→ cat 0.70" in shown
    assert (figure.axes[0].images[0].get_array()[..., 0] == images[1]).all()  # type: ignore[index]
    check_whole(figure)
    assert texts(mistakes_figure(images[2:3], probabilities[2:3], codes[2:3])) == ["none of 1 predicted wrong"]


def test_bad_input_is_refused() -> None:
    probabilities, codes = random_rows(10, 3)
    with pytest.raises(ValueError, match="2 names.*each of 3 classes"):
        confusion_figure(np.eye(3, dtype=int), ["a", "b"])
    with pytest.raises(ValueError, match="all 10 rows are of class 0"):
        curves_figure(probabilities, np.zeros(10, int))
    with pytest.raises(ValueError, match="4 images.*each of 10 rows"):
        mistakes_figure(np.zeros((4, 6, 6), np.uint8), probabilities, codes)
    with pytest.raises(ValueError, match="most received 0"):
        mistakes(probabilities, codes, most=0)
