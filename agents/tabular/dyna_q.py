"""Dyna-Q with prioritised sweeping: planning with a model learnt from experience."""

from __future__ import annotations

from typing import ClassVar

from agents.tabular.agent import TabularAgent
from agents.tabular.memory.model import HostModel, LearnedModel
from agents.tabular.settings import DynaQSettings
from lab.config import Settings


class DynaQ(TabularAgent):
    """Learns a model from each step, and values from the model.

    `sweeping="prioritised"`: pairs whose values would change by more than the threshold wait in a queue, the largest
    change first; after each update those that lead to its state are looked at again (Moore and Atkeson 1993; Sutton and
    Barto 2018, section 8.4). `sweeping="uniform"`: Q-learning from the step itself, then updates of pairs drawn from
    all that were met (Dyna-Q: Sutton 1990; section 8.2).

    The model counts what followed each pair, and an update takes the expected value over that (section 8.5), so that it
    holds where outcomes are uncertain; in a deterministic environment this is the book's sample update. It trains in
    the host lane alone: a model that grows and a queue have no fixed shape for a program.
    """

    Settings: ClassVar[type[Settings]] = DynaQSettings
    lanes: ClassVar[tuple[str, ...]] = ("host",)

    def experience(self) -> LearnedModel:
        states, actions = self.q_table.shape
        return LearnedModel(states, actions)

    def unread_settings(self) -> dict[str, str]:
        c, found = self.config, super().unread_settings()
        if not c.planning_updates:
            found["planning_rate"] = "planning_updates is 0"
        if c.sweeping == "uniform":
            return {**found, "priority_threshold": "sweeping is uniform"}
        # Values change in planning alone.
        unused = dict.fromkeys(("learning_rate", "learning_rate_end", "learning_rate_steps"), "sweeping is prioritised")
        return {**found, **unused}

    def learn_and_plan(self, model: HostModel, pair: int) -> None:
        """Learn from a step that the model has noted, and plan as many updates as the settings say."""
        c = self.config
        if c.sweeping == "uniform":
            self._update(model, pair, self.learning_rate)
            for place in model.rng.integers(len(model.known), size=c.planning_updates).tolist():
                self._update(model, model.known[place], c.planning_rate)
            return
        self._queue(model, pair)
        for _ in range(c.planning_updates):
            first = model.pop()
            if first is None:
                return
            self._update(model, first, c.planning_rate)
            # In order, because a set's is not part of a checkpoint.
            for earlier in sorted(model.before.get(first // model.model.actions, ())):
                self._queue(model, earlier)

    def _update(self, model: HostModel, pair: int, alpha: float) -> None:
        state, action = divmod(pair, model.model.actions)
        self.moves([(state, action, model.expected(pair, self.config.discount, self.q_table), 0.0, 0.0)], alpha)

    def _queue(self, model: HostModel, pair: int) -> None:
        change = abs(model.expected(pair, self.config.discount, self.q_table) - float(self.q_table.flat[pair]))
        if change > self.config.priority_threshold:
            model.push(pair, change)
