"""What functional agents do about actions that an environment forbids by `info["action_mask"]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium
import numpy as np

from agents.parts.masking.masked import is_given, masked
from agents.transitions import Transition
from lab.messages.notes import note

# What checkpoints call whether the environment gave masks.
MASKED = "masked"


class MaskHooks:
    """Honours masks where the class has a setting `action_masks` that is true: its rule reads `state.allowed`.

    Attributes:
        masked: Whether the environments that it trains in give masks; None before it has met any.
        allowed: bool (n, A), of the next `act_batch`; None where all actions are.
    """

    masked: bool | None = None
    allowed: np.ndarray | None = None
    # Of the agent.
    config: Any
    steps: int
    num_envs: int
    host: Any
    memory: Any
    action_space: gymnasium.Space[Any]
    experience: Callable[[], Any]

    @property
    def honours_masks(self) -> bool:
        return self._may_honour and self.masked is not False

    @property
    def _may_honour(self) -> bool:
        return bool(getattr(self.config, "action_masks", False))

    def allow(self, masks: np.ndarray | None) -> None:
        self.allowed = masks

    def actions_of(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        held = {name: masked(values, self.allowed) for name, values in outputs.items()}
        actions: np.ndarray = super().actions_of(held)  # type: ignore[misc]
        return actions

    def meet_masks(self, given: bool) -> None:
        """Take note of whether the environments to train in give masks, and lay out what is remembered for that.

        An agent that has learnt without masks goes on without, so that what its replay holds stays of one kind.

        Args:
            given: Whether they do.
        """
        if self.masked is not None or not self.honours_masks:
            return
        if given and self.steps:
            note(f"{type(self).__name__} has learnt without action masks, and goes on without. Fix: a new agent.")
        self.masked = given and not self.steps
        if self.masked:
            self.check_masks()
            self.host, self.memory = None, self.experience().on_host(self)

    def check_masks(self) -> None:
        """Raise `UsageError` where the rule of a variant does not read masks (hook)."""

    def with_masks(self, transition: Transition) -> Transition:
        """Return what is to be remembered of a step: masks where the replay has room for them, and only there."""
        if not self.masked:
            given = is_given(transition.action_mask)
            return transition._replace(action_mask=(), next_action_mask=()) if given else transition
        if is_given(transition.action_mask):
            return transition
        actions: Any = self.action_space
        every = np.ones((len(transition.reward), int(actions.n)), np.bool_)
        return transition._replace(action_mask=every, next_action_mask=every)

    def mask_state(self) -> dict[str, Any]:
        """Return what checkpoints hold of it: nothing where there are no masks, as in those of earlier versions."""
        return {MASKED: True} if self.masked else {}

    def restore_masks(self, state: dict[str, Any]) -> None:
        """Take `mask_state` out of a checkpoint's state, and make the memory that the rest of it fits into."""
        masked = bool(state.pop(MASKED, False))
        before = bool(self.masked)
        # One that has taken no step yet has met no environment, and one that knows no masks never asks.
        self.masked = masked if masked or (self._may_honour and state.get("steps")) else None
        if masked != before:
            self.host, self.memory = None, self.experience().on_host(self)
