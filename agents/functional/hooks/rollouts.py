"""What agents that learn from whole rollouts of their policy give beside `learn`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.transitions import Batch, Transition
from lab.errors import UsageError

if TYPE_CHECKING:
    from agents.functional.state import AgentState


class RolloutHooks:
    """The hooks that `agents.replay.Rollouts` calls around a round of updates."""

    def prepare(self, state: AgentState, rollout: Transition) -> Batch:
        """Return the batch that minibatches of a rollout are taken from, as pure TensorFlow; for `Rollouts` (hook).

        Args:
            state: Of the agent.
            rollout: Tensors (T, n, ...), in the order of time.

        Returns:
            A batch of T * n rows, or of as many sequences as they make.
        """
        raise UsageError(
            f"{type(self).__name__} learns from rollouts, but does not say how. Fix: override `prepare`, which makes "
            "advantages and the like of one; see examples/ppo_in_one_file.py."
        )

    def before_updates(self, state: AgentState, rollout: Transition) -> AgentState:
        """Return the state with what a rollout tells before `prepare` sees it, as pure TensorFlow (hook).

        For `Rollouts`.

        Args:
            state: Of the agent.
            rollout: Tensors (T, n, ...), in the order of time.
        """
        return state

    def after_updates(self, state: AgentState, rollout: Transition) -> AgentState:
        """Return the state with what a rollout tells for the next one, as pure TensorFlow (hook).

        For `Rollouts`. What changes how the agent acts belongs here: until the updates are made, a rollout is of the
        old policy.

        Args:
            state: Of the agent, after all updates.
            rollout: Tensors (T, n, ...), in the order of time.
        """
        return state
