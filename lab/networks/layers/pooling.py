"""One vector for a whole sequence, in which what only fills it up has no part."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("lab")
class MaskedPooling(keras.layers.Layer):
    """Takes the mean or the maximum over the tokens that are present; 0 where none is.

    The mean equals `keras.layers.GlobalAveragePooling1D` with a mask; Keras' maximum takes none.

    Args:
        mode: "mean" or "max".
    """

    def __init__(self, mode: str = "mean", **options: Any) -> None:
        super().__init__(**options)
        if mode not in ("mean", "max"):
            raise ValueError(f"MaskedPooling: mode received {mode!r}; expected 'mean' or 'max'.")
        self.mode = mode

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mode": self.mode}

    def call(self, tokens: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return (B, C) for tokens (B, N, C) and bool (B, N)."""
        shown = present[..., None]
        if self.mode == "mean":
            weights = tf.cast(shown, tf.float32)
            total = tf.reduce_sum(tf.cast(tokens, tf.float32) * weights, axis=1)
            return tf.cast(total / tf.maximum(tf.reduce_sum(weights, axis=1), 1.0), tokens.dtype)
        most = tf.reduce_max(tf.where(shown, tokens, tokens.dtype.min), axis=1)
        return tf.where(tf.reduce_any(shown, axis=1), most, tf.zeros((), tokens.dtype))

    def compute_output_shape(self, tokens_shape: Any, present_shape: Any) -> Any:
        return (tokens_shape[0], tokens_shape[2])
