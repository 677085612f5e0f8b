"""Networks made of a backbone and a new last layer for each target."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras

from lab.networks.builder import HEAD
from lab.networks.combined.features import features_of
from lab.networks.initializers import initializer_for
from lab.networks.layers.dropout import Dropout
from predictors import architectures
from predictors.data.examples import ExampleSpec
from predictors.transfer import applications
from predictors.transfer.pictures import brought, wanted_shape

COLOURS = 3


class Inference(keras.layers.Layer):
    """Calls a network in inference mode, whatever it is called with itself.

    A functional model of Keras 3.15 hands its own `training` to all its layers, those called with `training=False`
    among them: batch normalisations of a backbone would go on to change their averages.

    Args:
        network: The network.
        options: As for `keras.layers.Layer`.
    """

    def __init__(self, network: keras.Model, **options: Any) -> None:
        super().__init__(**options)
        self.network = network

    def call(self, inputs: Any) -> Any:
        return self.network(inputs, training=False)


def shape_of(spec: ExampleSpec, config: Any) -> tuple[int, int, int]:
    """Return (H, W, C) of what goes into the backbone."""
    return wanted_shape(spec.inputs[0], config.input_shape, COLOURS if config.backbone else None)


def assembled(
    owner: str, spec: ExampleSpec, config: Any, units: list[int], seed: int
) -> tuple[keras.Model, keras.Model]:
    """Return a network, and the backbone within it, whose weights are random.

    Args:
        owner: Who asks, for errors.
        spec: Of examples with one picture.
        config: `TransferSettings`.
        units: Numbers of outputs of each target.
        seed: Of initial weights and dropout.
    """
    field, shape = spec.inputs[0], shape_of(spec, config)
    inputs = keras.Input(field.shape, name=field.name)
    x = brought(inputs, field, shape)
    if config.backbone:
        backbone = applications.build(owner, config.backbone, shape)
        x = applications.preprocessed(config.backbone, x)
    else:
        alike = dataclasses.replace(field, shape=shape)
        backbone = features_of(architectures.encoder(alike, config, 1, seed))
    if config.backbone or config.pretrained:
        x = Inference(backbone, dtype="float32")(x)
        x = Dropout(config.dropout, seed + 1, dtype="float32")(x) if config.dropout else x
    else:
        x = backbone(x)
    heads = [
        keras.layers.Dense(
            number, name=HEAD if len(units) == 1 else f"{HEAD}_{target.name}", dtype="float32",
            kernel_initializer=initializer_for(None, seed + 2 + i),
        )(x)
        for i, (target, number) in enumerate(zip(spec.targets, units, strict=True))
    ]  # fmt: skip
    return keras.Model(inputs, heads if len(heads) > 1 else heads[0]), backbone


def unread(learner: Any) -> dict[str, str]:
    """Return the settings that have no effect beside the others, each with the reason."""
    c = learner.config
    pace = ("layer_groups", "rate_divisor", "unfreeze_every")
    if learner.given is not None:
        why = "the network is the user's own"
        return {**architectures.unread(learner), **dict.fromkeys(("backbone", "pretrained", "input_shape"), why)}
    if not (c.backbone or c.pretrained):
        why = "there is no backbone that is trained already"
        return {**architectures.unread(learner), **dict.fromkeys(("trainable_layers", *pace), why)}
    found = architectures.unread(learner)
    if c.backbone:
        found = dict.fromkeys(("architecture", "hidden_sizes"), f"the network is {c.backbone}")
    if c.trainable_layers == 0:
        found |= dict.fromkeys(pace, "no layer of the backbone trains")
    elif c.rate_divisor == 1.0 and not c.unfreeze_every:
        found["layer_groups"] = "all layers move alike"
    return found
