"""Graph: an exportable function traced once for batches of any length, which every format is written from."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from lab.errors import UsageError, bad_value
from lab.exporting.exportable import Exportable


class Graph:
    """Traces an exportable function.

    Args:
        exportable: What a learner gave.
        owner: Whose it is, for messages.

    Attributes:
        specs: Of the inputs, with a batch axis of any length.
        function: The traced `tf.function`.
        concrete: Its one concrete function.
        numbers: How many numbers the weights that it reads are.

    Raises:
        UsageError: When it gives other outputs than it says, or one whose rows are not those of the inputs.
    """

    def __init__(self, exportable: Exportable, owner: str) -> None:
        names = tuple(exportable.inputs)
        self.exportable, self.owner = exportable, owner
        self.specs = [tf.TensorSpec((None, *i.shape), i.dtype, name=name) for name, i in exportable.inputs.items()]

        def called(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
            return dict(exportable.function(**dict(zip(names, tensors, strict=True))))

        self.function = tf.function(called, input_signature=self.specs, autograph=False)
        self.concrete: Any = self.function.get_concrete_function()
        self.numbers = sum(int(np.prod(variable.shape)) for variable in self.concrete.variables)
        self._check()

    def _check(self) -> None:
        given = self.concrete.structured_outputs
        if set(given) != set(self.exportable.outputs):
            expected = f"{sorted(self.exportable.outputs)}, its `outputs`"
            raise bad_value(f"{self.owner}.export_model", "function", f"{sorted(given)}", expected)
        for name, tensor in given.items():
            if tensor.shape.rank is None or tensor.shape.rank < 1 or tensor.shape[0] is not None:
                raise UsageError(
                    f"{self.owner}.export_model: {name} has the shape {tensor.shape}; expected (None, ...): a row for "
                    "each of the inputs, however many there are."
                )

    def outputs(self) -> dict[str, str]:
        """Return the outputs as text, by name: type and shape."""
        given = self.concrete.structured_outputs
        return {
            name: f"{t.dtype.name} ({', '.join(['n', *map(str, t.shape[1:])])}{'' if t.shape.rank > 1 else ','})"
            for name, t in given.items()
        }
