"""Which action to try: probabilities of a row's actions, by one of three ways that all tabular agents share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agents.parts.masking.masked import masked
from agents.tabular.parts.arithmetic import ties

EPSILON_GREEDY, SOFTMAX, UCB = "epsilon_greedy", "softmax", "ucb"
WAYS = (EPSILON_GREEDY, SOFTMAX, UCB)


class Exploration(NamedTuple):
    """How an agent explores now; numbers in the host lane, float64 () in programs.

    Attributes:
        way: One of `WAYS`.
        epsilon: Probability of a uniform action, of epsilon-greedy.
        temperature: Of softmax.
        scale: c, of UCB.
    """

    way: str
    epsilon: Any
    temperature: Any
    scale: Any


def epsilon_soft(values: Any, epsilon: Any) -> Any:
    """Return pi(a) = epsilon / actions + (1 - epsilon) greedy(a), of values' shape (..., actions); ties share.

    Sutton and Barto 2018, section 2.2.
    """
    return epsilon / values.shape[-1] + (1.0 - epsilon) * ties(values)


def boltzmann(values: Any, temperature: Any) -> Any:
    """Return pi(a) proportional to exp(Q(a) / temperature), of values' shape (..., actions).

    Sutton and Barto 2018, equation 2.11, of values in the place of preferences.
    """
    if isinstance(values, np.ndarray):
        powers = np.exp((values - values.max(axis=-1, keepdims=True)) / temperature)
        shares: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
        return shares
    import tensorflow as tf

    return tf.nn.softmax(values / temperature, axis=-1)


def upper_bounds(values: Any, tried: Any, scale: Any) -> Any:
    """Return Q(a) + c sqrt(ln N / N(a)) with N = sum_a N(a), infinite where an action was never tried.

    UCB1 of Auer, Cesa-Bianchi and Fischer 2002 (there c = sqrt 2) in each state for itself; Sutton and Barto 2018,
    equation 2.10.

    Args:
        values: float64 (..., actions).
        tried: int64 (..., actions), how often each was taken.
        scale: c.
    """
    if isinstance(values, np.ndarray):
        counts = np.maximum(tried, 1)
        logs = np.log(np.maximum(tried.sum(axis=-1, keepdims=True), 1))
        bounds: np.ndarray = np.where(tried > 0, values + scale * np.sqrt(logs / counts), np.inf)
        return bounds
    import tensorflow as tf

    numbers = tf.cast(tried, values.dtype)
    logs = tf.math.log(tf.maximum(tf.reduce_sum(numbers, axis=-1, keepdims=True), 1.0))
    bonus = scale * tf.sqrt(logs / tf.maximum(numbers, 1.0))
    return tf.where(numbers > 0.0, values + bonus, tf.constant(float("inf"), values.dtype))


def probabilities(exploring: Exploration, values: Any, tried: Any, allowed: Any = ()) -> Any:
    """Return the policy that explores so, of values' shape (..., actions).

    Args:
        exploring: How.
        values: float64 (..., actions).
        tried: int64 (..., actions), read by UCB alone.
        allowed: bool (..., actions) where actions are forbidden, for softmax and UCB, of `values` that are masked.
    """
    if exploring.way == SOFTMAX:
        return boltzmann(values, exploring.temperature)
    if exploring.way == UCB:
        return ties(masked(upper_bounds(values, tried, exploring.scale), allowed))
    return epsilon_soft(values, exploring.epsilon)


def drawn(shares: Any, draws: Any) -> Any:
    """Return an action of each row, (...,): int64 of arrays, int32 of tensors.

    Args:
        shares: Probabilities (..., actions).
        draws: (...,), uniform in [0, 1).
    """
    if isinstance(shares, np.ndarray):
        upto = shares.cumsum(axis=-1)
        # What rounding leaves below one must not make an action that there is not.
        places = (upto[..., :-1] <= np.asarray(draws)[..., None] * upto[..., -1:]).sum(axis=-1)
        return places.astype(np.int64)
    import tensorflow as tf

    upto = tf.cumsum(shares, axis=-1)
    passed = upto[..., :-1] <= draws[..., None] * upto[..., -1:]
    return tf.reduce_sum(tf.cast(passed, tf.int32), axis=-1)
