"""The errors a user can mend, and how they are worded: received, expected, fix."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

# What turns text bold or coloured, in the words of other packages.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def printable(value: object) -> str:
    """Return a value as text that a terminal shows and does not obey.

    Control characters, escape sequences, line ends, those that turn the direction of writing and all else that is not
    printable become backslash escapes; wide and other spaces stay.
    """
    shown = str(value)
    if shown.isprintable():
        return shown
    return "".join(c if _is_shown(c) else c.encode("unicode_escape").decode() for c in shown)


def one_line(error: BaseException, most: int = 300) -> str:
    """Return what an error says as the begin of one line, of `most` characters."""
    return " ".join(_COLOURS.sub("", str(error)).split())[:most]


def _is_shown(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


class UsageError(ValueError):
    """Bad input; the command line prints its one line and exits with status 2.

    Its text may quote a stranger's file, so it is made `printable`: whoever shows it need not think of that.
    """

    def __init__(self, *texts: object) -> None:
        lines = (str(text).split("\n") for text in texts)
        super().__init__(*("\n".join(map(printable, each)) for each in lines))


class CheckpointError(UsageError):
    """A checkpoint that is missing, damaged or of another run."""


class RunDirectoryError(UsageError):
    """A run directory that is used, unwritable or not a run."""


class ForeignFileError(CheckpointError, RunDirectoryError):
    """A link, a pipe or a device where a run has files and folders of its own."""


class VideoError(UsageError, RuntimeError):
    """A video that ffmpeg could not write."""


class UnconfirmedSource(UsageError):  # noqa: N818 - it names what happened
    """What a file names would be imported, or searched for outside the run, and no user has named it."""


class MissingPackageError(UsageError, ImportError):
    """An optional package that the request needs is not installed."""


class TrainingDiverged(RuntimeError):  # noqa: N818 - it names what happened, as StopIteration does
    """A loss or gradient that is not finite; training stopped before anything was overwritten."""


def nearest(name: str, known: Iterable[str], most: int = 12) -> str:
    """Return a phrase that offers the names nearest to a misspelt one.

    Args:
        name: What the user wrote.
        known: Every name that would have been right.
        most: How many of them to list where none is near.
    """
    known = sorted(known)
    lowered = {k.lower(): k for k in known}
    close = [lowered[m] for m in difflib.get_close_matches(name.lower(), list(lowered), n=3, cutoff=0.5)]
    if close:
        return "did you mean " + " or ".join(repr(c) for c in close) + "?"
    shown = ", ".join(known[:most])
    return f"known: {shown}{', ...' if len(known) > most else ''}" if known else "none is known"


def bad_value(owner: str, name: str, received: object, expected: str, fix: str = "") -> UsageError:
    """Build the error for one bad value, in the project's order: received, expected, fix."""
    tail = f" Fix: {fix}" if fix else ""
    return UsageError(f"{owner}: {name} received {received!r}; expected {expected}.{tail}")


def check_whole(name: str, value: object, optional: bool = False, owner: str = "Experiment", least: int = 1) -> None:
    """Check that a keyword is a whole number of at least `least`, or None where that is allowed."""
    if value is None and optional:
        return
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:  # type: ignore[operator]
        raise bad_value(owner, name, value, f"a whole number > {least - 1}" if least else "a whole number >= 0")
