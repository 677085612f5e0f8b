"""Shares the compiled updates of learners that compute the same, whoever of them was the first.

TensorFlow never gives back all the memory of a traced function. So what was traced for one learner serves those that
are made after it: variables, which a trace captures as handles, are exchanged for the other learner's own.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import types
from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from lab.messages.kinds import is_variable
from lab.runtime.recent import Recent

KEPT = 8
HOMES = ("lab", "agents", "generative", "predictors")
# Of a learner: what says nothing of its updates, is derived from its variables for acting, or of its settings to teach.
ASIDE = frozenset(
    (
        *("seeds", "state_names", "program", "round", "latest", "greedy", "forward", "decoders", "programs"),
        # `build` alone looks at how many numbers a file's learner may have.
        *("follows", "teaching", "most_numbers"),
    )
)
# Of layers' and optimizers' settings: what differs from seed to seed, or is a variable.
UNTRACED = ("name", "seed", "vector_seed", "learning_rate", "build_config", "registered_name")


class Program(NamedTuple):
    """A traced function with the place of each variable that it captured.

    Attributes:
        function: Concrete, without captures of its own.
        order: Of its captures, each one's place among a learner's variables.
        names: Of the metrics.
    """

    function: Any
    order: tuple[int, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, function: Any, order: tuple[int, ...], names: tuple[str, ...]) -> Program:
        """Return the program of a traced function, which lets go of what it captured."""
        function = copy.copy(function)
        function.set_external_captures([])
        return cls(function, order, names)

    def bound(self, variables: list[Any]) -> Any:
        """Return the function over other variables, in the order of `Identity.variables`."""
        # A shallow copy shares what is compiled and has captures of its own.
        function = copy.copy(self.function)
        function.set_external_captures([variables[i].handle for i in self.order])
        return function


programs: Recent[Any, Program] = Recent(KEPT)


class Unshareable(Exception):  # noqa: N818 - it names what was found
    """A learner holds something of which nobody can tell whether its updates read it."""


class Identity:
    """Describes all that a traced update of a learner may have read, apart from the values of variables.

    Args:
        learner: A built learner.

    Attributes:
        key: Equal for learners whose traces are the same but for their variables.
        variables: The learner's TensorFlow variables, in one order for all learners of equal keys.

    Raises:
        Unshareable: When it is of a class, or holds a thing, that this project does not know.
    """

    def __init__(self, learner: Any) -> None:
        self.variables: list[Any] = []
        self._places: dict[int, int] = {}
        self._met: dict[int, int] = {}
        # Kept, so that no number of `id` is given out twice.
        self._alive: list[Any] = []
        # Only schedules that follow the run ask how long it is.
        aside = ASIDE if learner.config.follows_run else ASIDE | {"run_length"}
        held = {name: value for name, value in vars(learner).items() if name not in aside}
        described = tuple((name, self._of(value)) for name, value in held.items())
        policy = (keras.config.floatx(), keras.config.dtype_policy().name)
        self.key: Hashable = (_functions(type(learner)), described, policy)

    def order(self, captures: list[Any]) -> tuple[int, ...] | None:
        """Return each capture's place among the variables, or None where one is none of them."""
        places = {id(variable.handle): i for i, variable in enumerate(self.variables)}
        found = [places.get(id(capture)) for capture in captures]
        return None if None in found else tuple(i for i in found if i is not None)

    def _of(self, value: Any) -> Hashable:
        if value is None or isinstance(value, (bool, int, float, str, bytes, np.dtype)):
            # A number's kind and sign decide what is traced; 0.0 == -0.0 == False.
            return type(value).__name__, repr(value)
        if isinstance(value, keras.Variable):
            return "keras", bool(value.trainable), self._of(value.value)
        if is_variable(value):
            return self._variable(value)
        if isinstance(value, tf.Tensor):
            return "tensor", self._of(value.numpy())
        if isinstance(value, (np.ndarray, np.generic)):
            array = np.asarray(value)
            if array.dtype.hasobject:
                raise Unshareable("an array of objects")
            return "array", array.dtype.str, array.shape, array.tobytes()
        if isinstance(value, np.random.Generator):
            return "generator"
        if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType, np.ufunc)):
            return value
        if type(value).__module__.startswith("tensorflow.python.eager.polymorphic_function"):
            return "compiled"
        return self._object(value)

    def _object(self, value: Any) -> Hashable:
        if id(value) in self._met:
            return "again", self._met[id(value)]
        self._met[id(value)] = len(self._met)
        self._alive.append(value)
        if isinstance(value, Mapping):
            return type(value), tuple((self._of(k), self._of(v)) for k, v in value.items())
        if isinstance(value, (list, tuple)):
            return type(value), tuple(self._of(item) for item in value)
        if isinstance(value, (set, frozenset)):
            return type(value), tuple(sorted(map(repr, map(self._of, value))))
        if isinstance(value, types.MethodType):
            return "method", value.__func__, self._of(value.__self__)
        if isinstance(value, partial):
            return "partial", self._of((value.func, value.args, dict(value.keywords)))
        if isinstance(value, keras.Layer):
            layers = (value, *value._flatten_layers(include_self=False))
            return _functions(*map(type, layers)), tuple(map(_settings, layers)), self._of(list(value.variables))
        if isinstance(value, keras.random.SeedGenerator):
            return type(value), self._of(value.state)
        if isinstance(value, keras.optimizers.Optimizer):
            return type(value), _settings(value), self._of(list(value.variables))
        if type(value).__module__.startswith("gymnasium.spaces"):
            return type(value), repr(value)
        if not _ours(type(value)):
            raise Unshareable(type(value).__name__)
        return _functions(type(value)), self._held(value)

    def _held(self, value: Any) -> Hashable:
        names = [f.name for f in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else list(vars(value))
        return tuple((name, self._of(getattr(value, name))) for name in names)

    def _variable(self, value: Any) -> Hashable:
        place = self._places.get(id(value))
        if place is None:
            place = self._places[id(value)] = len(self.variables)
            self.variables.append(value)
        return "variable", place, value.shape, value.dtype.name, bool(value.trainable)


def _ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in HOMES


def _functions(*kinds: type) -> Hashable:
    """Return classes with what they define now: a class can be given other functions."""
    found: list[Hashable] = []
    for kind in dict.fromkeys(base for given in kinds for base in given.__mro__):
        module = kind.__module__.partition(".")[0]
        if module not in (*HOMES, "keras", "builtins", "abc", "typing", "tensorflow"):
            raise Unshareable(kind.__name__)
        mine = vars(kind).items() if module in HOMES else ()
        # A default that is no function is told by its text.
        found.append((kind, tuple((n, v if _is_code(v) else repr(v)) for n, v in mine if not _aside(n))))
    return tuple(found)


def _aside(name: str) -> bool:
    # Python adds and changes these while classes are used.
    return name.startswith("_abc_") or name in ("__annotations__", "__doc__", "__module__", "__dict__", "__weakref__")


def _is_code(value: Any) -> bool:
    return isinstance(value, (types.FunctionType, property, staticmethod, classmethod, type))


def _settings(thing: Any) -> str:
    # Keras counts names up through the process.
    names = {name: f"#{i}" for i, name in enumerate(_names(thing))}
    try:
        return json.dumps(_traced(thing.get_config(), names), sort_keys=True, default=_text)
    except NotImplementedError as error:
        if not _ours(type(thing)):
            raise Unshareable(type(thing).__name__) from error
        # One of this project's layers that was given other layers: its numbers say what it computes.
        plain = {k: v for k, v in vars(thing).items() if k[0] != "_" and isinstance(v, (bool, int, float, str, tuple))}
        return json.dumps(_traced(plain, names), sort_keys=True, default=_text)
    except (TypeError, ValueError) as error:
        raise Unshareable(type(thing).__name__) from error


def _names(thing: Any) -> list[str]:
    """Return the names of a thing's layers, and of the operations of those that are models, which are no layers."""
    layers = thing._flatten_layers() if isinstance(thing, keras.Layer) else ()
    parts = [part for layer in layers for part in (layer, *getattr(layer, "operations", ()))]
    return list(dict.fromkeys(part.name for part in parts))


def _text(value: Any) -> str:
    if isinstance(value, (tf.DType, np.dtype, tf.TensorShape, np.generic)):
        return repr(value)
    raise Unshareable(type(value).__name__)


def _traced(settings: Any, names: Mapping[str, str]) -> Any:
    if isinstance(settings, str):
        return names.get(settings, settings)
    if isinstance(settings, Mapping):
        kept = {k: v for k, v in settings.items() if k not in UNTRACED and not str(k).endswith("_initializer")}
        return {k: _traced(v, names) for k, v in kept.items()}
    return [_traced(v, names) for v in settings] if isinstance(settings, (list, tuple)) else settings
