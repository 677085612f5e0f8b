"""Sources of predictors: pipelines of tf.data, pairs and what is neither."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from lab.errors import UsageError
from predictors.data.load import load

ROWS = np.random.default_rng(3).normal(size=(30, 4)).astype(np.float32)
CODES = (np.arange(30) % 3).astype(np.int64)
TEXTS = np.array([f"word {i}" for i in range(30)])


def rows_of(data):
    both = [np.concatenate([getattr(p, side)[name] for p in (data.train, data.test)])
            for side, name in (("inputs", "input"), ("targets", "target"))]  # fmt: skip
    return {row.tobytes(): label for row, label in zip(*both, strict=True)}


@pytest.mark.parametrize(
    "shaped",
    [
        lambda d: d,
        lambda d: d.batch(7),
        lambda d: d.batch(10, drop_remainder=True),
        lambda d: d.batch(30),
    ],
)
def test_pipelines_of_examples_and_of_batches_are_told_apart(shaped):
    data = load(shaped(tf.data.Dataset.from_tensor_slices((ROWS, CODES))))
    assert rows_of(data) == {row.tobytes(): code for row, code in zip(ROWS, CODES, strict=True)}
    assert data.kind == "tf.data.Dataset"


def test_pipelines_of_texts_and_of_dicts_are_read():
    data = load(tf.data.Dataset.from_tensor_slices((TEXTS, CODES)))
    assert data.spec.inputs[0].kind == "text" and {*data.train.inputs["input"]} < {*TEXTS}
    several = {"rows": ROWS, "texts": TEXTS}, {"code": CODES, "number": ROWS[:, 0]}
    for pipeline in (tf.data.Dataset.from_tensor_slices(several), tf.data.Dataset.from_tensor_slices(several).batch(8)):
        data = load(pipeline)
        assert [f.kind for f in (*data.spec.inputs, *data.spec.targets)] == ["vector", "text", "class", "number"]


def test_pipelines_that_nobody_can_read_are_refused():
    slices = tf.data.Dataset.from_tensor_slices
    unknown = slices(np.arange(30)).map(lambda i: (tf.py_function(lambda j: ROWS[j], [i], tf.float32), i % 3))
    for pipeline, message in (
        (slices(ROWS), "pairs"),
        (slices((ROWS, CODES)).repeat(), "no end of them"),
        (slices((ROWS, CODES)).take(0), "examples received 'none'"),
        (slices(((ROWS, ROWS), CODES)), "tuples within pairs"),
        (slices((ROWS, ROWS)), "nobody can tell"),
        (slices((ROWS, CODES)).map(lambda x, y: (tf.ensure_shape(x, (4,)), tf.fill((4,), y))), "nobody can tell"),
    ):
        with pytest.raises(UsageError, match=message):
            load(pipeline)
    assert len(load(unknown).train) == 24, "labels of no rank say that these are examples"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (ROWS, r"inputs alone.*Fix: \(inputs, targets\), or Series\(values\)"),
        ({"a": ROWS}, "inputs alone"),
        ([ROWS, CODES], "inputs alone"),
        (3, "received a int"),
        (None, "received a NoneType"),
        ((ROWS, CODES, CODES), "received a tuple"),
        ("moons,flip_horizontal=true", "expected images"),
        ("swiss_roll", "labels received 'none'"),
        ("gaussians,components=1", "one class only"),
    ],
)
def test_what_is_no_source_is_refused(source, message):
    with pytest.raises(UsageError, match=message):
        load(source)


def test_pairs_of_lists_and_frames_are_read():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(ROWS, columns=list("abcd"))
    for source in ((ROWS.tolist(), CODES.tolist()), (frame, pandas.Series(["a", "b", "c"])[CODES])):
        assert load(source).spec.targets[0].classes == 3
    data = load(((ROWS[:20], CODES[:20]), (ROWS[20:], CODES[20:])))
    assert (len(data.train), len(data.test)) == (20, 10)
