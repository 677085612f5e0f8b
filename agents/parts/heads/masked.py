"""Actions that an environment forbids: their logits are put out of reach."""

from __future__ import annotations

from typing import Any

import numpy as np

# Far below any logit, and finite: a probability of exactly 0 without NaN in entropy or gradient.
FORBIDDEN = np.float32(-1e9)


def masked(logits: Any, allowed: Any) -> Any:
    """Return logits, arrays or tensors (n, A), of which those of forbidden actions are out of reach.

    Args:
        logits: float32 (n, A).
        allowed: bool (n, A).
    """
    if isinstance(logits, np.ndarray):
        return np.where(allowed, logits, FORBIDDEN)
    import tensorflow as tf

    return tf.where(allowed, logits, FORBIDDEN)
