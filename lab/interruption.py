"""Ctrl-C and SIGTERM as a request to stop at the next step, so that a checkpoint can be written first."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from lab.task import Control


class Interruption:
    """Which signal, if any, has asked the run to stop."""

    received: signal.Signals | None = None

    def raise_again(self) -> None:
        """End the program as the signal would have: `KeyboardInterrupt`, or exit status 143."""
        if self.received == signal.SIGINT:
            raise KeyboardInterrupt
        if self.received is not None:
            raise SystemExit(128 + int(self.received))


def exit_on_sigterm() -> None:
    """Let SIGTERM end a command through its `finally` blocks, so that it leaves no part of a file; exit status 143.

    A handler that somebody has set already is left in place.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextlib.contextmanager
def listen(*controls: Control) -> Iterator[Interruption]:
    """Turn the first SIGINT or SIGTERM into `stop` of each control; a second one acts at once.

    Only the main thread can receive signals; elsewhere this does nothing.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return

    def receive(number: int, frame: FrameType | None) -> None:
        if interruption.received is not None:
            interruption.received = signal.Signals(number)
            interruption.raise_again()
        interruption.received = signal.Signals(number)
        for control in controls:
            control.stop = True

    watched = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, receive) for number in watched}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
