"""Other last layers for a network: a value apart from advantages, noise, outputs of another shape."""

from __future__ import annotations

import math
from typing import Any

import keras

from agents.dqn.layers.noise import NoisyDense
from lab.errors import UsageError


def with_tail(owner: str, network: keras.Model, head: Any, config: Any, seed: int) -> keras.Model:
    """Return a network whose last layers are those that settings ask for, in place of its own.

    Its last dense layer and the one before it, where there is one, go; what lies before them stays. With `dueling`
    there are two such pairs, a value's and advantages' (Wang et al. 2016, "Dueling Network Architectures", figure 1).

    Args:
        owner: Whose network it is, for messages.
        network: A chain or graph of layers, which ends with a linear dense one.
        head: A `Head`; it says of which shape the outputs are, and joins body and tail.
        config: Has `dueling`, `noisy` and `noise_deviation`.
        seed: Of the initial weights.

    Raises:
        UsageError: When the network is of another kind.
    """
    layers = network.layers if getattr(network, "inputs", None) else []
    if not layers or not isinstance(layers[-1], keras.layers.Dense):
        raise UsageError(
            f"{owner}.network returned {network.name!r}, which does not end with a dense layer among a chain or graph "
            "of layers; dueling, noisy and implicit networks put their own in its place. Fix: a keras.Sequential or "
            "functional keras.Model that ends with keras.layers.Dense, or leave those settings out."
        )
    hidden = None
    if len(layers) > 1 and isinstance(layers[-2], keras.layers.Dense) and layers[-2].output is layers[-1].input:
        hidden = layers[-2]
    body = keras.Model(network.inputs[0], (layers[-1] if hidden is None else hidden).input)
    return head.joined(body, _tail(body.output_shape[-1], hidden, head.shape, config, seed), seed)


def _tail(width: int, hidden: Any, shape: int | tuple[int, ...], config: Any, seed: int) -> keras.Model:
    taken = keras.Input((width,))
    actions, *rest = (shape,) if isinstance(shape, int) else shape
    size = math.prod(rest)

    def branch(outputs: int, number: int) -> Any:
        wide = taken
        if hidden is not None:
            wide = _dense(hidden.units, hidden.activation, config, seed + 100 + 10 * number)(taken)
        return _dense(outputs, None, config, seed + 105 + 10 * number)(wide)

    advantages = keras.layers.Reshape((actions, size))(branch(actions * size, 0))
    if config.dueling:
        advantages = dueling(keras.layers.Reshape((1, size))(branch(size, 1)), advantages)
    return keras.Model(taken, keras.layers.Reshape((actions, *rest))(advantages))


def dueling(value: Any, advantages: Any) -> Any:
    """Return v + a - mean a, (B, A, N), of v (B, 1, N) and a (B, A, N) (Wang et al. 2016, equation 9)."""
    return value + advantages - keras.ops.mean(advantages, axis=1, keepdims=True)


def _dense(units: int, activation: Any, config: Any, seed: int) -> keras.layers.Dense:
    if config.noisy:
        return NoisyDense(units, activation, config.noise_deviation, seed)
    kind = keras.initializers.GlorotUniform if activation is None else keras.initializers.HeUniform
    return keras.layers.Dense(units, activation, kernel_initializer=kind(seed=seed))
