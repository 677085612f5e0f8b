"""Every kind of source becomes rows with a declared range, or one clear message."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest
import tensorflow as tf

from generative import Dataset
from generative.datasets import from_arrays, load
from lab import registry
from tests.generative.tiny import images

RNG = np.random.default_rng(0)


def test_digits_have_a_fixed_stratified_split() -> None:
    data = load("digits")
    assert data.train.shape == (1437, 8, 8, 1) and data.test.shape == (360, 8, 8, 1)
    assert data.train.dtype == data.test.dtype == np.uint8
    assert data.spec.to_json() == {
        "shape": [8, 8, 1],
        "dtype": "uint8",
        "low": 0.0,
        "high": 16.0,
        "classes": 10,
        "name": "digits",
        "bounded": True,
        "class_names": None,
        "centre": None,
        "spread": None,
        "label_values": None,
    }
    assert data.train_labels is not None and data.test_labels is not None
    assert max(abs(np.bincount(data.train_labels) / 1437 - np.bincount(data.test_labels) / 360)) < 0.002
    assert hashlib.sha256(data.test.tobytes()).hexdigest()[:16] == "342538e35bc5249d"


def test_digits_test_rows_are_not_among_the_training_rows() -> None:
    from sklearn.datasets import load_digits

    data = load("digits")
    everything = sorted(image.tobytes() for image in load_digits().images.astype(np.uint8))
    assert sorted(row.tobytes() for row in [*data.train, *data.test]) == everything


def test_a_fifth_of_an_array_is_held_out_the_same_way_each_time() -> None:
    rows, labels = images(53), np.arange(53) % 4
    first, second = load((rows, labels)), load((rows, labels))
    assert len(first.test) == 10 and len(first.train) == 43 and first.spec.classes == 4
    assert sorted(r.tobytes() for r in [*first.train, *first.test]) == sorted(r.tobytes() for r in rows)
    np.testing.assert_array_equal(first.test, second.test)
    lookup = {row.tobytes(): label for row, label in zip(rows, labels, strict=True)}
    assert [lookup[row.tobytes()] for row in first.test] == first.test_labels.tolist()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (images(20), (0.0, 255.0, True)),
        (images(20, (4, 4, 3)), (0.0, 255.0, True)),
        (images(20, (4, 4)) > 100, (0.0, 1.0, True)),
        (RNG.uniform(0.2, 0.9, (20, 4, 4)), (0.0, 1.0, True)),
        (RNG.uniform(-0.9, 0.9, (20, 4, 4)).astype(np.float32), (-1.0, 1.0, True)),
        (images(20, (6,)), (0.0, 255.0, True)),
    ],
)
def test_ranges_that_are_known_by_type_or_values(rows: np.ndarray, expected: tuple[float, float, bool]) -> None:
    spec = load(rows).spec
    assert (spec.low, spec.high, spec.bounded) == expected
    assert spec.dtype == rows.dtype.name and spec.shape == rows.shape[1:]


def test_points_take_their_range_from_the_training_rows() -> None:
    rows = RNG.normal(3.0, 50.0, (200, 2))
    data = load(rows)
    assert (data.spec.low, data.spec.high, data.spec.bounded) == (data.train.min(), data.train.max(), False)


def test_a_declared_range_is_taken() -> None:
    spec = from_arrays(images(20).astype(np.int32) - 100, low=-100, high=155, name="shifted").spec
    assert (spec.low, spec.high, spec.dtype, spec.name) == (-100.0, 155.0, "int32", "shifted")
    assert load(from_arrays(images(20))).spec.high == 255.0


with_nan = RNG.normal(size=(20, 2))
with_nan[3] = np.nan


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("digit", "did you mean 'digits'"),
        (images(0), "at least 10 rows"),
        (images(9), "received 9"),
        (with_nan, "NaN or infinity in 1 rows"),
        (np.array([None] * 20), "object"),
        (np.array(["a"] * 20), "numbers"),
        (np.zeros(20), r"points \(N, D\)"),
        (images(20, (3, 8, 8)), "channels last"),
        (images(20, (8, 8, 5)), "1 or 3 channels"),
        (images(20, (2, 2, 2, 1)), "shape"),
        (RNG.normal(size=(20, 4, 4)) * 9, "declares another range"),
        (images(20).astype(np.int64), "declares another range"),
        (np.ones((20, 2)), "values that differ"),
        ((images(20), np.zeros(19, int)), "labels"),
        ((images(20), np.full(20, 0.5)), "labels received .0.5 for row 0"),
        ((images(20), np.full(20, -1)), "labels.*-1"),
        ({"a": 1}, "received a dict"),
        (3, "received a int"),
    ],
)
def test_bad_sources_get_one_clear_message(source: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load(source)


def test_a_range_that_does_not_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="both or neither"):
        from_arrays(images(20), low=0)
    with pytest.raises(ValueError, match=r"\[0, 16\]"):
        from_arrays(images(20), low=0, high=16)


def test_a_data_set_of_ones_own_joins_by_name() -> None:
    registry.register("lab.datasets", "mine", lambda: from_arrays(images(20), name="mine"))
    registry.register("lab.datasets", "broken", lambda: images(20))
    assert isinstance(load("mine"), Dataset)
    with pytest.raises(ValueError, match=r"'broken'.*ndarray; expected a Dataset"):
        load("broken")


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("batch", [None, 7])
def test_a_pipeline_holds_the_same_rows_batched_or_not(labelled: bool, batch: int | None) -> None:
    rows, labels = images(41), np.arange(41)
    pipeline = tf.data.Dataset.from_tensor_slices((rows, labels) if labelled else rows)
    data = load(pipeline if batch is None else pipeline.batch(batch))
    expected = load((rows, labels)) if labelled else load(rows)
    assert data.fingerprint() == expected.fingerprint() and data.kind == "tf.data.Dataset"


def test_pipelines_that_cannot_be_read_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"\.repeat\(\)"):
        load(tf.data.Dataset.from_tensor_slices(images(20)).repeat())
    with pytest.raises(ValueError, match="none"):
        load(tf.data.Dataset.from_tensor_slices(images(20)).take(0))
    with pytest.raises(ValueError, match="pairs"):
        load(tf.data.Dataset.from_tensor_slices({"left": images(20)}))
    endless = tf.data.Dataset.from_generator(
        lambda: itertools.repeat(images(1)[0]), output_signature=tf.TensorSpec((4, 4, 1), tf.uint8)
    )
    monkeypatch.setattr("generative.datasets.conversion.pipelines.MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="did not end"):
        load(endless)
