"""Ctrl-C and SIGTERM: in training a request to stop at the next step, elsewhere the end of what runs."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Protocol

from lab.runtime.signals.second_signal import ending_at_the_second


class Stoppable(Protocol):
    """What a signal stops: the talk with a training loop."""

    stop: bool


class Stopped(BaseException):
    """Raised inside an evaluation, a film or a baseline when a signal asks the training around it to stop.

    Like `KeyboardInterrupt` it is no error, so that no handler of errors takes it for one.
    """


class Interruption:
    """Which signal, if any, has asked the run to stop.

    Attributes:
        received: The latest signal.
        may_stop: Whether what the training loop does now can be left in the middle and done again on resuming.
        inside: How many `stoppable` blocks are being run.
    """

    received: signal.Signals | None = None
    may_stop = False
    inside = 0

    def raise_again(self) -> None:
        """End the program as the signal would have: `KeyboardInterrupt`, or exit status 143."""
        if self.received == signal.SIGINT:
            raise KeyboardInterrupt
        if self.received is not None:
            raise SystemExit(128 + int(self.received))


_listening: list[Interruption] = []
# In threads that no signal reaches.
_elsewhere: list[tuple[Interruption, tuple[Stoppable, ...]]] = []


@contextlib.contextmanager
def listen(*controls: Stoppable) -> Iterator[Interruption]:
    """Turn the first SIGINT or SIGTERM into `stop` of each control; a second one acts at once.

    A call of TensorFlow, such as the compiling of a program, is not left in the middle: the first signal is heard at
    its end, the second within a second (see `lab.runtime.signals.second_signal`).

    Only the main thread can receive signals; elsewhere it is `interrupt_threads` that stops.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        entry = (interruption, controls)
        _elsewhere.append(entry)
        try:
            yield interruption
        finally:
            _elsewhere.remove(entry)
        return

    def receive(number: int, frame: FrameType | None) -> None:
        again = interruption.received is not None
        interruption.received = signal.Signals(number)
        if again:
            interruption.raise_again()
        for control in controls:
            control.stop = True
        if interruption.may_stop and interruption.inside:
            raise Stopped

    watched = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, receive) for number in watched}
    _listening.append(interruption)
    try:
        with ending_at_the_second():
            yield interruption
    finally:
        _listening.remove(interruption)
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt_threads() -> None:
    """Ask what trains in other threads than the main one to stop at its next step, as SIGINT would."""
    for interruption, controls in list(_elsewhere):
        interruption.received = signal.SIGINT
        for control in controls:
            control.stop = True


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Let a signal end the block at once, and keep the block from beginning after one.

    Inside a training that listens it ends by `Stopped`, where the training can do it again: see `leaving_due`.
    Outside by `KeyboardInterrupt` or `SystemExit`, so that files begun are cleared away.

    Raises:
        Stopped: When a signal has asked the training around the block to stop.
    """
    if threading.current_thread() is not threading.main_thread() or not _listening:
        with ending_cleanly():
            yield
        return
    interruption = _listening[-1]
    if interruption.received and interruption.may_stop:
        raise Stopped
    interruption.inside += 1
    try:
        yield
    finally:
        interruption.inside -= 1


@contextlib.contextmanager
def leaving_due() -> Iterator[None]:
    """Allow `stoppable` blocks to be left in the middle: whoever calls this does again what was not finished."""
    interruption = _listening[-1] if _listening else Interruption()
    before, interruption.may_stop = interruption.may_stop, True
    try:
        yield
    finally:
        interruption.may_stop = before


@contextlib.contextmanager
def ending_cleanly() -> Iterator[None]:
    """Turn SIGTERM into `SystemExit` with status 143, where nobody has said what it does: files begun are removed.

    What is raised for a signal within a destructor or a library's callback is swallowed there; it is raised again at
    the end of the block, for SIGINT too, so that no signal passes for none.
    """
    outside = threading.current_thread() is not threading.main_thread()
    usual = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    before = {n: handler for n, handler in usual.items() if not outside and signal.getsignal(n) is handler}
    interruption = Interruption()

    def receive(number: int, frame: FrameType | None) -> None:
        interruption.received = signal.Signals(number)
        interruption.raise_again()

    for number in before:
        signal.signal(number, receive)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    interruption.raise_again()
