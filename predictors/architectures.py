"""Networks by name for each kind of input, and several inputs joined in one."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from lab.config import setting
from lab.errors import bad_value
from predictors.settings import TrainingSettings

if TYPE_CHECKING:
    import keras

    from predictors.data.examples import ExampleSpec
    from predictors.data.field import Field

# The first of each is what "auto" takes.
BY_KIND = {
    "image": ("cnn", "resnet", "vgg", "vit", "mlp"),
    "vector": ("mlp",),
    "text": ("transformer", "bag", "conv1d", "lstm", "gru", "simple_rnn"),
    "sound": ("spectrogram",),
    "sequence": ("transformer", "conv1d", "lstm", "gru", "simple_rnn"),
}
# What TensorFlow lets a layer be called.
SCOPE = re.compile(r"[A-Za-z0-9_.\\/>-]*")
ARCHITECTURES = ("auto", *dict.fromkeys(name for names in BY_KIND.values() for name in names))


@dataclasses.dataclass(frozen=True)
class NetworkSettings(TrainingSettings):
    """The settings of predictors that make their network by name."""

    architecture: str = setting(
        "auto", "the network; auto for what suits the kind of input best, as measured", choices=ARCHITECTURES
    )
    hidden_sizes: tuple[int, ...] = setting((256, 128), "units of the hidden layers (mlp)", at_least=1)
    dropout: float = setting(0.1, "fraction of a layer's outputs left out in training", at_least=0, below=1)


def make_network(spec: ExampleSpec, config: Any, units: list[int], seed: int) -> keras.Model:
    """Return the network of the settings for examples, with a head of so many numbers for each target.

    Several inputs have an encoder each, whose features lie side by side before the heads.

    Raises:
        UsageError: When the architecture does not suit the kind of an input.
    """
    import keras

    from lab.networks.combined.features import features_of
    from lab.networks.initializers import initializer_for

    if len(spec.inputs) == 1 and len(units) == 1:
        return encoder(spec.inputs[0], config, units[0], seed)
    inputs = [keras.Input(f.shape, dtype="int32" if f.kind == "text" else "float32", name=f.name) for f in spec.inputs]
    known = config.architecture if len(spec.inputs) == 1 else "auto"
    if known != config.architecture:
        fix = "leave it out, or network=... for one of your own."
        raise bad_value("predictor", "architecture", config.architecture, "auto where there are several inputs", fix)
    features = []
    for i, (field, tensor) in enumerate(zip(spec.inputs, inputs, strict=True)):
        whole = encoder(field, dataclasses.replace(config, architecture=known), 1, seed + 1_000 * (i + 1))
        part = features_of(whole)
        found = part(tensor)
        features.append(found if len(found.shape) == 2 else keras.layers.Flatten()(found))
    joined = features[0] if len(features) == 1 else keras.layers.Concatenate()(features)
    heads = [
        keras.layers.Dense(
            number,
            name=f"head_{field.name if SCOPE.fullmatch(field.name) else i}",
            dtype="float32",
            kernel_initializer=initializer_for(None, seed + i),
        )(joined)
        for i, (field, number) in enumerate(zip(spec.targets, units, strict=True))
    ]
    return keras.Model(inputs, heads)


def encoder(field: Field, config: Any, outputs: int, seed: int) -> keras.Model:
    """Return the network from one input to so many outputs.

    Raises:
        UsageError: When the architecture does not suit the kind of the input.
    """
    name = config.architecture
    choices = BY_KIND[field.kind]
    if name == "auto":
        name = choices[0]
    if name not in choices:
        expected = f"{', '.join(('auto', *choices[:-1]))} or {choices[-1]}, for inputs of the kind {field.kind!r}"
        raise bad_value("settings", "architecture", name, expected)
    dtype = "float32" if config.precision == "float32" else "mixed_bfloat16"
    options: dict[str, Any] = {"dropout": config.dropout, "seed": seed, "dtype": dtype}
    if field.kind in ("image", "vector"):
        return _of_numbers(name, field, config, outputs, options)
    if field.kind == "text":
        return _of_tokens(name, field, outputs, options)
    if field.kind == "sound":
        return _of_sound(field, outputs, options)
    raise bad_value("predictor", f"input {field.name!r}", field.kind, "a picture, numbers, a text or a sound",
                    "network=... for one of your own, or a Forecaster for series.")  # fmt: skip


def _of_numbers(name: str, field: Field, config: Any, outputs: int, options: dict[str, Any]) -> keras.Model:
    from lab.networks.vision.cnn import cnn, vgg
    from lab.networks.vision.resnet import resnet
    from lab.networks.vision.vit import vit

    if name == "mlp":
        return _perceptron(field, config, outputs, options)
    made: dict[str, Any] = {"cnn": cnn, "vgg": vgg, "resnet": resnet, "vit": vit}
    return made[name](field.shape, outputs, **options)


def _perceptron(field: Field, config: Any, outputs: int, options: dict[str, Any]) -> keras.Model:
    import keras

    from lab.networks.builder import HEAD, Builder
    from lab.networks.initializers import initializer_for

    build = Builder("mlp", "relu", options["dropout"], options["seed"], options["dtype"])
    inputs = keras.Input(field.shape, name=field.name)
    x = inputs if len(field.shape) == 1 else keras.layers.Flatten()(inputs)
    x = build.hidden(x, config.hidden_sizes)
    head = keras.layers.Dense(
        outputs, name=HEAD, kernel_initializer=initializer_for(None, build.seed()), dtype="float32"
    )(x)
    return keras.Model(inputs, head)


def _of_tokens(name: str, field: Field, outputs: int, options: dict[str, Any]) -> keras.Model:
    from lab.networks.sequences.text import bag_of_embeddings, conv1d_text, recurrent_text, transformer_text

    sizes = (len(field.vocabulary or ()), field.shape[0], outputs)
    if name in ("lstm", "gru", "simple_rnn"):
        return recurrent_text(*sizes, cell=name, **options)
    made: dict[str, Any] = {"bag": bag_of_embeddings, "conv1d": conv1d_text, "transformer": transformer_text}
    return made[name](*sizes, **options)


def _of_sound(field: Field, outputs: int, options: dict[str, Any]) -> keras.Model:
    import keras

    from lab.networks.sequences.log_mel import log_mel
    from lab.networks.sequences.spectrogram import spectrogram_transformer

    inputs = keras.Input(field.shape, name=field.name)
    frames = log_mel(inputs, field.rate or 1)
    return keras.Model(inputs, spectrogram_transformer(frames.shape[1:], outputs, **options)(frames))


def perceptron(network: keras.Model) -> bool:
    """Return whether a network has dense layers alone, which XLA makes faster; convolutions it makes slower."""
    import keras

    weighty = [layer for layer in network._flatten_layers(include_self=False) if layer.weights]
    return all(isinstance(layer, keras.layers.Dense) for layer in weighty)


def unread(learner: Any) -> dict[str, str]:
    """Return the settings of the network that have no effect beside the others, each with the reason."""
    if learner.given is not None:
        why = "the network is the user's own"
        return dict.fromkeys(("architecture", "hidden_sizes", "dropout", "precision"), why)
    kinds = {field.kind for field in learner.spec.inputs}
    dense = learner.config.architecture == "mlp" or (learner.config.architecture == "auto" and "vector" in kinds)
    return {} if dense else {"hidden_sizes": "only architecture='mlp' has them"}
