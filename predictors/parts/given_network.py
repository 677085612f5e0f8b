"""A user's own Keras model as the network: built with this run's seed, called by names, checked before training."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from lab.errors import UsageError, bad_value
from lab.networks.given import Given, as_taken, keras_seeded
from predictors.data.examples import ExampleSpec
from predictors.data.field import Field


@contextlib.contextmanager
def in_precision(policy: str) -> Iterator[None]:
    """Let Keras' layers be made with a type policy, such as mixed_bfloat16."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def built(given: Given, spec: ExampleSpec, seed: int, policy: str) -> keras.Model:
    """Return the user's model with all its variables.

    Args:
        given: A model, or a function of the spec that makes one.
        spec: What an example is.
        seed: Of what the function draws.
        policy: Keras' type policy for what the function makes.

    Raises:
        UsageError: When it is no model, or cannot be called on such inputs.
    """
    with keras_seeded(seed), in_precision(policy):
        model = given if isinstance(given, keras.Model) else given(spec)
    if not isinstance(model, keras.Model):
        fix = "network=lambda spec: keras.Sequential([...])."
        raise bad_value("network", "result", type(model).__name__, "a keras.Model", fix)
    with keras_seeded(seed):
        try:
            # Subclassed models make their variables when they are first called.
            called(model, {field.name: example(field) for field in spec.inputs}, spec, False)
        except (ValueError, TypeError, KeyError, tf.errors.InvalidArgumentError) as error:
            shapes = {field.name: (None, *field.shape) for field in spec.inputs}
            raise UsageError(
                f"the network {model.name!r} cannot be called on inputs of shapes {shapes}: {error}. Fix: give it "
                "inputs of these shapes, by these names where there are several."
            ) from error
    if not model.trainable_variables:
        raise bad_value("network", "trainable weights", "none", "at least one layer with weights that train")
    return model


def example(field: Field) -> np.ndarray:
    """Return two rows of zeros as a network sees them."""
    return np.zeros((2, *field.shape), np.int32 if field.kind in ("text", "class") else np.float32)


def called(model: keras.Model, inputs: Mapping[str, Any], spec: ExampleSpec, training: bool) -> list[Any]:
    """Return a network's outputs in the order of the targets.

    Several inputs go by name into a model that has such names or takes a dict, else in order; outputs likewise.
    """
    given = as_taken(model, {field.name: inputs[field.name] for field in spec.inputs})
    found = model(given, training=training)
    return in_order(found, [field.name for field in spec.targets])


def in_order(found: Any, names: list[str]) -> list[Any]:
    """Return outputs as a list in the order of the targets."""
    if isinstance(found, Mapping):
        missing = [name for name in names if name not in found]
        if missing:
            raise bad_value("network", "outputs", sorted(found), "one for each target: " + ", ".join(names))
        return [found[name] for name in names]
    found = list(found) if isinstance(found, (list, tuple)) else [found]
    if len(found) != len(names):
        raise bad_value("network", "outputs", len(found), f"{len(names)}, one for each target: {', '.join(names)}")
    return found


def check_outputs(model: keras.Model, spec: ExampleSpec, units: list[tuple[int, ...]], from_file: bool = False) -> None:
    """Raise `UsageError` where a network's outputs are not of the shapes that the targets need, or probabilities.

    Args:
        model: Built.
        spec: What it is called on.
        units: The shape of each target's outputs for one example.
        from_file: Whether only a file says how large examples are: then nothing is computed, for that could take more
            memory than there is.
    """
    names = [field.name for field in spec.targets]
    computed = not (from_file and getattr(model, "outputs", None))
    inputs = {field.name: example(field) for field in spec.inputs} if computed else {}
    outputs = called(model, inputs, spec, False) if computed else in_order(model.output, names)
    for field, output, wanted in zip(spec.targets, outputs, units, strict=True):
        if tuple(output.shape[1:]) != wanted:
            what = f"{wanted[-1]} logits, one a class, without softmax" if field.kind == "class" else f"shape {wanted}"
            received = tuple(output.shape[1:])
            raise bad_value("network", f"outputs for {field.name!r} of shape", received, what)
        values = np.asarray(tf.cast(output, tf.float32)) if computed and field.kind == "class" else np.empty(0)
        if values.size and (values >= 0.0).all() and np.allclose(values.sum(axis=-1), 1.0, atol=1e-3):
            # It would learn, but slowly and worse, and nobody would know why.
            sums, fix = "probabilities, which sum to 1", "leave softmax out of the last layer."
            raise bad_value("network", f"outputs for {field.name!r}", sums, "logits, one a class", fix)
