"""Arrays that a compiled call is given, side by side in one vector where they can be: each tensor made costs time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from agents.functional.packing import WORD, Packing


def joined(first: np.ndarray, nested: Any) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return a vector of some numbers and all 32-bit numbers of nested arrays, and the arrays of other numbers.

    Args:
        first: float32 (k,).
        nested: Nested tuples of arrays.

    Returns:
        float32 (k + numbers,), what is no float32 bit by bit; and the rest as they are.
    """
    pieces, rest = [first], []
    for array in _leaves(nested):
        if array.dtype.itemsize == WORD:
            pieces.append(np.ascontiguousarray(array).reshape(-1).view(np.float32))
        else:
            rest.append(array)
    return np.concatenate(pieces), rest


def likeness(nested: Any) -> Any:
    """Return nested tuples of words that say what arrays `joined` was given, for `parted`."""
    if isinstance(nested, tuple):
        return tuple(map(likeness, nested))
    return " ".join(map(str, (nested.dtype, *nested.shape))) if nested.dtype.itemsize == WORD else ""


def parted(numbers: tf.Tensor, rest: list[tf.Tensor], like: Any) -> Any:
    """Return nested tuples of tensors as they were before `joined`.

    Args:
        numbers: float32 (numbers,), without those that came first.
        rest: The other tensors.
        like: What `likeness` said of them.
    """
    specs = tuple(_spec(*leaf.split()) for leaf in _leaves(like) if leaf)
    return _nested(like, iter(Packing(specs).unpack(numbers)), iter(rest))


def _spec(dtype: str, *shape: str) -> tf.TensorSpec:
    return tf.TensorSpec(tuple(map(int, shape)), dtype)


def _nested(like: Any, parts: Iterator[tf.Tensor], rest: Iterator[tf.Tensor]) -> Any:
    if isinstance(like, tuple):
        return tuple(_nested(entry, parts, rest) for entry in like)
    return next(parts if like else rest)


def _leaves(nested: Any) -> Iterator[Any]:
    if isinstance(nested, tuple):
        for entry in nested:
            yield from _leaves(entry)
    else:
        yield nested
