"""Transformer blocks with the normalisation before each branch (Xiong et al. 2020, "pre-norm")."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from lab.networks.layers.attention import Cache, CrossAttention, SelfAttention
from lab.networks.layers.dropout import Dropout

EPSILON = 1e-5


def normalised(tokens: tf.Tensor, epsilon: float) -> tf.Tensor:
    """Bring each token (..., C) to mean 0 and variance 1 (Ba et al. 2016); statistics are float32."""
    values = tf.cast(tokens, tf.float32)
    mean, variance = tf.nn.moments(values, axes=[-1], keepdims=True)
    return tf.cast((values - mean) * tf.math.rsqrt(variance + epsilon), tokens.dtype)


@keras.saving.register_keras_serializable("lab")
class LayerNorm(keras.layers.Layer):
    """Normalises each token to mean 0 and variance 1, then scales and shifts it (Ba et al. 2016, equation 4).

    Statistics are float32 also under bfloat16.
    """

    def build(self, shape: Any) -> None:
        self.gamma = self.add_weight(shape=(shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(shape[-1],), initializer="zeros", name="beta")

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        """Return tokens (..., C) normalised, in their shape and dtype."""
        values = normalised(tokens, EPSILON)
        return values * tf.cast(self.gamma, tokens.dtype) + tf.cast(self.beta, tokens.dtype)

    def compute_output_shape(self, shape: Any) -> Any:
        return shape


@keras.saving.register_keras_serializable("lab")
class EncoderBlock(keras.layers.Layer):
    """Self-attention and a perceptron for each token, each added to what came in (Vaswani et al. 2017, section 3.1).

    Args:
        heads: Of the attention.
        seed: Of the initial weights and of dropout.
        expansion: Hidden units of the perceptron, in multiples of a token's size.
        activation: Of the hidden units.
        causal, rotary: As for `SelfAttention`.
        dropout: Of the attention's weights and of each branch, in training.
    """

    def __init__(
        self,
        heads: int,
        seed: int,
        *,
        expansion: int = 4,
        activation: str = "gelu",
        causal: bool = False,
        rotary: bool = False,
        dropout: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.seed, self.expansion, self.activation = seed, expansion, activation
        policy = self.dtype_policy
        self.attention = SelfAttention(
            heads, seed, zero_start=False, causal=causal, rotary=rotary, dropout=dropout, dtype=policy
        )
        self.first_norm, self.second_norm = LayerNorm(dtype=policy), LayerNorm(dtype=policy)
        self.drops = [Dropout(dropout, seed + 4 + i, dtype=policy) for i in range(2)]

    def build(self, shape: Any) -> None:
        size = shape[-1]
        start, end = (keras.initializers.GlorotUniform(seed=self.seed + 2 + i) for i in range(2))
        policy = self.dtype_policy
        self.expand = keras.layers.Dense(self.expansion * size, self.activation, kernel_initializer=start, dtype=policy)
        self.contract = keras.layers.Dense(size, kernel_initializer=end, dtype=policy)
        for layer in (self.attention, self.first_norm, self.second_norm, self.expand):
            layer.build(shape)
        self.contract.build((*shape[:-1], self.expansion * size))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "seed": self.seed,
            "expansion": self.expansion,
            "activation": self.activation,
            "heads": self.attention.heads,
            "causal": self.attention.causal,
            "rotary": self.attention.rotary,
            "dropout": self.attention.rate,
        }

    def call(
        self,
        tokens: tf.Tensor,
        present: tf.Tensor | None = None,
        every: tuple[int, int] = (0, 1),
        training: bool = False,
    ) -> tf.Tensor:
        """Return what `SelfAttention.call` does, (B, N, C) or (B, N / step, C) in the layer's compute dtype."""
        return self.with_cache(tokens, present, every, training)[0]

    def with_cache(
        self,
        tokens: tf.Tensor,
        present: tf.Tensor | None = None,
        every: tuple[int, int] = (0, 1),
        training: bool = False,
    ) -> tuple[tf.Tensor, Cache]:
        """Do as `call`, and also return the attention's keys and values, (B, heads, N, D) in the compute dtype."""
        tokens, cache = self._attended(tokens, present, every, training)
        return self._fed(tokens, training), cache

    def step(self, tokens: tf.Tensor, cache: Cache, filled: tf.Tensor, present: tf.Tensor) -> tuple[tf.Tensor, Cache]:
        """Go on after known tokens: (B, M, C) for (B, M, C) in the compute dtype. Causal blocks only.

        Arguments are those of `SelfAttention.step`.
        """
        mixed, cache = self.attention.step(self.first_norm(tokens), cache, filled, present)
        return self._fed(tokens + mixed, False), cache

    def compute_output_shape(self, shape: Any, **_: Any) -> Any:
        return shape

    def _attended(
        self, tokens: tf.Tensor, present: tf.Tensor | None, every: tuple[int, int], training: bool
    ) -> tuple[tf.Tensor, Cache]:
        mixed, cache = self.attention.with_cache(self.first_norm(tokens), present, every, training)
        if every != (0, 1):
            tokens = tokens[:, every[0] :: every[1]]
        return tokens + self.drops[0](mixed, training=training), cache

    def _fed(self, tokens: tf.Tensor, training: bool) -> tf.Tensor:
        return tokens + self.drops[1](self.contract(self.expand(self.second_norm(tokens))), training=training)


@keras.saving.register_keras_serializable("lab")
class DecoderBlock(EncoderBlock):
    """An encoder block whose tokens look at earlier ones only, and then at another sequence, if one is given.

    Args:
        cross: Whether it looks at another sequence, the encoder's output.
        heads, seed, options: As for `EncoderBlock`.
    """

    def __init__(self, heads: int, seed: int, *, cross: bool = False, **options: Any) -> None:
        super().__init__(heads, seed, causal=True, **options)
        self.cross: CrossAttention | None = None
        if cross:
            self.cross = CrossAttention(heads, seed + 6, zero_start=False, dtype=self.dtype_policy)
            self.cross_norm = LayerNorm(dtype=self.dtype_policy)

    # Keras hands a shape to the argument that is named as the call's tensor is.
    def build(self, tokens_shape: Any, memory_shape: Any = None) -> None:
        super().build(tokens_shape)
        if self.cross is not None:
            self.cross.build(tokens_shape, memory_shape)
            self.cross_norm.build(tokens_shape)

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "cross": self.cross is not None}
        del config["causal"]
        return config

    def call(
        self,
        tokens: tf.Tensor,
        present: tf.Tensor | None = None,
        every: tuple[int, int] = (0, 1),
        training: bool = False,
        memory: tf.Tensor | None = None,
        memory_present: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Return (B, N, C), or (B, N / step, C), for tokens (B, N, C) and perhaps a memory (B, K, U).

        Args:
            tokens: (B, N, C).
            present: bool (B, N), False for padding among the tokens.
            every: As for `SelfAttention.call`.
            training: Whether dropout is on.
            memory: (B, K, U), for a block with `cross`.
            memory_present: bool (B, K), False for padding in the memory.
        """
        tokens, _ = self._attended(tokens, present, every, training)
        if self.cross is not None:
            tokens += self.cross(self.cross_norm(tokens), memory, memory_present)
        return self._fed(tokens, training)
