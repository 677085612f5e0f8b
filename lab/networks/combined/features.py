"""What a network sees just before it decides."""

from __future__ import annotations

import keras

from lab.errors import bad_value
from lab.networks.builder import HEAD


def features_of(model: keras.Model) -> keras.Model:
    """Return a model from the same inputs to what goes into the layer called "head"; it shares all layers.

    Args:
        model: Functional, such as `cnn` and the other networks here, with one layer of that name, called once.

    Returns:
        From the model's inputs to features (B, ..., U).

    Raises:
        UsageError: Where there is no such layer.
    """
    names = [layer.name for layer in model.layers]
    # A subclassed model has no graph of layers to take a part of.
    if HEAD not in names or not getattr(model, "inputs", None):
        raise bad_value(
            "features_of", "model", model.name, f"a functional model with a layer called {HEAD!r}; it has "
            f"{', '.join(names[-3:])}", f"keras.layers.Dense(outputs, name={HEAD!r}) as the last layer.",
        )  # fmt: skip
    inputs = model.inputs if isinstance(model, keras.Sequential) else model.input
    return keras.Model(inputs, model.get_layer(HEAD).input, name=f"{model.name}_features")


def checked_encoder(owner: str, name: str, model: object) -> keras.Model:
    """Return a model from one input to vectors (B, U), or raise `UsageError` where it is none."""
    inputs = (getattr(model, "inputs", None) or []) if isinstance(model, keras.Model) else []
    if not isinstance(model, keras.Model) or len(inputs) != 1 or [len(o.shape) for o in model.outputs] != [2]:
        shown = f"{model.name} with {len(inputs)} inputs" if isinstance(model, keras.Model) else model
        expected = "a built model from one input to vectors (B, U)"
        raise bad_value(owner, name, shown, expected, "features_of(cnn(shape, outputs)).")
    return model
