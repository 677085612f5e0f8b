"""Reads JSON lines of which some may be damaged: whole rows are used, and the others named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from lab.errors import RunDirectoryError
from lab.files.links import open_to_read
from lab.files.reading.schema import LARGEST, SchemaError, parse, real, whole
from lab.messages.notes import warn

LONGEST_ROW = 1 << 26
LARGEST_FILE = 1 << 31
_STEP, _TIME = whole(0, LARGEST), real(0)

Row = dict[str, Any]


class Line(NamedTuple):
    """One line of a file.

    Attributes:
        number: From 1.
        raw: As it was read, without its end.
        row: None where it is damaged.
        fault: Why it is.
        torn: Whether it is the last line and has no end: a kill in the middle of writing it.
    """

    number: int
    raw: bytes
    row: Row | None
    fault: str = ""
    torn: bool = False


def read_lines(path: Path, root: Path) -> list[Line]:
    """Return the lines of a run's file that are not empty; none where there is no file.

    Args:
        path: A file of JSON lines, each an object with a whole number `step` >= 0.
        root: The run's directory.

    Raises:
        ForeignFileError: When it is a link, or no file.
        RunDirectoryError: When it cannot be read.
    """
    return list(each_line(path, root))


def each_line(path: Path, root: Path) -> Iterator[Line]:
    """Yield what `read_lines` returns, one line at a time, for files whose rows are not all kept."""
    try:
        with open_to_read(path, root) as file:
            yield from _lines(file)
    except FileNotFoundError:
        return
    except (OSError, SchemaError) as error:
        raise RunDirectoryError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}. Fix: restore or delete it."
        ) from error


def warn_of_damage(path: Path, lines: list[Line]) -> None:
    """Say which lines of a file are no rows, once a process for each state of the file."""
    damaged = [line for line in lines if line.row is None and not line.torn]
    if damaged:
        others = f" and {len(damaged) - 1:,} more lines" if len(damaged) > 1 else ""
        # Always from this line, so that Python's filter shows equal words once.
        warn(
            f"{path}, line {damaged[0].number}{others}: left out, for it is no row ({damaged[0].fault}). All whole "
            "rows are used; weights do not depend on them.",
            stacklevel=1,
        )


def _lines(file: BinaryIO) -> Iterator[Line]:
    number, size = 0, 0
    while raw := file.readline(LONGEST_ROW):
        number, size = number + 1, size + len(raw)
        if size > LARGEST_FILE:
            raise SchemaError(f"it holds more than {LARGEST_FILE:,} bytes")
        ended = raw.endswith(b"\n")
        line = raw.strip()
        if not ended and len(raw) == LONGEST_ROW:
            raise SchemaError(f"line {number} has more than {LONGEST_ROW:,} bytes")
        if line:
            yield line_of(number, line, ended)


def line_of(number: int, raw: bytes, ended: bool = True) -> Line:
    """Return what one line of a file says.

    Args:
        number: From 1.
        raw: The line, stripped.
        ended: Whether its end was written.
    """
    try:
        row = _flat(raw)
        row = parse(raw, LONGEST_ROW) if row is None else row
        if not isinstance(row, dict) or "step" not in row:
            raise SchemaError("it has no step")
        _STEP(row["step"], "step")
        _TIME(row.get("time_elapsed", 0), "time_elapsed")
        return Line(number, raw, row)
    except SchemaError as error:
        return Line(number, raw, None, str(error), not ended)


def _flat(raw: bytes) -> Row | None:
    """Return a row of numbers and texts alone, which nearly all are, as `parse` does, sooner.

    None for all else, and for whatever might be wrong: `parse` looks into it.
    """
    try:
        row = json.loads(raw.decode())
    except (ValueError, RecursionError):
        return None
    # A name that stands twice has a colon of its own.
    if type(row) is not dict or raw.count(b":") != len(row):
        return None
    for value in row.values():
        kind = type(value)
        if kind is float:
            # Neither NaN nor infinite.
            if value - value != 0.0:
                return None
        elif kind is int:
            if not -LARGEST <= value <= LARGEST:
                return None
        elif kind is not str and value is not None and kind is not bool:
            return None
    return row
