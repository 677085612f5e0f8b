"""Calls an agent's `policy`, and holds it to what it declares while it is traced, which costs nothing as it runs."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from agents import spaces
from lab.errors import UsageError

# Where an agent's random numbers come from, for `lab.training.resumable`.
KEYED = (
    "envs.random with the key that the function is given",
    "random.uniform(key, shape) in place of tf.random.uniform(shape).",
)


def no_hidden(agent: Any, number: int) -> dict[str, tf.Tensor]:
    """Return what an agent remembers at the beginning of `number` episodes: zeros, by name."""
    return {name: tf.zeros((number, *shape)) for name, shape in agent.hidden_shapes.items()}


def kept_hidden(hidden: dict[str, tf.Tensor], going: tf.Tensor) -> dict[str, tf.Tensor]:
    """Return what is remembered where an episode goes on, and zeros elsewhere.

    Args:
        hidden: By name, float32 (n, ...).
        going: float32 (n,), 1 where it goes on and 0 where it ended.
    """
    # A product would let a remembered infinity or NaN live on.
    return {
        name: tf.where(tf.reshape(going, (-1, *[1] * (len(part.shape) - 1))) > 0.0, part, 0.0)
        for name, part in hidden.items()
    }


def chosen_by(
    agent: Any,
    state: Any,
    observations: tf.Tensor,
    key: tf.Tensor,
    explore: bool,
    hidden: dict[str, tf.Tensor],
    allowed: Any = (),
) -> Any:
    """Return what an agent's policy chooses, as pure TensorFlow.

    Args:
        agent: Whose `policy` it is.
        state, observations, key, explore: As for `FunctionalAgent.policy`.
        hidden: As for `FunctionalAgent.recurrent_policy`.
        allowed: Which actions are allowed, bool (n, A); () for all.

    Raises:
        UsageError: When it is no `Choice`, or of other shapes, dtypes or extras than declared.
    """
    where, known = f"{type(agent).__name__}.policy", state._replace(allowed=allowed)
    choice = agent.recurrent_policy(known, observations, hidden, key, explore)
    if not (hasattr(choice, "action") and hasattr(choice, "extras")):
        raise UsageError(f"{where} returned {choice!r}; expected Choice(action, extras).")
    number = int(observations.shape[0])
    shape, dtype = spaces.layout(agent.action_space)
    expected = (number, *shape), tf.int32 if dtype.kind in "iub" else tf.float32
    action = choice.action
    if (tuple(action.shape), action.dtype) != expected:
        raise UsageError(
            f"{where} returned {action.dtype.name} {tuple(action.shape)} for {number} observations; expected "
            f"{expected[1].name} {expected[0]}."
        )
    declared = {name: ((number, *shape), "float32") for name, shape in agent.extras.items()}
    found = {name: (tuple(value.shape), value.dtype.name) for name, value in choice.extras.items()}
    if found != declared:
        raise UsageError(f"{where} returned the extras {found}; expected {declared}, as `extras` declares.")
    remembered = {name: (tuple(value.shape), value.dtype.name) for name, value in choice.hidden.items()}
    wanted = {name: ((number, *shape), "float32") for name, shape in agent.hidden_shapes.items()}
    if remembered != wanted:
        raise UsageError(f"{where} returned hidden {remembered}; expected {wanted}, as `hidden_shapes` declares.")
    return choice
