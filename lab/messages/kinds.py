"""What a value is to Keras and TensorFlow, without importing either."""

from __future__ import annotations

import sys
from typing import Any

# JSON has lists only; a tuple is stored as an object with this one name, so that it comes back as a tuple.
TUPLE = "__tuple__"


def is_keras(value: Any, kind: str) -> bool:
    """Return whether a value is a Keras `Layer` (a model too), `Optimizer` or `SeedGenerator`."""
    # A Keras object can only exist where Keras is imported; asking sys.modules keeps TensorFlow out otherwise.
    keras = sys.modules.get("keras")
    if keras is None:
        return False
    kinds = {
        "Layer": keras.Layer,
        "Optimizer": keras.optimizers.Optimizer,
        "SeedGenerator": keras.random.SeedGenerator,
    }
    return isinstance(value, kinds[kind])


def is_variable(value: Any) -> bool:
    """Return whether a value is a variable of Keras or TensorFlow."""
    keras, tensorflow = sys.modules.get("keras"), sys.modules.get("tensorflow")
    return (keras is not None and isinstance(value, keras.Variable)) or (
        tensorflow is not None and isinstance(value, tensorflow.Variable)
    )
