"""Arrays of any kind become rows that keep every digit, or one clear message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative.data.updates import IndexStream, Updates
from generative.datasets import from_arrays, load
from lab import Experiment
from tests.generative.tiny import Tiny, images

RNG = np.random.default_rng(0)
FAR = 1e9 + RNG.uniform(0, 1e-2, (1_000, 2))


def test_points_far_from_zero_keep_their_digits() -> None:
    data = load(FAR)
    seen = data.spec.normalise(data.train)
    assert len(np.unique(seen[:, 0])) > 790 and np.abs(seen).max() <= 1.0
    np.testing.assert_allclose(data.spec.quantise(seen), data.train, rtol=0, atol=3e-7)
    np.testing.assert_array_equal(data.spec.normalise_tensor(tf.constant(data.train)).numpy(), seen)
    np.testing.assert_array_equal(data.spec.quantise_tensor(seen).numpy(), data.spec.quantise(seen))


def test_what_training_meets_has_those_digits() -> None:
    data, learner = load(FAR), Experiment(Tiny(), FAR).learner
    updates = Updates(learner, data.train, None, IndexStream(len(data.train), RNG), False)
    batch = updates.batch(updates.fixed, tf.range(800), tf.constant(0))
    assert len(np.unique(batch.data.numpy()[:, 0])) > 790 and batch.data.dtype == tf.float32


def test_float32_far_from_zero_is_scaled_in_float64() -> None:
    rows = (1e5 + RNG.uniform(0, 1, (50, 2))).astype(np.float32)
    spec = from_arrays(rows, low=1e5 + 0.001, high=1e5 + 1.003, name="far").spec if rows.min() >= 1e5 + 0.001 else None
    spec = spec or from_arrays(rows, low=1e5 - 0.003, high=1e5 + 1.003).spec
    exact = (rows.astype(np.float64) - spec.low) / (spec.high - spec.low) * 2 - 1
    np.testing.assert_allclose(spec.normalise(rows), exact, atol=1e-6)
    np.testing.assert_allclose(spec.normalise_tensor(tf.constant(rows)).numpy(), exact, atol=1e-6)


def test_whole_numbers_beyond_float32() -> None:
    rows = 2**31 - RNG.integers(0, 200, (20, 3)) - 1
    data = from_arrays(rows.astype(np.uint32), low=2**31 - 201, high=2**31 - 1)
    np.testing.assert_array_equal(data.spec.quantise(data.spec.normalise(data.train)), data.train)
    with pytest.raises(ValueError, match=r"between -2\*\*53 and 2\*\*53"):
        from_arrays(rows, low=0, high=2**62)


def test_features_far_from_zero_are_normalised_each_by_itself() -> None:
    rows = np.stack([1e6 + RNG.normal(size=500), RNG.normal(size=500)], axis=1)
    with pytest.warns(UserWarning, match=r"2 columns \(0, 1\) differ by less than 1%.*normalised\('feature'\)"):
        data = load(rows).normalised("feature")
    seen = data.spec.normalise(data.train)
    assert len(np.unique(seen[:, 0])) > 390
    np.testing.assert_allclose(seen.std(axis=0)[0], seen.std(axis=0)[1], rtol=1e-3)
    np.testing.assert_allclose(data.spec.quantise(seen), data.train, rtol=0, atol=1e-5)


def test_uint8_of_0_and_1_is_a_mask() -> None:
    rows = (images(40) > 100).astype(np.uint8)
    with pytest.warns(UserWarning, match=r"taken for masks, of range \[0, 1\]"):
        data = load(rows)
    assert (data.spec.low, data.spec.high) == (0.0, 1.0)
    assert set(np.unique(data.spec.normalise(data.train))) == {-1.0, 1.0}
    np.testing.assert_array_equal(data.spec.quantise(data.spec.normalise(data.train)), data.train)
    assert from_arrays(rows, low=0, high=255).spec.high == 255.0
    assert set(np.unique(load(rows > 0).spec.normalise(rows > 0))) == {-1.0, 1.0}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.full((20, 4, 4), 9, np.uint8), "all 16 rows to train on are equal"),
        (images(20) // 16, r"values lie in \[0, 15\], less than 10% of \[0, 255\]"),
        (RNG.uniform(0.5, 0.51, (20, 4, 4)), "less than 10%"),
        (np.stack([RNG.normal(size=30), np.ones(30)], axis=1), r"1 columns \(1\) never differ"),
    ],
)
def test_rows_that_fill_little_of_their_range_are_warned_of(rows: np.ndarray, message: str) -> None:
    with pytest.warns(UserWarning, match=message):
        data = load(rows)
    assert len(data.notes) == 1


def test_notes_are_in_the_runs_description(tmp_path: Path) -> None:
    with pytest.warns(UserWarning):
        made = Experiment(Tiny(), images(20) // 16)
    assert made.task.describe()["notes"][0].startswith("values lie in [0, 15]")
    assert "notes" not in Experiment(Tiny(), images(20)).task.describe()


class Rows(np.ndarray):
    """A subclass, as units or records are."""


@pytest.mark.parametrize(
    "change",
    [
        np.asfortranarray,
        lambda rows: np.ascontiguousarray(rows.transpose(3, 2, 1, 0)).transpose(3, 2, 1, 0),
        lambda rows: rows.repeat(2, axis=1)[:, ::2],
        lambda rows: rows.view(Rows),
        lambda rows: rows.astype(">f4"),
        lambda rows: np.ma.masked_array(rows),
    ],
)
def test_memory_layout_and_byte_order_change_nothing(change: Any) -> None:
    rows = images(20).astype(np.float32) / 255.0
    data = load(change(rows))
    assert type(data.train) is np.ndarray and data.fingerprint() == load(rows).fingerprint()
    assert Experiment(Tiny(), data).train(2).rows


def test_a_memory_map_and_a_long_double(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", images(20))
    assert load(np.load(tmp_path / "rows.npy", mmap_mode="r")).fingerprint() == load(images(20)).fingerprint()
    assert load(images(20).astype(np.longdouble) / 255).spec.dtype == "float64"
    assert load(images(20).astype(np.float16) / 255).spec.dtype == "float16"


class Table:
    """A table as pandas has them: it becomes an array when asked to."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self.columns = columns

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        columns = [np.asarray(column) for column in self.columns.values()]
        kind = np.result_type(*columns) if all(c.dtype.kind in "iuf" for c in columns) else object
        return np.stack([column.astype(kind) for column in columns], axis=1)


def test_tables_become_rows_where_all_is_numbers() -> None:
    columns = {"a": RNG.normal(size=20), "b": np.arange(20)}
    assert load((Table(columns), np.arange(20) % 3)).spec.classes == 3
    with pytest.raises(ValueError, match=r"frame.to_numpy\(\)"):
        load(Table(columns))
    with pytest.raises(ValueError, match="object, holding"):
        from_arrays(Table({**columns, "c": [{}] * 20}))


masked = np.ma.masked_array(images(20), images(20) > 250)
with_inf = RNG.normal(size=(20, 2))
with_inf[7, 1] = np.inf


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (with_inf, "NaN or infinity in 1 rows, the first of them row 7"),
        (masked, r"a masked array with \d+ values masked.*filled"),
        ([np.zeros((4, 4)), np.zeros((5, 4))], r"cannot be made one array.*np.stack"),
        (np.array([{"a": 1}] * 20), "object, holding dict"),
        (np.zeros((20, 2), complex), "type received 'complex128'"),
        (np.zeros(20, "datetime64[s]"), "type"),
        (np.zeros(20, [("x", "f4")]), "type"),
        (images(20).astype(np.uint16), r"low=0, high=65535 for all 16 bits"),
        (images(20).astype(np.int16), r"low=0, high=32767 for all 16 bits"),
        (images(20) * 1.0, r"from_arrays\(rows, low=0, high=255\), or rows / 255"),
        (images(32, (32, 3)), "this may be one image alone"),
        (images(32, (32, 4)), "this may be one image alone"),
        (images(20, (8, 8, 4)), "puts them on white"),
        (images(20, (3, 8, 8)), r"np.moveaxis\(rows, 1, -1\)"),
    ],
)
def test_what_is_no_plain_array_of_rows(rows: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_arrays(rows)


def test_declared_depths() -> None:
    rows = RNG.integers(0, 4096, (20, 4, 4)).astype(np.uint16)
    spec = from_arrays(rows, low=0, high=4095).spec
    np.testing.assert_array_equal(spec.quantise(spec.normalise(rows)), rows)
    for low in ("0", None, np.nan):
        with pytest.raises(ValueError, match="received"):
            from_arrays(rows, low=low, high=4095)


def test_pairs_of_training_and_test_rows_as_keras_loads_them() -> None:
    rows, labels = images(30), np.arange(30)[:, None] % 3
    data = load(((rows[:20], labels[:20]), (rows[20:], labels[20:])))
    np.testing.assert_array_equal(data.train, rows[:20])
    np.testing.assert_array_equal(data.test_labels, labels[20:, 0])
    one = load(((rows[:20], labels[:20]), (rows[20:21], labels[20:21])))
    assert len(one.test) == 1
    for test, message in (
        ((rows[:0], labels[:0]), "at least 1 rows"),
        ((rows[20:, :2], labels[20:]), "rows as those to train on"),
        ((rows[20:] / 255.0, labels[20:]), "rows as those to train on"),
        ((rows[20:], labels[20:] + 5), "labels trained on"),
        ((rows[20:], None), "labels of both or neither"),
    ):
        with pytest.raises(ValueError, match=message):
            load(((rows[:20], labels[:20]), test))


def test_whole_numbers_without_bounds_never_wrap() -> None:
    import dataclasses

    spec = dataclasses.replace(load(images(20)).spec, bounded=False)
    assert spec.quantise(np.array([-2.0, 2.0])).tolist() == [0, 255]
