"""Group normalisation that costs little: sums in one pass, one scale and shift, and the gradient in closed form."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

SLOPE = 0.2
# Of rows with fewer numbers compiling costs more than it ever saves.
WORTH_COMPILING = 2**17

# From what goes in to the output and its derivative.
ACTIVATIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "linear": (lambda u: u, tf.ones_like),
    "silu": (tf.nn.silu, lambda u: tf.sigmoid(u) * (1.0 + u * (1.0 - tf.sigmoid(u)))),
    "leaky_relu": (lambda u: tf.nn.leaky_relu(u, SLOPE), lambda u: tf.where(u > 0, 1.0, SLOPE)),
}


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
        """Return rows (B, ..., C), float32 or bfloat16, normalised, in their shape and dtype.

        Args:
            rows: (B, ..., C).
            modulation: (B, 2 C), or None.
            training: Whether the network trains.
        """
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


def normalised(
    rows: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, modulation: tf.Tensor | None, groups: int, epsilon: float,
    activation: str,
) -> tf.Tensor:  # fmt: skip
    """Return activation(a * rows + b), with a and b (B, C) such that groups of channels are normalised and modulated.

    Args:
        rows: (B, N, C), float32 or bfloat16.
        gamma, beta: float32 (C,), learnt scale and offset.
        modulation: (B, 2 C) or None; see `lab.networks.GroupNorm`.
        groups, epsilon: See there.
        activation: One of `ACTIVATIONS`.
    """
    scale, shift = folded(*moments(rows), gamma, beta, modulation, groups, epsilon)
    rows = rows * tf.cast(scale[:, None], rows.dtype) + tf.cast(shift[:, None], rows.dtype)
    return ACTIVATIONS[activation][0](rows)


def normalised_compiled(
    rows: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, modulation: tf.Tensor | None, groups: int, epsilon: float,
    activation: str,
) -> tf.Tensor:  # fmt: skip
    """Do as `normalised`, by XLA programs of one pass each and with the gradient in closed form.

    Operation by operation, normalisation and SiLU are a good part of a U-Net's training step.
    """
    learnt = (gamma, beta) if modulation is None else (gamma, beta, modulation)

    def fold(mean: tf.Tensor, square: tf.Tensor, *learnt: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        gamma, beta, *modulation = learnt
        return folded(mean, square, gamma, beta, modulation[0] if modulation else None, groups, epsilon)

    @tf.custom_gradient
    def run(rows: tf.Tensor, *learnt: tf.Tensor) -> tuple[tf.Tensor, Any]:
        # TensorFlow's own reductions are the faster ones for bfloat16.
        fast = rows.dtype == tf.float32
        found = _compiled(moments, rows) if fast else moments(rows)
        scale, shift = fold(*found, *learnt)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            # Programs of their own: one for both would compute the slopes once for each sum that asks for them.
            inner = _compiled(slopes, rows, scale, shift, upstream, activation)
            by_fold = _compiled(sums, rows, inner) if fast else sums(rows, inner)
            # On numbers (B, C) only, so that the chain rule can be left to the tape.
            with tf.GradientTape() as tape:
                tape.watch((*found, *learnt))
                outputs = fold(*found, *learnt)
            mean, square, *others = tape.gradient(outputs, (*found, *learnt), by_fold)
            places = rows.shape[1]
            return _compiled(combined, rows, inner, scale, 2.0 / places * square, mean / places), *others

        return _compiled(applied, rows, scale, shift, activation), gradient

    return run(rows, *learnt)


def worth_compiling(rows: tf.Tensor) -> bool:
    """Return whether rows are so many that `normalised_compiled` pays; not where their number is not known."""
    return rows.shape.is_fully_defined() and math.prod(rows.shape) >= WORTH_COMPILING


def moments(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the mean of rows (B, N, C) over places and that of their squares, float32 (B, C)."""
    rows = tf.cast(rows, tf.float32)
    return tf.reduce_mean(rows, axis=1), tf.reduce_mean(tf.square(rows), axis=1)


def folded(
    mean: tf.Tensor, square: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, modulation: tf.Tensor | None, groups: int,
    epsilon: float,
) -> tuple[tf.Tensor, tf.Tensor]:  # fmt: skip
    """Return the one factor and the one shift a channel, float32 (B, C), that normalising and modulating amount to."""
    mean, square = over_groups(mean, groups), over_groups(square, groups)
    # Rounding can put the mean of squares a little below the square of the mean.
    variance = tf.maximum(square - tf.square(mean), 0.0)
    scale = tf.math.rsqrt(variance + epsilon) * gamma
    shift = beta - mean * scale
    if modulation is None:
        return scale, shift
    more, added = tf.split(tf.cast(modulation, tf.float32), 2, axis=-1)
    return scale * (1.0 + more), shift * (1.0 + more) + added


def over_groups(values: tf.Tensor, groups: int) -> tf.Tensor:
    """Average (B, C) within each group, for each of its channels."""
    each = values.shape[-1] // groups
    means = tf.reduce_mean(tf.reshape(values, (-1, groups, each)), axis=-1)
    return tf.repeat(means, each, axis=1)


def applied(rows: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor, activation: str) -> tf.Tensor:
    """Return activation(scale * rows + shift), computed in float32."""
    return tf.cast(ACTIVATIONS[activation][0](_inner(rows, scale, shift)), rows.dtype)


def slopes(rows: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor, upstream: tf.Tensor, activation: str) -> tf.Tensor:
    """Return the gradient by scale * rows + shift, of which the activation is taken."""
    slope = ACTIVATIONS[activation][1](_inner(rows, scale, shift))
    return tf.cast(tf.cast(upstream, tf.float32) * slope, rows.dtype)


def sums(rows: tf.Tensor, inner: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the gradients by scale and shift, float32 (B, C)."""
    inner = tf.cast(inner, tf.float32)
    return tf.reduce_sum(inner * tf.cast(rows, tf.float32), axis=1), tf.reduce_sum(inner, axis=1)


def combined(rows: tf.Tensor, inner: tf.Tensor, scale: tf.Tensor, linear: tf.Tensor, constant: tf.Tensor) -> tf.Tensor:
    """Return the gradient by rows: directly, through the mean of squares, and through the mean."""
    through = tf.cast(rows, tf.float32) * linear[:, None] + constant[:, None]
    return tf.cast(tf.cast(inner, tf.float32) * scale[:, None] + through, rows.dtype)


def _inner(rows: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
    return tf.cast(rows, tf.float32) * scale[:, None] + shift[:, None]


def _compiled(function: Callable[..., Any], rows: tf.Tensor, *others: Any) -> Any:
    """Call a function of rows as an XLA program of its own."""
    return _program(function, rows.dtype, tuple(rows.shape))(rows, *others)


@functools.cache
def _program(function: Callable[..., Any], dtype: tf.DType, shape: tuple[int, ...]) -> Any:
    # One for each shape, because TensorFlow warns of functions that are traced for many.
    return tf.function(function, jit_compile=True, autograph=False)
