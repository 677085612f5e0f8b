"""PolicyHead: the distribution over actions that a policy network's outputs stand for."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import tensorflow as tf


class PolicyHead(ABC):
    """Turns a row of numbers into a distribution over actions, as pure functions.

    A row holds the network's outputs and, after them, numbers that are learnt beside the network and are the same for
    all observations, such as a Gaussian's free deviations.

    Attributes:
        outputs: How many numbers the network gives a row.
        free: Where the numbers beside it start, float32 (f,).
        continuous: Whether actions are real numbers.
    """

    continuous: bool = False
    outputs: int
    free: np.ndarray = np.zeros(0, np.float32)

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return self.outputs + len(self.free)

    @abstractmethod
    def sample(self, rows: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """Draw an action for each row.

        Args:
            rows: float32 (n, width).
            key: uint32 (2,); see `envs.random`.

        Returns:
            (n, ...): int32 for whole numbers, as agents count them, else float32 in the environment's unit.
        """

    @abstractmethod
    def mode(self, rows: tf.Tensor) -> tf.Tensor:
        """Return the action to take without exploring, (n, ...): the likeliest, or a mean where that is usual."""

    @abstractmethod
    def log_probability(self, rows: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        """Return the logarithm of each action's probability, or of its density, float32 (n,).

        A density is one over actions in units of half a Box's range; that of the environment's unit differs by a
        constant.

        Args:
            rows: float32 (n, width).
            actions: (n, ...), as `sample` gives them.
        """

    @abstractmethod
    def entropy(self, rows: tf.Tensor) -> tf.Tensor:
        """Return the entropy of each row's distribution in nats, float32 (n,)."""

    @abstractmethod
    def sample_in_numpy(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw an action for each row, for arrays; whole numbers as int64. The draws are the generator's own."""

    @abstractmethod
    def mode_in_numpy(self, rows: np.ndarray) -> np.ndarray:
        """Return what `mode` does, for arrays; whole numbers as int64."""

    def preferences(self, rows: tf.Tensor) -> dict[str, np.ndarray]:
        """Return what the policy would do, by what it is, float (n,) each: here each number of `mode`."""
        actions = self.mode(rows).numpy().reshape(rows.shape[0], -1)
        return {f"action[{i}] without exploring": actions[:, i] for i in range(actions.shape[1])}

    def deviation(self, rows: tf.Tensor) -> tf.Tensor:
        """Return how far actions lie from their mean, in units of half the range, (n,); of continuous ones."""
        raise NotImplementedError(f"{type(self).__name__} has no deviation: its actions are whole numbers.")
