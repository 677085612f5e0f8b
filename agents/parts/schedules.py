"""Schedules by environment step, for numbers and tensors alike."""

from __future__ import annotations

from typing import Any


def linear(step: Any, start: Any, end: Any, steps: Any) -> Any:
    """Return a value that goes from `start` at step 0 to `end` at step `steps` in a line, then stays.

    Args:
        step: A number, or int64 ().
        start, end: Numbers, or float ().
        steps: A number, or float ().

    Returns:
        A number where all are numbers; else a tensor of the float type of `steps`, else float32, ().
    """
    if isinstance(step, (int, float)):
        return end if step >= steps else start + (end - start) * (step / steps)
    import tensorflow as tf

    dtype = steps.dtype if tf.is_tensor(steps) and steps.dtype.is_floating else tf.float32
    done = tf.minimum(tf.ones((), dtype), tf.cast(step, dtype) / tf.cast(steps, dtype))
    return start + (end - start) * done
