"""Settings: one frozen, flat dataclass a learner, checked when it is made."""

from __future__ import annotations

import dataclasses
import functools
import math
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lab.errors import UsageError, bad_value
from lab.messages.field_names import offered

# Layers of a network and the like; whole numbers beyond LARGEST are not the same in every JSON reader, nor an int64.
MOST_ENTRIES = 64
LARGEST = 2**53

S = TypeVar("S", bound="Settings")


def setting(
    default: Any,
    doc: str,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    choices: tuple[Any, ...] | None = None,
    of_run: float | Callable[[Any], float | None] | None = None,
    most_steps: int | None = None,
    infinite: bool = False,
    search: str | None = None,
    path: bool = False,
) -> Any:
    """Declare one field of a `Settings` class.

    Args:
        default: Value when the user gives none.
        doc: One line with the unit; `lab train --help` and the report show it.
        above, at_least, below, at_most: Bounds; on a tuple they hold for each entry.
        choices: The only values allowed.
        of_run: For the length of a schedule: the fraction of the run that None stands for, or a function of the
            settings that gives it, or None where there is no schedule; see `scheduled`.
        most_steps: What that fraction is at most, in steps.
        infinite: Whether infinity means something, such as no limit.
        search: Where `lab sweep --search NAME` looks for it, as that is written there: `1e-5:1e-1:log` or `32,64,128`.
        path: Whether a text names a file or folder, so that a settings file is not followed to where it likes.
    """
    limits = {"above": above, "at_least": at_least, "below": below, "at_most": at_most, "choices": choices}
    others = {"of_run": of_run, "most_steps": most_steps, "infinite": infinite, "search": search, "path": path}
    return dataclasses.field(default=default, metadata={"doc": doc, **others, **limits})


@dataclasses.dataclass(frozen=True)
class Settings:
    """The base of every learner's settings; bad types and values raise on construction."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            object.__setattr__(self, field.name, _checked(type(self), field, value))
        self.check()

    def check(self) -> None:
        """Check what involves several fields; raise `ValueError` (hook)."""

    @property
    def follows_run(self) -> bool:
        """Whether the length of a schedule is left to the run."""
        return bool(schedules_of_run(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}


def scheduled(config: Settings, name: str, run_length: int) -> int:
    """Return how many steps a schedule takes: the setting's number, or where it is None its fraction of the run.

    Args:
        config: The settings.
        name: The setting, declared with `of_run`.
        run_length: Steps of the whole run.
    """
    value = getattr(config, name)
    if value is not None:
        return int(value)
    field = next(field for field in dataclasses.fields(config) if field.name == name)
    fraction, metadata = _fraction(config, field), field.metadata
    if fraction is None:
        raise UsageError(f"{owner_name(type(config))}: {name} has no length, for beside the other settings it is idle.")
    # What rounding takes off a whole number must not cost a step.
    steps = max(1, math.floor(run_length * fraction + 1e-6))
    return steps if metadata["most_steps"] is None else min(steps, metadata["most_steps"])


def schedules_of_run(config: Settings) -> list[str]:
    """Return the settings that leave the length of a schedule to the run."""
    fields = dataclasses.fields(config)
    return [f.name for f in fields if _fraction(config, f) is not None and getattr(config, f.name) is None]


def _fraction(config: Settings, field: Any) -> float | None:
    given = field.metadata.get("of_run")
    found: float | None = given(config) if callable(given) else given
    return found


def check_read(learner: Any) -> None:
    """Raise `UsageError` for a setting that somebody chose and that has no effect beside the others or on the data.

    Args:
        learner: Built; its `unread_settings` say which those are, and why.
    """
    config = learner.config
    defaults = {field.name: field.default for field in dataclasses.fields(config)}
    for name, why in learner.unread_settings().items():
        value = getattr(config, name)
        # Defaults are nobody's choice.
        if value != defaults[name]:
            expected = f"the default, for nothing reads it: {why}"
            raise bad_value(owner_name(type(config)), name, value, expected, "leave it out.")


def with_defaults(cls: type[S], name: str, /, **defaults: Any) -> type[S]:
    """Return the same settings under another name and with other defaults: a well-known choice of them."""
    hints = typing.get_type_hints(cls)
    known = {field.name: field for field in dataclasses.fields(cls)}
    fields = [(n, hints[n], dataclasses.field(default=d, metadata=known[n].metadata)) for n, d in defaults.items()]
    # Whose class it is decides who may share what is traced for it, and Python would call it one of `types`.
    module = sys._getframe(1).f_globals["__name__"]
    made: Any = dataclasses.make_dataclass(name, fields, bases=(cls,), frozen=True, namespace={"__module__": module})
    return made


def owner_name(cls: type) -> str:
    """Return the learner's name for messages: `DQN` for `DQNSettings`."""
    return cls.__name__.removesuffix("Settings") or cls.__name__


def make(cls: type[S], given: Mapping[str, Any]) -> S:
    """Build settings from keywords.

    Raises:
        UsageError: On an unknown name (with the nearest ones), a wrong type or a value out of bounds.
    """
    names = [f.name for f in dataclasses.fields(cls)]
    for name in given:
        if name not in names:
            raise UsageError(f"{owner_name(cls)}: no setting is called {name!r}; {offered(name, names)}")
    return cls(**given)


def parse(cls: type[Settings], texts: Mapping[str, str]) -> dict[str, Any]:
    """Read settings written as text on a command line into values of the fields' types.

    Tuples are written `256,256` or `[256, 256]`, flags `true` or `false`, nothing `none`.
    """
    hints = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for name, text in texts.items():
        if name not in hints:
            raise UsageError(f"{owner_name(cls)}: no setting is called {name!r}; {offered(name, hints)}")
        values[name] = read_text(owner_name(cls), name, hints[name], text)
    return values


def field_of(cls: type[Settings], name: str) -> dataclasses.Field[Any]:
    """Return a setting's declaration.

    Raises:
        UsageError: When there is no setting of that name; the message offers the nearest.
    """
    known = {field.name: field for field in dataclasses.fields(cls)}
    if name not in known:
        raise UsageError(f"{owner_name(cls)}: no setting is called {name!r}; {offered(name, known)}")
    return known[name]


def kind_of(cls: type[Settings], name: str) -> Any:
    """Return what a setting's values are, without the None that it may also take: `int`, `tuple[int, ...]`."""
    hints: dict[str, Any] = typing.get_type_hints(cls)
    return _split_optional(hints[field_of(cls, name).name])[1]


def checked_value(cls: type[Settings], name: str, value: Any) -> Any:
    """Return a value as one setting holds it, whatever the others are.

    Raises:
        UsageError: When it is of a wrong type or out of bounds, or there is no such setting.
    """
    return _checked(cls, field_of(cls, name), value)


def read_text(owner: str, name: str, kind: Any, text: str) -> Any:
    """Turn the text of one value into its declared type, without evaluating it as code."""
    optional, kind = _split_optional(kind)
    if optional and text.strip().lower() in ("none", "null", ""):
        return None
    if typing.get_origin(kind) is tuple:
        (entry, _) = typing.get_args(kind)
        parts = [p.strip() for p in text.strip().strip("()[]").split(",") if p.strip()]
        return tuple(read_text(owner, name, entry, p) for p in parts)
    if kind is bool:
        if text.lower() in ("true", "yes", "1"):
            return True
        if text.lower() in ("false", "no", "0"):
            return False
        raise bad_value(owner, name, text, "true or false")
    if kind in (int, float):
        try:
            number = float(text.replace("_", ""))
        except ValueError:
            raise bad_value(owner, name, text, _kind_name(kind)) from None
        if kind is int:
            if not number.is_integer():
                raise bad_value(owner, name, text, "a whole number")
            return int(number)
        return number
    return text


def _split_optional(kind: Any) -> tuple[bool, Any]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        rest = [a for a in typing.get_args(kind) if a is not type(None)]
        return len(rest) < len(typing.get_args(kind)), rest[0]
    return False, kind


def _kind_name(kind: Any) -> str:
    if typing.get_origin(kind) is tuple:
        return f"a sequence of {_kind_name(typing.get_args(kind)[0]).split(' ', 1)[1]}s"
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}.get(kind, str(kind))


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _checked(cls: type, field: dataclasses.Field[Any], value: Any) -> Any:
    hint = _hints(cls)[field.name]
    optional, kind = _split_optional(hint)
    if value is None and optional:
        return None
    if kind is str and not isinstance(value, str):
        _check_choice(owner_name(cls), field, value)
    value = _converted(owner_name(cls), field.name, kind, value)
    for entry in value if isinstance(value, tuple) else (value,):
        _check_limits(owner_name(cls), field, entry)
    return value


def _converted(owner: str, name: str, kind: Any, value: Any) -> Any:
    if typing.get_origin(kind) is tuple:
        entry = typing.get_args(kind)[0]
        if not isinstance(value, (list, tuple)) or len(value) > MOST_ENTRIES:
            received = f"{len(value):,} values" if isinstance(value, (list, tuple)) else value
            fix = f"{name}=({value},)." if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
            raise bad_value(owner, name, received, f"{_kind_name(kind)} (at most {MOST_ENTRIES} of them)", fix)
        return tuple(_converted(owner, name, entry, v) for v in value)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    wrong = isinstance(value, bool) != (kind is bool)
    if kind is float and isinstance(value, int) and not wrong and abs(value) < 1e300:
        return float(value)
    if kind in (int, float, bool, str) and (wrong or not isinstance(value, kind)):
        raise bad_value(owner, name, value, _kind_name(kind))
    if isinstance(value, int) and abs(value) > LARGEST:
        raise bad_value(owner, name, f"one of {value.bit_length()} bits", f"a whole number up to {LARGEST:,}")
    if isinstance(value, float) and math.isnan(value):
        raise bad_value(owner, name, value, "a number")
    return value


def _check_choice(owner: str, field: dataclasses.Field[Any], value: Any) -> None:
    choices = field.metadata.get("choices")
    if choices is not None and value not in choices:
        raise bad_value(owner, field.name, value, f"one of {', '.join(map(repr, choices))}")


def _check_limits(owner: str, field: dataclasses.Field[Any], value: Any) -> None:
    limits = field.metadata
    if isinstance(value, float) and math.isinf(value) and not limits.get("infinite"):
        raise bad_value(owner, field.name, value, "a finite number", f"the default is {field.default!r}.")
    _check_choice(owner, field, value)
    tests = (
        ("above", lambda v, b: v > b, ">"),
        ("at_least", lambda v, b: v >= b, ">="),
        ("below", lambda v, b: v < b, "<"),
        ("at_most", lambda v, b: v <= b, "<="),
    )
    bounds = [(limits.get(key), test, sign) for key, test, sign in tests if limits.get(key) is not None]
    if any(not test(value, bound) for bound, test, _ in bounds):
        wanted = " and ".join(f"{sign} {bound:g}" for bound, _, sign in bounds)
        raise bad_value(owner, field.name, value, f"a value {wanted}", f"the default is {field.default!r}.")
