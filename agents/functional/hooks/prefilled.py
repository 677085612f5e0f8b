"""Agents whose replay can begin with recorded episodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agents.base import Agent
from agents.transitions import Transition
from lab.errors import UsageError


class Prefilled(Agent):
    """Takes recorded episodes for the replay, before the environments are known.

    Attributes:
        recorded: Those that the replay begins with.
        prefilled: Whether there were any.
    """

    not_state: tuple[str, ...] = ("recorded", "prefilled")
    recorded: Any = None
    prefilled: bool = False

    def prefill(self, episodes: Any) -> None:
        """Let the replay begin with recorded episodes, before the agent's `Experiment` is made.

        They count as no environment steps: `learning_starts` and schedules are those of the run. Rewards and ends are
        learnt from as they were recorded. The run begins with a checkpoint, and needs the recording no more.

        Args:
            episodes: `Episodes` of the environment that is trained in, or the path of a file of them.

        Raises:
            UsageError: When they are none, or the agent is built already. What does not fit the environment is refused
                when the `Experiment` is made.
        """
        from agents.episodes.prefilling import opened

        name = type(self).__name__
        if self.built:
            raise UsageError(f"{name}.prefill comes too late: the agent is built. Fix: call it before Experiment(...).")
        self.recorded, self.prefilled = opened(name, episodes), True

    def recorded_steps(self, memory: Any) -> Iterator[Transition]:
        """Return what the recording adds to a memory, in blocks; see `agents.episodes.prefilling.recorded_blocks`."""
        if self.recorded is None:
            return iter(())
        # Who has none reads none.
        from agents.episodes.prefilling import recorded_blocks

        return recorded_blocks(self, memory)

    def refuse_masks(self, given: bool) -> None:
        """Raise `UsageError` where there is a recording and the environments to train in mask actions."""
        if given and self.prefilled:
            raise UsageError(
                f"{type(self).__name__}.prefill: the environment masks actions, and no recording says which were "
                "allowed. Fix: action_masks=False, or leave out the recording."
            )

    @property
    def begins_trained(self) -> bool:
        return super().begins_trained or self.prefilled

    def another(self, config: Any) -> Any:
        if self.prefilled:
            raise UsageError(
                f"{type(self).__name__}: several runs side by side do not begin with recorded episodes. "
                "Fix: an Experiment for each, with an agent that was prefilled."
            )
        return super().another(config)
