"""What value and policy networks are given of an observation, and the networks that take it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import gymnasium
from gymnasium.spaces import Box, Discrete

from agents.parts.encoding import encoding, features, number_of_features, pure_features
from agents.spaces import advice
from lab.errors import UsageError

if TYPE_CHECKING:
    import keras

__all__ = ["check_observations", "features", "is_picture", "network", "number_of_features", "pure_features"]


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


def network(
    space: gymnasium.Space[Any],
    filters: tuple[int, ...],
    hidden_sizes: tuple[int, ...],
    outputs: int | tuple[int, ...],
    seed: int,
    activation: str = "relu",
) -> keras.Model:
    """Build the network from features float32 (B, d) to linear outputs: a perceptron, or for pictures convolutions.

    Args:
        space: Of the observations.
        filters: Of each convolution, for pictures.
        hidden_sizes: Units of each dense layer.
        outputs: Number of outputs, or the shape of a row's, such as (actions, quantiles).
        seed: Of the initial weights.
        activation: Of a perceptron's hidden layers.

    Raises:
        UsageError: For a picture too small for the convolutions.
    """
    from lab.networks import convnet, mlp

    if isinstance(outputs, tuple):
        import keras

        flat = network(space, filters, hidden_sizes, math.prod(outputs), seed, activation)
        return keras.Sequential([keras.Input(flat.input_shape[1:]), *flat.layers, keras.layers.Reshape(outputs)])
    picture = None if isinstance(space, Discrete) else encoding(space).picture
    if picture is not None:
        return convnet(picture, filters, hidden_sizes, outputs, seed)
    return mlp(number_of_features(space), hidden_sizes, outputs, seed, activation)
