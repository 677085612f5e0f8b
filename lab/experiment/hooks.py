"""The hooks that an Experiment and its callbacks share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.callbacks import Callback
    from lab.results.evaluation import Evaluation


class Hooks:
    """What a subclass of `Experiment` may override to hear of events; each does nothing here."""

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

    def on_checkpoint(self, path: Path) -> None:
        """Run after each checkpoint (hook)."""

    def fire(self, hook: str, *arguments: Any) -> None:
        """Call a hook here and on every callback."""
        getattr(self, hook)(*arguments)
        for callback in self.callbacks:
            getattr(callback, hook)(self, *arguments)
