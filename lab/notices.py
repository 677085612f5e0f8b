"""Warnings of this project, which never end what they warn about."""

from __future__ import annotations

import sys
import warnings


class Notice(UserWarning):
    """Something the user should know of: data that were left out or converted, a model that is going wrong."""


def notice(text: str, stacklevel: int = 2) -> None:
    """Warn of something without ever raising, in one line without control characters.

    Some packages turn every warning of the process into an error when they are imported; training must not end by
    what was only meant to be read. Then the text goes to standard error.

    Args:
        text: One sentence or two.
        stacklevel: As for `warnings.warn`: 2 names the line that called the caller.
    """
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in " ".join(text.split()))
    try:
        warnings.warn(line, Notice, stacklevel=stacklevel + 1)
    except Notice:
        print(f"warning: {line}", file=sys.stderr, flush=True)
