"""What value and policy networks are given of an observation, and the networks that take it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from agents.parts.encoding import encoding
from agents.spaces import advice
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
    if isinstance(space, Discrete):
        return
    if not isinstance(space, Box) or not space.shape:
        raise UsageError(
            f"{owner} received the observation space {space}; expected a flat Box, a picture or Discrete. "
            f"Fix: {advice(space)}"
        )
    try:
        encoding(space)
    except UsageError as error:
        raise UsageError(f"{owner} {error}") from None


def is_picture(space: gymnasium.Space[Any]) -> bool:
    """Return whether observations are pictures, which convolutions look at."""
    return isinstance(space, Box) and encoding(space).picture is not None


def number_of_features(space: gymnasium.Space[Any]) -> int:
    """Return how many numbers describe an observation to a network."""
    return int(space.n) if isinstance(space, Discrete) else int(np.prod(space.shape or ()))


def features(space: gymnasium.Space[Any], observations: Any) -> Any:
    """Return observations as a network takes them, float32 (..., d); a tensor where a tensor was given.

    Discrete ones become one-hot rows. Pictures lie as (height, width, channels), stacked frames among the channels;
    they, and bytes, are divided by the bound that their space declares: see `agents.parts.encoding`.
    """
    if not isinstance(observations, np.ndarray):
        return pure_features(space, observations)
    if isinstance(space, Discrete):
        places, number = np.asarray(observations) - int(space.start), int(space.n)
        if number <= FEW:
            return np.eye(number, dtype=np.float32)[places]
        # The identity of many would take their square in memory.
        rows = np.zeros((*places.shape, number), np.float32)
        np.put_along_axis(rows, places[..., None], 1.0, axis=-1)
        return rows
    how = encoding(space)
    ahead = observations.ndim - len(how.shape)
    lead = observations.shape[:ahead]
    if how.order is not None:
        observations = observations.transpose(*range(ahead), *(ahead + axis for axis in how.order))
    numbers = observations.reshape(*lead, number_of_features(space)).astype(np.float32, copy=False)
    return numbers if how.divisor is None else numbers / how.divisor


def pure_features(space: gymnasium.Space[Any], observations: tf.Tensor) -> tf.Tensor:
    """Return what `features` does, for tensors (n, ...)."""
    import tensorflow as tf

    if isinstance(space, Discrete):
        places = observations - tf.constant(int(space.start), observations.dtype) if space.start else observations
        return tf.one_hot(places, int(space.n))
    how = encoding(space)
    if how.order is not None:
        observations = tf.transpose(observations, (0, *(1 + axis for axis in how.order)))
    flat = tf.reshape(observations, (observations.shape[0], number_of_features(space)))
    numbers = tf.cast(flat, tf.float32)
    return numbers if how.divisor is None else numbers / tf.constant(how.divisor)


def network(
    space: gymnasium.Space[Any],
    filters: tuple[int, ...],
    hidden_sizes: tuple[int, ...],
    outputs: int | tuple[int, ...],
    seed: int,
) -> keras.Model:
    """Build the network from features float32 (B, d) to linear outputs: a perceptron, or for pictures convolutions.

    Args:
        space: Of the observations.
        filters: Of each convolution, for pictures.
        hidden_sizes: Units of each dense layer.
        outputs: Number of outputs, or the shape of a row's, such as (actions, quantiles).
        seed: Of the initial weights.

    Raises:
        UsageError: For a picture too small for the convolutions.
    """
    from lab.networks import convnet, mlp

    if isinstance(outputs, tuple):
        import keras

        flat = network(space, filters, hidden_sizes, math.prod(outputs), seed)
        return keras.Model(flat.inputs[0], keras.layers.Reshape(outputs)(flat.outputs[0]))
    picture = None if isinstance(space, Discrete) else encoding(space).picture
    if picture is not None:
        return convnet(picture, filters, hidden_sizes, outputs, seed)
    return mlp(number_of_features(space), hidden_sizes, outputs, seed)
