"""Carries out `lab watch`: serves the page until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from lab.reporting.live.found import check_given
from lab.reporting.live.server import LiveServer

# Training comes first where both want the processor.
NICE = 10


def watch(given: Sequence[Path], port: int | None, say: Callable[[str], None]) -> None:
    """Serve a page about runs on this machine until Ctrl-C or SIGTERM.

    Args:
        given: Runs, or directories of runs; none for `runs/`.
        port: As for `LiveServer`.
        say: Called with the line that names the page's address.

    Raises:
        UsageError: For a path that is no directory, or a port that is taken.
    """
    server = LiveServer(check_given("watch", given), port)
    with contextlib.suppress(OSError):
        os.nice(NICE)
    try:
        server.start()
        say(f"watching {', '.join(map(str, server.watched.given))} at {server.address} (Ctrl-C ends it)")
        # In pieces: a wait without an end would hear no signal on every system.
        while not threading.Event().wait(1.0):
            pass
    finally:
        server.stop()
