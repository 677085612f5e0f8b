"""The loop around several experiments that are trained side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, NamedTuple

from lab.errors import TrainingDiverged
from lab.experiment.base import ExperimentBase
from lab.experiment.clock import Turns, parted
from lab.runtime.signals.interruption import Stopped, listen


class Meeting(NamedTuple):
    """Where runs that train side by side wait for each other.

    Attributes:
        every: Training steps between meetings; runs that are behind, as they may be when resumed, train first.
        meet: Called with a step that all runs still training have reached, and the numbers of those that diverged; it
            may stop runs.
    """

    every: int
    meet: Callable[[int, Collection[int]], None]


def train_prepared(members: Sequence[ExperimentBase], progress: bool | None) -> None:
    """Train experiments side by side; see `train_side_by_side`.

    Raises:
        TrainingDiverged: When a run's numbers were no longer numbers, after the others have ended.
    """
    diverged = train_side_by_side(members, progress)
    if diverged:
        causes = "; ".join(f"seed {members[i].seeds.seed}: {error}" for i, error in diverged.items())
        raise TrainingDiverged(f"{len(diverged)} of {len(members)} runs diverged, the others have ended. {causes}")


def train_side_by_side(
    members: Sequence[ExperimentBase], progress: bool | None, meeting: Meeting | None = None
) -> dict[int, TrainingDiverged]:
    """Train experiments side by side, each to the step that `prepare_training` has set.

    Up to their next events they are trained as a batch where their tasks can be, else in turns; then what is due
    happens, run by run. No number depends on the neighbours; `time_elapsed` is a run's part of the clock's time.

    Args:
        members: The experiments, alike but for settings and seeds.
        progress: As for `Experiment`.
        meeting: Where they wait for each other; None for nowhere.

    Returns:
        Why runs ended whose numbers were no longer numbers, by their place among the members.
    """
    turns = [Turns(len(members)) for _ in members]
    for member, own in zip(members, turns, strict=True):
        member.record.clock.turns = own
    diverged: dict[int, TrainingDiverged] = {}
    with (
        suppress(Stopped),
        listen(*(member.loop.control for member in members)) as interruption,
        _bar(members, progress) as show,
        _Contexts() as contexts,
    ):
        for member in members:
            contexts.enter(member.training(interruption))
        met = 0
        while active := [i for i, m in enumerate(members) if m.loop.wants_steps and i not in diverged]:
            if interruption.received:
                break
            if meeting is not None:
                reached = min(members[i].step for i in active) // meeting.every
                if reached > met:
                    met = reached
                    meeting.meet(reached * meeting.every, diverged.keys())
                    continue
                active = [i for i in active if members[i].step // meeting.every == reached]
            with parted([turns[i] for i in active]):
                steps_taken = _advance([members[i] for i in active])
            for i, taken in zip(active, steps_taken, strict=True):
                try:
                    with turns[i].alone():
                        _finish(members[i], taken)
                except TrainingDiverged as error:
                    diverged[i] = error
                    contexts.fail(i, error)
            show()
    for member in members:
        member.record.clock.turns = None
    interruption.raise_again()
    return diverged


def _advance(members: Sequence[ExperimentBase]) -> Sequence[int | TrainingDiverged | None]:
    # The steps that each took, or why it ended; None for those that take turns.
    if type(members[0]).train_chunk is not ExperimentBase.train_chunk:
        return [None] * len(members)
    tasks, controls = [m.task for m in members], [m.loop.begin_chunk(m) for m in members]
    steps = [m.chunk_end() - m.step for m in members]
    return type(tasks[0]).advance_batch(tasks, steps, controls) or [None] * len(members)


def _finish(member: ExperimentBase, taken: int | TrainingDiverged | None) -> None:
    if taken is None:
        member.train_chunk()
    elif isinstance(taken, TrainingDiverged):
        raise taken
    else:
        member.end_chunk(taken)


class _Contexts:
    """Leaves several contexts, each with its own error or none; an error from outside reaches all."""

    def __init__(self) -> None:
        self.open: dict[int, AbstractContextManager[None]] = {}

    def enter(self, context: AbstractContextManager[None]) -> None:
        context.__enter__()
        self.open[len(self.open)] = context

    def fail(self, number: int, error: BaseException) -> None:
        """Leave one context with its error."""
        self.open.pop(number).__exit__(type(error), error, error.__traceback__)

    def __enter__(self) -> _Contexts:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        for context in self.open.values():
            context.__exit__(kind, error, traceback)


def steps_bar(steps: int, words: str, show: bool | None) -> Any:
    """Return a progress bar of the steps of runs that train side by side."""
    from tqdm import tqdm

    hidden = None if show is None else not show
    return tqdm(total=steps, disable=hidden, unit=" steps", unit_scale=True, desc=words, dynamic_ncols=True)


@contextmanager
def _bar(members: Sequence[ExperimentBase], show: bool | None) -> Iterator[Any]:
    bar = steps_bar(sum(m.target_step for m in members), f"{len(members)} x {members[0].learner.name}", show)

    def refresh() -> None:
        bar.n = sum(m.step for m in members)
        returns = [m.history.rows[-1]["return"] for m in members if m.history.rows and "return" in m.history.rows[-1]]
        if returns:
            bar.set_postfix({"return": f"{min(returns):.3g} to {max(returns):.3g}"}, refresh=False)
        bar.refresh()

    with bar:
        yield refresh
