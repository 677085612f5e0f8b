"""Pipelines are read as what they hold: decoded images are no batches of lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative.datasets import load
from tests.generative.tiny import images

ROWS = images(12, (16, 16, 3))
DECODED = tf.TensorSpec((None, None, 3), tf.uint8)
NUMBER = tf.TensorSpec((), tf.int64)


def generated(rows: Any, signature: Any) -> tf.data.Dataset:
    return tf.data.Dataset.from_generator(lambda: iter(rows), output_signature=signature)


def everything(data: Any) -> list[bytes]:
    return sorted(row.tobytes() for row in [*data.train, *data.test])


def test_decoded_images_of_open_size_are_one_row_each() -> None:
    data = load(generated(ROWS, DECODED))
    assert data.spec.shape == (16, 16, 3) and everything(data) == sorted(row.tobytes() for row in ROWS)


@pytest.mark.parametrize(
    ("pipeline", "count", "shape"),
    [
        (lambda: generated(zip(ROWS, range(12), strict=True), (DECODED, NUMBER)), 12, (16, 16, 3)),
        (lambda: generated(ROWS, DECODED).batch(5), 12, (16, 16, 3)),
        (lambda: generated(zip(ROWS, range(12), strict=True), (DECODED, NUMBER)).batch(5), 12, (16, 16, 3)),
        (lambda: tf.data.Dataset.from_tensor_slices(ROWS[..., 0]), 12, (16, 16)),
        (lambda: tf.data.Dataset.from_tensor_slices(ROWS[..., 0]).batch(5), 12, (16, 16)),
        (lambda: tf.data.Dataset.from_tensor_slices(ROWS[..., 0]).batch(6, drop_remainder=True), 12, (16, 16)),
        (lambda: tf.data.Dataset.from_tensor_slices((ROWS[..., 0], np.arange(12))).batch(5), 12, (16, 16)),
        (lambda: tf.data.Dataset.from_tensor_slices((ROWS, np.arange(12)[:, None])).batch(5), 12, (16, 16, 3)),
        (lambda: tf.data.Dataset.from_tensor_slices((ROWS, np.arange(12)[:, None])), 12, (16, 16, 3)),
        (lambda: tf.data.Dataset.from_tensor_slices(np.random.default_rng(0).normal(size=(40, 2))).batch(7), 40, (2,)),
        (lambda: tf.data.Dataset.from_tensor_slices({"image": ROWS, "label": np.arange(12)}), 12, (16, 16, 3)),
        (lambda: tf.data.Dataset.from_tensor_slices({"image": ROWS, "label": np.arange(12)}).batch(4), 12, (16, 16, 3)),
        (lambda: tf.data.Dataset.from_tensor_slices((ROWS, np.array(list("abcdabcdabcd")))).batch(5), 12, (16, 16, 3)),
    ],
)
def test_rows_and_batches_are_told_apart(pipeline: Any, count: int, shape: tuple[int, ...]) -> None:
    data = load(pipeline())
    assert data.spec.shape == shape and len(data.train) + len(data.test) == count


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        (lambda: generated(ROWS, tf.TensorSpec((None, None, None), tf.uint8)), r"\.unbatch\(\) if"),
        (lambda: generated(ROWS, tf.TensorSpec((None, 16, 3), tf.uint8)), r"\.unbatch\(\) if"),
        (lambda: generated(ROWS, tf.TensorSpec(None, tf.uint8)), "known number of dimensions.*ensure_shape"),
        (lambda: tf.data.Dataset.from_tensor_slices((ROWS, np.eye(12))), "one-hot"),
        (lambda: tf.data.Dataset.from_tensor_slices((ROWS, np.eye(12))).batch(4), "one-hot labels: labels.argmax"),
        (lambda: tf.data.Dataset.from_tensor_slices((ROWS[..., 0], np.zeros((12, 16)))), r"\.unbatch\(\) if"),
        (lambda: tf.data.Dataset.from_tensor_slices(np.zeros((64, 2))).batch(32, drop_remainder=True), "unbatch"),
        (lambda: tf.data.Dataset.from_tensor_slices(tf.ragged.constant([[1.0], [2.0, 3.0]])), "ragged"),
        (lambda: tf.data.Dataset.from_tensor_slices((ROWS, ROWS, ROWS)), "pairs"),
        (lambda: generated([ROWS[0], ROWS[1, :8]], DECODED), r"2 shapes, such as \(8, 16, 3\).*resize"),
        (lambda: tf.data.Dataset.range(20), "elements of shape"),
    ],
)
def test_what_could_be_either_is_refused_with_the_fix(pipeline: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load(pipeline())


def test_entries_without_a_use_are_left_out_with_a_word() -> None:
    with pytest.warns(UserWarning, match="left out the entries id of each row"):
        data = load(tf.data.Dataset.from_tensor_slices({"x": ROWS, "y": np.arange(12), "id": np.arange(12)}))
    assert data.notes == ("left out the entries id of each row",) and data.spec.classes == 12
