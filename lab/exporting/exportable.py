"""Exportable: what a learner has learnt as one function, as a file shall hold it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.errors import UsageError, bad_value

if TYPE_CHECKING:
    import tensorflow as tf

Arrays = dict[str, np.ndarray]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclasses.dataclass(frozen=True)
class Input:
    """One named input; a batch axis of any length comes before its shape.

    Args:
        shape: Of one row.
        dtype: NumPy's name of the type.
    """

    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.dtype} ({', '.join(map(str, ('n', *self.shape)))}{'' if self.shape else ','})"


@dataclasses.dataclass(frozen=True)
class Exportable:
    """What a learner has learnt as one function of the user's own data: scaling of inputs and outputs is part of it.

    Args:
        function: Takes tensors (n, ...) by the names of `inputs`, n unknown when it is traced; returns tensors (n, ...)
            by the names of `outputs`. It computes in TensorFlow, reads variables and changes none.
        original: The same as the learner itself computes it, of arrays: what files are compared with.
        inputs: By name.
        outputs: Their names, none of which is an input's.
        not_in_int8: Why whole numbers of 8 bits cannot hold it; empty where they can.
        tables: What `function` reads that is no variable, such as Keras layers with tables of words.
    """

    function: Callable[..., Mapping[str, tf.Tensor]]
    original: Callable[..., Arrays]
    inputs: Mapping[str, Input]
    outputs: tuple[str, ...]
    not_in_int8: str = ""
    tables: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        shared = set(self.inputs) & set(self.outputs)
        if shared or not self.inputs or not self.outputs:
            received = sorted(shared) if shared else "no inputs" if not self.inputs else "no outputs"
            # tf2onnx takes an output for the input of that name.
            raise bad_value("Exportable", "names", received, "at least one input and one output, each its own name")
        for name in self.inputs:
            if not _NAME.fullmatch(name) or name == "self":
                expected = "letters of English, digits, _ and -, and not 'self': by others runtimes take no inputs"
                raise bad_value("export", "name of an input", name, expected, "train it on inputs of other names.")


class Exports:
    """What a learner is asked when it is to be exported."""

    def export_model(self) -> Exportable:
        """Return what has been learnt as one function, as it is now (hook).

        Raises:
            UsageError: When this learner is no function of its inputs alone.
        """
        raise UsageError(
            f"{type(self).__name__} cannot be exported: it does not say which function of which inputs it has learnt. "
            "Fix: override `export_model`, or use it with `load` in Python."
        )
