"""One line on the terminal about what a user should know, whatever other packages have done to Python's warnings."""

from __future__ import annotations

import sys
import warnings

_said: set[str] = set()


def note(text: str) -> None:
    """Print a line to standard error, each text once a process.

    Args:
        text: What to say; line breaks become blanks.
    """
    line = _line(text)
    if line not in _said:
        _said.add(line)
        print(f"note: {line}", file=sys.stderr, flush=True)


def warn(text: str, stacklevel: int = 1) -> None:
    """Issue a warning, or where a package has turned warnings into errors, print it: it must not end a training.

    Args:
        text: What to say.
        stacklevel: As for `warnings.warn`, counted from the caller.
    """
    try:
        warnings.warn(_line(text), stacklevel=stacklevel + 1)
    except Warning:
        note(text)


def _line(text: str) -> str:
    """Return a text without line breaks and control characters, such as those of a file's name."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in " ".join(text.split()))
