"""A classifier trained here carried to other pictures: what moves, what is kept, and that a run needs it no more."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab import Experiment
from lab.errors import UsageError
from predictors import Classifier
from predictors.base import Predictor
from predictors.transfer.pretrained import origin_of
from tests.predictors.small import STEADY, built, no_baselines, pictures, values

__all__ = ["no_baselines"]
FIRST: dict[str, Any] = {"architecture": "cnn", "batch_size": 8, "learning_rate": 1e-2, "dropout": 0.0}
THEN: dict[str, Any] = {"batch_size": 8, "learning_rate": 1e-2, "dropout": 0.0, **STEADY}


@pytest.fixture(scope="module")
def residual() -> Any:
    """Return a residual network after two updates, so that its averages are not those that it began with."""
    experiment = built(Classifier(architecture="resnet", batch_size=8), pictures())
    experiment.train(2)
    return experiment.learner


@pytest.fixture(scope="module")
def plain() -> Any:
    """Return a plain convolutional network."""
    return built(Classifier(**FIRST), pictures()).learner


def statistics(model: Any) -> list[np.ndarray]:
    return [v.numpy().copy() for v in model.non_trainable_variables if "moving" in v.path]


def test_a_frozen_backbone_keeps_every_weight_and_average_while_the_head_learns(residual: Any) -> None:
    experiment = built(Classifier(**THEN, pretrained=residual, trainable_layers=0), pictures(classes=4, seed=1))
    learner: Any = experiment.learner
    head = learner.network.get_layer("head")
    before, first = values(learner.backbone), values(head)
    for mine, theirs in zip(before, origin_of("test", residual, "").weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert len(learner.network.trainable_variables) == 2
    experiment.train(3)
    for mine, theirs in zip(values(learner.backbone), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert not np.array_equal(values(head)[0], first[0])


@pytest.mark.thorough
def test_fine_tuning_moves_weights_but_no_average_and_less_the_farther_down(residual: Any) -> None:
    settings: dict[str, Any] = {"layer_groups": 3, "rate_divisor": 4.0, "unfreeze_every": 2, "optimizer": "lion"}
    settings |= {"weight_decay": 0.0}
    experiment = built(Classifier(**THEN, **settings, pretrained=residual), pictures(classes=4, seed=1))
    learner: Any = experiment.learner
    kept, before = statistics(learner.backbone), [v.numpy().copy() for v in learner.network.trainable_variables]
    moved = []
    for _ in range(7):
        experiment.train(1)
        now = [v.numpy() for v in learner.network.trainable_variables]
        # Lion moves every weight by the step size; what has no gradient at all stays.
        moved.append([float(np.abs(new - old).max()) for new, old in zip(now, before, strict=True)])
        before = [v.copy() for v in now]
    assert len(kept) > 10
    assert all(map(np.array_equal, statistics(learner.backbone), kept))
    first, last = 0, -3
    assert [row[first] > 0 for row in moved] == [False] * 6 + [True]
    assert [row[last] > 0 for row in moved] == [False] * 2 + [True] * 5
    assert [row[-1] > 0 for row in moved] == [True] * 7
    assert moved[-1][-2] == pytest.approx(1e-2, rel=1e-3)
    assert moved[-1][last] == pytest.approx(1e-2 / 4, rel=1e-3)
    assert moved[-1][first] == pytest.approx(1e-2 / 64, rel=1e-2)


def test_only_the_last_layers_train_where_a_number_is_given(plain: Any) -> None:
    learner: Any = built(Classifier(**THEN, pretrained=plain, trainable_layers=1), pictures()).learner
    trained = [layer.trainable for layer in learner.backbone.layers if layer.weights]
    assert trained == [False, False, True]
    with pytest.raises(UsageError, match="trainable_layers received 4; expected at most 3"):
        built(Classifier(**THEN, pretrained=plain, trainable_layers=4), pictures())


def test_pictures_of_another_size_are_brought_to_the_backbones(plain: Any, residual: Any) -> None:
    learner: Any = built(Classifier(**THEN, pretrained=plain), pictures(side=9)).learner
    assert learner.config.input_shape == (6, 6, 1)
    assert learner.config.architecture == "cnn"
    assert learner.backbone.input_shape == (None, 6, 6, 1)
    assert learner.describe()["backbone"]["pictures"] == "9 x 9 x 1 to 6 x 6 x 1"
    with pytest.raises(UsageError, match=r"Fix: input_shape=\(6, 6, 1\), as it was trained"):
        built(Classifier(**THEN, pretrained=plain, input_shape=(9, 9)), pictures(side=9))
    # The mean over all places has no size.
    other: Any = built(Classifier(**THEN, pretrained=residual, input_shape=(9, 9)), pictures(side=9)).learner
    assert other.backbone.input_shape == (None, 9, 9, 1)
    with pytest.raises(UsageError, match="channels of pictures received 3; expected 1"):
        built(Classifier(**THEN, pretrained=plain), pictures(channels=3))


@pytest.mark.thorough
def test_a_run_goes_on_and_loads_without_the_run_that_it_began_with(tmp_path: Path, no_baselines: None) -> None:
    first = built(Classifier(**FIRST), pictures(), run_dir=tmp_path / "glyphs")
    first.train(2)
    settings: dict[str, Any] = {**THEN, "pretrained": tmp_path / "glyphs", "rate_divisor": 2.6, "unfreeze_every": 2}
    source = pictures(side=8, classes=4, seed=1)
    whole = built(Classifier(**settings), source)
    begun = values(whole.learner.backbone)  # type: ignore[attr-defined]
    for mine, theirs in zip(begun, origin_of("test", first.learner, "").weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    whole.train(6)
    half = built(Classifier(**settings), source, run_dir=tmp_path / "run")
    half.train(3)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    kept = config["task"]["backbone"]
    assert (kept["kind"], kept["name"], kept["pictures"]) == ("run", "glyphs", "8 x 8 x 1 to 6 x 6 x 1")
    assert kept["sha256"] == origin_of("test", first.learner, "").digest
    shutil.rmtree(tmp_path / "glyphs")

    resumed = Experiment.resume(tmp_path / "run", source=source, progress=False)
    resumed.learner.compile = None  # type: ignore[attr-defined]
    resumed.train(3)
    expected = values(whole.learner.network)  # type: ignore[attr-defined]
    for mine, theirs in zip(values(resumed.learner.network), expected, strict=True):  # type: ignore[attr-defined]
        np.testing.assert_array_equal(mine, theirs)
    again = json.loads((tmp_path / "run" / "config.json").read_text())
    assert again["task"]["backbone"] == kept
    loaded = Classifier.load(tmp_path / "run", which="last")
    rows = source[1][0]
    np.testing.assert_allclose(
        loaded.probabilities(rows), resumed.learner.probabilities(rows), rtol=1e-5  # type: ignore[attr-defined]
    )  # fmt: skip


def test_a_runs_file_is_not_followed_to_another_run(
    tmp_path: Path, plain: Any, no_baselines: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    experiment = built(Classifier(**THEN, pretrained=plain), pictures(), run_dir=run)
    # What it knew before it began cannot be made again, so it is kept before anything else.
    experiment.train(1)
    path = run / "config.json"
    config = json.loads(path.read_text())
    config["settings"]["pretrained"] = str(tmp_path / "elsewhere")
    path.write_text(json.dumps(config))

    def followed(*_: Any, **__: Any) -> Any:
        raise AssertionError("the file was followed")

    monkeypatch.setattr(Predictor, "load", followed)
    resumed = Experiment.resume(run, source=pictures(), progress=False)
    for mine, theirs in zip(
        values(resumed.learner.network), values(experiment.learner.network), strict=True  # type: ignore[attr-defined]
    ):  # fmt: skip
        np.testing.assert_array_equal(mine, theirs)


def test_what_is_no_such_network_is_refused(plain: Any) -> None:
    with pytest.raises(UsageError, match="pretrained received 3; expected a trained Classifier"):
        Classifier(pretrained=3)
    with pytest.raises(UsageError, match="architecture received 'vgg'; expected the pre-trained network's, 'cnn'"):
        Classifier(pretrained=plain, architecture="vgg")
    with pytest.raises(UsageError, match="pretrained received 'Classifier'; expected a trained"):
        Classifier(pretrained=Classifier())
    numbers = built(Classifier(batch_size=8), (np.random.default_rng(0).normal(size=(30, 3)), np.arange(30) % 2))
    with pytest.raises(UsageError, match="of other inputs or targets'; expected one that made its network"):
        Classifier(pretrained=numbers.learner)
