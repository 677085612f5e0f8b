"""Maps of features and tables of methods."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.text import Text
from sklearn.decomposition import PCA

from predictors.figures import comparison_figure, map_figure, plane
from predictors.figures.panels import BEST
from tests.predictors.figures.drawing import check_whole, texts

CODES = np.repeat([0, 1, 2], 20)
FEATURES = np.random.default_rng(0).normal(size=(60, 5)) + 12.0 * np.eye(5)[CODES]
ROWS = {
    "learner": {"accuracy": 0.95, "log_loss": 0.2, "width": 1.0},
    "majority_class": {"accuracy": 0.1, "log_loss": 2.3, "width": 0.5},
    "boosting": {"accuracy": 0.95, "width": float("nan")},
}


def test_components_are_scikit_learns_up_to_their_sign() -> None:
    ours, theirs = plane(FEATURES, "pca"), PCA(2).fit_transform(FEATURES)
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-9)
    # By hand: on the line (1, 1), three points sqrt(2) apart.
    np.testing.assert_allclose(plane([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], "pca")[:, 0], [-(2**0.5), 0, 2**0.5])
    np.testing.assert_allclose(plane([[1.0], [3.0]]), [[-1.0, 0.0], [1.0, 0.0]])


def test_neighbours_stay_together_on_the_map() -> None:
    points = plane(FEATURES, "tsne")
    distances = np.linalg.norm(points[:, None] - points[None], axis=2) + 1e9 * np.eye(60)
    assert (CODES[distances.argmin(axis=1)] == CODES).all()
    np.testing.assert_array_equal(points, plane(FEATURES, "tsne"))


def test_few_classes_have_a_legend_and_many_their_names_in_their_midst() -> None:
    figure = map_figure(FEATURES, CODES, ["ant", "$b$", "_cat"], method="pca")
    assert texts(figure.axes[0].get_legend()) == ["ant", r"\$b\$", " _cat"]  # type: ignore[arg-type]
    check_whole(figure)
    many = np.arange(60) % 12
    figure = map_figure(FEATURES, many, [f"class {i}" for i in range(12)], method="pca", most=50)
    assert figure.axes[0].get_legend() is None and "PCA of 50 of 60 rows" in texts(figure)
    assert {text.get_text() for text in figure.axes[0].texts} == {f"class {i}" for i in range(12)}
    check_whole(figure)
    check_whole(map_figure(FEATURES, method="pca"))


def test_the_best_of_a_column_stands_out_and_what_is_missing_is_a_dash() -> None:
    figure = comparison_figure(ROWS, ("accuracy",), ("width",), "learner", ["boosting: 5 of 100 rounds " * 6])
    green = [text.get_text() for text in figure.findobj(Text) if text.get_color() == BEST]
    assert green == ["0.95", "0.2", "0.95"] and texts(figure).count("-") == 2
    assert sum("rounds" in text for text in texts(figure)) > 1
    bold = [text.get_text() for text in figure.findobj(Text) if text.get_fontweight() == "bold"]
    assert "learner" in bold and "boosting" not in bold
    check_whole(figure)


def test_many_columns_and_long_names_fit() -> None:
    metrics = {f"a_rather_long_metric_{i}": 123456.789 * i for i in range(9)}
    check_whole(comparison_figure({"one method " * 4: metrics, "b": metrics}))
    check_whole(comparison_figure({"b": {"mae": 1.0}}, notes=["a note that is longer than so narrow a table"]))


def test_nothing_here_brings_tensorflow_or_pyplot() -> None:
    code = (
        "import sys, predictors.metrics, predictors.baselines, predictors.figures as f;"
        "f.comparison_figure({'a': {'b': 1.0}});"
        "sys.exit(bool({'tensorflow', 'matplotlib.pyplot', 'sklearn', 'statsmodels'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="'pca' or 'tsne'"):
        plane(FEATURES, "umap")
    with pytest.raises(ValueError, match="at least 4 for t-SNE. Fix: method='pca'"):
        plane(FEATURES[:3])
    with pytest.raises(ValueError, match="59 codes.*60 rows"):
        map_figure(FEATURES, CODES[1:])
    with pytest.raises(ValueError, match="codes from 0 to 1"):
        map_figure(FEATURES, CODES, ["a", "b"])
    with pytest.raises(ValueError, match="at least one method"):
        comparison_figure({})
    with pytest.raises(ValueError, match="one of learner, majority_class, boosting"):
        comparison_figure(ROWS, learner="mine")
