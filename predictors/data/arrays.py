"""From arrays to examples: kinds are told from types and shapes, and nothing that is ambiguous is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from generative.data.labels import count_classes, read_labels
from generative.datasets.conversion.ranges import NARROW, known_range
from lab.errors import UsageError, bad_value, printable
from lab.messages.notes import warn
from predictors.data.examples import Examples, ExampleSpec, Part, check_leaks, held_out, same_rows
from predictors.data.field import INPUTS, TARGETS, TEXT, Field
from predictors.data.given import check_lengths, checked_weights, named
from predictors.data.words import checked_texts

INPUT, TARGET = "input", "target"
TEST_FRACTION = 5
MOST_CONSTANT = 1e-12
HINT = "kinds={NAME: KIND} says what it is."


def from_arrays(
    inputs: Any,
    targets: Any,
    *,
    test: tuple[Any, Any] | None = None,
    weights: Any = None,
    kinds: Mapping[str, str] | None = None,
    rate: int | None = None,
    columns: Mapping[str, tuple[str, ...]] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    name: str = "arrays",
    kind: str = "arrays",
    notes: tuple[str, ...] = (),
) -> Examples:
    """Return examples from arrays; numbers are scaled by what the training part has.

    Args:
        inputs: An array, or arrays by name: pictures (N, H, W) of uint8 or (N, H, W, C), numbers (N,) or (N, D),
            texts (N,); sequences (N, T, C) and sounds (N, samples) where `kinds` says so.
        targets: An array, or arrays by name: labels (N,), whole numbers, booleans or texts; numbers (N,) or (N, D).
        test: Inputs and targets to test on; None to take a fifth of the examples, in a fixed order of their own.
        weights: (N,) > 0, how much each training example counts; None for all alike.
        kinds: What inputs and targets are, by name, where type and shape do not tell; see `Field`.
        rate: Samples a second of sounds.
        columns: Names of columns, by the name of the input or target.
        ranges: Least and greatest value that pictures may have, by name. Without it uint8 is [0, 255], or [0, 1] where
            nothing is greater, booleans are [0, 1], and floating ones [0, 1] or [-1, 1] if nothing lies outside.
        name, kind, notes: As for `ExampleSpec` and `Examples`.

    Raises:
        UsageError: On unequal lengths, values that are not finite, types and shapes that fit nothing or several
            kinds, examples to test on that stand in the training part too, or a target of one value only.
    """
    owner = name
    declared = dict(kinds or {})
    given = Part(named(inputs, INPUT, owner), named(targets, TARGET, owner))
    check_lengths(given, owner)
    unknown = sorted(declared.keys() - {*given.inputs, *given.targets})
    if unknown:
        raise bad_value(owner, "kinds", unknown[0], "names of " + ", ".join((*given.inputs, *given.targets)))
    given = _readable_part(given, declared, owner, checked_weights(weights, len(given), owner))
    if test is None:
        chosen = _to_test_on(given, declared, owner)
        numbers = np.arange(len(given))
        train, tested = given.rows(numbers[~chosen]), given.rows(numbers[chosen])
    else:
        tested = Part(named(test[0], INPUT, owner), named(test[1], TARGET, owner))
        check_lengths(tested, f"{owner} test")
        for theirs, ours in ((tested.inputs, given.inputs), (tested.targets, given.targets)):
            if theirs.keys() != ours.keys():
                raise bad_value(owner, "test names", sorted(theirs), ", ".join(sorted(ours)))
        tested = Part({n: tested.inputs[n] for n in given.inputs}, {n: tested.targets[n] for n in given.targets})
        tested = _readable_part(tested, declared, f"{owner} test", None)
        train = given
        check_leaks(train, tested, owner)
    names, spans = columns or {}, dict(ranges or {})
    fields = [
        tuple(_field(n, v, declared.get(n), side, rate, names.get(n), spans.get(n), owner) for n, v in held.items())
        for held, side in ((train.inputs, INPUT), (train.targets, TARGET))
    ]
    spec = ExampleSpec(fields[0], fields[1], name)
    for field in spec.targets:
        # Now, rather than in the middle of an evaluation.
        if field.kind == "class":
            field.codes(tested.targets[field.name])
    for field in (*spec.inputs, *spec.targets):
        _check_alike(field, train, tested, owner)
    said = [*notes, *(note for field in spec.inputs for note in _dim(field, train.inputs[field.name], name))]
    if said:
        warn(f"{name}: {'; '.join(said)}", stacklevel=2)
    return Examples(train, tested, spec, kind=kind, notes=tuple(said))


def _range(values: np.ndarray, owner: str, name: str) -> tuple[float, float]:
    try:
        return known_range(values, values)[:2]
    except UsageError as error:
        received = f"{values.dtype} in [{values.min():g}, {values.max():g}]"
        expected = "uint8, booleans, or floating numbers in [0, 1] or [-1, 1]"
        raise bad_value(owner, "pictures", received, expected, f"ranges={{{name!r}: (LOW, HIGH)}}.") from error


def _dim(field: Field, values: np.ndarray, name: str) -> list[str]:
    if field.kind != "image":
        return []
    half = field.scale[0]
    used, low, high = float(np.ptp(values)), field.centre[0] - half, field.centre[0] + half
    if used >= 2.0 * half * NARROW:
        return []
    lie = f"pictures {field.name!r} lie in [{values.min():g}, {values.max():g}]"
    return [f"{lie}, less than {NARROW:.0%} of [{low:g}, {high:g}]; ranges= declares another range"]


def _to_test_on(part: Part, declared: Mapping[str, str], owner: str) -> np.ndarray:
    """Choose a fifth of the examples to test on, booleans (N,), but none of a class that only they would have."""
    groups = same_rows(part)
    chosen = held_out(groups, TEST_FRACTION)
    received = f"{len(part)} of them, {len(np.unique(groups))} that differ"
    if chosen.all():
        raise bad_value(owner, "examples", received, "at least two that differ, one to test on")
    for name, values in part.targets.items():
        if (declared.get(name) or _target_kind(values, name)) == "class":
            lacking = ~np.isin(values, values[~chosen])
            chosen &= ~np.isin(groups, groups[lacking])
    if not chosen.any():
        expected = "examples to test on whose class is trained on too"
        raise bad_value(owner, "examples", received, expected, "more examples, or test=(inputs, targets).")
    return chosen


def _readable_part(part: Part, declared: Mapping[str, str], owner: str, weights: np.ndarray | None) -> Part:
    inputs, targets = _readable(part.inputs, declared, owner, INPUT), _readable(part.targets, declared, owner, TARGET)
    return Part(inputs, targets, weights)


def _readable(
    held: Mapping[str, np.ndarray], declared: Mapping[str, str], owner: str, side: str
) -> dict[str, np.ndarray]:
    """Return values in the shapes that their kinds have, once their kinds are known and all of them are finite."""
    found = {}
    for name, values in held.items():
        where = f"{owner} {side} {name!r}"
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            row = int(np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))[0])
            fix = "leave such rows out, or fill them in: nothing here does that silently."
            raise bad_value(where, "values", f"NaN or infinity in row {row}", "finite numbers", fix)
        kind = declared.get(name) or (_input_kind(values, where) if side == INPUT else _target_kind(values, where))
        if kind not in (INPUTS if side == INPUT else TARGETS):
            raise bad_value(where, "kind", kind, "one of " + ", ".join(INPUTS if side == INPUT else TARGETS))
        if kind == "class":
            values = read_labels(where, values, len(values))
        elif kind in ("vector", "number") and values.ndim == 1:
            values = values[:, None]
        if values.dtype.kind == "U" and kind not in ("text", "class"):
            raise bad_value(where, "values", "texts", f"numbers for the kind {kind!r}")
        if kind == "text":
            values = checked_texts(values, where)
        found[name] = values
    return found


def _input_kind(values: np.ndarray, owner: str) -> str:
    if values.dtype.kind == "U" and values.ndim == 1:
        return "text"
    if values.dtype.kind != "U" and values.ndim in (1, 2):
        return "vector"
    if values.ndim == 4 or (values.ndim == 3 and values.dtype in (np.uint8, np.bool_)):
        return "image"
    shape = f"{values.dtype} {values.shape}"
    raise UsageError(
        f"{owner}: received {shape}, which may be pictures (N, H, W) or sequences (N, T, C); expected a kind for it. "
        f"Fix: {HINT} Kinds of inputs: {', '.join(INPUTS)}."
    )


def _target_kind(values: np.ndarray, owner: str) -> str:
    if values.dtype.kind in "buiU" and (values.ndim == 1 or values.shape[1:] == (1,)):
        return "class"
    if values.dtype.kind == "f" and values.ndim in (1, 2):
        return "number"
    fix = "one-hot labels: labels.argmax(axis=1)." if values.ndim == 2 else HINT
    raise bad_value(owner, "values", f"{values.dtype} {values.shape}", "labels (N,) or numbers (N,) or (N, D)", fix)


def _field(
    name: str, values: np.ndarray, declared: str | None, side: str, rate: int | None, columns: tuple[str, ...] | None,
    span: tuple[float, float] | None, owner: str,
) -> Field:  # fmt: skip
    where = f"{owner} {side} {name!r}"
    kind = declared or (_input_kind(values, where) if side == INPUT else _target_kind(values, where))
    if kind == "class":
        classes, numbers, names = count_classes(values)
        odd = [label for label in names or () if len(label) > 256 or printable(label) != label]
        if odd:
            raise bad_value(where, "label", odd[0][:256], "at most 256 printable characters, for tables and files")
        if classes < 2:
            raise bad_value(
                where, "labels", f"one class only, {values[0].item()!r}", "at least two classes to tell apart"
            )
        return Field(
            name, kind, (), TEXT if names else "int64", classes=classes, class_names=names, label_values=numbers
        )
    if kind == "text":
        from predictors.data.tokens import vocabulary_of

        words, length = vocabulary_of(values)
        return Field(name, kind, (length,), TEXT, vocabulary=words)
    shape = values.shape[1:]
    if kind == "image":
        if len(shape) not in (2, 3) or min(shape[:2]) < 2:
            raise bad_value(where, "pictures of shape", values.shape, "(N, H, W) or (N, H, W, C), sides of 2 or more")
        low, high = span if span is not None else _range(values, where, name)
        if not (np.isfinite([low, high]).all() and low < high and low <= values.min() and values.max() <= high):
            received = f"{(low, high)} for values in [{values.min():g}, {values.max():g}]"
            raise bad_value(where, "range", received, "finite low < high that hold all values")
        return Field(name, kind, shape, str(values.dtype), ((low + high) / 2.0,), ((high - low) / 2.0,))
    if kind == "sound":
        if len(shape) != 1 or rate is None:
            raise bad_value(where, "sounds", f"{values.shape} at rate {rate}", "(N, samples) and rate=SAMPLES_A_SECOND")
        if values.dtype.kind != "f" and values.dtype != np.int16:
            fix = "bytes around 128: (x / 128 - 1).astype(np.float32); 32 bits: (x / 2**31).astype(np.float32)."
            raise bad_value(where, "sounds of type", str(values.dtype), "int16, or floating numbers in [-1, 1]", fix)
        peak = 32_768.0 if values.dtype == np.int16 else 1.0
        return Field(name, kind, shape, str(values.dtype), (0.0,), (peak,), rate=rate)
    if len(shape) != (2 if kind == "sequence" else 1):
        expected = "(N, T, C)" if kind == "sequence" else "(N,) or (N, D)"
        raise bad_value(where, "values of shape", values.shape, expected)
    centre, scale = standard(values)
    if not np.isfinite([*centre, *scale]).all():
        raise bad_value(
            where, "values", f"up to {np.abs(values).max():g}", "numbers that can be squared", "scale them."
        )
    if kind == "number" and max(scale) == 1.0 and float(np.ptp(values)) == 0.0:
        raise bad_value(where, "values", f"one value only, {float(values.flat[0]):g}", "numbers that differ")
    return Field(name, kind, shape, str(values.dtype), centre, scale, columns=columns)


def standard(values: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each column (the last axis), float64; 1 for one that does not vary."""
    wide = np.asarray(values, np.float64).reshape(-1, values.shape[-1])
    # Of numbers beyond what 64 bits can square, the caller hears that they are not finite.
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = wide.mean(axis=0), wide.std(axis=0)
    flat = deviation <= MOST_CONSTANT * np.maximum(1.0, np.abs(mean))
    return tuple(mean.tolist()), tuple(np.where(flat, 1.0, deviation).tolist())


def _check_alike(field: Field, train: Part, test: Part, owner: str) -> None:
    for part in (train.inputs, train.targets):
        if field.name in part:
            other = (test.inputs if part is train.inputs else test.targets)[field.name]
            mine = part[field.name]
            if other.shape[1:] != mine.shape[1:] or (other.dtype != mine.dtype and mine.dtype.kind != "U"):
                received = f"{other.dtype} {other.shape}"
                expected = f"{mine.dtype} ({', '.join(map(str, ('N', *mine.shape[1:])))}), as to train on"
                raise bad_value(f"{owner} test {field.name!r}", "values", received, expected)
