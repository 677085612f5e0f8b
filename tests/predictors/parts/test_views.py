"""Test-time augmentation, and augmentation of sources, with predictors."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative.augmentation.augmentation import Augmentation
from lab.errors import UsageError
from predictors import Classifier
from predictors.data.load import load
from predictors.data.updates import Updates
from predictors.parts.views import mean_logits, views_of
from tests.predictors.small import built

MLP: dict[str, Any] = {"architecture": "mlp", "hidden_sizes": (4,), "batch_size": 8}


@pytest.mark.parametrize("channels", [True, False])
def test_views_are_the_flips_and_shifts_by_a_pixel(channels: bool) -> None:
    rows = np.arange(12.0).reshape(1, 3, 4)
    given = rows[..., None] if channels else rows
    found = [view.numpy().reshape(3, 4) for view in views_of(tf.constant(given), ("flip_horizontal", "shift"))]
    assert len(found) == 6
    picture = rows[0]
    np.testing.assert_array_equal(found[0], picture)
    np.testing.assert_array_equal(found[1], picture[:, ::-1])
    np.testing.assert_array_equal(found[2], picture[[0, 0, 1]])
    np.testing.assert_array_equal(found[3], picture[[1, 2, 2]])
    np.testing.assert_array_equal(found[4], picture[:, [0, 0, 1, 2]])
    np.testing.assert_array_equal(found[5], picture[:, [1, 2, 3, 3]])
    np.testing.assert_array_equal(
        views_of(tf.constant(given), ("flip_vertical",))[1].numpy().reshape(3, 4), rows[0][::-1]
    )


def test_probabilities_are_averaged_not_logits() -> None:
    logits = [np.log([[0.9, 0.1]]), np.log([[0.3, 0.7]]) + 5.0]
    found = np.exp(mean_logits([tf.constant(each, tf.float32) for each in logits]).numpy())
    np.testing.assert_allclose(found, [[0.6, 0.4]], rtol=1e-5)


def test_a_classifier_answers_by_the_mean_over_the_views_that_its_source_allows() -> None:
    source = "digits,shift=0.1,flip_horizontal=true"
    learner: Any = built(Classifier(**MLP, test_views=("shift", "flip_horizontal")), source).learner
    plain: Any = built(Classifier(**MLP), source).learner
    rows = load("digits").test.inputs["input"][:5]
    edge = np.pad(rows, ((0, 0), (1, 1), (1, 1), (0, 0)), "edge")
    moved = [edge[:, r : r + 8, c : c + 8] for r, c in ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))]
    expected = np.mean([plain.probabilities(x) for x in (*moved, rows[:, :, ::-1])], axis=0)
    np.testing.assert_allclose(learner.probabilities(rows), expected, rtol=1e-4)
    np.testing.assert_array_equal(learner.probabilities(rows), learner.probabilities(rows))
    with pytest.raises(UsageError, match="test_views received 'flip_vertical'; expected what the source's augment"):
        built(Classifier(**MLP, test_views=("flip_vertical",)), source)
    with pytest.raises(UsageError, match="one picture and the inputs are vector"):
        built(Classifier(**MLP, test_views=()).another(Classifier(test_views=("shift",)).config), _numbers())


def _numbers() -> Any:
    from predictors import from_arrays

    found = from_arrays(np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2)
    return dataclasses.replace(found, augmentation=Augmentation(shift=0.1))


def test_a_sources_augmentation_varies_what_updates_see_and_nothing_else() -> None:
    experiment = built(Classifier(**MLP), "digits,rotation=10")
    data, task = experiment.task.data, experiment.task  # type: ignore[attr-defined]
    updates = Updates(experiment.learner, data, task.stream, compiled=False)
    field, indices = data.spec.inputs[0], tf.constant([3, 4, 5])
    still = field.seen(tf.constant(data.train.inputs["input"][[3, 4, 5]])).numpy()
    first, again, later = (updates.batch(updates.fixed, indices, tf.constant(n)).input.numpy() for n in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - still).max() > 0.1
    assert np.abs(first - later).max() > 0.1
    assert np.corrcoef(first.ravel(), still.ravel())[0, 1] > 0.8
