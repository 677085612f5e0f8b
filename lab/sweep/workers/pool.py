"""The workers of a sweep: Ray is started or joined, actors are made, replaced when they die, and ended."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

from lab.errors import UsageError, one_line
from lab.messages.notes import warn
from lab.runtime.quiet import quiet_stderr
from lab.sweep.workers.backend import Ray, ray
from lab.sweep.workers.messages import Job, Report
from lab.sweep.workers.worker import Worker

# Seconds: after which it is said that workers wait for resources; for checkpoints when interrupted.
SLOW, PATIENCE = 60.0, 5.0
# Deaths of a worker in a row, without a meeting reached between them.
MOST_DEATHS = 3
# Ray gives its own processes half a minute to start, which a busy machine may not keep; a second start is quicker.
STARTS = 3


class Pool:
    """The workers of one sweep; a context in which they live.

    Args:
        backend: What the user asked for.
        job: What every worker is told.

    Attributes:
        size: How many workers there may be.
    """

    def __init__(self, backend: Ray, job: Job) -> None:
        self.backend, self.job = backend, job
        self.ray = ray()
        self.size = 0
        self._end: Callable[[], None] | None = None
        self._actors: dict[int, Any] = {}
        self._pending: dict[Any, int] = {}
        self._deaths: dict[int, int] = {}

    def __enter__(self) -> Self:
        if not self.ray.is_initialized():
            self._end = _start(self.ray, self.backend.address)
        try:
            nodes = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
            self.size = self.backend.fitting(nodes)
            self._told = self._sent(self.job)
        except BaseException:
            self._shut_down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for actor in self._actors.values():
            with contextlib.suppress(Exception):
                self.ray.kill(actor)
        self._actors.clear()
        self._shut_down()

    def _shut_down(self) -> None:
        if self._end is not None:
            self._end()
            self._end = None

    def _sent(self, job: Job) -> Any:
        try:
            return self.ray.put(job)
        except Exception as error:
            raise UsageError(
                f"Sweep: backend 'ray' cannot send the learner, the source or a callback to another process: {error}. "
                "Fix: define them in a module, and open files and connections in them only when they are first used."
            ) from error

    # ---------------------------------------------------------------- talking

    def begin(self, number: int, share: Any) -> None:
        """Let a worker, new or used, build the runs of a share."""
        if number not in self._actors:
            # Two methods at once: one waits for the training, the other interrupts it.
            kind = self.ray.remote(Worker).options(**self.backend.options(), max_concurrency=2, max_restarts=0)
            self._actors[number] = kind.remote(self.job.directory, self.backend.imports)
        self._pending[self._actors[number].begin.remote(self._told, share)] = number

    def go_on(self, number: int, message: Any) -> None:
        """Answer a worker that waits."""
        self._pending[self._actors[number].go_on.remote(message)] = number

    @property
    def busy(self) -> bool:
        """Whether a worker has not answered yet."""
        return bool(self._pending)

    def next(self) -> tuple[int, Report | None]:
        """Wait for what a worker says; None that it has died, and is to begin again.

        Raises:
            UsageError: When it met what the user can mend, or dies again and again.
            RuntimeError: When its training failed.
        """
        found: list[Any] = []
        while not found:
            found, _ = self.ray.wait(list(self._pending), num_returns=1, timeout=SLOW)
            if not found and not self.ray.available_resources().get("CPU", 0) and not self._deaths:
                self._deaths[-1] = 0
                warn("no worker of Ray has answered for a minute: others may hold the resources.", stacklevel=2)
        number = self._pending.pop(found[0])
        try:
            report: Report = self.ray.get(found[0])
        except self.ray.exceptions.RayActorError as error:
            self._actors.pop(number, None)
            self._deaths[number] = self._deaths.get(number, 0) + 1
            if self._deaths[number] >= MOST_DEATHS:
                raise UsageError(
                    f"a worker of Ray died {MOST_DEATHS} times in a row at one place: {_line(error)} Fix: see whether "
                    f"it has too little memory, then go on: `lab resume {self.job.directory}`."
                ) from error
            warn(
                f"a worker of Ray died, and its runs go on from their last checkpoints on another: {_line(error)}",
                stacklevel=2,
            )
            return number, None
        if report.kind == "error":
            raise UsageError(report.error) if report.usage else RuntimeError(f"a worker failed:\n{report.error}")
        if report.kind != "built":
            self._deaths[number] = 0
        return number, report

    def interrupt(self, waiting: Iterator[int]) -> None:
        """Let all workers stop with a checkpoint, as far as they can within some seconds."""
        interrupted = [actor.interrupt.remote() for actor in self._actors.values()]
        self.ray.wait(interrupted, num_returns=len(interrupted), timeout=PATIENCE)
        for number in waiting:
            self.go_on(number, {})
        if self._pending:
            self.ray.wait(list(self._pending), num_returns=len(self._pending), timeout=PATIENCE)


def _start(library: Any, address: str | None) -> Callable[[], None]:
    # Returns what ends it again.
    private = library._private.worker
    said = getattr(private, "print_to_stdstream", None)
    if said is not None:
        # With log_to_driver=False, too, it prints on standard output what befell workers, which is ours to say.
        private.print_to_stdstream = lambda *arguments, **keywords: None

    def end() -> None:
        with _own_signals():
            library.shutdown()
        if said is not None:
            private.print_to_stdstream = said

    try:
        _init(library, address)
    except BaseException:
        end()
        raise
    return end


def _init(library: Any, address: str | None) -> None:
    kind = type("Job", (library.job_config.JobConfig,), {"_runtime_env_has_working_dir": lambda self: True})
    # Workers import from where this process does. By itself Ray puts the folder in which the user stands before all
    # else, also where Python does not: it may be a stranger's run.
    job = kind(_py_driver_sys_path=[os.path.abspath(path) for path in sys.path])
    own = {} if address else {"include_dashboard": False}
    with _own_signals(), quiet_stderr():
        for left in reversed(range(1 if address else STARTS)):
            try:
                library.init(
                    address=address or "local", job_config=job, log_to_driver=False, logging_level=logging.ERROR, **own
                )
                return
            except Exception as error:
                if left:
                    library.shutdown()
                    continue
                # Ray raises a bare Exception where its processes take too long to start.
                what = f"no cluster answers at {address}" if address else "Ray could not be started on this machine"
                raise UsageError(
                    f"Ray: {what}: {_line(error)} Fix: `ray start --head`, then --ray-address auto or its address."
                ) from error


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    # Ray sets a handler of its own, which ends this process with another status and without clearing away.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _line(error: BaseException) -> str:
    return one_line(error) or type(error).__name__
