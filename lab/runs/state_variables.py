"""Which variables of TensorFlow a checkpoint of an object restores."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

from lab.messages.kinds import is_keras, is_variable
from lab.runs.state import skipped

# Packages whose `get_state` returns what `collect` finds; any other may return whatever its object reaches.
HOMES = ("lab", "agents", "generative", "predictors")


def variables(thing: Any) -> list[Any]:
    """Return the `tf.Variable`s in the state of an object, as `lab.runs.state.pack` finds them.

    Args:
        thing: Anything that has `get_state`; what its class names in `not_state` is no state. Where somebody else wrote
            `get_state`, all variables within the object count.
    """
    return list(_within(thing, set(), False))


def _within(value: Any, met: set[int], everything: bool) -> Iterator[Any]:
    if id(value) in met:
        return
    met.add(id(value))
    if is_keras(value, "Layer") or is_keras(value, "Optimizer"):
        yield from (variable.value for variable in value.variables)
    elif is_keras(value, "SeedGenerator"):
        yield value.state.value
    elif is_variable(value):
        # A variable of Keras holds one of TensorFlow.
        inner = value.value
        yield value if callable(inner) else inner
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _within(item, met, everything)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _within(item, met, everything)
    elif hasattr(value, "__dict__") and not isinstance(value, (type, types.ModuleType, types.FunctionType)):
        stateful = hasattr(value, "get_state") and hasattr(value, "set_state")
        everything = everything or (stateful and _home(type(value).get_state) not in HOMES)
        if stateful or everything:
            skip = set() if everything else skipped(type(value))
            for name, item in vars(value).items():
                if name not in skip:
                    yield from _within(item, met, everything)


def _home(function: Any) -> str:
    return str(getattr(function, "__module__", "")).partition(".")[0]
