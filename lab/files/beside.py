"""Writing beside training: hashing and the disk's flushes take time in which nothing needs to wait for them."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Beside:
    """Does one job at a time in a thread of its own; an error waits for whoever asks next.

    A process does not end before its job has, unless it is killed, and then the job is one that a kill may cut short.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def begin(self, job: Callable[[], None]) -> None:
        """Begin a job after the one before has ended; raises what `wait` raises."""
        self.wait()
        self._thread = threading.Thread(target=self._run, args=(job,), name="lab-checkpoint")
        self._thread.start()

    def wait(self) -> None:
        """Return when nothing is being done; raise what the last job raised, once."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self, job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            self._error = error
