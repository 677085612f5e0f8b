"""The rows of a CSV file, as texts under the names of their columns."""

from __future__ import annotations

import csv
import io
import itertools
import os
from pathlib import Path
from typing import NamedTuple

from lab.errors import UsageError, bad_value, printable

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
MOST_BYTES = 512 << 20
LONGEST_NAME = 256
SNIFFED = 20


class Rows(NamedTuple):
    """What a file holds.

    Attributes:
        columns: Texts of each row without blanks around them, by column.
        lines: In which line of the file each row ends.
        delimiter: What parts the columns, in words.
    """

    columns: dict[str, list[str]]
    lines: list[int]
    delimiter: str


def read_rows(path: str | os.PathLike[str], delimiter: str | None = None) -> Rows:
    """Return the rows of a CSV file, UTF-8, whose first line names the columns.

    Args:
        path: The file.
        delimiter: What parts columns: comma, semicolon, tab or bar, or the character; None to tell by the first rows.

    Raises:
        UsageError: When there is no such file, it is no UTF-8 or larger than 512 MiB, has no header or no rows, or a
            row has more or fewer columns than the header.
    """
    place = Path(path).expanduser()
    if not place.is_file():
        raise bad_value("csv", "path", str(path), "a file", f"give one; there is no {place.absolute()}.")
    if place.stat().st_size > MOST_BYTES:
        received = f"{place.stat().st_size >> 20} MiB"
        raise bad_value("csv", place.name, received, f"at most {MOST_BYTES >> 20} MiB", "read it yourself, as arrays.")
    try:
        text = place.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        coded = "utf-16" if place.read_bytes()[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin1"
        received, fix = f"bytes that are no UTF-8 ({error.reason})", f"iconv -f {coded} -t utf-8 converts such a file."
        raise bad_value("csv", place.name, received, "UTF-8", fix) from error
    if not text.strip():
        raise bad_value("csv", place.name, "an empty file", "a header and rows")
    parted = _delimiter(place.name, text, delimiter)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=parted, strict=True)
    found, lines = [], []
    try:
        for row in reader:
            if row:
                found.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise bad_value("csv", f"line {reader.line_num} of {place.name}", str(error), "rows of a CSV file") from error
    names = _header(place.name, found)
    for row, line in zip(found[1:], lines[1:], strict=True):
        if len(row) != len(names):
            received, fix = f"{len(row)} columns", 'texts that contain the delimiter stand in quotes: "a, b".'
            raise bad_value("csv", f"line {line} of {place.name}", received, f"{len(names)}, as in the header", fix)
    if len(found) < 2:
        raise bad_value("csv", place.name, "a header alone", "rows below it")
    word = next(name for name, character in {**DELIMITERS, parted: parted}.items() if character == parted)
    return Rows({name: [row[i] for row in found[1:]] for i, name in enumerate(names)}, lines[1:], word)


def _delimiter(name: str, text: str, given: str | None) -> str:
    if given is not None:
        character = DELIMITERS.get(given, given)
        if len(character) != 1 or character in '"\r\n':
            raise bad_value("csv", "delimiter", given, ", ".join(DELIMITERS) + " or one character")
        return character
    lines = list(itertools.islice(io.StringIO(text, newline=""), 4 * SNIFFED))
    widths = {}
    for word, character in DELIMITERS.items():
        rows = [row for row in csv.reader(lines, delimiter=character) if row][:SNIFFED]
        # A text in quotes may be cut off by the end of what is looked at.
        if rows and len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in rows[:-1]):
            widths[word] = len(rows[0])
    if len(widths) != 1:
        received = f"{' or '.join(widths)} to part columns by" if widths else "rows that no delimiter parts evenly"
        raise bad_value("csv", name, received, "one of " + ", ".join(DELIMITERS), "delimiter=comma says so.")
    return DELIMITERS[next(iter(widths))]


def _header(name: str, rows: list[list[str]]) -> list[str]:
    names = rows[0]
    twice = sorted({n for n in names if n and names.count(n) > 1})
    if twice or not all(names):
        received = f"{twice[0]!r} twice" if twice else f"no name for column {names.index('') + 1} of {len(names)}"
        fix = "" if twice else "name it; one of row numbers is left out by pandas' to_csv(index=False)."
        raise bad_value("csv", f"header of {name}", received, "a name for each column, none twice", fix)
    odd = [n for n in names if len(n) > LONGEST_NAME or printable(n) != n]
    if odd:
        expected = f"at most {LONGEST_NAME} printable characters a name"
        raise bad_value("csv", f"header of {name}", odd[0][:LONGEST_NAME], expected)
    if all(is_number(n) for n in names):
        raise UsageError(
            f"csv: {name} received numbers only in its first line ({', '.join(names[:4])}, ...); expected a header, "
            "names of the columns. Fix: write one above the rows."
        )
    return names


def is_number(cell: str) -> bool:
    """Return whether a cell is a number, as Python writes one without underscores."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell
