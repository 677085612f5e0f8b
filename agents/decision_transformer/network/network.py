"""The transformer over returns-to-go, observations and actions."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from agents.decision_transformer.network.tokens import return_features
from lab.networks import DecoderBlock, Dropout, LayerNorm, LearntPositions
from lab.networks.layers.attention import Cache

TOKENS = 3


class Window(NamedTuple):
    """Successive steps of episodes, as the network takes them.

    Attributes:
        returns: float32 (B, T), scaled returns-to-go.
        features: float32 (B, T, d), observations.
        actions: float32 (B, T, a), one-hot or bounded to [-1, 1]; zeros stand for one that is not chosen yet.
        timesteps: int32 (B, T), steps since the episode's start.
    """

    returns: tf.Tensor
    features: tf.Tensor
    actions: tf.Tensor
    timesteps: tf.Tensor


@keras.saving.register_keras_serializable("agents")
class TrajectoryTransformer(keras.Model):
    """Predicts each step's action from the returns-to-go, observations and actions up to its observation.

    Source: Chen et al. 2021, "Decision Transformer", section 3 and algorithm 1. A step is three tokens that share one
    position: return-to-go, observation, action.

    Args:
        encoder: From features (B, d) to tokens (B, width).
        actions: Numbers in an action, and in a prediction.
        width, layers, heads, dropout, octaves: As the settings say.
        places: Timesteps with a position of their own, or 0 for positions by distance (rotary).
        seed: Of the initial weights and of dropout.
    """

    def __init__(
        self,
        encoder: keras.Model,
        actions: int,
        *,
        width: int,
        layers: int,
        heads: int,
        dropout: float,
        places: int,
        octaves: int,
        seed: int,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.arguments = {"actions": actions, "width": width, "layers": layers, "heads": heads, "dropout": dropout}
        self.arguments |= {"places": places, "octaves": octaves, "seed": seed}
        self.width, self.octaves = width, octaves

        def dense(units: int, number: int, inputs: int) -> keras.layers.Dense:
            layer = keras.layers.Dense(units, kernel_initializer=keras.initializers.GlorotUniform(seed=seed + number))
            layer.build((None, inputs))
            return layer

        self.encode_observation = encoder
        self.encode_return, self.encode_action = dense(width, 1, 1 + 2 * octaves), dense(width, 2, actions)
        # Normalisation sees only a token's direction: without something to stand beside, a return of 1 would look like
        # one of 100.
        start = keras.initializers.RandomUniform(-1.0, 1.0, seed + 6)
        self.kinds = self.add_weight(shape=(TOKENS, width), initializer=start, name="kinds")
        self.positions: LearntPositions | None = None
        if places:
            self.positions = LearntPositions(places, width, seed + 3)
            self.positions.build()
        self.first_norm, self.last_norm = LayerNorm(), LayerNorm()
        self.drop = Dropout(dropout, seed + 4)
        self.blocks = [
            DecoderBlock(heads, seed + 100 * (i + 1), activation="relu", rotary=not places, dropout=dropout)
            for i in range(layers)
        ]
        layers_of_tokens: list[keras.Layer] = [self.first_norm, self.last_norm, *self.blocks]
        for layer in layers_of_tokens:
            layer.build((None, None, width))
        self.head = keras.layers.Dense(actions, kernel_initializer=keras.initializers.RandomNormal(0, 0.02, seed + 5))
        self.head.build((None, width))
        self.built = True

    def get_config(self) -> dict[str, Any]:
        encoder = keras.saving.serialize_keras_object(self.encode_observation)
        return {**super().get_config(), **self.arguments, "encoder": encoder}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> TrajectoryTransformer:
        return cls(**{**config, "encoder": keras.saving.deserialize_keras_object(config["encoder"])})

    def call(self, window: Window, present: tf.Tensor | None = None, training: bool = False) -> tf.Tensor:
        """Return a prediction for each step, (B, T, a): logits, or actions before their bounds.

        Args:
            window: T steps.
            present: bool (B, T), False for steps that only fill the window up; None where there are none.
            training: Whether dropout is on.
        """
        tokens, of_tokens = self._prepared(window, present, training)
        for block in self.blocks[:-1]:
            tokens = block(tokens, present=of_tokens, training=training)
        # Nothing reads the last block's other tokens.
        states = self.blocks[-1](tokens, present=of_tokens, every=(1, TOKENS), training=training)
        return self._predicted(states)

    def attention(self, window: Window, present: tf.Tensor | None = None) -> list[tf.Tensor]:
        """Return for each block how much each token looks at each other one, (B, heads, 3 T, 3 T)."""
        tokens, of_tokens = self._prepared(window, present, False)
        shares = []
        for block in self.blocks:
            shares.append(block.attention.shares(block.first_norm(tokens), of_tokens))
            tokens = block(tokens, present=of_tokens)
        return shares

    def tokens(self, window: Window) -> tf.Tensor:
        """Return the tokens of each step in the order return, observation, action, (B, 3 T, width)."""
        returns, states, actions = self._embedded(window)
        return self._interleaved([returns, states, actions])

    # ---------------------------------------------------------------- one step after the other

    def empty_caches(self, rows: int, steps: int) -> list[Cache]:
        """Return caches for `steps` steps, not filled yet.

        A step's places there are the action before it, its return-to-go and its observation: so the action is known
        when its place is filled. The very first place stays empty.
        """
        heads = self.blocks[0].attention.heads
        zeros = tf.zeros((rows, heads, TOKENS * steps, self.width // heads))
        return [Cache(zeros, zeros) for _ in self.blocks]

    def filled_caches(self, window: Window, steps: int) -> list[Cache]:
        """Return caches for `steps` steps that hold those of a window, all but its last actions."""
        tokens = self._shifted(window)
        count = tokens.shape[1]
        present = tf.broadcast_to(tf.range(count) > 0, tf.shape(tokens)[:2])
        rest = [[0, 0], [0, 0], [0, TOKENS * steps - count], [0, 0]]
        caches = []
        for block in self.blocks:
            tokens, cache = block.with_cache(tokens, present)
            caches.append(Cache(tf.pad(cache.key, rest), tf.pad(cache.value, rest)))
        return caches

    def step(self, before: Window, now: Window, caches: list[Cache], count: tf.Tensor) -> tuple[tf.Tensor, list[Cache]]:
        """Predict one more step's action, as `call` would of all steps.

        Args:
            before: The action before, of windows of 1 step; only `actions` and `timesteps` are read.
            now: The step, of windows of 1 step; its action is not read.
            caches: Of the steps before.
            count: int32 (B,), how many those are.

        Returns:
            (B, a), and the caches with this step.
        """
        returns, states, _ = self._embedded(now)
        tokens = self.first_norm(self._interleaved([self._embedded_action(before), returns, states]))
        present = (tf.range(caches[0].key.shape[2]) > 0)[None]
        new = []
        for block, cache in zip(self.blocks, caches, strict=True):
            tokens, cache = block.step(tokens, cache, TOKENS * count, present)
            new.append(cache)
        return self._predicted(tokens[:, -1:])[:, 0], new

    # ---------------------------------------------------------------- parts

    def _prepared(
        self, window: Window, present: tf.Tensor | None, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        tokens = self.drop(self.first_norm(self.tokens(window)), training=training)
        return tokens, None if present is None else tf.repeat(present, TOKENS, axis=1)

    def _shifted(self, window: Window) -> tf.Tensor:
        returns, states, actions = self._embedded(window)
        actions = tf.pad(actions[:, :-1], [[0, 0], [1, 0], [0, 0]])
        return self.first_norm(self._interleaved([actions, returns, states]))

    def _embedded(self, window: Window) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        steps, size = window.features.shape[1:]
        states = self.encode_observation(tf.reshape(window.features, (-1, size)))
        states = tf.reshape(states, (-1, steps, self.width)) + self.kinds[1]
        returns = self.encode_return(return_features(window.returns, self.octaves)) + self.kinds[0]
        actions = self._embedded_action(window)
        if self.positions is None:
            return returns, states, actions
        positions = self.positions(window.timesteps)
        return returns + positions, states + positions, actions

    def _embedded_action(self, window: Window) -> tf.Tensor:
        actions = self.encode_action(window.actions) + self.kinds[2]
        return actions if self.positions is None else actions + self.positions(window.timesteps)

    def _interleaved(self, parts: list[tf.Tensor]) -> tf.Tensor:
        # Stack, (B, 3, T, width); transpose, (B, T, 3, width); reshape. Stacking on axis 2 does the first two at once.
        return tf.reshape(tf.stack(parts, axis=2), (-1, TOKENS * parts[0].shape[1], self.width))

    def _predicted(self, states: tf.Tensor) -> tf.Tensor:
        return self.head(self.last_norm(states))
