"""UpdateTask: the part of a task whose steps are updates on data at hand."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.errors import UsageError, bad_value
from lab.runtime.interruption import Stopped
from lab.task import Control, Task

if TYPE_CHECKING:
    from lab.training.update_loop import UpdateLoop


class UpdateTask(Task):
    """Makes updates and gathers their metrics; a subclass gives the updates and what each learns from.

    Its state is to be made with `begin_counting`.
    """

    unit = "updates"
    counters: tuple[str, ...] = ("done", "rounds")
    not_state: tuple[str, ...] = ("updates",)

    updates: Any

    def begin_counting(self) -> None:
        """Make the counters, and no updates yet: a run that is only looked at needs none compiled."""
        self.done = 0
        self.rounds = 0
        self.sums: dict[str, float] = {}
        self.updates = None

    @abstractmethod
    def make_updates(self) -> UpdateLoop:
        """Return what makes updates; called before the first of them."""

    def at_once(self) -> int:
        """Return the most updates before something else has to happen, > 0; `run_updates` lets it happen (hook)."""
        return self.updates.most

    @abstractmethod
    def run_updates(self, count: int) -> np.ndarray:
        """Make the next updates; return their metrics, float64 (count, len(names))."""

    def advance(self, steps: int, control: Control) -> int:
        if self.updates is None:
            self.updates = self.make_updates()
        updates, taken = self.updates, 0
        while taken < steps and not control.stop:
            # Calls end at multiples of their length, so that a callback's stop falls on the same step in a resumed run.
            count = min(updates.most - self.done % updates.most, steps - taken, self.at_once())
            try:
                rows = self.run_updates(count).tolist()
            except Stopped:
                break
            for metrics in rows:
                taken += 1
                self._gather(dict(zip(updates.names, metrics, strict=True)), taken, control)
            self.done += count
        return taken

    def drain(self) -> dict[str, float]:
        means = {name: total / self.rounds for name, total in self.sums.items()}
        self.sums, self.rounds = {}, 0
        return means

    def _gather(self, metrics: Mapping[str, float], taken: int, control: Control) -> None:
        self.rounds += 1
        for name, value in metrics.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        if control.on_update is not None:
            control.taken = taken
            control.on_update(metrics)


def choose_lane(learner: Any, lane: str) -> tuple[str, str]:
    """Return the lane of a learner with `compile` and `updates_per_call`, and why it is that one.

    Raises:
        UsageError: When the compiled lane is asked for and cannot be had, or `compile` is none of its values.
    """
    name = type(learner).__name__
    if learner.compile not in ("graph", "xla", None):
        raise bad_value(name, "compile", learner.compile, "'graph', 'xla' or None")
    if lane == "host":
        return "host", "asked for: each update is a call of its own"
    if learner.compile is not None:
        return "compiled", f"up to {learner.updates_per_call} updates run in one compiled call"
    if lane == "compiled":
        raise UsageError(
            f"lane received 'compiled', but {name}.compile is None, so its updates run in Python. "
            "Fix: compile = 'graph' or 'xla', or lane='auto'."
        )
    return "host", f"{name}.compile is None: updates run in Python"
