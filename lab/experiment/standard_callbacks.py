"""The callbacks that every experiment has, and their order."""

from __future__ import annotations

from lab.callbacks.base import Callback
from lab.callbacks.evaluating import Evaluate
from lab.callbacks.guards import NaNGuard
from lab.callbacks.periodic import Checkpoint, RenderEvery
from lab.callbacks.recorders import JSONLLogger, Progress
from lab.errors import bad_value
from lab.experiment.options import Options


def complete(
    given: list[Callback], options: Options, default_steps: int, writes: bool, progress: bool | None
) -> list[Callback]:
    """Return a user's callbacks with the standard ones around them.

    A standard callback of a kind that the user gives is left out, except that `evaluate_every` and `video_every` ask
    for theirs by name.

    Args:
        given: The user's callbacks, in their order.
        options: The experiment's.
        default_steps: The learner's default run, whose tenth is the default between checkpoints.
        writes: Whether there is a run directory.
        progress: As for `Experiment`.
    """
    for callback in given:
        if not isinstance(callback, Callback):
            raise bad_value("Experiment", "callbacks", callback, "lab.Callback objects")

    def lacks(kind: type[Callback]) -> bool:
        return not any(isinstance(c, kind) for c in given)

    first: list[Callback] = [NaNGuard()] if lacks(NaNGuard) else []
    if lacks(JSONLLogger):
        first.append(JSONLLogger())
    if options.evaluate_every is not None:
        first.append(Evaluate(options.evaluate_every))
    last: list[Callback] = []
    if options.video_every is not None:
        last.append(RenderEvery(options.video_every))
    if lacks(Progress):
        last.append(Progress(progress))
    # Checkpoints come after all else of a step, so that they hold what the other callbacks have just changed.
    saving = [c for c in given if isinstance(c, Checkpoint)]
    if writes and not saving:
        saving = [Checkpoint(options.checkpoint_every or max(1, default_steps // 10))]
    return [*first, *(c for c in given if not isinstance(c, Checkpoint)), *last, *saving]
