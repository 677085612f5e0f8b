"""Siamese: points in which classes lie together, and labels by the nearest known example."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab import Experiment
from lab.errors import UsageError
from predictors import Siamese
from tests.predictors.small import pictures, values

SETTINGS: dict[str, Any] = {
    "architecture": "mlp", "hidden_sizes": (16,), "embedding_size": 4, "batch_size": 16, "support": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Any:
    run = tmp_path_factory.mktemp("siamese") / "run"
    experiment = Experiment(Siamese(**SETTINGS), pictures(count=150), seed=1, progress=False, run_dir=run)
    experiment.train(60)
    return experiment


def test_it_learns_to_tell_pairs_and_classes_apart(trained: Any) -> None:
    fresh = Experiment(Siamese(**SETTINGS), pictures(count=150), seed=1, progress=False)
    before, after = fresh.evaluate(), trained.evaluate()
    assert before["pair_auroc"] < 0.9 < 0.95 < after["pair_auroc"]
    assert after["accuracy"] > 0.9
    assert trained.history.rows[-1]["loss"] < 0.5 * trained.history.rows[0]["loss"]


def test_points_distances_and_labels_agree(trained: Any) -> None:
    learner, (rows, labels) = trained.learner, pictures(count=150)[1]
    points = learner.embed(rows)
    assert points.shape == (50, 4)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(
        learner.distance(rows[:-1], rows[1:]), np.linalg.norm(points[1:] - points[:-1], axis=1), atol=1e-5
    )
    assert learner.distance(rows[:3], rows[:3]).max() == 0.0
    known = learner.embed(learner.support_inputs["input"])
    nearest = np.linalg.norm(points[:, None] - known[None], axis=2).argmin(axis=1)
    np.testing.assert_array_equal(learner.predict(rows), learner.support_codes[nearest])
    assert np.mean(learner.predict(rows) == labels) == trained.evaluate()["accuracy"]
    with pytest.raises(UsageError, match="examples received '2 and 3'; expected as many"):
        learner.distance(rows[:2], rows[:3])


def test_the_examples_that_it_keeps_are_few_of_each_class_and_none_to_select_by(trained: Any) -> None:
    learner, data = trained.learner, trained.task.data
    assert np.bincount(learner.support_codes).tolist() == [3, 3, 3]
    kept = {row.tobytes() for row in learner.support_inputs["input"]}
    assert kept <= {row.tobytes() for row in data.train.inputs["input"]}
    assert not kept & {row.tobytes() for row in data.selection.inputs["input"]}


def test_a_run_loads_with_what_it_compares_with_and_goes_on(trained: Any) -> None:
    run: Path = trained.directory.path
    rows = pictures(count=150)[1][0]
    loaded = Siamese.load(run, which="last")
    np.testing.assert_array_equal(loaded.predict(rows), trained.learner.predict(rows))
    resumed = Experiment.resume(run, source=pictures(count=150), progress=False)
    assert all(map(np.array_equal, values(resumed.learner.network), values(trained.learner.network)))  # type: ignore[attr-defined]
    path = trained.render()
    assert path.suffix == ".png"
    assert path.stat().st_size > 1_000


def test_only_examples_with_one_class_each_are_learnt() -> None:
    numbers = np.random.default_rng(0).normal(size=(30, 3))
    with pytest.raises(UsageError, match="targets received 'number'; expected one target, of classes"):
        Experiment(Siamese(**SETTINGS), (numbers, numbers[:, 0]), progress=False)


def test_answers_for_many_lengths_bring_no_warning_of_tensorflow(
    trained: Any, caplog: pytest.LogCaptureFixture
) -> None:
    rows = trained.task.data.train.inputs["input"]
    points = trained.learner.embed(rows[:33])
    for number in (1, 2, 3, 5, 9, 17):
        np.testing.assert_allclose(trained.learner.embed(rows[:number]), points[:number], atol=1e-5)
    assert not [record for record in caplog.records if "retracing" in record.message]


def test_it_shows_where_examples_lie(trained: Any, tmp_path: Path) -> None:
    assert trained.render(tmp_path / "embedding.png").stat().st_size > 1_000
