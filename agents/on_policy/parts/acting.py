"""How an on-policy agent acts in NumPy, where a compiled call would cost more than the whole network."""

from __future__ import annotations

from typing import Any

import numpy as np

from agents.parts.heads import masked
from agents.parts.normalising import RunningStatistics
from lab.errors import UsageError
from lab.networks import Forward

NONE = np.zeros(0, np.float32)


class ActorInNumPy:
    """Computes what the policy's head takes, over copies of all that it depends on.

    Args:
        agent: Whose.

    Attributes:
        quick: Whether the network can be computed in NumPy; else the agent's pure rule acts.
    """

    def __init__(self, agent: Any) -> None:
        self.forward = Forward(agent.actor)
        self.quick = self.forward.mirror is not None
        self.free: np.ndarray | None = None
        self.statistics: Any = ()

    def renew(self, agent: Any, parameters: list[np.ndarray] | None) -> None:
        """Follow parameters that have changed; see `FunctionalAgent.renew_host_forms`."""
        if parameters is None:
            self.forward.renew(None)
            self.free = None
            return
        number = len(agent.actor.trainable_variables)
        self.forward.renew(parameters[:number])
        self.free = parameters[number] if agent.free else NONE
        self.statistics = RunningStatistics(*parameters[-3:]) if agent.observed else ()

    def rows(self, agent: Any, observed: np.ndarray) -> np.ndarray:
        """Return what `OnPolicyAgent.rows` does, float32 (n, width), for observations (n, ...)."""
        if self.free is None:
            agent.settle()
            self.free = agent.free[0].numpy() if agent.free else NONE
            self.statistics = RunningStatistics(*(part.numpy() for part in agent.observed)) if agent.observed else ()
        outputs = self.forward(agent.features(self.statistics, observed))
        if agent.config.action_mask:
            outputs = masked(outputs, _allowed(agent, observed))
        if not len(self.free):
            return outputs
        return np.concatenate([outputs, np.broadcast_to(self.free, (len(outputs), len(self.free)))], axis=-1)


def _allowed(agent: Any, observed: np.ndarray) -> np.ndarray:
    allowed: np.ndarray = observed[:, -agent.head.outputs :] > 0.5
    if not allowed.any(axis=-1).all():
        raise UsageError(
            f"{type(agent).__name__} received an observation whose action mask allows no action; expected at least "
            "one. Fix: end the episode where nothing can be done."
        )
    return allowed
