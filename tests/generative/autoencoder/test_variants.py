"""Denoising and sparse autoencoders do what they are named for."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from generative import Autoencoder, Batch, DenoisingAutoencoder, SparseAutoencoder
from generative.autoencoder.sparse import activation_divergence
from generative.datasets import load
from lab import Experiment
from tests.generative.tiny import images

SMALL: dict[str, Any] = {"hidden_sizes": (64,), "learning_rate": 3e-3}


def trained(cls: type[Any], **settings: Any) -> Any:
    made = Experiment(cls(**SMALL, **settings), "digits", seed=1)
    made.train(400)
    return made.learner


@pytest.mark.thorough
def test_a_denoising_autoencoder_takes_noise_away_better() -> None:
    rows = load("digits").test
    noise = np.random.default_rng(0).normal(0.0, 4.0, rows.shape)
    noisy = np.clip(np.rint(rows + noise), 0, 16).astype(np.uint8)
    error = {
        cls: np.square(trained(cls, latent_size=32).reconstruct(noisy) / 16 - rows / 16).mean()
        for cls in (Autoencoder, DenoisingAutoencoder)
    }
    assert error[DenoisingAutoencoder] < 0.95 * error[Autoencoder]
    assert error[DenoisingAutoencoder] < 0.6 * np.square(noisy / 16 - rows / 16).mean()


@pytest.mark.parametrize(("corruption", "level"), [("gaussian", 0.5), ("mask", 0.25)])
def test_corruption_is_of_the_kind_and_level_asked_for(corruption: str, level: float) -> None:
    settings = {"corruption": corruption, "corruption_level": level}
    learner: Any = Experiment(DenoisingAutoencoder(hidden_sizes=(), **settings), images(), seed=1).learner
    data = tf.zeros((500, 4, 4, 1))
    batch = Batch(data, None)
    first, second = (learner.corrupted(data, learner.draws(batch)).numpy() for _ in range(2))
    assert not np.array_equal(first, second)
    if corruption == "gaussian":
        assert first.std() == pytest.approx(0.5, abs=0.02) and first.mean() == pytest.approx(0.0, abs=0.02)
    else:
        assert set(np.unique(first)) == {-1.0, 0.0} and (first == -1.0).mean() == pytest.approx(0.25, abs=0.02)


def test_a_mask_must_leave_something() -> None:
    with pytest.raises(ValueError, match=r"DenoisingAutoencoder: corruption_level received 1.0; expected below 1"):
        DenoisingAutoencoder(corruption="mask", corruption_level=1.0)


def test_the_payment_for_activations_by_hand() -> None:
    latents = tf.constant([[0.0, 0.5], [1.0, 0.5], [0.5, 0.5], [0.5, 0.5]])
    # Both means are 1/2: KL(1/4 || 1/2) twice.
    one = 0.25 * math.log(0.5) + 0.75 * math.log(1.5)
    assert float(activation_divergence(latents, 0.25)) == pytest.approx(2 * one, rel=1e-5)
    assert float(activation_divergence(latents, 0.5)) == pytest.approx(0.0, abs=1e-6)


@functools.cache
def unpaid() -> Any:
    """Return one whose activations cost nothing, whatever they would be paid for by."""
    return trained(SparseAutoencoder, sparsity_weight=0.0)


@pytest.mark.thorough
@pytest.mark.parametrize("sparsity", ["kl", "l1"])
def test_a_sparse_autoencoder_is_active_seldom(sparsity: str) -> None:
    rows = load("digits").test
    dense = unpaid().encode(rows)
    learner = trained(SparseAutoencoder, sparsity=sparsity)
    sparse = learner.encode(rows)
    assert sparse.min() >= 0.0 and sparse.max() <= 1.0
    assert (sparse > 0.5).mean() < 0.5 * (dense > 0.5).mean()
    assert np.square(learner.reconstruct(rows) / 16 - rows / 16).mean() < 0.04


@pytest.mark.thorough
def test_noise_is_restored_worse_than_digits() -> None:
    learner, rows = trained(Autoencoder, latent_size=8), load("digits").test
    noise = np.random.default_rng(0).permuted(rows.reshape(len(rows), -1), axis=1).reshape(rows.shape)
    scores = np.concatenate([learner.anomaly_score(rows), learner.anomaly_score(noise)])
    assert scores[:360].mean() == pytest.approx(np.square(learner.reconstruct(rows) / 16 - rows / 16).mean())
    assert roc_auc_score(np.repeat([0, 1], len(rows)), scores) > 0.98
