"""Recurrent cells, which remember an episode, and what agents share that look through one."""

from __future__ import annotations

from typing import Any

import gymnasium
import keras
import tensorflow as tf

from agents.parts import observations
from lab.errors import UsageError, bad_value

CELLS = {"gru": keras.layers.GRUCell, "lstm": keras.layers.LSTMCell}


def check_vectors(owner: str, space: gymnasium.Space[Any], instead: str) -> None:
    """Raise `UsageError` where observations are pictures, for which no cell here is; `instead` names who takes them."""
    if observations.is_picture(space):
        raise UsageError(
            f"{owner} received the observation space {space}; expected a vector or Discrete. Fix: {instead}, with "
            "gymnasium.wrappers.FrameStackObservation for what one picture does not show."
        )


def check_not_given(owner: str, network: Any, who: str, instead: str) -> None:
    """Raise `UsageError` for a user's network beside a cell; `who` looks through that, and `instead` takes networks."""
    if network is not None:
        expected, fix = f"None, for {who} through its cell", f"{instead}(network=...), or leave it out."
        raise bad_value(owner, "network", network, expected, fix)


def hidden_shapes(config: Any) -> dict[str, tuple[int, ...]]:
    """Return what is remembered by settings `cell` and `cell_size`: all states side by side, and whether one began."""
    return {"hidden": (config.cell_size * (1 if config.cell == "gru" else 2),), "begun": ()}


def cell_of(name: str, size: int, width: int, seed: int) -> keras.Model:
    """Build a cell from features float32 (B, width) and its states (B, size) to its states after a step.

    Args:
        name: `gru` (Cho et al. 2014) or `lstm` (Hochreiter and Schmidhuber 1997).
        size: Numbers of a state.
        width: Of the features.
        seed: Of the initial weights.
    """
    start = {"kernel_initializer": keras.initializers.GlorotUniform(seed=seed)}
    start["recurrent_initializer"] = keras.initializers.Orthogonal(seed=seed + 1)
    given = keras.Input((width,))
    states = [keras.Input((size,)) for _ in range(1 if name == "gru" else 2)]
    _, after = CELLS[name](size, seed=seed + 2, **start)(given, states)
    return keras.Model([given, *states], after)


def stepped(cell: keras.Model, weights: list[tf.Tensor], rows: tf.Tensor, hidden: tf.Tensor) -> tf.Tensor:
    """Return what a cell remembers after a step, float32 (B, h), under explicit weights.

    Args:
        cell: As `cell_of` built it.
        weights: In the order of its `trainable_variables`.
        rows: float32 (B, d).
        hidden: float32 (B, h), all states side by side.
    """
    states = tf.split(hidden, len(cell.inputs) - 1, axis=-1)
    # Keras' cells hold a seed for dropout, of which there is none.
    idle = [tf.zeros(v.shape, v.dtype) for v in cell.non_trainable_variables]
    after = cell.stateless_call(weights, idle, [rows, *states])[0]
    return tf.concat(tf.nest.flatten(after), axis=-1)
