"""Counts what a run does to its files, so that a fault can be put at any one of these moments."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Audit events whose first argument is a path that is about to be changed.
CHANGES = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink")


class Events:
    """Calls `act` at the `at`-th change below a directory, of this process.

    Changes are what Python announces before it does it (`sys.addaudithook`: opening to write, renaming, deleting, ...),
    each flush to the disk, and each beginning and end of a baseline, an evaluation and a rendering.

    Args:
        below: The directory.
        at: Counted from 1; 0 for never.
        act: What to do there; what it raises reaches whoever makes the change.
        lasting: Whether to do so at every later change too.
    """

    def __init__(self, below: Path, at: int, act: Callable[[], None], lasting: bool = False) -> None:
        self.below, self.at, self.act, self.lasting = str(below), at, act, lasting
        self.count, self.seen, self.off = 0, [], False
        sys.addaudithook(self._heard)
        self._fsync = os.fsync
        os.fsync = self._flushed  # type: ignore[assignment]
        self._phases()

    def happen(self, what: str) -> None:
        """Count an event, and act if it is the one."""
        if self.off:
            return
        self.count += 1
        self.seen.append(what)
        if self.at and (self.count == self.at or (self.lasting and self.count > self.at)):
            self.act()

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in CHANGES or self.off:
            return
        path = arguments[1] if event == "os.rename" else arguments[0]
        if not isinstance(path, (str, bytes, os.PathLike)) or not os.fsdecode(path).startswith(self.below):
            return
        if event == "open" and not _writes(arguments):
            return
        self.happen(f"{event} {os.path.relpath(os.fsdecode(path), self.below)}")

    def _flushed(self, descriptor: int) -> None:
        self.happen("fsync")
        self._fsync(descriptor)

    def _phases(self) -> None:
        from agents.training.task import AgentTask
        from generative.training.task import DatasetTask

        for kind in (AgentTask, DatasetTask):
            for name in ("evaluate", "baselines", "render", "advance"):
                if name in vars(kind):
                    setattr(kind, name, _around(vars(kind)[name], name, self.happen))


def _around(function: Any, name: str, happen: Callable[[str], None]) -> Any:
    def call(*arguments: Any, **keywords: Any) -> Any:
        happen(f"begin {name}")
        result = function(*arguments, **keywords)
        happen(f"end {name}")
        return result

    return call


def _writes(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = (*arguments, None, None)[:3]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def killing() -> None:
    """End this process as kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


def failing(number: int) -> Callable[[], None]:
    """Return what raises an error of the operating system."""

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    return fail


DISK_FULL, READ_ONLY, BROKEN = errno.ENOSPC, errno.EROFS, errno.EIO
