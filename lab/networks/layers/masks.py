"""What a token may look at, as numbers added to attention's scores: the order of time and padding, each on its own."""

from __future__ import annotations

import tensorflow as tf

# Not infinite: a row that may look at nothing must come out as numbers, not as NaN.
FORBIDDEN = -1e9


def causal_bias(queries: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
    """Forbid each query the keys that come after it (Vaswani et al. 2017, section 3.2.3).

    Args:
        queries: int (..., Q), their places in the sequence.
        keys: int (..., K).

    Returns:
        float32 (..., Q, K), 0 where a query may look.
    """
    return forbidding(keys[..., None, :] <= queries[..., :, None])


def padding_bias(present: tf.Tensor) -> tf.Tensor:
    """Forbid every query the keys that only fill a row up.

    Args:
        present: bool (B, K), False for padding.

    Returns:
        float32 (B, 1, 1, K), to be added to scores (B, heads, Q, K).
    """
    return forbidding(present)[:, None, None, :]


def forbidding(allowed: tf.Tensor) -> tf.Tensor:
    """Return 0 where `allowed`, bool (...), is true and a number that softmax makes 0 elsewhere, float32 (...)."""
    return tf.where(allowed, 0.0, FORBIDDEN)
