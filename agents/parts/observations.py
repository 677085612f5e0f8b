"""What value and policy networks are given of an observation, and the networks that take it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import gymnasium
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete, Tuple

from agents.parts.encoding import ambiguous, encoding, features, is_history, number_of_features, pure_features
from agents.parts.networks.inputs import PICTURE, parts_of
from agents.parts.networks.named import AUTO, MLP, TRANSFORMER, check_architecture, named
from agents.spaces import advice
from agents.structured import Packed
from lab.errors import UsageError

if TYPE_CHECKING:
    import keras

__all__ = ["check_observations", "features", "is_picture", "network", "number_of_features", "pure_features"]


def check_observations(owner: str, space: gymnasium.Space[Any], architecture: str = AUTO, given: bool = False) -> None:
    """Raise `UsageError` when no network here takes such observations.

    A flat Box, a picture, Discrete, MultiDiscrete, MultiBinary, a Tuple of Discrete and the entries of a Dict or Tuple
    are taken; a history (K, d) by a transformer or a user's own network.

    Args:
        owner: Who asks, for the message.
        space: The observation space.
        architecture: The setting of that name.
        given: Whether the network is the user's own.
    """
    if isinstance(space, Packed):
        for entry in space.entries:
            try:
                check_observations("", entry.space, architecture, given)
            except UsageError as error:
                raise UsageError(f"{owner}: the observations' entry {entry.name!r}{error}") from None
    elif isinstance(space, Tuple):
        if not all(isinstance(part, Discrete) for part in space.spaces):
            raise _refused(owner, space)
    elif not isinstance(space, (Discrete, MultiBinary, MultiDiscrete)):
        if not isinstance(space, Box) or not space.shape:
            raise _refused(owner, space)
        try:
            encoding(space)
            if is_history(space) and not given and architecture not in (TRANSFORMER, MLP):
                raise ambiguous(space)
        except UsageError as error:
            raise UsageError(f"{owner} {error}") from None
    if owner and not given:
        check_architecture(owner, space, architecture)


def _refused(owner: str, space: gymnasium.Space[Any]) -> UsageError:
    return UsageError(
        f"{owner} received the observation space {space}; expected a flat Box, a picture or Discrete. "
        f"Fix: {advice(space)}"
    )


def is_picture(space: gymnasium.Space[Any]) -> bool:
    """Return whether observations are pictures, which convolutions look at, or hold one."""
    return any(part.kind == PICTURE for part in parts_of(space))


def network(
    space: gymnasium.Space[Any],
    filters: tuple[int, ...],
    hidden_sizes: tuple[int, ...],
    outputs: int | tuple[int, ...],
    seed: int,
    activation: str = "relu",
    architecture: str = AUTO,
    width: int = 1,
) -> keras.Model:
    """Build the network from features float32 (B, d) to linear outputs: a perceptron, or for pictures convolutions.

    Args:
        space: Of the observations.
        filters: Of each convolution, for pictures.
        hidden_sizes: Units of each dense layer.
        outputs: Number of outputs, or the shape of a row's, such as (actions, quantiles).
        seed: Of the initial weights.
        activation: Of a perceptron's hidden layers.
        architecture: The network's name, one of `ARCHITECTURES`; see `agents.parts.networks.named`.
        width: In multiples of the published one, for those by name.

    Raises:
        UsageError: For a picture too small for the convolutions.
    """
    from lab.networks import convnet, mlp

    options: tuple[Any, ...] = (seed, activation, architecture, width)
    if isinstance(outputs, tuple):
        import keras

        flat = network(space, filters, hidden_sizes, math.prod(outputs), *options)
        if len(outputs) == 1:
            return flat
        if isinstance(flat, keras.Sequential):
            return keras.Sequential([keras.Input(flat.input_shape[1:]), *flat.layers, keras.layers.Reshape(outputs)])
        return keras.Model(flat.inputs[0], keras.layers.Reshape(outputs)(flat.outputs[0]))
    parts = parts_of(space)
    kinds = {part.kind for part in parts}
    if architecture == MLP or (architecture == AUTO and PICTURE not in kinds):
        return mlp(number_of_features(space), hidden_sizes, outputs, seed, activation)
    if architecture == AUTO and len(parts) == 1:
        return convnet(parts[0].shape, filters, hidden_sizes, outputs, seed)
    return named(space, architecture, width, filters, hidden_sizes, outputs, seed, activation)
