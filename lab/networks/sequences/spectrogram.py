"""A classifier of sound by its spectrogram."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from lab.errors import bad_value
from lab.networks.builder import Builder
from lab.networks.layers.patches import ClassToken
from lab.networks.layers.positions import SinusoidalPositions


def spectrogram_transformer(
    shape: tuple[int, int],
    outputs: int,
    *,
    width: int = 64,
    strides: Sequence[int] = (2, 2),
    kernel: int = 3,
    depth: int = 2,
    heads: int = 4,
    pooling: str = "mean",
    dropout: float = 0.1,
    activation: str = "gelu",
    seed: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Build convolutions over time, which shorten it, and a transformer over what they leave (Dong et al. 2018).

    Args:
        shape: (frames, mels) of a spectrogram, such as log-mel energies.
        outputs: Classes, or numbers to predict.
        width: Filters of each convolution, and numbers in a token; even.
        strides: Of each convolution; their product shortens time.
        kernel: Frames that a convolution sees.
        depth: Blocks of attention and perceptron.
        heads: Of each attention; a divisor of the width.
        pooling: "mean" over time, or "token", a learnt one of its own.
        dropout: Of tokens, attention and each branch, in training.
        activation: Of hidden layers; initial weights follow it, see `initializer_for`.
        seed: Of initial weights and dropout.
        dtype: Keras' type policy: float32 or mixed_bfloat16.

    Returns:
        A model of spectrograms float32 (B, frames, mels) of order 1; logits float32 (B, outputs).

    Raises:
        UsageError: Where an argument is none of these, or the strides leave fewer than two steps of time.
    """
    build = Builder("spectrogram_transformer", activation, dropout, seed, dtype)
    if len(shape) != 2:
        raise bad_value(build.owner, "shape", shape, "(frames, mels)", "shape=(100, 40).")
    frames, mels = (build.whole(f"shape[{i}]", side) for i, side in enumerate(shape))
    build.choice("pooling", pooling, ("mean", "token"))
    build.check_heads(width, heads)
    if width % 2:
        raise bad_value(build.owner, "width", width, "an even number, for sines and cosines", f"width={width + 1}.")
    steps = frames
    for stride in build.wholes("strides", strides):
        steps = -(-steps // stride)
    if steps < 2:
        raise bad_value(build.owner, "strides", tuple(strides), f"two steps or more left of {frames} frames", "(1, 2).")
    x = sounds = keras.Input((frames, mels), name="spectrogram")
    for stride in strides:
        x = build.convolve(x, width, build.whole("kernel", kernel), strides=stride)
    x = x + SinusoidalPositions(width, dtype=dtype)(np.arange(steps))
    if pooling == "token":
        x = ClassToken(build.seed(), dtype=dtype)(x)
    x = build.encoder(build.drop(x), depth, heads)
    x = x[:, 0] if pooling == "token" else keras.layers.GlobalAveragePooling1D(dtype=dtype)(x)
    return keras.Model(sounds, build.head(x, outputs), name="spectrogram_transformer")
