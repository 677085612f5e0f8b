"""Agents whose replay can begin with recorded episodes."""

from __future__ import annotations

from typing import Any

from agents.base import Agent
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
