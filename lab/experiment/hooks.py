"""Hooks of an experiment, which its class and its callbacks override, and who listens to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.callbacks.base import Callback

if TYPE_CHECKING:
    from lab.results.evaluation import Evaluation


class Hooks:
    """What an experiment calls as it trains: its own hooks `on_...`, which do nothing here, and its callbacks'."""

    callbacks: list[Callback]

    def on_train_begin(self) -> None:
        """Run before the first step of a call to `train` (hook)."""

    def on_train_end(self) -> None:
        """Run after the last step of a call to `train`, before its last checkpoint (hook)."""

    def on_update(self, metrics: Mapping[str, float]) -> None:
        """Run after each round of updates (hook)."""

    def on_log(self, row: Mapping[str, Any]) -> None:
        """Run after each row of the history (hook)."""

    def on_evaluation(self, evaluation: Evaluation) -> None:
        """Run after each evaluation made during training (hook)."""

    def on_render(self, path: Path, kind: str) -> None:
        """Run after each picture or film made during training (hook)."""

    def on_checkpoint(self, path: Path) -> None:
        """Run after each checkpoint (hook)."""

    def fire(self, hook: str, *arguments: Any) -> None:
        """Call a hook here and on every callback."""
        getattr(self, hook)(*arguments)
        for callback in self.callbacks:
            getattr(callback, hook)(self, *arguments)

    def listens(self, hook: str) -> bool:
        """Return whether the experiment's class or a callback overrides a hook."""
        ours = getattr(type(self), hook) is not getattr(Hooks, hook)
        return ours or any(getattr(type(c), hook) is not getattr(Callback, hook) for c in self.callbacks)

    def update_listener(self) -> Callable[[Mapping[str, float]], None] | None:
        """Return what to call with the metrics of each round of updates; None where nobody listens."""
        # Rounds of updates come thousands a second, so only hooks that somebody has overridden are called.
        run: Any = self
        hooks: list[Callable[[Mapping[str, float]], None]]
        hooks = [partial(c.on_update, run) for c in self.callbacks if type(c).on_update is not Callback.on_update]
        if type(self).on_update is not Hooks.on_update:
            hooks.insert(0, self.on_update)
        if len(hooks) <= 1:
            return hooks[0] if hooks else None

        def call_all(metrics: Mapping[str, float]) -> None:
            for hook in hooks:
                hook(metrics)

        return call_all

    def looks_at_updates(self) -> bool:
        """Return whether somebody may look at the learner after a round of updates, and not at its metrics alone."""
        listening = [c for c in self.callbacks if type(c).on_update is not Callback.on_update]
        return type(self).on_update is not Hooks.on_update or any(c.acts_on_rows for c in listening)
