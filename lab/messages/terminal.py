"""Everything that the command prints: much of it comes from files that may be a stranger's."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.errors import printable

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def say(text: object) -> None:
    """Print one line, and every control character in it as a backslash escape."""
    print(printable(text), flush=True)


def complain(text: object) -> None:
    """Print one line to the standard error, likewise."""
    print(printable(" ".join(str(text).split())), file=sys.stderr, flush=True)


@contextmanager
def printable_warnings() -> Iterator[None]:
    """Let warnings within be one printable line each, and each line once, without the place in the code.

    A user has no use for that, and no second look at what is said of a source each time that it is read.
    """
    said: set[str] = set()

    def one_line(message: Any, category: Any, filename: str, lineno: int, line: Any = None) -> str:
        # Gymnasium colours its own; no colour of anybody's survives.
        text = printable(" ".join(f"lab: warning: {COLOUR.sub('', str(message))}".split())) + "\n"
        if text in said:
            return ""
        said.add(text)
        return text

    before, warnings.formatwarning = warnings.formatwarning, one_line
    try:
        yield
    finally:
        warnings.formatwarning = before
