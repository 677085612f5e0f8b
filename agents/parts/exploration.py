"""Epsilon-greedy exploration by a draw of its own for each row, in NumPy and as pure TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.parts.masking.masked import is_given, nth_allowed

if TYPE_CHECKING:
    import tensorflow as tf


def epsilon_greedy(draws: Any, actions: int, epsilon: Any, greedy: Callable[[], Any], allowed: Any = None) -> Any:
    """Choose a uniform action with probability epsilon, else the greedy one.

    Args:
        draws: (2, n), uniform in [0, 1): whether a row explores, and which action it takes then.
        actions: How many actions there are to draw from.
        epsilon: Probability in [0, 1].
        greedy: Gives the greedy actions, (n,); in NumPy it is not called where every row explores.
        allowed: bool (n, actions), those to draw from; None or () for all.

    Returns:
        (n,): int64 of NumPy draws, int32 of tensors.
    """
    exploring = draws[0] < epsilon
    if isinstance(draws, np.ndarray):
        uniform = nth_allowed(draws[1], allowed) if is_given(allowed) else (draws[1] * actions).astype(np.int64)
        return uniform if exploring.all() else np.where(exploring, uniform, greedy())
    import tensorflow as tf

    uniform = nth_allowed(draws[1], allowed) if is_given(allowed) else tf.cast(draws[1] * actions, tf.int32)
    return tf.where(exploring, uniform, greedy())


def explored(
    number: int,
    actions: int,
    epsilon: float,
    greedy: Callable[[], np.ndarray],
    rng: np.random.Generator,
    allowed: np.ndarray | None = None,
) -> np.ndarray:
    """Return `epsilon_greedy` with draws of a NumPy generator, int64 (number,)."""
    if number > 1 or allowed is not None:
        chosen: np.ndarray = epsilon_greedy(rng.random((2, number)), actions, epsilon, greedy, allowed)
        return chosen
    # One environment is the common case, and scalars are several times faster than arrays of one.
    tried = tried_action(actions, epsilon, rng)
    return greedy() if tried is None else np.array([tried])


def tried_action(actions: int, epsilon: float, rng: np.random.Generator) -> int | None:
    """Return a uniform action from 0 to actions - 1 with probability epsilon, else None."""
    return int(rng.random() * actions) if epsilon > 0.0 and rng.random() < epsilon else None


def random_ties(values: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Return int32 (n,): the place of each row's highest value, any of the highest equally likely.

    Args:
        values: (n, actions).
        draws: (n,), uniform in [0, 1).
    """
    import tensorflow as tf

    return nth_allowed(draws, values == tf.reduce_max(values, axis=-1, keepdims=True))
