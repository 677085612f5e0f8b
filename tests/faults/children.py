"""Runs functions in forked processes, which may be killed, hang or take the interpreter with them.

The parent has imported TensorFlow but never used it, so that a child begins in milliseconds with a runtime of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

TIMEOUT = 240.0
HUNG = -1000


@dataclasses.dataclass
class Ended:
    """How a child ended.

    Attributes:
        code: Its exit status, minus the signal that killed it, or `HUNG`.
        out, err: What it wrote.
    """

    code: int
    out: str
    err: str

    @property
    def killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.code == -signal.SIGKILL

    @property
    def last_line(self) -> str:
        """The last line of what it wrote to standard error, for messages."""
        lines = [line for line in self.err.strip().splitlines() if line.strip()]
        return lines[-1][:300] if lines else f"exit {self.code}"

    @property
    def traceback(self) -> bool:
        """Whether an error reached nobody."""
        return "Traceback (most recent call last)" in self.err or (self.code < 0 and self.code not in (HUNG, -9))


def begin(function: Callable[..., Any], *arguments: Any, folder: Path) -> Callable[..., Ended]:
    """Start a function in a child; return what waits for its end.

    Args:
        function: Its return value is the exit status; None is 0.
        arguments: Its arguments.
        folder: For its output; made anew for each child.

    Returns:
        A function of a timeout in seconds and of what to do while it runs, `meanwhile(pid) -> None`; with `poll` it
        raises `BlockingIOError` at once where the child still runs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    out, err = folder / f"out-{time.monotonic_ns()}", folder / f"err-{time.monotonic_ns()}"
    for path in (out, err):
        # Here, since the child may be killed before it has opened them.
        path.touch()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _child(function, arguments, out, err)
    began = time.monotonic()

    def wait(timeout: float = TIMEOUT, meanwhile: Callable[[int], None] | None = None, poll: bool = False) -> Ended:
        if meanwhile is not None:
            meanwhile(pid)
        code = None
        while code is None:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
            elif poll:
                raise BlockingIOError
            elif time.monotonic() - began > timeout:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                code = HUNG
            else:
                time.sleep(0.01)
        ended = Ended(code, out.read_text(errors="replace"), err.read_text(errors="replace"))
        for path in (out, err):
            path.unlink()
        return ended

    return wait


def run(function: Callable[..., Any], *arguments: Any, folder: Path, timeout: float = TIMEOUT) -> Ended:
    """Run a function in a child to its end; see `begin`."""
    return begin(function, *arguments, folder=folder)(timeout)


def _child(function: Callable[..., Any], arguments: tuple[Any, ...], out: Path, err: Path) -> None:
    code = 70
    try:
        _end_with_parent()
        os.setpgid(0, 0)
        for number, path in ((1, out), (2, err)):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(descriptor, number)
            os.close(descriptor)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            code = int(function(*arguments) or 0)
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except BaseException:
            traceback.print_exc()
            code = 1
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _end_with_parent() -> None:
    # Or what a killed driver has begun would go on for hours.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
