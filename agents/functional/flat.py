"""Traced calls that take their tensors in a row."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


class Flat:
    """Calls a traced function by the tensors of its arguments.

    A `tf.function` sorts its arguments and looks for its trace anew in every call, and a concrete function still binds
    them by name, which takes as long as a layer of a small network. No gradient goes through such a call.

    Args:
        traced: The function, traced for arguments of the same structure, shapes and dtypes.
    """

    def __init__(self, traced: tf.types.experimental.ConcreteFunction) -> None:
        self.call = traced.inference_fn.call_preflattened
        self.captured = list(traced.captured_inputs)

    def __call__(self, *arguments: Any) -> Any:
        """Return what the function does, for tensors in nested tuples and dicts."""
        found: list[tf.Tensor] = []
        _gather(arguments, found)
        return self.call(found + self.captured)


def _gather(nested: Any, found: list[tf.Tensor]) -> None:
    # `tf.nest` would take several times as long for a few tensors; its order, in which dicts go by their keys.
    for part in nested:
        if isinstance(part, tuple):
            _gather(part, found)
        elif isinstance(part, dict):
            _gather([part[key] for key in sorted(part)], found)
        else:
            found.append(part)
