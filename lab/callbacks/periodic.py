"""Checkpoints, videos and sample grids at intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lab.callbacks.base import Callback
from lab.errors import UsageError, bad_value
from lab.files.numbered import numbered

if TYPE_CHECKING:
    from lab.callbacks.run import Run


class Checkpoint(Callback):
    """Saves a checkpoint every `every` steps; `Experiment` runs it after all other callbacks of a step."""

    acts_at_end: ClassVar[bool] = True

    def check_training(self, experiment: Run) -> None:
        if experiment.directory is None:
            raise UsageError(
                "Checkpoint: the experiment has no run directory, so nothing would ever be saved. "
                "Fix: Experiment(..., run_dir='runs/NAME'), or leave it out."
            )

    def on_interval(self, experiment: Run) -> None:
        experiment.save_checkpoint_beside()


class RenderEvery(Callback):
    """Renders an episode (`videos/`) or a sample grid (`samples/`) every `every` steps.

    Args:
        every: Training steps between renderings.
        suffix: `.mp4`, `.gif` or `.png`; None for the task's own: mp4 for an agent, png for the others.
        kind: What to show; None for the task's default.
    """

    not_state: tuple[str, ...] = ("suffix", "kind")

    def __init__(self, every: int, suffix: str | None = None, kind: str | None = None) -> None:
        super().__init__(every)
        if suffix not in (None, ".mp4", ".gif", ".png"):
            raise bad_value("RenderEvery", "suffix", suffix, "'.mp4', '.gif', '.png' or None")
        self.suffix = suffix
        self.kind = kind

    def check_training(self, experiment: Run) -> None:
        kinds = experiment.task.kinds
        if self.kind is not None and self.kind not in kinds:
            raise bad_value("RenderEvery", "kind", self.kind, "one of " + ", ".join(map(repr, kinds)))

    def on_interval(self, experiment: Run) -> None:
        kind = self.kind or experiment.task.kinds[0]
        suffix = self.suffix or experiment.task.default_suffix
        experiment.render_in_training(numbered(kind, experiment.step, suffix), kind)
