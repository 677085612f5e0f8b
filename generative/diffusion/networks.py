"""The networks that a diffusion model may have, and what one that predicts noise begins with."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from generative.data.dataset import DataSpec
from generative.diffusion.parametrisation import LEVEL_UNIT, along
from generative.diffusion.settings import DiffusionSettings
from generative.settings import type_policy
from lab.errors import UsageError
from lab.networks import conditional_mlp, dit, unet

LARGEST_WHOLE_SIDE = 16


def make_network(config: DiffusionSettings, spec: DataSpec, classes: int, seed: int) -> keras.Model:
    """Build the network that the settings ask for, for the data's shape; see `lab.networks.unet`.

    One that predicts noise adds to what follows of it from a row's scale alone; see `NoiseGuess`.

    Raises:
        UsageError: When it is one for images and the data are none.
    """
    network = _make_network(config, spec, classes, seed)
    if config.prediction != "eps":
        return network
    rows, level = network.inputs[:2]
    return keras.Model(network.inputs, NoiseGuess(config.data_scale, dtype="float32")(network.output, rows, level))


@keras.saving.register_keras_serializable("generative")
class NoiseGuess(keras.layers.Layer):
    """Returns the noise in a row: the part that any row of its scale would have, and what the output adds.

    Were rows normal with a root mean square of s, the best guess of the noise in x = alpha x0 + sigma noise would be
    sigma x / (s^2 alpha^2 + sigma^2), with an error of variance s^2 alpha^2 / (s^2 alpha^2 + sigma^2). A network that
    predicts noise by itself has to hand on nearly pure noise, exactly, before it learns anything of rows; here it is
    asked for what is left, at unit variance, as in the preconditioning of Karras et al. (2022), table 1.

    Args:
        data_scale: Root mean square of clean rows.
    """

    def __init__(self, data_scale: float, **options: Any) -> None:
        super().__init__(**options)
        self.data_scale = data_scale

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_scale": self.data_scale}

    def call(self, output: tf.Tensor, rows: tf.Tensor, level: tf.Tensor) -> tf.Tensor:
        """Return (B, ...) for an output (B, ...), rows (B, ...) at unit scale and log(sigma / alpha) / 4, (B,)."""
        ratio = tf.exp(LEVEL_UNIT * level)
        scale = tf.math.rsqrt(self.data_scale**2 + tf.square(ratio))
        return along(ratio * scale, rows) * rows + along(self.data_scale * scale, rows) * output

    def compute_output_shape(self, output_shape: Any, rows_shape: Any, level_shape: Any) -> Any:
        return output_shape


def _make_network(config: DiffusionSettings, spec: DataSpec, classes: int, seed: int) -> keras.Model:
    kind = config.network
    if kind == "auto":
        kind = "unet" if spec.is_image else "mlp"
    dtype = type_policy(config)
    if kind == "mlp":
        return conditional_mlp(spec.shape, config.hidden_sizes, classes=classes, seed=seed, dtype=dtype)
    if not spec.is_image:
        raise UsageError(
            f"Diffusion: network {kind!r} received rows of shape {spec.shape}; expected images (H, W) or (H, W, C). "
            "Fix: network='mlp'."
        )
    small = max(spec.shape[:2]) <= LARGEST_WHOLE_SIDE
    if kind == "unet":
        return unet(
            spec.shape, config.channels, blocks=config.blocks, attention=config.attention, classes=classes,
            patch=config.patch or (1 if small else 2), dropout=config.dropout, seed=seed, dtype=dtype,
        )  # fmt: skip
    return dit(
        spec.shape, config.token_size, depth=config.depth, heads=config.heads,
        patch=config.patch or (2 if small else 4), classes=classes, seed=seed, dtype=dtype,
    )  # fmt: skip
