"""Keeps two processes, or two experiments of one, from writing the same run."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from lab.errors import RunDirectoryError
from lab.files.links import is_regular, open_to_read

NAME = ".lock"
# Whoever looks whether a run is being written holds its lock for an instant, which must keep nobody out.
TRIES, PAUSE = 5, 0.02


class RunLock:
    """Is held by whoever trains a run.

    The operating system holds it for an open file, so it ends with its process however that ends, and the file that a
    dead process left behind locks nothing. Readers need no lock.

    Args:
        run: The run's directory; it is made with the lock's file.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self.path = run / NAME
        self._depth = 0
        self._descriptor = -1

    @property
    def held(self) -> bool:
        """Whether this very object holds the lock."""
        return self._depth > 0

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock; within, it may be held again.

        Raises:
            RunDirectoryError: When somebody else holds it, or its file cannot be made.
        """
        if not self._depth:
            self._descriptor = self._acquire()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                with contextlib.suppress(OSError):
                    self.path.unlink()
                os.close(self._descriptor)

    def _acquire(self) -> int:
        while True:
            descriptor = self._opened()
            # Whoever held it before may have deleted the file between its opening and its locking here.
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(descriptor), os.stat(self.path, follow_symlinks=False)):
                    return descriptor
            os.close(descriptor)

    def _opened(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            self.run.mkdir(parents=True, exist_ok=True)
            is_regular(self.path, self.run)
            descriptor = os.open(self.path, flags, 0o644)
        except OSError as error:
            raise RunDirectoryError(f"run directory {self.run} cannot be written: {error}.") from error
        try:
            if not _locked_in_time(descriptor):
                raise RunDirectoryError(
                    f"run directory {self.run} is being written by {_holder(descriptor)}. "
                    "Fix: wait for its end or stop it; or copy the run to go on with the copy."
                )
            if os.fstat(descriptor).st_nlink == 1:
                # A second name may be that of a file elsewhere, which nothing of a run's may change.
                os.ftruncate(descriptor, 0)
                os.write(descriptor, str(os.getpid()).encode())
        except OSError as error:
            os.close(descriptor)
            raise RunDirectoryError(f"run directory {self.run} cannot be written: {error}.") from error
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def _locked_in_time(descriptor: int) -> bool:
    for _ in range(TRIES - 1):
        if _locked(descriptor):
            return True
        time.sleep(PAUSE)
    return _locked(descriptor)


def is_held(run: Path) -> bool:
    """Return whether a process is writing a run now; nothing is written, and nobody is kept from beginning.

    Raises:
        ForeignFileError: When the lock's file is a link, or no file.
    """
    try:
        with open_to_read(run / NAME, run) as file:
            return not _probed(file.fileno())
    except OSError:
        return False


def _holder(descriptor: int) -> str:
    # For people only; anybody may have written into the file.
    with contextlib.suppress(OSError, ValueError):
        number = int(os.read(descriptor, 20))
        return "another experiment of this process" if number == os.getpid() else f"process {number}"
    return "another process"


if sys.platform == "win32":
    import msvcrt

    def _locked(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _probed(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBRLCK, 1)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _probed(descriptor: int) -> bool:
        # Shared, so that two who look do not take each other for somebody who writes.
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            # A file system without locks: nobody can hold one.
            return True
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        return True

    def _locked(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            warnings.warn(
                f"this file system has no locks ({error}): take care that one process alone trains a run",
                stacklevel=4,
            )
        return True
