"""What value and policy networks are given of an observation, and the networks that take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from lab.errors import UsageError

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

FEW = 1024


def check_observations(owner: str, space: gymnasium.Space[Any]) -> None:
    """Raise `UsageError` when an observation is neither a flat Box, nor a picture, nor Discrete.

    Args:
        owner: Who asks, for the message.
        space: The observation space.
    """
    if not isinstance(space, Discrete) and not (isinstance(space, Box) and len(space.shape) in (1, 3)):
        raise UsageError(
            f"{owner} received the observation space {space}; expected a flat Box, a picture (height, width, "
            "channels) or Discrete. Fix: wrap the environment in gymnasium.wrappers.FlattenObservation."
        )


def is_picture(space: gymnasium.Space[Any]) -> bool:
    """Return whether observations are pictures, which convolutions look at."""
    return isinstance(space, Box) and len(space.shape) == 3


def number_of_features(space: gymnasium.Space[Any]) -> int:
    """Return how many numbers describe an observation to a network."""
    return int(space.n) if isinstance(space, Discrete) else int(np.prod(space.shape or ()))


def features(space: gymnasium.Space[Any], observations: np.ndarray) -> np.ndarray:
    """Return observations as a network takes them, float32 (..., d).

    Discrete ones become one-hot rows; bytes of pictures lie in [0, 1].
    """
    if isinstance(space, Discrete):
        places, number = np.asarray(observations) - int(space.start), int(space.n)
        if number <= FEW:
            return np.eye(number, dtype=np.float32)[places]
        # The identity of many would take their square in memory.
        rows = np.zeros((*places.shape, number), np.float32)
        np.put_along_axis(rows, places[..., None], 1.0, axis=-1)
        return rows
    lead = observations.shape[: observations.ndim - len(space.shape or ())]
    flat = observations.reshape(*lead, number_of_features(space))
    return flat.astype(np.float32) / np.float32(255) if flat.dtype == np.uint8 else flat.astype(np.float32, copy=False)


def pure_features(space: gymnasium.Space[Any], observations: tf.Tensor) -> tf.Tensor:
    """Return what `features` does, for tensors (n, ...)."""
    import tensorflow as tf

    if isinstance(space, Discrete):
        places = observations - tf.constant(int(space.start), observations.dtype) if space.start else observations
        return tf.one_hot(places, int(space.n))
    flat = tf.reshape(observations, (observations.shape[0], number_of_features(space)))
    return tf.cast(flat, tf.float32) / 255.0 if flat.dtype == tf.uint8 else tf.cast(flat, tf.float32)


def network(
    space: gymnasium.Space[Any], filters: tuple[int, ...], hidden_sizes: tuple[int, ...], outputs: int, seed: int
) -> keras.Model:
    """Build the network from features float32 (B, d) to linear outputs: a perceptron, or for pictures convolutions.

    Args:
        space: Of the observations.
        filters: Of each convolution, for pictures.
        hidden_sizes: Units of each dense layer.
        outputs: Number of outputs.
        seed: Of the initial weights.
    """
    from lab.networks import convnet, mlp

    if space.shape is not None and len(space.shape) == 3:
        return convnet(space.shape, filters, hidden_sizes, outputs, seed)
    return mlp(number_of_features(space), hidden_sizes, outputs, seed)
