"""Columns of texts as numbers: numbers as they are, a few different words as one column for each."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from lab.errors import bad_value, printable
from predictors.data.readers.rows import is_number

MOST_WORDS = 32
MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-", ".")
WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
FILL = "leave such rows out or fill them in (nothing here does that silently), or omit={} leaves the column out."


def check_present(name: str, cells: Sequence[str], lines: Sequence[int]) -> None:
    """Raise `UsageError` where a cell of a column is empty."""
    for cell, line in zip(cells, lines, strict=True):
        if not cell:
            raise bad_value("csv", f"column {name!r}, line {line}", "no value", "one in each row", FILL.format(name))


def numbers(name: str, cells: Sequence[str], lines: Sequence[int]) -> np.ndarray | None:
    """Return a column as float64 (N,), or None where it holds words.

    Raises:
        UsageError: On a missing or infinite number, or numbers with a comma for a point.
    """
    others = [(cell, line) for cell, line in zip(cells, lines, strict=True) if not is_number(cell)]
    wrong = [(cell, line) for cell, line in others if cell.lower() not in MISSING]
    if len(others) == len(cells) or wrong:
        if wrong and all(_DECIMAL_COMMA.fullmatch(cell) for cell, _ in wrong):
            received, expected = wrong[0][0], "numbers with a point, such as 3.14"
            raise bad_value("csv", f"column {name!r}, line {wrong[0][1]}", received, expected)
        check_present(name, cells, lines)
        return None
    if others:
        cell, line = others[0]
        raise bad_value("csv", f"column {name!r}, line {line}", cell or "no value", "a number", FILL.format(name))
    found = np.array([float(cell) for cell in cells])
    infinite = np.flatnonzero(~np.isfinite(found))
    if len(infinite):
        where = f"column {name!r}, line {lines[infinite[0]]}"
        raise bad_value("csv", where, cells[infinite[0]], "a finite number", FILL.format(name))
    return found


def one_hot(name: str, cells: Sequence[str], lines: Sequence[int]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a column of words as numbers, float64 (N, words): 1 in the column of its word; and the columns' names.

    Raises:
        UsageError: When there are more than 32 different words.
    """
    words = sorted({*cells})
    if len(words) > MOST_WORDS:
        cell, line = next((c, n) for c, n in zip(cells, lines, strict=True) if not is_number(c))
        raise bad_value(
            "csv", f"column {name!r}", f"{len(words)} different words, such as {cell!r} in line {line}",
            f"numbers, or at most {MOST_WORDS} words", f"omit={name} leaves it out; text={name} reads it as texts.",
        )  # fmt: skip
    odd = [word for word in words if printable(word) != word]
    if odd:
        raise bad_value("csv", f"column {name!r}", odd[0], "printable characters")
    return coded(cells, words), tuple(f"{name}={word}" for word in words)


def coded(cells: Sequence[str], words: Sequence[str]) -> np.ndarray:
    """Return float64 (N, words): 1 in the column of its word, else 0."""
    return (np.array(cells)[:, None] == np.array(words)[None]).astype(np.float64)
