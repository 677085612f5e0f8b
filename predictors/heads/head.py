"""Head: the base of what turns a network's outputs into a loss, answers and scores for one target."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from predictors.data.field import Field
from predictors.metrics.table import MetricTable

if TYPE_CHECKING:
    import tensorflow as tf


class Head(ABC):
    """Turns the outputs of a network's last layer, (B, units), into what one target needs.

    Args:
        field: The target.

    Attributes:
        main: The metric that tells most.
        higher: Metrics of which more is better.
        exported_as: What an exported file calls what it gives for the target; empty for the target's own name.
    """

    main: ClassVar[str] = "loss"
    higher: ClassVar[tuple[str, ...]] = ()
    exported_as: ClassVar[str] = ""

    def __init__(self, field: Field) -> None:
        self.field = field

    @property
    @abstractmethod
    def units(self) -> int:
        """How many numbers the network gives for it."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what the network gives for it for one example."""
        return (self.units,)

    @abstractmethod
    def loss(self, outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Return the loss of each example, float32 (B,).

        Args:
            outputs: float32 (B, units).
            targets: As `Field.seen` gives them; of classes also float32 (B, classes), which add up to 1.
        """

    def progress(self, outputs: tf.Tensor, targets: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return scalar metrics of a batch to show while training (hook)."""
        return {}

    @abstractmethod
    def answers(self, outputs: np.ndarray) -> np.ndarray:
        """Return predictions in the user's own unit, (N, ...), of outputs float32 (N, units)."""

    @abstractmethod
    def scores(self, outputs: np.ndarray, targets: np.ndarray) -> MetricTable:
        """Return metrics by name, and why others are missing.

        Args:
            outputs: float32 (N, units).
            targets: The user's own, (N, ...).
        """

    def held(self, targets: np.ndarray) -> Any:
        """Return targets as the loss takes them, (N, ...)."""
        return self.field.held(targets)

    # ---------------------------------------------------------------- outputs as exported files give them

    def exported(self, outputs: np.ndarray) -> np.ndarray:
        """Return what an exported file gives, (N, ...), of outputs float32 (N, units): in the user's own unit."""
        return outputs

    def exported_tensor(self, outputs: tf.Tensor) -> tf.Tensor:
        """Do as `exported`, in TensorFlow."""
        return outputs

    def outputs_of(self, exported: np.ndarray) -> np.ndarray:
        """Return the outputs (N, units) of which `exported` made these."""
        return exported
