"""One declared range: what goes in comes back, clipped, rounded and in its own type."""

from __future__ import annotations

import json

import numpy as np
import pytest

from generative import Dataset, DataSpec

DIGITS = DataSpec((2, 2, 1), "uint8", 0.0, 16.0, 10, "digits")
POINTS = DataSpec((2,), "float32", -4.0, 6.0, bounded=False)
NAMED = DataSpec((2, 2, 1), "uint8", 0.0, 16.0, 2, "pets", class_names=("cat", "dog"))


def test_a_spec_survives_json() -> None:
    for spec in (DIGITS, POINTS, NAMED):
        assert DataSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": [0]}, "shape"),
        ({"dtype": "object"}, "dtype"),
        ({"high": 0.0}, "low < high"),
        ({"surprise": 1}, "describes no data"),
        ({"class_names": ["cat"]}, "10 names, one a label"),
    ],
)
def test_a_spec_refuses_what_describes_no_data(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DataSpec.from_json({**DIGITS.to_json(), **change})


def test_labels_have_names_where_the_data_give_some() -> None:
    assert NAMED.label_name(1) == "dog" and DIGITS.label_name(np.int32(7)) == "7"
    older = {k: v for k, v in DIGITS.to_json().items() if k != "class_names"}
    assert DataSpec.from_json(older) == DIGITS


def test_every_value_comes_back_from_minus_one_to_one() -> None:
    values = np.arange(17, dtype=np.uint8)
    scaled = DIGITS.normalise(values)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, np.arange(17) / 8 - 1)
    np.testing.assert_array_equal(DIGITS.quantise(scaled), values)
    assert DIGITS.quantise(scaled).dtype == np.uint8


def test_quantising_clips_and_rounds() -> None:
    # 16 * (x + 1) / 2: -9 -> 0, 0.03 -> 8.24, 0.07 -> 8.56, 2 -> 16.
    np.testing.assert_array_equal(DIGITS.quantise(np.array([-9.0, 0.03, 0.07, 2.0])), [0, 8, 9, 16])
    np.testing.assert_allclose(POINTS.quantise(np.array([-2.0, 0.0, 1.0])), [-9.0, 1.0, 6.0])
    with pytest.raises(ValueError, match="not finite"):
        DIGITS.quantise(np.array([np.nan]))


def test_tensorflow_does_as_numpy() -> None:
    for spec in (DIGITS, POINTS, DataSpec((3,), "bool", 0.0, 1.0)):
        rows = np.array([0, 1, 1], spec.dtype)
        np.testing.assert_allclose(spec.normalise_tensor(rows).numpy(), spec.normalise(rows), rtol=1e-6)
        values = np.random.default_rng(0).normal(size=500).astype(np.float32)
        np.testing.assert_allclose(spec.quantise_tensor(values).numpy(), spec.quantise(values), rtol=1e-6, atol=1e-6)


def test_fractions_run_from_zero_to_one() -> None:
    np.testing.assert_allclose(POINTS.fractions(np.array([-4.0, 1.0, 6.0])), [0.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((2, 2, 1), np.uint8), r"\(N, 2, 2, 1\).*data\[None\]"),
        (np.zeros((5, 3, 2, 1), np.uint8), "shape"),
        (np.zeros((5, 2, 2, 1), np.float32), "expected uint8"),
        (np.full((5, 2, 2, 1), 17, np.uint8), r"\[17, 17\].*\[0, 16\]"),
    ],
)
def test_check_says_what_does_not_fit(data: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DIGITS.check(data, "Autoencoder.encode")


def test_points_may_lie_outside_but_must_be_finite() -> None:
    assert POINTS.check(np.full((3, 2), 99.0), "x").dtype == np.float64
    with pytest.raises(ValueError, match="not finite"):
        POINTS.check(np.full((3, 2), np.inf), "x")


def test_rows_held_out_for_selection_are_never_trained_on() -> None:
    train = np.arange(40, dtype=np.float32).repeat(2).reshape(40, 2)
    spec = DataSpec((2,), "float32", -40.0, 40.0, classes=40)
    labels = np.arange(40, dtype=np.int32)
    data = Dataset(train, -train[:7], spec, labels, labels[:7])
    report, selection = data.hold_out()
    assert report.train is selection.train and len(report.train) == 36 and len(selection.test) == 4
    assert sorted([*report.train[:, 0], *selection.test[:, 0]]) == list(range(40))
    np.testing.assert_array_equal(report.test, data.test)
    np.testing.assert_array_equal(report.train[:, 0], report.train_labels)
    np.testing.assert_array_equal(selection.test[:, 0], selection.test_labels)
    np.testing.assert_array_equal(data.hold_out()[0].train, report.train)


def test_a_fingerprint_sees_every_value() -> None:
    rows = np.zeros((10, 2), np.float32)
    spec = DataSpec((2,), "float32", 0.0, 1.0)
    prints = {Dataset(rows, rows[:2], spec).fingerprint(), Dataset(rows, rows[:2], spec).fingerprint()}
    changed = rows.copy()
    changed[9, 1] = 1e-9
    assert len(prints) == 1 and Dataset(changed, rows[:2], spec).fingerprint() not in prints


def test_a_result_of_the_data_is_computed_once() -> None:
    rows, calls = np.zeros((3, 2), np.float32), []
    data = Dataset(rows, rows, DataSpec((2,), "float32", 0.0, 1.0))
    assert [data.once("k", lambda: calls.append(0) or 7) for _ in range(3)] == [7, 7, 7]
    assert len(calls) == 1


def test_a_dataset_checks_its_parts() -> None:
    rows, spec = np.zeros((3, 2), np.float32), DataSpec((2,), "float32", 0.0, 1.0)
    with pytest.raises(ValueError, match="no rows"):
        Dataset(rows, rows[:0], spec)
    with pytest.raises(ValueError, match="train_labels"):
        Dataset(rows, rows, spec, np.zeros(2, np.int32))
    with pytest.raises(ValueError, match="test_labels received .0 to 3.; expected 0 to 2"):
        two = DataSpec((2,), "float32", 0.0, 1.0, classes=3)
        Dataset(rows, rows, two, np.zeros(3, np.int32), np.array([0, 3, 1], np.int32))
