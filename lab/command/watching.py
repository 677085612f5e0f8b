"""The commands that show runs while they go on."""

from __future__ import annotations

import argparse

from lab.messages.terminal import say


def watch(options: argparse.Namespace) -> None:
    """Serve a page about runs until Ctrl-C."""
    from lab.reporting.live.watching import watch as serve

    serve(options.runs, options.port, say)


def top(options: argparse.Namespace) -> None:
    """Show a table of runs until Ctrl-C."""
    from lab.reporting.live.top import top as show

    show(options.runs, options.once, say)
