"""Search spaces: where the value of each setting is looked for, as text, in a TOML file and in sweep.json."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lab.config import Settings, checked_value, field_of, kind_of, owner_name, read_text
from lab.errors import UsageError, bad_value
from lab.files.reading.schema import Kind, SchemaError, either, entries, flag, items, optional, real, text

MOST_SETTINGS = 64
MOST_CHOICES = 1_000
MOST_BYTES = 1 << 20
WRITTEN = "LOW:HIGH, LOW:HIGH:log, LOW:HIGH:STEP or A,B,C (`;` between values that hold commas)"


class Range(NamedTuple):
    """Numbers from `low` to `high`, both included.

    Attributes:
        low, high: The ends.
        log: Whether equal ratios are equally likely, and not equal differences.
        step: Only `low`, `low + step`, ...; None for all.
        whole: Whether they are whole numbers.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    whole: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {name: value for name, value in self._asdict().items() if name != "whole"}

    def __str__(self) -> str:
        tail = ":log" if self.log else f":{self.step:g}" if self.step is not None else ""
        return f"{self.low:g}:{self.high:g}{tail}"


class Choice(NamedTuple):
    """Some values without an order.

    Attributes:
        values: At least two, each once.
    """

    values: tuple[Any, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"choices": [list(v) if isinstance(v, tuple) else v for v in self.values]}

    @property
    def labels(self) -> list[str]:
        """The values as texts, each another one."""
        return [label(value) for value in self.values]

    def __str__(self) -> str:
        return ", ".join(self.labels)


Space = Range | Choice


def label(value: Any) -> str:
    """Return a setting's value as a text that no other value has."""
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def plain(value: Any, between: str = ",") -> str:
    """Return a suggested value as a person reads it."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return between.join(map(str, value)) if isinstance(value, tuple) else str(value)


def spaces(cls: type[Settings], given: Mapping[str, Any]) -> dict[str, Space]:
    """Return the checked search space of each setting.

    Args:
        cls: The learner's settings.
        given: By setting: None for the space declared beside it, a text as on the command line, a sequence of choices,
            `{"low": ..., "high": ..., "log": ..., "step": ...}`, or a space.

    Raises:
        UsageError: On what is no setting, an empty or impossible range, or values that the setting cannot have.
    """
    if not isinstance(given, Mapping) or not 0 < len(given) <= MOST_SETTINGS:
        fix = "name what to look for: --search learning_rate, or {'learning_rate': '1e-5:1e-2:log'}."
        raise bad_value("Sweep", "search", given, f"1 to {MOST_SETTINGS} settings with their spaces", fix)
    return {name: _space(cls, name, one) for name, one in given.items()}


def _space(cls: type[Settings], name: str, given: Any) -> Space:
    field_of(cls, name)
    if given is None:
        return declared(cls, name)
    if isinstance(given, str):
        return parse(cls, name, given)
    if isinstance(given, Range):
        given = given.to_json()
    elif isinstance(given, Choice):
        given = list(given.values)
    if isinstance(given, Mapping):
        if set(given) == {"choices"}:
            return _choice(cls, name, given["choices"])
        strange = set(given) - {"low", "high", "log", "step"}
        if strange or not {"low", "high"} <= set(given):
            raise bad_value(owner_name(cls), name, dict(given), "low and high, and log or step where wanted")
        return _range(cls, name, given["low"], given["high"], given.get("log", False), given.get("step"))
    if isinstance(given, Sequence):
        return _choice(cls, name, given)
    raise bad_value(owner_name(cls), name, given, f"a search space: {WRITTEN}, a list of choices or a dict")


def declared(cls: type[Settings], name: str) -> Space:
    """Return the search space declared beside a setting; of flags and settings with `choices` all their values."""
    metadata = field_of(cls, name).metadata
    if metadata.get("search") is not None:
        return parse(cls, name, metadata["search"])
    if kind_of(cls, name) is bool:
        return Choice((False, True))
    if metadata.get("choices") is not None and len(metadata["choices"]) > 1:
        return Choice(tuple(metadata["choices"]))
    raise UsageError(
        f"{owner_name(cls)}: {name} has no search space of its own. Fix: {name}=SPACE, with SPACE {WRITTEN}."
    )


def parse(cls: type[Settings], name: str, text: str) -> Space:
    """Return the search space that a text means, such as `1e-5:1e-2:log` or `32,64,128`."""
    owner, kind = owner_name(cls), kind_of(cls, name)
    if ":" in text and kind in (int, float):
        parts = [part.strip() for part in text.split(":")]
        if len(parts) not in (2, 3):
            raise bad_value(owner, name, text, f"a search space: {WRITTEN}")
        low, high = (read_text(owner, name, kind, part) for part in parts[:2])
        tail = parts[2] if len(parts) == 3 else ""
        step = read_text(owner, name, kind, tail) if tail not in ("", "log") else None
        return _range(cls, name, low, high, tail == "log", step)
    separator = ";" if ";" in text else ","
    hint = kind | None if field_of(cls, name).default is None else kind
    parts = [part.strip() for part in text.split(separator) if part.strip()]
    return _choice(cls, name, [read_text(owner, name, hint, part) for part in parts])


def _range(cls: type[Settings], name: str, low: Any, high: Any, log: Any, step: Any) -> Range:
    owner, kind = owner_name(cls), kind_of(cls, name)
    if kind not in (int, float):
        raise bad_value(owner, name, f"{low}:{high}", "choices, for its values are no numbers", f"{name}=A;B;C.")
    # The setting's own bounds hold for both ends, and so for all between them.
    low, high = checked_value(cls, name, low), checked_value(cls, name, high)
    shown = f"{low}:{high}{':log' if log else ''}"
    if low is None or high is None or not math.isfinite(low) or not math.isfinite(high):
        raise bad_value(owner, name, shown, "two finite numbers")
    if not low < high:
        raise bad_value(owner, name, shown, "a range LOW:HIGH with LOW < HIGH", f"--set {name}={low} for one value.")
    if not isinstance(log, bool):
        raise bad_value(owner, name, log, "true or false for log")
    if log and low <= 0:
        raise bad_value(owner, name, shown, "LOW > 0 beside log, for a logarithm of 0 is none")
    if step is not None:
        numbers = int if kind is int else (int, float)
        if isinstance(step, bool) or not isinstance(step, numbers) or not 0 < step <= high - low or log:
            expected = "a step > 0, at most as wide as the range, and no log beside it"
            raise bad_value(owner, name, f"{low}:{high}:{step}", expected)
    return Range(low, high, log, step, kind is int)


def _choice(cls: type[Settings], name: str, values: Any) -> Choice:
    if isinstance(values, (str, bytes)) or not isinstance(values, Sequence):
        raise bad_value(owner_name(cls), name, values, "a list of choices")
    found = tuple(checked_value(cls, name, value) for value in values)
    if not 2 <= len(found) <= MOST_CHOICES or len(set(map(label, found))) < len(found):
        fix = f"--set {name}={values[0]} for one value." if len(values) == 1 else ""
        raise bad_value(owner_name(cls), name, list(values), f"2 to {MOST_CHOICES:,} choices, each once", fix)
    return Choice(found)


def from_arguments(given: Sequence[str], file: Path | None) -> dict[str, Any]:
    """Return search spaces as `spaces` takes them, out of `NAME` and `NAME=SPACE`, which come before a file's."""
    found = read_toml(file) if file is not None else {}
    for item in given:
        name, equals, text = item.partition("=")
        if equals and not text.strip():
            raise bad_value("--search", "an item", item, f"NAME, or NAME=SPACE, with SPACE {WRITTEN}")
        found[name.strip()] = text if equals else None
    return found


def read_toml(path: Path) -> dict[str, Any]:
    """Read the table `search` of a TOML file: a space by setting; `true` stands for the one declared beside it.

    Raises:
        UsageError: When there is no such file or table, or it is no TOML.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise UsageError(f"{path} has more than {MOST_BYTES:,} bytes; expected a file of search spaces.")
        found = tomllib.loads(content.decode()).get("search")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}). Fix: give a TOML file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML: {error}.") from error
    if not isinstance(found, dict):
        raise UsageError(
            f'{path} has no table [search]. Fix: [search], and below it lines as batch_size = "32,64,128".'
        )
    return {name: None if space is True else space for name, space in found.items()}


def from_json(found: Mapping[str, Any]) -> dict[str, Space]:
    """Return the spaces of a sweep.json, which its schema has checked and no learner has."""
    return {
        name: Choice(tuple(tuple(v) if isinstance(v, list) else v for v in one["choices"]))
        if "choices" in one
        else Range(one["low"], one["high"], one["log"], one["step"], isinstance(one["low"], int))
        for name, one in found.items()
    }


_VALUE = either(real(), flag(), text(), optional(items(either(real(), flag(), text()), MOST_SETTINGS)))
_RANGE = entries({"low": real(), "high": real(), "log": flag(), "step": optional(real(0))})
_CHOICE = entries({"choices": items(_VALUE, MOST_CHOICES, 2)})


def _of_file(value: Any, where: str) -> Any:
    if isinstance(value, dict) and "choices" in value:
        return _CHOICE(value, where)
    found = _RANGE(value, where)
    low, high, step = found["low"], found["high"], found["step"]
    if not low < high or (found["log"] and low <= 0) or not (step is None or 0 < step <= high - low):
        raise SchemaError(f"{where} is no range")
    return found


# Of sweep.json; `spaces` checks what it means for the learner's settings.
IN_FILE: Kind = entries({}, more=_of_file, most=MOST_SETTINGS)
