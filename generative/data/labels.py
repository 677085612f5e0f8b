"""Labels: what a user writes and the codes 0, 1, 2, ... that networks count with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from generative.arguments import plain_array
from lab.errors import bad_value
from lab.exporting import Input

if TYPE_CHECKING:
    import tensorflow as tf

    from generative.spec import DataSpec

ONE_HOT = "one-hot labels: labels.argmax(axis=1)."
SHOWN = 12
# The name of an exported function's input.
LABELS = "labels"


def read_labels(owner: str, labels: Any, count: int) -> np.ndarray:
    """Check the labels of a data set and return them as whole numbers or text, (count,).

    Args:
        owner: Who asks, for messages.
        labels: (count,) or (count, 1): whole numbers >= 0, floating ones without a fraction, booleans, or texts.
        count: How many rows there are.

    Returns:
        int64 (count,) or str (count,).

    Raises:
        UsageError: On another shape or type, negative numbers, fractions, or numbers beyond int64.
    """
    array = plain_array(owner, "labels", labels)
    if array.shape == (count, 1):
        array = array[:, 0]
    expected = f"whole numbers or texts of shape ({count},), one a row"
    if array.shape != (count,) or array.dtype.kind not in "buifUSO":
        fix = ONE_HOT if array.ndim == 2 and len(array) == count else ""
        raise bad_value(owner, "labels", f"{array.dtype} {array.shape}", expected, fix)
    if array.dtype.kind in "USO":
        return np.array([v.decode() if isinstance(v, bytes) else str(v) for v in array.tolist()])
    wrong = (
        np.flatnonzero(~np.isfinite(array) | (array != np.floor(array)))
        if array.dtype.kind == "f"
        else np.array([], int)
    )
    if len(wrong):
        received = f"{array[wrong[0]]:g} for row {wrong[0]}"
        raise bad_value(owner, "labels", received, "whole numbers", "rows that have none cannot be labelled.")
    least, most = array.min(), array.max()
    if least < 0:
        fix = "leave rows without a label out, or add a number to all."
        raise bad_value(owner, "labels", int(least), "whole numbers >= 0", fix)
    if most > np.iinfo(np.int64).max or (array.dtype.kind == "f" and most > 2**53):
        fix = "np.unique(labels, return_inverse=True)[1] numbers them anew."
        raise bad_value(owner, "labels", int(most), "whole numbers that 64 bits hold", fix)
    return array.astype(np.int64)


def count_classes(labels: np.ndarray) -> tuple[int, tuple[int, ...] | None, tuple[str, ...] | None]:
    """Return how many classes labels have, their values where these are not 0, 1, 2, ..., and names of texts."""
    found = np.unique(labels)
    if found.dtype.kind == "U":
        return len(found), None, tuple(found.tolist())
    plain = bool((found == np.arange(len(found))).all())
    return len(found), None if plain else tuple(found.tolist()), None


def label_codes(spec: DataSpec, labels: np.ndarray) -> np.ndarray:
    """Return the codes, int32 (N,) from 0, of a data set's own labels (N,)."""
    if spec.label_values is None:
        return labels.astype(np.int32)
    return np.searchsorted(np.asarray(spec.label_values), labels).astype(np.int32)


def label_codes_tensor(spec: DataSpec, labels: tf.Tensor) -> tf.Tensor:
    """Return the codes, int32 (N,) from 0, of a data set's own labels, int64 (N,); one that it has not counts as 0."""
    import tensorflow as tf

    if spec.label_values is None:
        return tf.cast(labels, tf.int32)
    known = tf.constant(np.asarray(spec.label_values, np.int64))
    return tf.argmax(tf.cast(labels[:, None] == known, tf.int32), axis=1, output_type=tf.int32)


def label_inputs(wanted: bool | int) -> dict[str, Input]:
    """Return the input for labels of an exported function, int64 (n,), where one is wanted."""
    return {LABELS: Input((), "int64")} if wanted else {}


def label_values(spec: DataSpec, codes: Any) -> np.ndarray:
    """Return the labels that a user knows for codes from 0, of their shape."""
    codes = np.asarray(codes)
    return codes if spec.label_values is None else np.asarray(spec.label_values)[codes]


def checked_labels(owner: str, spec: DataSpec, labels: Any, count: int) -> np.ndarray:
    """Return the codes, int32 (count,), of labels that a user asks for; one label stands for all.

    Args:
        owner: Who asks, for messages.
        spec: Of the data, which have labels.
        labels: One of the data's labels, or (count,) or (count, 1) of them; names where classes have names.
        count: How many are needed.

    Raises:
        UsageError: When they are of another kind or shape, or none of the data's.
    """
    expected = f"{_choices(spec)}: one, or {count} of them"
    array = None if labels is None else plain_array(owner, "labels", labels)
    if array is not None and array.shape == (count, 1):
        array = array[:, 0]
    if array is not None and array.dtype.kind == "b" and (spec.classes or 0) <= 2:
        array = array.astype(np.int64)
    if array is not None and array.dtype.kind == "f" and array.size and (array == np.floor(array)).all():
        array = array.astype(np.int64)
    kinds = "iu" if spec.class_names is None else "iuUSO"
    if array is None or array.dtype.kind not in kinds or array.shape not in ((), (count,)):
        received = "none" if array is None else f"{array.dtype} {array.shape}"
        fix = ONE_HOT if array is not None and array.ndim == 2 else ""
        raise bad_value(owner, "labels", received, expected, fix)
    if array.dtype.kind in "USO":
        known = {name: code for code, name in enumerate(spec.class_names or ())}
        texts = [v.decode() if isinstance(v, bytes) else v for v in array.ravel().tolist()]
        unknown = [text for text in texts if text not in known]
        if unknown:
            raise bad_value(owner, "labels", unknown[0], expected)
        array = np.array([known[text] for text in texts], np.int32).reshape(array.shape)
    elif not known_labels(spec, array).all():
        wrong = np.atleast_1d(array)[~np.atleast_1d(known_labels(spec, array))]
        raise bad_value(owner, "labels", f"values in [{array.min()}, {array.max()}], {wrong[0]} among them", expected)
    else:
        array = label_codes(spec, array)
    return np.broadcast_to(array, (count,)).astype(np.int32)


def known_labels(spec: DataSpec, labels: np.ndarray) -> np.ndarray:
    """Return which of some whole numbers are labels of the data, booleans of their shape."""
    if spec.label_values is not None:
        return np.isin(labels, np.asarray(spec.label_values))
    return (labels >= 0) & (labels < (spec.classes or 0))


def drawn_codes(counts: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    """Draw codes, int32 (number,), as often as they were counted; where none was, all alike.

    Row i takes the i-th number of the stream, whatever `number` is.
    """
    chances = counts.astype(np.float64)
    chances = chances / chances.sum() if chances.any() else np.full(len(chances), 1.0 / len(chances))
    return rng.choice(len(chances), number, p=chances).astype(np.int32)


def _choices(spec: DataSpec) -> str:
    """Return in words which labels there are."""
    if spec.label_values is not None:
        shown = ", ".join(map(str, spec.label_values[:SHOWN]))
        return f"the labels {shown}{', ...' if len(spec.label_values) > SHOWN else ''} of {spec.name}"
    numbers = f"whole numbers 0 to {(spec.classes or 0) - 1}, the labels of {spec.name}"
    if spec.class_names is None:
        return numbers
    names = ", ".join(spec.class_names[:SHOWN])
    return f"{numbers} ({names}{', ...' if len(spec.class_names) > SHOWN else ''})"
