"""What an on-policy agent is built of, and the checks before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from agents.parts.heads import PolicyHead
from agents.parts.networks.checks import check_layers
from lab.errors import bad_value
from lab.networks import mlp

if TYPE_CHECKING:
    import keras

# At first all actions are about as likely (Andrychowicz et al. 2021, "What Matters for On-Policy Deep Actor-Critic
# Methods?", section 3.2).
FIRST = 0.01


def actor_of(agent: Any) -> keras.Model:
    """Build the policy network, from features to the outputs that its head takes."""
    made = _network(agent, agent.head.outputs, agent.seeds.integer("network", 0), "policy")
    if agent.given is None:
        last = made.trainable_variables[-2]
        last.assign(FIRST * last)
    return made


def critic_of(agent: Any) -> keras.Model | None:
    """Build the value network, from features to one number; None for an agent without a baseline."""
    if not getattr(agent.config, "baseline", True):
        return None
    made = _network(agent, 1, agent.seeds.integer("network", 1), "value")
    if {id(v) for v in made.variables} & {id(v) for v in agent.actor.variables}:
        raise bad_value(
            type(agent).__name__, "network", "a model with layers of the policy's", "one of its own for the value",
            "make the layers inside the function.",
        )  # fmt: skip
    return made


def _network(agent: Any, outputs: int, seed: int, role: str) -> keras.Model:
    c = agent.config
    inputs = agent.network_inputs
    if inputs is not None:
        return mlp(inputs, c.hidden_sizes, outputs, seed, c.activation)
    made: keras.Model = agent.make_network(outputs, seed, role)
    if agent.given is not None:
        check_layers(type(agent).__name__, made)
    return made


def check_rollout(owner: str, config: Any, number: int) -> None:
    """Raise `UsageError` where a rollout's steps cannot be shared out among the environments.

    Args:
        owner: Who asks.
        config: The settings.
        number: Environments that step together.
    """
    if config.rollout_steps % number:
        raise bad_value(
            owner, "rollout_steps", config.rollout_steps, f"a multiple of the number of environments ({number})",
            f"rollout_steps={-(-config.rollout_steps // number) * number}.",
        )  # fmt: skip


def check_mask(owner: str, space: gymnasium.Space[Any], actions: gymnasium.Space[Any], head: PolicyHead) -> None:
    """Raise `UsageError` where the last numbers of observations cannot be a mask of the actions.

    Args:
        owner: Who asks.
        space: Of the observations.
        actions: Their space.
        head: The policy's.
    """
    if not isinstance(actions, Discrete):
        raise bad_value(owner, "action_mask", True, f"False for {actions}: only Discrete actions can be forbidden")
    number, shape = head.outputs, space.shape or ()
    fits = isinstance(space, Box) and len(shape) == 1 and shape[0] >= number
    if fits:
        fits = bool((np.asarray(space.low)[-number:] >= 0).all() and (np.asarray(space.high)[-number:] <= 1).all())  # type: ignore[attr-defined]
    if not fits:
        raise bad_value(
            owner, "action_mask", True, f"observations whose last {number} numbers are 0 or 1, one for each action; "
            f"the space is {space}", "envs.ActionMask(env), which puts info['action_mask'] there.",
        )  # fmt: skip
