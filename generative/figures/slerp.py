"""Ways between latents or noises that keep their length."""

from __future__ import annotations

import numpy as np


def slerp(first: np.ndarray, second: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """Return rows on the great circles from `first` to `second` (Shoemake 1985), which keeps the length of noise.

    Args:
        first, second: (N, ...).
        fractions: (S,) from 0 for first to 1 for second.

    Returns:
        (N, S, ...) of first's type.
    """
    a, b = (rows.reshape(len(rows), 1, -1).astype(np.float64) for rows in (first, second))
    lengths = np.linalg.norm(a, axis=-1, keepdims=True) * np.linalg.norm(b, axis=-1, keepdims=True)
    cosine = np.clip((a * b).sum(axis=-1, keepdims=True) / np.maximum(lengths, 1e-12), -1.0, 1.0)
    angle, t = np.arccos(cosine), fractions[None, :, None]
    # Where both point the same way, or opposite ways, the circle is not defined and the line will do.
    flat = np.sin(angle) < 1e-4
    sine = np.where(flat, 1.0, np.sin(angle))
    weights = np.where(flat, 1.0 - t, np.sin((1.0 - t) * angle) / sine), np.where(flat, t, np.sin(t * angle) / sine)
    rows = weights[0] * a + weights[1] * b
    return rows.reshape(len(first), len(fractions), *first.shape[1:]).astype(first.dtype)
