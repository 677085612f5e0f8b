"""Codes move as worked out by hand, and none lies idle."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from generative.autoencoder.networks.codebook import Codebook, perplexity


def made(vectors: list[list[float]], counts: list[float], decay: float = 0.5, least_use: float = 0.1) -> Codebook:
    book = Codebook(len(vectors), len(vectors[0]), decay, least_use, seed=1)
    book.vectors.assign(vectors)
    book.counts.assign(counts)
    book.sums.assign(np.array(vectors) * np.array(counts)[:, None])
    return book


def test_the_nearest_code_is_chosen() -> None:
    book = made([[0.0, 0.0], [1.0, 1.0], [5.0, -5.0]], [1.0, 1.0, 1.0])
    found = book.nearest(tf.constant([[0.4, 0.4], [0.6, 0.6], [9.0, -9.0]])).numpy()
    np.testing.assert_array_equal(found, [0, 1, 2])
    np.testing.assert_array_equal(book.lookup(tf.constant([[2, 0]])).numpy(), [[[5.0, -5.0], [0.0, 0.0]]])


def test_codes_become_running_means_of_what_chose_them() -> None:
    book = made([[0.0], [10.0]], [2.0, 4.0])
    book.update(tf.constant([[1.0], [3.0], [12.0]]), tf.constant([0, 0, 1]))
    # Counts (1 + 1, 2 + 1/2), sums (0 + 2, 20 + 6).
    np.testing.assert_allclose(book.counts.numpy(), [2.0, 2.5])
    np.testing.assert_allclose(book.vectors.numpy(), [[1.0], [26 / 2.5]], rtol=1e-6)


def test_dead_codes_are_put_on_vectors_of_the_batch() -> None:
    book = made([[0.0], [100.0]], [2.0, 0.15])
    book.update(tf.constant([[1.0], [1.0]]), tf.constant([0, 0]))
    np.testing.assert_allclose(book.vectors.numpy(), [[0.5], [1.0]])
    np.testing.assert_allclose(book.counts.numpy(), [2.0, 0.1])


def test_all_codes_start_on_vectors_of_the_first_batch() -> None:
    book = Codebook(16, 3, 0.9, 0.1, seed=1)
    vectors = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    book.update(tf.constant(vectors), tf.fill([50], 15))
    nearest = np.abs(book.vectors.numpy()[:15, None] - vectors).max(axis=2).min(axis=1)
    np.testing.assert_allclose(nearest, 0.0, atol=1e-6)
    assert len(np.unique(book.vectors.numpy(), axis=0)) > 8


def test_perplexity_by_hand() -> None:
    assert float(perplexity(tf.constant([[0, 1], [2, 3]]), 7)) == pytest.approx(4.0)
    assert float(perplexity(tf.constant([5, 5, 5]), 7)) == pytest.approx(1.0)
    # Shares 3/4 and 1/4.
    expected = np.exp(-0.75 * np.log(0.75) - 0.25 * np.log(0.25))
    assert float(perplexity(tf.constant([0, 0, 0, 1]), 2)) == pytest.approx(expected)
