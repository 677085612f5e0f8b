"""Heads of whole-number actions: one choice, several at once, or switches."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from agents.parts import losses
from agents.parts.heads.head import PolicyHead
from envs import random


def gumbel_choice(logits: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Draw a place of each row from the softmax of its logits, int32 (...).

    It is the largest with Gumbel noise (Gumbel 1954, "Statistical Theory of Extreme Values").

    Args:
        logits: float32 (..., A).
        key: uint32 (2,).
    """
    # Half a step of the draws away from 0, whose logarithm is none.
    draws = random.uniform(key, logits.shape) + 2.0**-25
    return tf.argmax(logits - tf.math.log(-tf.math.log(draws)), axis=-1, output_type=tf.int32)


def gumbel_choice_in_numpy(logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Do what `gumbel_choice` does, for arrays; int64 (...)."""
    # Of an exponential number E, -log E is a Gumbel one.
    noise = np.log(rng.standard_exponential(logits.shape, np.float32) + np.float32(1e-30))
    chosen: np.ndarray = (logits - noise).argmax(axis=-1)
    return chosen


def entropy_of_logits(logits: tf.Tensor) -> tf.Tensor:
    """Return the entropy of softmaxes (..., A), in nats, (...); forbidden places count nothing."""
    logs = tf.nn.log_softmax(logits)
    return -tf.reduce_sum(tf.exp(logs) * logs, axis=-1)


class Categorical(PolicyHead):
    """One of A actions, by logits (n, A).

    Args:
        number: A.
    """

    def __init__(self, number: int) -> None:
        self.outputs = number

    def sample(self, rows: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        return gumbel_choice(rows, key)

    def mode(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.argmax(rows, axis=-1, output_type=tf.int32)

    def log_probability(self, rows: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        return losses.chosen(tf.nn.log_softmax(rows), actions)

    def entropy(self, rows: tf.Tensor) -> tf.Tensor:
        return entropy_of_logits(rows)

    def preferences(self, rows: tf.Tensor) -> dict[str, np.ndarray]:
        chances = tf.nn.softmax(rows).numpy()
        return {f"probability of action {i}": chances[:, i] for i in range(self.outputs)}

    def sample_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return gumbel_choice_in_numpy(rows, rng)

    def mode_in_numpy(self, rows: np.ndarray) -> np.ndarray:
        return rows.argmax(axis=-1)


class MultiCategorical(PolicyHead):
    """Several choices at once, independent of each other, by the logits of all side by side.

    Args:
        numbers: How many actions each choice has.
        starts: The least number of each, which is added.
        shape: Of an action; () for one axis over the choices.
    """

    def __init__(self, numbers: Sequence[int], starts: Sequence[int], shape: tuple[int, ...] = ()) -> None:
        self.numbers = tuple(int(n) for n in numbers)
        self.starts = np.array(starts, np.int32)
        self.shape = shape or (len(self.numbers),)
        self.outputs = sum(self.numbers)
        self.cuts = tuple(np.cumsum(self.numbers)[:-1].tolist())

    def sample(self, rows: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        keys = random.split(key, len(self.numbers))
        return self._joined([gumbel_choice(logits, own) for logits, own in zip(self._parts(rows), keys, strict=True)])

    def mode(self, rows: tf.Tensor) -> tf.Tensor:
        return self._joined([tf.argmax(logits, axis=-1, output_type=tf.int32) for logits in self._parts(rows)])

    def log_probability(self, rows: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        chosen = tf.reshape(actions, (-1, len(self.numbers))) - self.starts
        parts = enumerate(self._parts(rows))
        return tf.add_n([losses.chosen(tf.nn.log_softmax(logits), chosen[:, i]) for i, logits in parts])

    def entropy(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.add_n([entropy_of_logits(logits) for logits in self._parts(rows)])

    def sample_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self._joined_in_numpy([gumbel_choice_in_numpy(p, rng) for p in np.split(rows, self.cuts, axis=-1)])

    def mode_in_numpy(self, rows: np.ndarray) -> np.ndarray:
        return self._joined_in_numpy([p.argmax(axis=-1) for p in np.split(rows, self.cuts, axis=-1)])

    def _parts(self, rows: tf.Tensor) -> list[tf.Tensor]:
        parts: list[tf.Tensor] = tf.split(rows, self.numbers, axis=-1)
        return parts

    def _joined(self, chosen: list[tf.Tensor]) -> tf.Tensor:
        return tf.reshape(tf.stack(chosen, axis=-1) + self.starts, (-1, *self.shape))

    def _joined_in_numpy(self, chosen: list[np.ndarray]) -> np.ndarray:
        return (np.stack(chosen, axis=-1) + self.starts).reshape(-1, *self.shape).astype(np.int64)


class Bernoulli(PolicyHead):
    """Switches that are on or off, independent of each other, by the log-odds of on (n, switches).

    Args:
        shape: Of an action.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.outputs = math.prod(shape)

    def sample(self, rows: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        return self._switches(random.uniform(key, rows.shape) < tf.sigmoid(rows))

    def mode(self, rows: tf.Tensor) -> tf.Tensor:
        return self._switches(rows > 0.0)

    def log_probability(self, rows: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        on = tf.cast(tf.reshape(actions, tf.shape(rows)), tf.float32)
        return -tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=on, logits=rows), axis=-1)

    def entropy(self, rows: tf.Tensor) -> tf.Tensor:
        each = tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.sigmoid(rows), logits=rows)
        return tf.reduce_sum(each, axis=-1)

    def sample_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        # log(u / (1 - u)) of a uniform number is logistic, and lies below x with probability sigmoid(x).
        return (rng.logistic(size=rows.shape) < rows).astype(np.int64).reshape(-1, *self.shape)

    def mode_in_numpy(self, rows: np.ndarray) -> np.ndarray:
        return (rows > 0.0).astype(np.int64).reshape(-1, *self.shape)

    def _switches(self, on: tf.Tensor) -> tf.Tensor:
        return tf.reshape(tf.cast(on, tf.int32), (-1, *self.shape))
