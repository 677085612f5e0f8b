"""The base of all callbacks: documented hooks that do nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from lab import registry
from lab.errors import bad_value
from lab.runs.state import Stateful

if TYPE_CHECKING:
    from lab.callbacks.run import Run
    from lab.results.evaluation import Evaluation


HOOKS = (
    *("on_train_begin", "on_train_end", "on_update", "on_log", "on_interval", "on_evaluation", "on_render"),
    "on_checkpoint",
)


class Callback(Stateful):
    """Something that happens beside training; override the hooks you need.

    A callback may end the run with `experiment.stop("why")`. What it keeps in its attributes is checkpointed.

    Args:
        every: Call `on_interval` each time this many training steps have passed; None for never.

    Attributes:
        acts_at_end: Whether what it does at intervals is also done when training ends.
        acts_on_rows: Whether training pauses at each row of the history for it. Where nobody asks for that, a compiled
            program goes on and hands out the rows of a second or so at once: each still reaches `on_log`, in order, but
            `experiment.step` is then past it, and `on_update` comes as seldom as the program returns. True for a class
            that overrides `on_log` or `on_update`, unless it says False: one that only writes or shows what it is given
            may, one that stops training, changes the learner or looks at it may not.
    """

    acts_at_end: ClassVar[bool] = False
    acts_on_rows: ClassVar[bool] = False

    not_state: tuple[str, ...] = ("every",)
    every: int | None = None

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "acts_on_rows" not in vars(cls):
            said = next(base for base in cls.__mro__ if "acts_on_rows" in vars(base))
            overridden = any(getattr(cls, hook) is not getattr(said, hook) for hook in ("on_log", "on_update"))
            cls.acts_on_rows = overridden or cls.acts_on_rows

    def __init__(self, every: int | None = None) -> None:
        if every is not None and (isinstance(every, bool) or not isinstance(every, int) or every <= 0):
            raise bad_value(type(self).__name__, "every", every, "a whole number of training steps > 0, or None")
        self.every = every

    def check_training(self, experiment: Run) -> None:
        """Raise `UsageError` where it could never act in the training about to begin; nothing is written yet (hook)."""

    def on_train_begin(self, experiment: Run) -> None:
        """Run before the first step of a call to `train`, also after a resume."""

    def on_train_end(self, experiment: Run) -> None:
        """Run after the last step of a call to `train`, before its last checkpoint."""

    def on_update(self, experiment: Run, metrics: Mapping[str, float]) -> None:
        """Run after each round of updates, with its metrics; keep it quick."""

    def on_log(self, experiment: Run, row: Mapping[str, Any]) -> None:
        """Run after each row of the history."""

    def on_interval(self, experiment: Run) -> None:
        """Run each time `every` steps have passed."""

    def on_evaluation(self, experiment: Run, evaluation: Evaluation) -> None:
        """Run after each evaluation made during training."""

    def on_render(self, experiment: Run, path: Path, kind: str) -> None:
        """Run after each picture or film made during training, of one of `task.kinds`."""

    def on_checkpoint(self, experiment: Run, path: Path) -> None:
        """Run after each checkpoint."""

    def leave(self, experiment: Run) -> None:
        """Let go of what it holds open, where training was ended by a signal or an error and not at its end."""


def named(callbacks: Iterable[Callback]) -> dict[str, Callback]:
    """Return callbacks by a name that is the same in every process: the class's, numbered where it repeats."""
    found: dict[str, Callback] = {}
    for callback in callbacks:
        name = registry.snake_case(type(callback).__name__)
        number = sum(1 for n in found if n.split("#")[0] == name)
        found[name if number == 0 else f"{name}#{number + 1}"] = callback
    return found
