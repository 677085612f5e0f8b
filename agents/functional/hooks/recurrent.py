"""What agents that remember their episode give beside `policy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agents.functional.state import AgentState, Choice

if TYPE_CHECKING:
    import tensorflow as tf


class RecurrentHooks:
    """The hooks of what is remembered from step to step; by default nothing is."""

    @property
    def hidden_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shapes of what the agent remembers of an episode from step to step, by name: none by default (hook)."""
        return {}

    def recurrent_policy(
        self, state: AgentState, observations: tf.Tensor, hidden: dict[str, tf.Tensor], key: tf.Tensor, explore: bool
    ) -> Choice:
        """Do what `policy` does, with what is remembered of each row's episode; for agents that remember (hook).

        Args:
            state, observations, key, explore: As for `policy`.
            hidden: float32 (n, ...) by the names of `hidden_shapes`; zeros where an episode begins.

        Returns:
            A choice with what is remembered from here on.
        """
        made: Choice = self.policy(state, observations, key, explore)  # type: ignore[attr-defined]
        return made
