"""A user's own Keras model as an agent's network: made or copied with the run's seed, and joined to the features."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import gymnasium
import numpy as np

from agents.parts.networks.inputs import parts_of
from lab.errors import UsageError, bad_value, one_line
from lab.networks.given import Given, as_taken, keras_seeded

if TYPE_CHECKING:
    import keras


class NetworkSpec(NamedTuple):
    """What a function that makes a network is given.

    Attributes:
        inputs: The shape of one observation as the network sees it: (d,), (H, W, C) for a picture scaled to [0, 1],
            (K, d) for the last K observations; of a Dict or Tuple such shapes by name, nested names with dots between.
            Discrete ones are one-hot. All are float32.
        outputs: The shape of what it gives for one observation, such as (actions,); linear, float32.
        role: What that is: "values", "policy" or "value".
        seed: From the run's; whatever has no seed of its own follows from it too.
        observation_space, action_space: Of the environment; Dict and Tuple as `agents.structured.Packed`.
    """

    inputs: tuple[int, ...] | dict[str, tuple[int, ...]]
    outputs: tuple[int, ...]
    role: str
    seed: int
    observation_space: gymnasium.Space[Any]
    action_space: gymnasium.Space[Any]

    @property
    def units(self) -> int:
        """How many numbers it gives for one observation."""
        return math.prod(self.outputs)


def spec_of(agent: Any, outputs: tuple[int, ...], role: str, seed: int) -> NetworkSpec:
    """Return what the user's function is given to make one of an agent's networks."""
    parts = parts_of(agent.observation_space)
    alone = len(parts) == 1 and parts[0].name == "observation"
    inputs: Any = parts[0].shape if alone else {part.name: part.shape for part in parts}
    return NetworkSpec(inputs, outputs, role, seed, agent.observation_space, agent.action_space)


def built(owner: str, given: Given, spec: NetworkSpec) -> keras.Model:
    """Return a network of one's own: what the user's function makes, or a copy of the user's model.

    Args:
        owner: Whose, for messages.
        given: A model, or a function of the spec to one.
        spec: What it is for.

    Returns:
        From features float32 (B, d) to outputs (B, *spec.outputs), with weights that nobody else has.

    Raises:
        UsageError: When it is no model, cannot be called on such inputs or cannot be copied.
    """
    import keras

    with keras_seeded(spec.seed):
        is_model = isinstance(given, keras.Model)
        model = copied(owner, given, spec) if is_model else given(spec)
        if not isinstance(model, keras.Model):
            fix = "network=lambda spec: keras.Sequential([...])."
            raise bad_value(owner, "network's result", type(model).__name__, "a keras.Model", fix)
        check_outputs(owner, called(owner, model, spec), spec)
        if is_model and given.built:
            _take_weights(owner, given, model, spec)
        return _joined(owner, model, spec)


def copied(owner: str, given: keras.Model, spec: NetworkSpec) -> keras.Model:
    """Return a model with the configuration of the user's, and none of its layers."""
    import keras

    try:
        if isinstance(given, keras.Sequential) or getattr(given, "inputs", None):
            return keras.models.clone_model(given)
        # What Keras adds for a class that says nothing of its configuration, and its constructor may not take.
        added = set[str]() if "get_config" in vars(type(given)) else {"name", "trainable", "dtype"}
        config = {name: value for name, value in given.get_config().items() if name not in added}
        made: keras.Model = type(given).from_config(config)
        made.trainable = given.trainable
        return made
    except Exception as error:
        raise UsageError(
            f"{owner}: the network {given.name!r} cannot be copied, and each of {owner}'s networks needs weights of "
            f"its own: {one_line(error)} Fix: a function, as network=lambda spec: {type(given).__name__}(...)."
        ) from error


def called(owner: str, model: keras.Model, spec: NetworkSpec) -> Any:
    """Return a model's outputs for two rows of ones; subclassed models make their variables when first called."""
    try:
        return model(as_taken(model, {name: np.ones((2, *shape), np.float32) for name, shape in _shapes(spec).items()}))
    except Exception as error:
        shapes = {name: (None, *shape) for name, shape in _shapes(spec).items()}
        raise UsageError(
            f"{owner}: the network {model.name!r} cannot be called on inputs of shapes {shapes}: {one_line(error)} "
            "Fix: give it inputs of these shapes, by these names where there are several."
        ) from error


def check_outputs(owner: str, outputs: Any, spec: NetworkSpec) -> None:
    """Raise `UsageError` where outputs for two rows are not float32 and of the shape that the network is for."""
    found, dtype = getattr(outputs, "shape", None), getattr(getattr(outputs, "dtype", None), "name", "")
    shape = None if found is None else tuple(found)
    if shape not in ((2, *spec.outputs), (2, spec.units)) or dtype != "float32":
        received = type(outputs).__name__ if shape is None else f"{dtype} {shape[1:]}"
        fix = f"end it with keras.layers.Dense({spec.units}, dtype='float32')"
        fix += (
            "." if len(spec.outputs) == 1 and spec.role == "values" else ", by spec.units for what spec.role asks for."
        )
        raise bad_value(owner, "network's outputs for one observation", received, f"float32 {spec.outputs}", fix)


def _take_weights(owner: str, given: keras.Model, model: keras.Model, spec: NetworkSpec) -> None:
    try:
        model.set_weights(given.get_weights())
        found, expected = (np.asarray(called(owner, each, spec)) for each in (model, given))
        trains = [len(each.trainable_variables) for each in (model, given)]
        same = np.array_equal(found, expected) and trains[0] == trains[1]
    except ValueError:
        same = False
    if not same:
        raise UsageError(
            f"{owner}: a copy of the network {given.name!r} by its configuration computes something else than it does. "
            f"Fix: a function that makes it, as network=lambda spec: {type(given).__name__}(...)."
        )


def _joined(owner: str, model: keras.Model, spec: NetworkSpec) -> keras.Model:
    """Return a model from features to the outputs' shape; the model itself where it is that already."""
    import keras

    parts = parts_of(spec.observation_space)
    takes_rows = len(parts) == 1 and not isinstance(spec.inputs, Mapping) and len(parts[0].shape) == 1
    reshaped = tuple(called(owner, model, spec).shape[1:]) != spec.outputs
    if takes_rows and not reshaped:
        return model
    features = keras.Input((parts[-1].stop,), name="features")
    outputs = model(as_taken(model, {part.name: part.taken(features) for part in parts}))
    return keras.Model(features, keras.layers.Reshape(spec.outputs)(outputs) if reshaped else outputs)


def _shapes(spec: NetworkSpec) -> dict[str, tuple[int, ...]]:
    return dict(spec.inputs) if isinstance(spec.inputs, Mapping) else {"observation": spec.inputs}


def layers_of(*models: keras.Model | None) -> list[str]:
    """Return a line for each layer with weights: its kind, activation and the shapes of its weights."""
    lines = []
    for model in models:
        if model is None:
            continue
        for layer in model._flatten_layers(include_self=False, recursive=True):
            if layer._layers or not layer.weights:
                continue
            activation = getattr(getattr(layer, "activation", None), "__name__", "")
            shapes = " ".join(str(tuple(weight.shape)) for weight in layer.weights)
            lines.append(" ".join(filter(None, (type(layer).__name__, activation, shapes))))
    return lines


def first_difference(ours: list[str], theirs: list[str]) -> str:
    """Return in words where two networks' layers part first; empty where they do not."""
    for i in range(max(len(ours), len(theirs))):
        pair = [lines[i] if i < len(lines) else "no further layer" for lines in (ours, theirs)]
        if pair[0] != pair[1]:
            return f"layer {i + 1} with weights is {pair[0]}; in the run it is {pair[1]}"
    return ""
