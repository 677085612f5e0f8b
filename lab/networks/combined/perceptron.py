"""Perceptrons for the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from lab.networks.builder import Builder


def perceptron(
    features: int,
    outputs: int,
    *,
    hidden: Sequence[int] = (128, 64),
    batch_norm: bool = False,
    dropout: float = 0.0,
    activation: str = "relu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build dense layers for rows of numbers (Rumelhart et al. 1986).

    As `mlp`, with dropout, normalisation, initial weights by activation, and a layer called "head" as in the other
    networks for prediction.

    Args:
        features: Numbers in a row.
        outputs: Classes, or numbers to predict.
        hidden: Units of each layer before the last; () for a linear model.
        batch_norm: Whether each is normalised over the batch (Ioffe and Szegedy 2015) before its activation.
        dropout: Fraction of values left out after each hidden layer in training.
        activation: Of hidden layers; initial weights follow it, see `initializer_for`.
        seed: Of initial weights and dropout.
        dtype: Keras' type policy: float32 or mixed_bfloat16.

    Returns:
        A model of rows float32 (B, features) of order 1; logits float32 (B, outputs).

    Raises:
        UsageError: Where an argument is none of these.
    """
    build = Builder("perceptron", activation, dropout, seed, dtype)
    rows = keras.Input((build.whole("features", features),), name="row")
    x = dense_layers(build, rows, build.wholes("hidden", hidden), batch_norm)
    return keras.Model(rows, build.head(x, outputs), name="perceptron")


def dense_layers(build: Builder, x: Any, units: Sequence[int], batch_norm: bool) -> Any:
    """Return (B, last of units) after dense layers of rows (B, C)."""
    if not batch_norm:
        return build.hidden(x, units)
    for number in units:
        x = build.drop(build.activated(build.normalised(build.dense(x, number, active=False, use_bias=False))))
    return x
