"""Acts with a network in the fastest way there is for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from lab.networks.in_numpy.mirror import Mirror

if TYPE_CHECKING:
    import keras


class Forward:
    """Calls a network on NumPy rows: through a `Mirror` of its weights where that fits, else in one compiled call.

    Args:
        model: The network; whoever changes its weights calls `renew`.
        compiled: Calls a model on features as one compiled program, for owners who share one; None for one of its own.
        mirrored: Whether a mirror may be used where one fits.

    Attributes:
        mirror: The mirror, or None.
    """

    def __init__(
        self,
        model: keras.Model,
        compiled: Callable[[keras.Model, tf.Tensor], tf.Tensor] | None = None,
        mirrored: bool = True,
    ) -> None:
        self.model = model
        self.compiled = compiled
        self.mirror = Mirror(model) if mirrored and Mirror.fits(model) else None
        self.stale = False

    def renew(self, weights: Sequence[np.ndarray] | None = None) -> None:
        """Follow weights that have changed.

        Args:
            weights: All of them, float32 (...), in the order and shapes of `model.trainable_variables`, where those
                are at hand; else they are read when they are first needed.
        """
        self.stale = weights is None
        if self.mirror is not None and weights is not None:
            self.mirror.set_weights(weights)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Return the network's outputs, float32 (n, outputs), for features float32 (n, ...)."""
        if self.mirror is None:
            rows = tf.constant(features)
            return (self._compiled(rows) if self.compiled is None else self.compiled(self.model, rows)).numpy()
        if self.stale:
            self.mirror.set_model(self.model)
            self.stale = False
        return self.mirror(features)

    @tf.function(jit_compile=True, reduce_retracing=True, autograph=False)
    def _compiled(self, features: tf.Tensor) -> tf.Tensor:
        return self.model(features)
