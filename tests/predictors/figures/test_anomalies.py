"""ROC curves of scores that find what is strange."""

from __future__ import annotations

import numpy as np

from predictors.figures import anomalies_figure
from tests.predictors.figures.drawing import check_whole, texts


def test_each_score_stands_with_its_area_and_false_alarms() -> None:
    wrong = np.array([False, False, False, True, True])
    # By hand: the first parts all; the second ranks one wrong row above one right row of three, the other above all.
    figure = anomalies_figure({"good": [0, 1, 2, 3, 4], "$fair": [0, 5, 1, 2, 6]}, wrong, "predicted wrong")
    assert "which rows are predicted wrong: 2 of 5" in texts(figure)
    shown = texts(figure.axes[0].get_legend())  # type: ignore[arg-type]
    assert shown == [
        "good: area 1.000, false alarms at 95 % 0.000", r"\$fair: area 0.833, false alarms at 95 % 0.333"
    ]  # fmt: skip
    check_whole(figure)


def test_where_nothing_is_strange_it_says_so() -> None:
    figure = anomalies_figure({"a": [0.0, 1.0]}, [False, False], "predicted wrong")
    assert texts(figure) == ["none of 2 rows predicted wrong: nothing to tell apart"]
    check_whole(figure)
