"""Small symmetric systems of equations, written out for programs that solve many at once."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf


def solve(rows: Sequence[Sequence[tf.Tensor]], right: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Solve symmetric positive definite systems by an LDL^T decomposition (Golub and Van Loan 2013, section 4.1.3).

    Written out, since XLA calls a slow general routine for `tf.linalg.solve`.

    Args:
        rows: The matrix, of which the lower triangle is read; each entry a tensor (n,).
        right: The right-hand side, each entry a tensor (n,).

    Returns:
        The solution, each entry a tensor (n,).
    """
    size = len(right)
    lower: list[list[tf.Tensor]] = [[] for _ in range(size)]
    pivots: list[tf.Tensor] = []
    found = list(right)
    for i in range(size):
        # `scaled[k]` is L[i, k] D[k].
        scaled: list[tf.Tensor] = []
        for j in range(i):
            scaled.append(rows[i][j] - sum(scaled[k] * lower[j][k] for k in range(j)))
        lower[i] = [value / pivot for value, pivot in zip(scaled, pivots, strict=True)]
        pivots.append(rows[i][i] - sum(a * b for a, b in zip(scaled, lower[i], strict=True)))
        found[i] = found[i] - sum(lower[i][k] * found[k] for k in range(i))
    found = [value / pivot for value, pivot in zip(found, pivots, strict=True)]
    for i in reversed(range(size)):
        found[i] = found[i] - sum(lower[k][i] * found[k] for k in range(i + 1, size))
    return found
