"""Acts with a network in the fastest way there is for it."""

from __future__ import annotations

from collections.abc import Callable
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

    Attributes:
        mirror: The mirror, or None.
    """

    def __init__(
        self, model: keras.Model, compiled: Callable[[keras.Model, tf.Tensor], tf.Tensor] | None = None
    ) -> None:
        self.model = model
        self.compiled = compiled
        self.mirror = Mirror(model) if Mirror.fits(model) else None
        self.stale = False

    def renew(self, flat: np.ndarray | None = None) -> None:
        """Follow weights that have changed.

        Args:
            flat: All of them in one float32 vector in the order of `model.trainable_variables`, where that is at hand;
                else they are read when they are first needed.
        """
        self.stale = flat is None
        if self.mirror is not None and flat is not None:
            self.mirror.set_flat(flat)

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
