"""Collects and restores everything an object holds that training changes.

What an object keeps in its attributes is its state. An attribute of a kind that cannot be stored exactly is an
error, never left out in silence: an inexact resume must not pass for an exact one.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import functools
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lab.errors import CheckpointError, UsageError
from lab.messages.kinds import TUPLE, is_keras, is_variable
from lab.runs.state_checks import FIX, check_value, restore_generator

_DEFINITION = object()


_lending = False


@contextlib.contextmanager
def lending() -> Iterator[None]:
    """Let `lent` in the block return arrays themselves: for whoever has done with them before they change."""
    global _lending
    before, _lending = _lending, True
    try:
        yield
    finally:
        _lending = before


def lent(array: np.ndarray) -> np.ndarray:
    """Return a large array as state: a copy, or within `lending` itself."""
    return array if _lending else array.copy()


class Stateful:
    """Gives an object `get_state` and `set_state` over its own attributes.

    Attributes named in `not_state` are left out: what is derived, or holds no state. Those named in `counters` are
    whole numbers >= 0. A value keeps its kind, an array its shape and dtype; what starts as None or as an empty array
    may become anything.
    """

    not_state: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()

    def get_state(self) -> dict[str, Any]:
        """Return all that training changes, as nested dicts of arrays, numbers, texts and flags."""
        return collect(self, skip=skipped(type(self)))

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned; the object must have been built the same way."""
        restore(self, state, skip=skipped(type(self)))


def skipped(cls: type) -> set[str]:
    """Return the attributes that a class and its bases name in `not_state`."""
    return {name for base in cls.__mro__ for name in vars(base).get("not_state", ())}


def collect(thing: object, skip: set[str] | frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the state held in an object's attributes.

    Raises:
        UsageError: When an attribute is of a kind that cannot be stored.
    """
    state = {}
    for name, value in vars(thing).items():
        if name in skip:
            continue
        packed = pack(value, f"{type(thing).__name__}.{name}")
        if packed is not _DEFINITION:
            state[name] = packed
    return state


def restore(thing: object, state: Mapping[str, Any], skip: set[str] | frozenset[str] = frozenset()) -> None:
    """Put state that `collect` returned back into an object's attributes.

    Raises:
        CheckpointError: When the state's names, shapes or kinds are not the object's.
    """
    check_state(thing, state, skip)
    for name, packed in state.items():
        unpack(thing, name, packed, f"{type(thing).__name__}.{name}")


def check_state(thing: object, state: Any, skip: set[str] | frozenset[str] = frozenset()) -> None:
    """Check that state is an object's, before anything of the object is changed.

    Raises:
        CheckpointError: When the state's names, shapes or kinds are not the object's.
    """
    kind = type(thing).__name__
    if not isinstance(state, Mapping):
        raise CheckpointError(f"{kind}: the checkpoint holds {state!r:.60}; expected its attributes by name. {FIX}")
    expected = collect(thing, skip)
    if expected.keys() != state.keys():
        missing = sorted(expected.keys() - state.keys())
        extra = sorted(state.keys() - expected.keys())
        raise CheckpointError(
            f"{kind}: the checkpoint does not fit this object: missing {missing}, unknown {extra}. {FIX}"
        )
    counters = {name for base in type(thing).__mro__ for name in vars(base).get("counters", ())}
    for name, packed in state.items():
        current, where = getattr(thing, name), f"{kind}.{name}"
        if isinstance(current, Stateful) and type(current).set_state is Stateful.set_state:
            check_state(current, packed, skipped(type(current)))
            continue
        check_value(current, packed, where)
        if name in counters and (not isinstance(packed, int) or packed < 0):
            raise CheckpointError(f"{where}: the checkpoint holds {packed!r:.60}; expected a whole number >= 0. {FIX}")


def pack(value: Any, where: str) -> Any:
    """Turn one value into storable state, or `_DEFINITION` for code and settings, which are not state."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.array(value)
        if array.dtype.hasobject:
            raise _unstorable(value, where)
        return array
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if is_keras(value, "Layer") or is_keras(value, "Optimizer"):
        return {str(i): variable.numpy().copy() for i, variable in enumerate(value.variables)}
    if is_keras(value, "SeedGenerator"):
        return np.array(value.state.numpy())
    if is_variable(value):
        return np.array(value.numpy())
    if isinstance(value, (list, tuple)):
        items = [pack(v, f"{where}[{i}]") for i, v in enumerate(value)]
        if items and all(i is _DEFINITION for i in items):
            return _DEFINITION
        items = _without_definitions(items, where)
        return {TUPLE: items} if isinstance(value, tuple) else items
    if isinstance(value, dict):
        if any(not isinstance(k, str) or k == TUPLE for k in value):
            raise UsageError(f"{where} is a dict with keys that are not texts, which cannot be stored. {_HOW}")
        packed = {k: pack(v, f"{where}[{k!r}]") for k, v in value.items()}
        return {k: v for k, v in packed.items() if v is not _DEFINITION}
    if hasattr(value, "get_state") and hasattr(value, "set_state"):
        return value.get_state()
    if _is_definition(value):
        return _DEFINITION
    raise _unstorable(value, where)


def unpack(thing: Any, name: str, packed: Any, where: str) -> None:
    """Put one packed value into `thing.name`, in place where the value is an object others may share."""
    current = getattr(thing, name)
    check_value(current, packed, where)
    if isinstance(current, np.random.Generator):
        restore_generator(current, packed, where)
    elif isinstance(current, np.ndarray) and current.size:
        current[...] = packed
    elif is_keras(current, "Layer") or is_keras(current, "Optimizer"):
        for i, variable in enumerate(current.variables):
            variable.assign(packed[str(i)])
    elif is_keras(current, "SeedGenerator"):
        current.state.assign(packed)
    elif is_variable(current):
        current.assign(packed)
    elif isinstance(current, (list, dict, tuple)):
        setattr(thing, name, _rebuilt(current, packed, where))
    elif hasattr(current, "set_state"):
        current.set_state(packed)
    elif isinstance(packed, np.ndarray):
        # A NumPy scalar is stored as an array without axes.
        scalar = isinstance(current, (np.generic, int, float)) and packed.ndim == 0
        setattr(thing, name, packed[()] if scalar else packed.copy())
    else:
        setattr(thing, name, _plain(packed))


def _plain(packed: Any) -> Any:
    if isinstance(packed, dict):
        if TUPLE in packed:
            return tuple(_plain(v) for v in packed[TUPLE])
        return {k: _plain(v) for k, v in packed.items()}
    return [_plain(v) for v in packed] if isinstance(packed, list) else packed


class _Slot:
    """A place for one entry of a list or dict, so that `unpack` serves entries too."""

    value: Any = None


def _rebuilt(current: Any, packed: Any, where: str) -> Any:
    def entry(old: Any, new: Any, place: str) -> Any:
        slot = _Slot()
        slot.value = old
        unpack(slot, "value", new, place)
        return slot.value

    if isinstance(current, dict):
        rebuilt = copy.copy(current)  # a defaultdict stays one
        for k in [k for k, v in current.items() if pack(v, where) is not _DEFINITION]:
            del rebuilt[k]
        rebuilt.update({k: entry(current.get(k), v, f"{where}[{k!r}]") for k, v in packed.items()})
        return rebuilt
    if isinstance(packed, dict):
        packed = packed[TUPLE]
    olds = list(current) + [None] * (len(packed) - len(current))
    items = [entry(old, new, f"{where}[{i}]") for i, (old, new) in enumerate(zip(olds, packed, strict=False))]
    return type(current)(items) if not hasattr(current, "_fields") else type(current)(*items)


_CODE = (
    types.ModuleType,
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    functools.partial,
    np.ufunc,
    np.dtype,
)


def _is_definition(value: Any) -> bool:
    if isinstance(value, _CODE):
        return True
    if dataclasses.is_dataclass(value) and getattr(value, "__dataclass_params__").frozen:  # noqa: B009
        return not any(_holds_numbers(getattr(value, f.name)) for f in dataclasses.fields(value))
    keras = sys.modules.get("keras")
    if keras is not None and isinstance(value, (keras.losses.Loss, keras.initializers.Initializer)):
        return True
    # What `tf.function` makes is code too; its class has no public name.
    home = type(value).__module__
    return home.startswith(("gymnasium.spaces", "tensorflow.python.eager.polymorphic_function"))


def _holds_numbers(value: Any) -> bool:
    return isinstance(value, (np.ndarray, np.random.Generator)) or is_variable(value)


def _without_definitions(items: list[Any], where: str) -> list[Any]:
    if any(i is _DEFINITION for i in items):
        raise UsageError(f"{where} mixes state with functions or settings, which cannot be stored. {_HOW}")
    return items


_HOW = (
    "Fix: keep it as arrays, numbers or dicts, give it get_state and set_state, or name the attribute in "
    "`not_state` if training does not change it."
)


def _unstorable(value: Any, where: str) -> UsageError:
    return UsageError(f"{where} is a {type(value).__name__}, which cannot be stored for an exact resume. {_HOW}")
