"""A conditional variational autoencoder gives the class it is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from generative import ConditionalVAE
from generative.datasets import load
from lab import Experiment
from tests.generative.tiny import images

SIZES: dict[str, Any] = {"latent_size": 3, "batch_size": 8}
TINY: dict[str, Any] = {"hidden_sizes": (4,), **SIZES}


@pytest.fixture(scope="module")
def trained() -> Experiment:
    made = Experiment(ConditionalVAE(hidden_sizes=(64,), latent_size=8, learning_rate=3e-3), "digits", seed=1)
    made.train(500)
    return made


@pytest.mark.thorough
def test_samples_have_the_class_asked_for(trained: Experiment) -> None:
    data = load("digits")
    judge = LogisticRegression(max_iter=200).fit(data.train.reshape(-1, 64) / 16, data.train_labels)
    labels = np.arange(200) % 10
    rows = trained.learner.sample(200, 3, labels=labels)
    assert rows.shape == (200, 8, 8, 1) and rows.dtype == np.uint8
    assert judge.score(rows.reshape(-1, 64) / 16, labels) > 0.85
    np.testing.assert_array_equal(trained.learner.sample(5, 3, labels=7), trained.learner.sample(5, 3, labels=[7] * 5))


@pytest.mark.thorough
def test_samples_without_labels_have_the_classes_of_the_data() -> None:
    rows, labels = images(40), np.array([0, 2, 2, 2] * 10)
    learner: Any = Experiment(ConditionalVAE(**TINY), (rows, labels), seed=1).learner
    before = learner.sample_labels(3_000, np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(before) / 3_000, [1 / 2, 0, 1 / 2], atol=0.05)
    made = Experiment(learner, (rows, labels), seed=1)
    made.train(50)
    share = np.bincount(learner.sample_labels(3_000, np.random.default_rng(0)), minlength=3) / 3_000
    known = np.bincount(made.task.views[0].train_labels, minlength=3)
    np.testing.assert_allclose(share, known / known.sum(), atol=0.05)


@pytest.mark.thorough
def test_what_it_restores_depends_on_the_label(trained: Experiment) -> None:
    data, learner = load("digits"), trained.learner
    right = np.square(learner.reconstruct(data.test, data.test_labels) / 16 - data.test / 16).mean()
    wrong = np.square(learner.reconstruct(data.test, (data.test_labels + 1) % 10) / 16 - data.test / 16).mean()
    assert right < wrong
    assert learner.anomaly_score(data.test, data.test_labels).shape == (360,)


def test_data_without_labels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"ConditionalVAE: received data without labels.*\(rows, labels\)"):
        Experiment(ConditionalVAE(**TINY), images())


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, r"encode: labels received None; expected the labels of digits: one, or 3 of them"),
        ([1, 2], r"int64 \(2,\)"),
        ([1, 2, 10], r"values in \[1, 10\]"),
        (1.5, "float64"),
    ],
)
def test_labels_that_do_not_fit_are_refused(trained: Experiment, labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trained.learner.encode(load("digits").test[:3], labels)


def test_convolutions_see_labels_too() -> None:
    rows, labels = images(40, (6, 5)), np.arange(40) % 4
    made = Experiment(ConditionalVAE(architecture="conv", filters=(4,), **SIZES), (rows, labels), seed=1)
    made.train(20)
    first = made.learner.encode(rows, 0)
    assert first.shape == (40, 3) and not np.array_equal(first, made.learner.encode(rows, 1))
