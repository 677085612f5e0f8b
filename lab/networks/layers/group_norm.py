"""Group normalisation that costs little: sums in one pass, and one scale and shift for all it does."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from lab.networks.layers.normalising import ACTIVATIONS, normalised, normalised_compiled, worth_compiling


@keras.saving.register_keras_serializable("lab")
class GroupNorm(keras.layers.Layer):
    """Normalises groups of channels of each row (Wu and He 2018, "Group Normalization", eq. 1), and modulates them.

    Mean, variance, learnt scale and offset and a modulation from elsewhere are folded, in float32 and on (B, C)
    numbers, into one factor and one shift a channel; the rows themselves are read twice and written once.
    Statistics are float32 also under bfloat16.

    Args:
        groups: How many; it must divide the number of channels.
        epsilon: Added to the variance.
        activation: What follows, in the same pass: linear, silu or leaky_relu (slope 0.2).

    Call it with rows (B, ..., C), and optionally a modulation (B, 2 C): its first half m makes the scale (1 + m)
    times as large, its second half is added (Perez et al. 2018, "FiLM").
    """

    def __init__(self, groups: int, epsilon: float = 1e-5, activation: str = "linear", **options: Any) -> None:
        super().__init__(**options)
        self.groups = groups
        self.epsilon = epsilon
        if activation not in ACTIVATIONS:
            raise ValueError(
                f"GroupNorm: activation received {activation!r}; expected one of {', '.join(ACTIVATIONS)}."
            )
        self.activation = activation

    def build(self, rows_shape: Any, modulation_shape: Any = None) -> None:
        channels = rows_shape[-1]
        if channels % self.groups:
            raise ValueError(
                f"GroupNorm received {channels} channels for {self.groups} groups; expected a multiple of the groups. "
                f"Fix: another number of groups or channels."
            )
        self.gamma = self.add_weight(shape=(channels,), initializer="ones", name="gamma", autocast=False)
        self.beta = self.add_weight(shape=(channels,), initializer="zeros", name="beta", autocast=False)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "groups": self.groups, "epsilon": self.epsilon, "activation": self.activation}

    def call(self, rows: tf.Tensor, modulation: tf.Tensor | None = None, training: bool = False) -> tf.Tensor:
        between = rows.shape[1:-1]
        flat = tf.reshape(rows, (rows.shape[0] or -1, between.num_elements(), rows.shape[-1]))
        # Drawing rows asks for batches of many sizes, each of which would be compiled anew.
        compiled = training and worth_compiling(flat)
        gamma, beta = (tf.convert_to_tensor(v) for v in (self.gamma, self.beta))
        settings = (gamma, beta, modulation, self.groups, self.epsilon, self.activation)
        flat = (normalised_compiled if compiled else normalised)(flat, *settings)
        return tf.reshape(flat, (-1, *between, rows.shape[-1]))

    def compute_output_shape(self, rows_shape: Any, modulation_shape: Any = None) -> Any:
        return rows_shape
