"""Actions that an environment forbids: their logits and values are put out of reach."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat
from typing import Any

import numpy as np

# Far below any logit or value, and finite: a probability of exactly 0 without NaN in entropy or gradient.
FORBIDDEN = np.float32(-1e9)


def is_given(allowed: Any) -> bool:
    """Return whether there is a mask: environments without masks have None or () in its place."""
    return not (allowed is None or isinstance(allowed, tuple))


def each_row(allowed: Any) -> Iterable[Any]:
    """Return the masks of rows one after the other, None for each where there is no mask."""
    return allowed if is_given(allowed) else repeat(None)


def masked(logits: Any, allowed: Any) -> Any:
    """Return logits or values, arrays or tensors (n, A), of which those of forbidden actions are out of reach.

    Args:
        logits: Floats (n, A).
        allowed: bool (n, A); None or () where all are allowed.
    """
    if not is_given(allowed):
        return logits
    if isinstance(logits, np.ndarray):
        return np.where(allowed, logits, FORBIDDEN)
    import tensorflow as tf

    return tf.where(allowed, logits, tf.constant(FORBIDDEN, logits.dtype))


def nth_allowed(draws: Any, allowed: Any) -> Any:
    """Return one of each row's allowed actions, all equally likely: (n,), int64 of arrays, int32 of tensors.

    Args:
        draws: (n,), uniform in [0, 1).
        allowed: bool (n, A), at least one in each row.
    """
    if isinstance(allowed, np.ndarray):
        upto = allowed.cumsum(axis=-1)
        count = upto[:, -1]
        chosen = np.minimum((draws * count).astype(np.int64), count - 1)
        return (upto <= chosen[:, None]).sum(axis=-1)
    import tensorflow as tf

    flags = tf.cast(allowed, tf.int32)
    number = tf.reduce_sum(flags, axis=-1)
    # Rounding may lift a number just below one to the count itself.
    place = tf.minimum(tf.cast(draws * tf.cast(number, draws.dtype), tf.int32), number - 1)
    return tf.reduce_sum(tf.cast(tf.cumsum(flags, axis=-1) <= place[:, None], tf.int32), axis=-1)
