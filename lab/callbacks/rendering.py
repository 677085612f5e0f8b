"""Videos and sample grids as training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.callbacks.base import Callback
from lab.errors import bad_value
from lab.files.numbered import numbered

if TYPE_CHECKING:
    from lab.experiment.experiment import Experiment


class RenderEvery(Callback):
    """Renders an episode (`videos/`) or a sample grid (`samples/`) every `every` steps.

    Args:
        every: Training steps between renderings.
        suffix: `.mp4`, `.gif` or `.png`; None for the task's own: mp4 for an agent, png for a generator.
        kind: What to show; None for the task's default.
    """

    not_state: tuple[str, ...] = ("suffix", "kind")

    def __init__(self, every: int, suffix: str | None = None, kind: str | None = None) -> None:
        super().__init__(every)
        if suffix not in (None, ".mp4", ".gif", ".png"):
            raise bad_value("RenderEvery", "suffix", suffix, "'.mp4', '.gif', '.png' or None")
        self.suffix = suffix
        self.kind = kind

    def check_training(self, experiment: Experiment) -> None:
        kinds = experiment.task.kinds
        if self.kind is not None and self.kind not in kinds:
            raise bad_value("RenderEvery", "kind", self.kind, "one of " + ", ".join(map(repr, kinds)))

    def on_interval(self, experiment: Experiment) -> None:
        kind = self.kind or experiment.task.kinds[0]
        suffix = self.suffix or experiment.task.default_suffix
        experiment.render(numbered(kind, experiment.step, suffix), kind=kind)
