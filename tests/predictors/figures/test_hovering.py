"""What the points of predictors' figures say in a report."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lab.media.hover import of_png
from lab.media.plotting import write_figure
from predictors.data.arrays import from_arrays
from predictors.figures import clusters_figure, map_figure, regression_figure
from predictors.training.pictures import map_of
from tests.predictors.figures.drawing import check_whole

RNG = np.random.default_rng(0)


def test_a_map_says_row_class_and_wrong_answer_and_shows_the_picture(tmp_path: Path) -> None:
    data = from_arrays(RNG.integers(0, 256, (40, 6, 5), np.uint8), np.array(["ant", "bee"] * 20))
    field, number = data.spec.targets[0], len(data.test)
    codes = field.codes(data.test.targets["target"])
    predicted = codes.copy()
    predicted[2] = 1 - codes[2]
    figure = map_of(RNG.normal(size=(number, 4)), data, field, predicted, method="pca")
    found = of_png(write_figure(figure, tmp_path / "map.png").read_bytes())
    assert found is not None and found.tiles is not None and found.side == 6
    names = [field.words[code] for code in codes]
    assert found.texts[0] == f"row 0: {names[0]}"
    assert found.texts[2] == f"row 2: {names[2]}, taken for {field.words[predicted[2]]}"


def test_a_map_of_texts_shows_how_they_begin(tmp_path: Path) -> None:
    data = from_arrays([f"a\ttext {i} " + "so long " * 20 for i in range(20)], np.arange(20) % 2)
    codes = data.spec.targets[0].codes(data.test.targets["target"])
    figure = map_of(RNG.normal(size=(len(codes), 3)), data, data.spec.targets[0], codes, method="pca")
    found = of_png(write_figure(figure, tmp_path / "map.png").read_bytes())
    assert found is not None and found.tiles is None
    assert found.texts[0].startswith(f"row 0: {codes[0]}: a text ") and len(found.texts[0]) < 80


def test_points_of_some_of_many_rows_keep_their_numbers(tmp_path: Path) -> None:
    figure = map_figure(RNG.normal(size=(30, 3)), method="pca", most=10, words=[f"row {i}" for i in range(30)])
    found = of_png(write_figure(figure, tmp_path / "map.png").read_bytes())
    chosen = np.sort(np.random.default_rng(0).choice(30, 10, replace=False))
    assert found is not None and found.texts == tuple(f"row {i}" for i in chosen)


def test_predictions_say_their_row(tmp_path: Path) -> None:
    true = np.linspace(0.0, 10.0, 1_500)
    found = of_png(write_figure(regression_figure(true + 0.5, true), tmp_path / "r.png").read_bytes())
    assert found is not None and len(found.texts) == 1_000 and max(found.x) < 0.4
    assert found.texts[0] == "row 0: true 0, predicted 0.5" and found.texts[-1] == "row 1499: true 10, predicted 10.5"


def test_clusters_of_parted_groups_are_the_classes(tmp_path: Path) -> None:
    codes = np.repeat([0, 1, 2], 20)
    figure = clusters_figure(RNG.normal(size=(60, 3)) + 20.0 * np.eye(3)[codes], codes, 3, words=["a"] * 60)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[0].startswith("K-means, 3 clusters\nadjusted Rand 1.000, NMI 1.000, silhouette 0.9")
    assert titles[1].startswith("hierarchical (Ward), 3 clusters\nadjusted Rand 1.000")
    check_whole(figure)
    found = of_png(write_figure(figure, tmp_path / "c.png").read_bytes())
    assert found is not None and max(found.x) < 0.5 and {*found.texts} == {f"a; cluster {i}" for i in range(3)}
    few = clusters_figure(np.eye(3), [0, 1, 1], 5, most=2)
    assert "2 of 3 rows" in few.get_supxlabel()
