"""Checks of what agents' functions return, made while a program is traced, so that they cost nothing as it runs."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from lab.errors import UsageError


def check_captures(agent: Any, traced: Any) -> None:
    """Raise `UsageError` where a traced program reads tensors that are not among its arguments."""
    if traced.captured_inputs:
        read = sorted({str(getattr(x, "name", None) or x.dtype.name) for x in traced.graph.external_captures})
        raise UsageError(
            f"{type(agent).__name__}.policy or learn, or the environment's functions, read tensors that are not among "
            f"their arguments: {', '.join(read)}. Fix: return them from `parameters`, and read them from the state."
        )


def check_same(where: str, before: Any, after: Any) -> None:
    """Raise `UsageError` where a state has come back in another structure, shape or dtype."""
    try:
        tf.nest.assert_same_structure(before, after)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{where} returned a state of another structure than it was given: {error}") from error
    for i, (old, new) in enumerate(zip(tf.nest.flatten(before), tf.nest.flatten(after), strict=True)):
        if old.shape != new.shape or old.dtype != new.dtype:
            raise UsageError(
                f"{where} changed part {i} of the state from {old.dtype.name} {tuple(old.shape)} to "
                f"{new.dtype.name} {tuple(new.shape)}; expected the same."
            )
