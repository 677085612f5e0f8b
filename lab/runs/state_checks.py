"""Checks that stored values are of the kinds that an object holds, before they are put into it."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from lab.errors import CheckpointError
from lab.messages.kinds import TUPLE, is_keras, is_variable

FIX = "Fix: build it with the settings and the version of the run."
_GROWS = f"{FIX[:-1]}; what may change its kind is to start as None, an array of changing shape as an empty one."


def check_value(current: Any, packed: Any, where: str) -> None:
    """Check one stored value against the one it shall take the place of.

    None and empty arrays take whatever was stored; objects with a `set_state` of their own check for themselves.

    Args:
        current: What the object holds as it was built.
        packed: As `lab.runs.state.pack` made it.
        where: The value's place, for the message.

    Raises:
        CheckpointError: Naming the place, what is stored there and what was expected.
    """
    if current is None:
        return
    if isinstance(current, np.random.Generator):
        _scratch(current, packed, where)
    elif isinstance(current, np.ndarray):
        if current.size or not isinstance(packed, np.ndarray):
            _check_array(packed, current.shape, current.dtype, where)
    elif is_keras(current, "Layer") or is_keras(current, "Optimizer"):
        _check_variables(current, packed, where)
    elif is_keras(current, "SeedGenerator"):
        _check_variable(current.state, packed, where)
    elif is_variable(current):
        _check_variable(current, packed, where)
    elif isinstance(current, (list, tuple)):
        _check_sequence(current, packed, where)
    elif isinstance(current, dict):
        if not isinstance(packed, Mapping) or TUPLE in packed:
            raise _other(packed, "values by name", where)
        for name, entry in packed.items():
            check_value(current.get(name), entry, f"{where}[{name!r}]")
    elif not hasattr(current, "set_state"):
        _check_plain(current, packed, where)


def restore_generator(generator: np.random.Generator, state: Any, where: str) -> None:
    """Give a generator the state that `bit_generator.state` returned.

    Raises:
        CheckpointError: When it is no state of such a generator; then nothing is changed.
    """
    _scratch(generator, state, where)
    generator.bit_generator.state = state


def _scratch(generator: np.random.Generator, state: Any, where: str) -> None:
    # NumPy checks little, and only while it sets; what it made of the state must be the state.
    kind = type(generator.bit_generator)
    trial = kind()
    try:
        trial.state = state
        fits = _same(trial.state, state)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise _other(state, f"a state of {kind.__name__}", where) from error
    if not fits:
        raise _other(state, f"a state of {kind.__name__}", where)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping):
        return isinstance(other, Mapping) and one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    return type(one) is type(other) and one == other


def _check_array(packed: Any, shape: tuple[int, ...], dtype: Any, where: str) -> None:
    if not isinstance(packed, (np.ndarray, np.generic)):
        raise _other(packed, f"an array {dtype} of shape {shape}", where)
    if packed.shape != shape or packed.dtype.newbyteorder("=") != np.dtype(dtype).newbyteorder("="):
        raise CheckpointError(
            f"{where}: the checkpoint holds shape {packed.shape} of {packed.dtype}; expected {shape} of {dtype}. "
            f"{_GROWS}"
        )


def _check_variable(variable: Any, packed: Any, where: str) -> None:
    dtype = getattr(variable.dtype, "as_numpy_dtype", variable.dtype)
    _check_array(packed, tuple(variable.shape), np.dtype(dtype), where)


def _check_variables(thing: Any, packed: Any, where: str) -> None:
    variables = thing.variables
    if not isinstance(packed, Mapping):
        raise _other(packed, f"{len(variables)} variables", where)
    if packed.keys() != {str(i) for i in range(len(variables))}:
        raise CheckpointError(
            f"{where}: the checkpoint has {len(packed)} variables; this object {len(variables)}. {FIX}"
        )
    network = is_keras(thing, "Layer")
    for i, variable in enumerate(variables):
        array, place = packed[str(i)], f"{where}/{variable.path}"
        _check_variable(variable, array, place)
        # Optimizers may hold an infinity in good order, and so may a mask that a layer keeps; NaN no layer's variable.
        if network and array.dtype.kind in "fV" and not _is_sound(array, variable.trainable):
            raise CheckpointError(
                f"{place}: the checkpoint holds weights that are not finite, which training never writes. "
                "Fix: use an older checkpoint: delete this one."
            )


def _is_sound(array: np.ndarray, trainable: bool) -> bool:
    return bool(np.isfinite(array).all() if trainable else not np.isnan(array).any())


def _check_sequence(current: Any, packed: Any, where: str) -> None:
    if isinstance(current, tuple):
        if not isinstance(packed, Mapping) or set(packed) != {TUPLE} or not isinstance(packed[TUPLE], list):
            raise _other(packed, "a tuple", where)
        packed = packed[TUPLE]
    if not isinstance(packed, list):
        raise _other(packed, "a list", where)
    if hasattr(current, "_fields") and len(packed) != len(current):
        raise _other(packed, f"{len(current)} values", where)
    for i, (old, new) in enumerate(zip(current, packed, strict=False)):
        check_value(old, new, f"{where}[{i}]")


def _check_plain(current: Any, packed: Any, where: str) -> None:
    if isinstance(packed, np.ndarray) and packed.ndim == 0:
        packed = packed[()]
    if isinstance(current, (bool, np.bool_)):
        fits, expected = isinstance(packed, (bool, np.bool_)), "true or false"
    elif isinstance(current, str):
        fits, expected = isinstance(packed, str), "a text"
    elif isinstance(current, (numbers.Number, np.generic)):
        fits = isinstance(packed, (numbers.Number, np.generic)) and not isinstance(packed, (bool, np.bool_))
        expected = "a number"
    else:
        fits, expected = False, f"a {type(current).__name__}"
    if not fits:
        raise _other(packed, expected, where)


def _other(packed: Any, expected: str, where: str) -> CheckpointError:
    if isinstance(packed, (Mapping, list, np.ndarray)):
        kind = "an array" if isinstance(packed, np.ndarray) else "a list" if isinstance(packed, list) else "names"
        shown = f"{kind} of {np.size(packed) if isinstance(packed, np.ndarray) else len(packed):,}"
    else:
        shown = f"{packed!r:.60}"
    return CheckpointError(f"{where}: the checkpoint holds {shown}; expected {expected}. {_GROWS}")
