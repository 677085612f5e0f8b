"""One worker: trains its share of a batch's runs in a thread, and answers the sweep at every meeting."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import UsageError
from lab.runs.opening.sources import import_module
from lab.runtime.quiet import load_tensorflow, set_quiet_defaults
from lab.runtime.signals.interruption import interrupt_threads
from lab.sweep.workers.messages import Job, Report, Run, Share

if TYPE_CHECKING:
    from lab.sweep.members import Team


class Worker:
    """Is made an actor by Ray; what it trains lies in the folders of the runs, and nothing else is lost with it.

    Args:
        directory: The sweep's.
        imports: Modules to import first.
    """

    def __init__(self, directory: Path, imports: tuple[str, ...]) -> None:
        from lab.runtime.conditions import take_up
        from lab.sweep import plan as plans
        from lab.sweep.opening import first_config

        set_quiet_defaults()
        for name in imports:
            import_module(name)
        # Before TensorFlow loads, which then computes as it did for the runs that have begun.
        begun = first_config(plans.read(directory), directory)
        if begun is not None:
            take_up(begun)
        load_tensorflow()
        self._job: Job | None = None
        self._pattern: Any = None
        self._heard: queue.Queue[Any] = queue.Queue()
        self._said: queue.Queue[Report] = queue.Queue()
        # A thread of its own, because a method of an actor returns once, and training meets the sweep many times.
        threading.Thread(target=self._work, daemon=True, name="training").start()

    def begin(self, job: Job, share: Share) -> Report:
        """Build the runs of a share."""
        self._job = job
        return self.go_on(share)

    def go_on(self, message: Any) -> Report:
        """Give the training what it waits for, and return what it says next."""
        self._heard.put(message)
        return self._said.get()

    def interrupt(self) -> None:
        """Let the training stop at its next step, with a checkpoint."""
        interrupt_threads()

    def _work(self) -> None:
        while True:
            share = self._heard.get()
            try:
                self._train(share)
            except UsageError as error:
                self._said.put(Report("error", error=str(error), usage=True))
            except KeyboardInterrupt:
                self._said.put(Report("ended"))
            except BaseException:
                # Of every kind, or the sweep would wait for an answer for ever.
                self._said.put(Report("error", error=traceback.format_exc()))

    def _train(self, share: Share) -> None:
        from lab.experiment.together.training import Meeting
        from lab.sweep.members import Team
        from lab.sweep.opening import pattern_of

        job = self._job
        if job is None:
            raise RuntimeError("a worker was sent on before it had begun.")
        if self._pattern is None:
            given = (job.source, job.evaluation_source, job.learner, job.callbacks)
            self._pattern = pattern_of(job.plan, job.directory, *given)
        team = Team(job.plan, self._pattern, share.trials, job.callbacks, job.exact, share.runs)
        every = job.plan.evaluate_every

        def meet(step: int, places: Collection[int]) -> None:
            stops = self.go_back(_report("met", team, share, step // every, team.diverged(places)))
            for number, reason in stops.items():
                team.stop(number, reason)

        self.go_back(_report("built", team, share, 0))
        try:
            team.train(Meeting(every, meet), False)
            self._said.put(_report("ended", team, share, 0, team.lost))
        finally:
            team.close()

    def go_back(self, report: Report) -> Any:
        """Say something to the sweep, and wait for its answer."""
        self._said.put(report)
        return self._heard.get()


def _report(kind: str, team: Team, share: Share, reached: int, diverged: Collection[int] = ()) -> Report:
    runs = {Run(member.number, member.seed): member.experiment for member in team.members}
    return Report(
        kind,
        reached,
        steps={run: experiment.step for run, experiment in runs.items()},
        scores={run: team.scores_of(experiment, share.metric) for run, experiment in runs.items()},
        diverged=frozenset(diverged),
        failed=dict(team.failed),
    )
