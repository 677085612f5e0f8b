"""Networks with several inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from lab.errors import bad_value
from lab.networks.builder import HEAD, Builder
from lab.networks.combined.features import checked_encoder, features_of
from lab.networks.vision.cnn import cnn


def multi_input(
    inputs: Mapping[str, tuple[int, ...] | keras.Model],
    outputs: Mapping[str, int],
    *,
    filters: Sequence[int] = (32, 64),
    units: Sequence[int] = (64,),
    hidden: Sequence[int] = (128,),
    dropout: float = 0.1,
    activation: str = "relu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build an encoder for each named input, dense layers over all they see, and a head for each named output.

    Args:
        inputs: By name: a shape, (n,) for a row of numbers, which gets dense layers, or (H, W) or (H, W, C) for a
            picture, which gets a `cnn` without its head; or a built model from one input to vectors (B, U), for
            whatever else, such as `features_of(transformer_text(...))`.
        outputs: By name, how many classes or numbers.
        filters: Of each picture's convolutions.
        units: Of each row's dense layers.
        hidden: Units of the dense layers over all together.
        dropout, activation, seed, dtype: As for `cnn`.

    Returns:
        A model of a dict of arrays by the inputs' names to a dict of logits float32 (B, n) by the outputs' names. With
        one output its layer is called "head", with several "head_NAME".

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("multi_input", activation, dropout, seed, dtype)
    for name, value in (("inputs", inputs), ("outputs", outputs)):
        if not isinstance(value, Mapping) or not value:
            raise bad_value(build.owner, name, value, "a dict with one entry or more", f"{name}={{'name': ...}}.")
    given: dict[str, Any] = {}
    seen: list[Any] = []
    for name, kind in inputs.items():
        encoder: keras.Model | None = None
        if isinstance(kind, keras.Model):
            encoder = checked_encoder(build.owner, f"inputs[{name!r}]", kind)
        elif not isinstance(kind, tuple) or not 1 <= len(kind) <= 3:
            raise bad_value(build.owner, f"inputs[{name!r}]", kind, "(n,), (H, W), (H, W, C) or a built model")
        elif len(kind) > 1:
            options: dict[str, Any] = {"dropout": dropout, "activation": activation, "dtype": dtype}
            encoder = features_of(cnn(kind, 1, filters=filters, seed=build.seed(), **options))
            encoder.name = f"encoder_{name}"
        shape, kept = (kind, "float32") if encoder is None else (encoder.inputs[0].shape[1:], encoder.inputs[0].dtype)
        given[name] = keras.Input(shape, dtype=kept, name=name)
        seen.append(
            build.hidden(given[name], build.wholes("units", units)) if encoder is None else encoder(given[name])
        )
    x = seen[0] if len(seen) == 1 else keras.layers.Concatenate(dtype=dtype)(seen)
    x = build.hidden(x, build.wholes("hidden", hidden))
    alone = len(outputs) == 1
    heads = {name: build.head(x, number, HEAD if alone else f"{HEAD}_{name}") for name, number in outputs.items()}
    return keras.Model(given, heads, name="multi_input")
