"""From arrays to examples, as one would who wants to break it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lab.errors import UsageError
from predictors import from_arrays
from predictors.data.examples import ExampleSpec, keys, same_rows
from predictors.data.field import Field
from predictors.data.inputs import checked_inputs

RNG = np.random.default_rng(5)
ROWS = RNG.normal(size=(40, 3)).astype(np.float32)
CODES = np.arange(40) % 4
BLANK = np.full((40, 4, 4, 1), 7, np.float32)


def again(spec):
    return ExampleSpec.from_json(json.loads(json.dumps(spec.to_json())))


@pytest.mark.parametrize(
    ("labels", "known"),
    [
        (CODES, [0, 1, 2, 3]),
        (CODES.astype(np.uint8), [0, 1, 2, 3]),
        (CODES[:, None], [0, 1, 2, 3]),
        (CODES * 10 + 5, [5, 15, 25, 35]),
        (CODES % 2 == 0, [0, 1]),
        (np.array(list("wxyz"))[CODES], list("wxyz")),
        (np.array(list("wxyz"), object)[CODES], list("wxyz")),
        (np.array([b"w", b"x"])[CODES % 2], list("wx")),
        ([2**62 + int(i) for i in CODES], [2**62, 2**62 + 1, 2**62 + 2, 2**62 + 3]),
    ],
)
def test_labels_of_any_type_are_classes_and_come_back(labels, known):
    data = from_arrays(ROWS, labels)
    (target,) = data.spec.targets
    assert target.kind == "class" and target.labels(np.arange(target.classes)).tolist() == known
    for part in (data.train, data.test):
        given = part.targets["target"]
        np.testing.assert_array_equal(target.labels(target.codes(given)), given)
    assert again(data.spec) == data.spec


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (np.eye(4)[CODES].astype(int), r"one-hot labels: labels.argmax\(axis=1\)"),
        (-CODES, "expected whole numbers >= 0"),
        (np.full(40, 3), "one class only, 3"),
        (np.full(40, 2.5), "one value only, 2.5"),
        (np.where(CODES == 3, np.nan, 1.0 * CODES), "NaN or infinity in row 3"),
        (CODES.astype(complex), "complex128"),
        (CODES[:30], "lengths received"),
        ([None, *CODES[1:]], "objects|type object"),
        ([[1], [2, 3]] * 20, "cannot be made one array"),
        (np.array(["a\x1b", "b"])[CODES % 2], "expected at most 256 printable"),
        (np.array(["a" * 300, "b"])[CODES % 2], "expected at most 256 printable"),
        (np.array(["2020-01-01"] * 40, "datetime64[D]"), "datetime64"),
        ({}, "targets received 'none'"),
        (np.ma.masked_array(CODES, CODES == 2), "10 values masked"),
    ],
)
def test_targets_that_no_head_takes_are_refused(targets, message):
    with pytest.raises(UsageError, match=message):
        from_arrays(ROWS, targets)


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        (np.where(ROWS > 2, np.inf, ROWS), {}, "NaN or infinity in row"),
        (ROWS.reshape(40, 3, 1), {}, r"pictures \(N, H, W\) or sequences \(N, T, C\).*kinds="),
        (np.zeros((40, 0)), {}, r"received 'float64 \(40, 0\)'"),
        (np.zeros((40, 2, 2, 2, 2)), {}, "expected a kind for it"),
        (np.array([["a", "b"]] * 40), {}, "expected a kind for it"),
        (ROWS, {"kinds": {"input": "text"}}, "texts received"),
        (ROWS, {"kinds": {"input": "class"}}, "expected one of image, vector"),
        (ROWS, {"kinds": {"imput": "vector"}}, "kinds received 'imput'"),
        (ROWS, {"kinds": {"input": "image"}}, r"pictures of shape .*\(N, H, W\)"),
        (ROWS, {"kinds": {"input": "sequence"}}, r"expected \(N, T, C\)"),
        (ROWS, {"kinds": {"input": "sound"}}, "rate=SAMPLES_A_SECOND"),
        (ROWS.astype(np.uint8), {"kinds": {"input": "sound"}, "rate": 8_000}, r"uint8.*x / 128 - 1"),
        (np.array(["a"] * 40), {"kinds": {"input": "vector"}}, "texts'; expected numbers"),
        (BLANK, {"test": (BLANK[:1] + 1, [0])}, r"float32 in \[7, 7\]"),
        (ROWS * np.float64(1e300), {}, "expected numbers that can be squared"),
        ({"a/b": ROWS}, {}, r"name of an input received 'a/b'"),
        ({"a\n": ROWS}, {}, "printable"),
        ({3: ROWS}, {}, "name of an input received 3"),
        ({"target": ROWS}, {}, "no name twice"),
        (ROWS, {"weights": np.zeros(40)}, "finite numbers > 0"),
        (ROWS, {"weights": np.ones(39)}, r"shape \(40,\)"),
        (ROWS[:1].repeat(40, axis=0), {}, "at least two that differ"),
    ],
)
def test_inputs_that_nothing_learns_from_are_refused(inputs, options, message):
    with pytest.raises(UsageError, match=message):
        from_arrays(inputs, CODES, **options)


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "uint64", "float16", "float64", ">f8", "longdouble"])
def test_numbers_of_any_type_go_into_a_file_and_back(dtype):
    spec = from_arrays((np.abs(ROWS) * 9).astype(int).astype(dtype), CODES % 2).spec
    assert again(spec) == spec


def test_whole_numbers_beyond_float32_stay_apart():
    times = 1_700_000_000_000_000_000 + np.arange(40, dtype=np.int64) * 60_000_000_000
    data = from_arrays(times, CODES)
    held = data.spec.inputs[0].held(np.sort(data.train.inputs["input"], axis=0))[:, 0]
    assert (np.diff(held) > 0.05).all() and abs(held).max() < 3


def test_equal_inputs_stay_on_one_side_and_hold_out_too():
    rows = np.repeat(ROWS[:10], 8, axis=0)
    data = from_arrays(rows, np.arange(80) % 2).hold_out()
    sides = [{*keys(part)} for part in (data.train, data.selection, data.test)]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]
    assert sum(map(len, sides)) == 10


def test_a_rare_class_is_trained_on():
    labels = np.array(["often"] * 39 + ["rare"])
    for rows in (ROWS, ROWS[::-1], RNG.normal(size=(40, 2))):
        for place in (0, 7, 39):
            moved = np.roll(labels, place)
            assert "rare" in from_arrays(rows, moved).train.targets["target"]


def test_classes_of_one_example_each_leave_none_to_test_on():
    with pytest.raises(UsageError, match=r"3 of them, 3 that differ.*more examples, or test="):
        from_arrays(ROWS[:3], ["a", "b", "c"])


def test_a_class_that_only_the_test_part_has_is_refused():
    with pytest.raises(UsageError, match="label of row 1 received 9; expected one of the 4 classes that training has"):
        from_arrays(ROWS[:30], CODES[:30], test=(ROWS[30:32], [0, 9]))


@pytest.mark.parametrize(
    ("inputs", "tested"),
    [
        (ROWS, ROWS[5:6]),
        (np.array([f"text {i}" for i in range(40)]), np.array(["text 5"])),
        (np.array([f"a much longer text {i}" for i in range(39)] + ["short"]), np.array(["short"])),
        ({"x": ROWS, "y": ROWS[:, 0]}, {"y": ROWS[5:6, 0], "x": ROWS[5:6]}),
    ],
)
def test_a_leaking_test_part_is_refused(inputs, tested):
    with pytest.raises(UsageError, match="1 of 1 test examples whose inputs stand among the training examples too"):
        from_arrays(inputs, CODES, test=(tested, [1]))


def test_equal_texts_are_equal_whatever_stands_beside_them():
    groups = same_rows(from_arrays(np.array(["a b", "c", "a b", "d", "e e e"]), [0, 1, 0, 1, 0]).train)
    assert len(groups) >= 3
    short, long = (from_arrays(np.array(t), [0, 1, 0, 1]).train for t in (list("abcd"), ["a", "b", "c", "d" * 50]))
    assert len({*keys(short)} & {*keys(long)}) >= 2


def test_a_test_part_of_another_shape_type_or_name_is_refused():
    for tested, message in (
        ((ROWS[:, :2], CODES), "test 'input'"),
        ((ROWS.astype(np.float64) + 1, CODES), "test 'input'"),
        (({"x": ROWS}, CODES), "test names received"),
        ((ROWS + 1, CODES[:3]), "lengths"),
        ((ROWS[:0], CODES[:0]), "examples received 'none'"),
    ):
        with pytest.raises(UsageError, match=message):
            from_arrays(ROWS, CODES, test=tested)


def test_several_inputs_and_targets_keep_their_names_and_order():
    data = from_arrays(
        {"b": ROWS, "a": np.array([f"word {i}" for i in range(40)])}, {"y": CODES, "x": ROWS[:, 0]},
        test=({"a": np.array(["new"]), "b": ROWS[:1] + 1}, {"x": ROWS[:1, 0], "y": CODES[:1]}),
    )  # fmt: skip
    assert [f.name for f in data.spec.inputs] == ["b", "a"] and [f.name for f in data.spec.targets] == ["y", "x"]
    assert [*data.test.inputs, *data.test.targets] == ["b", "a", "y", "x"] and again(data.spec) == data.spec


def test_predicting_takes_what_training_had():
    sounds = from_arrays((ROWS * 1_000).astype(np.int16), CODES, kinds={"input": "sound"}, rate=100).spec
    checked_inputs(sounds, np.zeros((2, 3), np.int16), "predict")
    for wrong, message in (
        (np.zeros((2, 3)), "inputs of type received 'float64'; expected int16"),
        (np.zeros(3, np.int16), r"\(N, 3\).*inputs\[None\]"),
    ):
        with pytest.raises(UsageError, match=message):
            checked_inputs(sounds, wrong, "predict")
    numbers = from_arrays(ROWS, CODES).spec
    checked_inputs(numbers, [[1, 2, 3]], "predict")
    for wrong, message in (
        ([[1, 2, np.nan]], "NaN or infinity in row 0"),
        (np.ma.masked_array(ROWS, ROWS > 0), "values masked"),
        ([["a", "b", "c"]], "inputs of type"),
        ({"x": ROWS}, r"inputs received \['x'\]; expected input"),
        ([[1], [2, 3]], "cannot be made one array"),
    ):
        with pytest.raises(UsageError, match=message):
            checked_inputs(numbers, wrong, "predict")


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [3, 3]}, {"shape": []}, {"shape": [0]}, {"shape": [1 << 60]}, {"kind": "sound"}, {"kind": "image"},
        {"kind": "text"}, {"kind": "class"}, {"kind": "odd"}, {"scale": [0.0]}, {"scale": [1.0, 1.0]}, {"rate": 8_000},
        {"dtype": "object"}, {"classes": 3}, {"name": "a\x1b"}, {"centre": [float("nan")]},
    ],
)  # fmt: skip
def test_a_strangers_description_of_nothing_is_refused(change):
    given = from_arrays(ROWS, CODES).spec.inputs[0].to_json()
    assert Field.from_json(given).shape == (3,)
    with pytest.raises(UsageError):
        Field.from_json({**given, **change})


def test_a_zero_leaks_whatever_its_sign():
    zeros = np.array([[0.0, 1.0], [0.0, 2.0], [3.0, 0.0], [4.0, 0.0]])
    with pytest.raises(UsageError, match="1 of 1 test examples"):
        from_arrays(zeros, [0, 1, 0, 1], test=(np.array([[-0.0, 2.0]]), [0]))
    with pytest.raises(UsageError, match=r"received 'float64 \(1, 3\)'; expected float64 \(N, 2\), as to train on"):
        from_arrays(zeros, [0, 1, 0, 1], test=(np.ones((1, 3)), [0]))
