"""Reads JSON that may be a stranger's, and checks it against limits before anything is made of it.

    CONFIG = entries({"seed": whole(0), "learner": text(), "settings": anything()}, more=anything())
    config = check(parse(path.read_bytes()), CONFIG, "config.json")

Whatever is wrong, `parse` and `check` raise `SchemaError` with one line of printable text; a reader turns it into its
own error.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab.errors import printable

# Both far beyond what an honest file holds: bounds of a picture of 84 x 84 x 4, one by one, take about a megabyte.
MOST_BYTES = 1 << 24
MOST_DEPTH = 64
MOST_DIGITS = 100
LARGEST = 2**53
"""Whole numbers beyond it are not the same in every JSON reader."""

# What a file may declare an array to be: a picture of 4096 x 2160 in colour fits.
MOST_NUMBERS = 1 << 25
DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
)

Kind = Callable[[Any, str], Any]


class SchemaError(ValueError):
    """A file's contents are not what they should be."""


def read(path: Path, kind: Kind, most_bytes: int = MOST_BYTES, constants: tuple[str, ...] = ()) -> Any:
    """Read a JSON file whose values are of a kind.

    Args:
        path: A regular file; the head of it is read, and no more than `most_bytes`.
        kind: As for `check`.
        most_bytes, constants: As for `parse`.

    Raises:
        SchemaError: When it is none.
        OSError: When it cannot be read.
    """
    if not path.is_file():
        raise SchemaError("it is no regular file")
    with open(path, "rb") as file:
        return check(parse(file.read(most_bytes + 1), most_bytes, constants), kind)


def parse(content: bytes | str, most_bytes: int = MOST_BYTES, constants: tuple[str, ...] = ()) -> Any:
    """Return the value of strict JSON.

    Args:
        content: UTF-8.
        most_bytes: More are refused.
        constants: Which of "NaN", "Infinity" and "-Infinity", which are not JSON, are taken all the same.

    Raises:
        SchemaError: When it is no JSON, too large or too deep, or has a name twice in one object.
    """
    if len(content) > most_bytes:
        raise SchemaError(f"it has more than {most_bytes:,} bytes")

    def constant(name: str) -> float:
        if name not in constants:
            raise SchemaError(f"{name} is no number of JSON")
        return float(name)

    def real(digits: str) -> float:
        return value if math.isfinite(value := float(digits)) else constant("-Infinity" if value < 0 else "Infinity")

    def whole(digits: str) -> int:
        if len(digits) > MOST_DIGITS:
            raise SchemaError(f"a number has {len(digits):,} digits; expected at most {MOST_DIGITS}")
        return int(digits)

    try:
        value = json.loads(
            content, object_pairs_hook=_object, parse_constant=constant, parse_float=real, parse_int=whole
        )
    except SchemaError:
        raise
    except RecursionError:
        raise SchemaError("it is nested too deeply") from None
    except ValueError as error:
        raise SchemaError(f"it is no JSON: {error}") from error
    if _depth_exceeds(value, MOST_DEPTH):
        raise SchemaError(f"it is nested more than {MOST_DEPTH} deep")
    return value


def check(value: Any, kind: Kind, where: str = "") -> Any:
    """Return a parsed value, if it is of a kind.

    Args:
        value: As `parse` returns it.
        kind: What the functions below return, or any function of (value, where) that raises `SchemaError`.
        where: The value's name, for messages.
    """
    return kind(value, where)


# -------------------------------------------------------------------- kinds of values


def whole(least: int = 0, most: int = LARGEST) -> Kind:
    """Return the kind of whole numbers from `least` to `most`; true and 1.0 are none."""
    return _kind(
        lambda v: isinstance(v, int) and not isinstance(v, bool) and least <= v <= most,
        f"a whole number from {least} to {most}",
    )


def real(least: float = -math.inf, most: float = math.inf) -> Kind:
    """Return the kind of numbers from `least` to `most`, whole ones too; NaN is none."""
    between = "" if (least, most) == (-math.inf, math.inf) else f" from {least:g} to {most:g}"
    return _kind(
        lambda v: isinstance(v, (int, float)) and not isinstance(v, bool) and least <= v <= most, f"a number{between}"
    )


def flag() -> Kind:
    """Return the kind of true and false."""
    return _kind(lambda v: isinstance(v, bool), "true or false")


def text(most: int = 4096, choices: tuple[str, ...] = (), control: bool = False) -> Kind:
    """Return the kind of texts of at most so many printable characters.

    Args:
        most: Characters.
        choices: The only texts allowed, if any.
        control: Whether other characters are allowed too, which whoever shows the text must then escape.
    """
    if control:
        return _kind(lambda v: isinstance(v, str) and len(v) <= most, f"a text of at most {most:,} characters")
    wanted = f"one of {', '.join(map(repr, choices))}" if choices else f"at most {most} printable characters"
    return _kind(
        lambda v: isinstance(v, str) and len(v) <= most and printable(v) == v and (not choices or v in choices), wanted
    )


def optional(kind: Kind) -> Kind:
    """Return the kind of null and of values of another kind."""
    return lambda value, where: None if value is None else kind(value, where)


def either(*kinds: Kind) -> Kind:
    """Return the kind of values that are of any of some kinds; the last one words the error."""

    def checked(value: Any, where: str) -> Any:
        for kind in kinds[:-1]:
            try:
                return kind(value, where)
            except SchemaError:
                continue
        return kinds[-1](value, where)

    return checked


def items(kind: Kind, most: int = 1 << 20, least: int = 0) -> Kind:
    """Return the kind of lists of `least` to `most` values of a kind."""
    size = _kind(lambda v: isinstance(v, list) and least <= len(v) <= most, f"a list of {least} to {most} values")

    def checked(value: Any, where: str) -> list[Any]:
        return [kind(entry, f"{where}[{i}]") for i, entry in enumerate(size(value, where))]

    return checked


def shape(least: int = 0, axes: int = 16, numbers: int = MOST_NUMBERS) -> Kind:
    """Return the kind of an array's shape, with axes of `least` and more and so many numbers at most."""
    sizes = items(whole(least), axes, min(least, 1))

    def checked(value: Any, where: str) -> list[int]:
        found: list[int] = sizes(value, where)
        if math.prod(max(1, size) for size in found) > numbers:
            raise SchemaError(f"{_named(where)} is the shape {found}; expected at most {numbers:,} numbers")
        return found

    return checked


def entries(
    needed: Mapping[str, Kind], *, maybe: Mapping[str, Kind] | None = None, more: Kind | None = None, most: int = 4096
) -> Kind:
    """Return the kind of objects.

    Args:
        needed: The kind of each value that must be there, by its name.
        maybe: Of those that may be missing.
        more: The kind of all others; None allows no others.
        most: How many there may be.
    """
    known = {**needed, **(maybe or {})}
    size = _kind(lambda v: isinstance(v, dict) and len(v) <= most, f"an object of at most {most} entries")

    def checked(value: Any, where: str) -> dict[str, Any]:
        size(value, where)
        missing = [name for name in needed if name not in value]
        if missing:
            raise SchemaError(f"{_named(where)} lacks {missing[0]!r}")
        strange = [name for name in value if name not in known and (more is None or printable(name) != name)]
        if strange:
            raise SchemaError(f"{_named(where)} has {_short(strange[0])}, which means nothing here")
        kinds = ((name, known.get(name, more) or anything()) for name in value)
        return {name: kind(value[name], f"{where}.{name}" if where else name) for name, kind in kinds}

    return checked


def anything() -> Kind:
    """Return the kind of all JSON values, which somebody else checks."""
    return lambda value, where: value


def _kind(fits: Callable[[Any], bool], expected: str) -> Kind:
    def checked(value: Any, where: str) -> Any:
        if not fits(value):
            raise SchemaError(f"{_named(where)} is {_short(value)}; expected {expected}")
        return value

    return checked


def _named(where: str) -> str:
    return where or "it"


def _short(value: Any) -> str:
    # Not the whole repr of what may be megabytes.
    if isinstance(value, (list, dict)):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value):,}"
    shown = ascii(value[:100]) if isinstance(value, str) else repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise SchemaError(f"an object has the name {_short(twice)} twice")
    return found


def _depth_exceeds(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        # Only what holds values is looked into, level by level and without recursion.
        level = [
            part
            for holder in level
            if isinstance(holder, (list, dict))
            for part in (holder if isinstance(holder, list) else holder.values())
            if isinstance(part, (list, dict))
        ]
        if not level:
            return False
    return True
