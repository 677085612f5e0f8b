"""The networks of both players: dense, deep convolutional (DCGAN) and residual."""

from __future__ import annotations

import math
from typing import Any

import keras

from generative.data.dataset import DataSpec
from generative.gan.networks.spectral import FIRST_ITERATIONS, SpectralConv2D, SpectralDense, spectral_layers
from generative.gan.settings import GANSettings
from generative.settings import type_policy
from lab.errors import UsageError
from lab.networks.layers.group_norm import SLOPE, GroupNorm
from lab.networks.unet import groups_for

IMAGE_LATENTS, OTHER_LATENTS = 64, 4


def kind_of(config: GANSettings, spec: DataSpec) -> str:
    """Return which networks the settings ask for: dense, dcgan or resnet.

    Raises:
        UsageError: When they are for images and the data are none.
    """
    kind = config.network
    if kind == "auto":
        return "dcgan" if spec.is_image else "dense"
    if kind != "dense" and not spec.is_image:
        raise UsageError(
            f"GAN: network {kind!r} received rows of shape {spec.shape}; expected images (H, W) or (H, W, C). "
            "Fix: network='dense'."
        )
    return kind


def latent_size_of(config: GANSettings, spec: DataSpec) -> int:
    """Return from how many numbers a row is made: as many as the settings say, else by the kind of data."""
    return config.latent_size or (IMAGE_LATENTS if spec.is_image else OTHER_LATENTS)


def make_generator(config: GANSettings, spec: DataSpec, classes: int, seed: int) -> keras.Model:
    """Build the generator that the settings ask for.

    Batch normalisation would let the rows of a batch depend on each other; where there is normalisation it is that of
    groups of channels, scaled and shifted by what a row is made from (Chen et al. 2019, "Self Modulation").

    Args:
        config: Network, sizes and precision.
        spec: Of the rows; of bounded ones none lies outside [-1, 1].
        classes: How many labels there are, or 0 for a network without.
        seed: Of the initial weights.

    Returns:
        A model of latents (B, latent_size) or, with classes, [latents, labels int32 (B,)] to float32 (B, ...).
    """
    kind, build = kind_of(config, spec), _Builder(config, seed)
    latents = keras.Input((latent_size_of(config, spec),))
    labels = keras.Input((), dtype="int32") if classes else None
    origin = latents
    if labels is not None:
        origin = keras.layers.Concatenate()([latents, build.embedding(labels, classes, config.label_size)])
    if kind == "dense":
        x = origin
        for units in config.hidden_sizes:
            x = build.leaky(build.dense(x, units))
        x = build.dense(x, math.prod(spec.shape), "float32")
    else:
        sides = _sides(spec.shape, len(config.channels))
        x = build.dense(origin, math.prod(sides[-1]) * config.channels[-1])
        x = keras.layers.Reshape((*sides[-1], config.channels[-1]), dtype=build.dtype)(x)
        depth = spec.shape[2] if len(spec.shape) == 3 else 1
        # From the smallest sides up; the last layer of a DCGAN makes the image itself.
        for level in reversed(range(len(config.channels))):
            below = config.channels[max(0, level - 1)]
            if kind == "resnet":
                x = build.block_up(x, below, sides[level], origin)
            else:
                x = build.deconv(build.norm(x, origin), below if level else depth, sides[level])
        if kind == "resnet":
            x = build.conv(build.norm(x, origin), depth, 3)
    x = keras.layers.Activation("tanh" if spec.bounded else "linear", dtype="float32")(x)
    x = keras.layers.Reshape(spec.shape, dtype="float32")(x)
    return keras.Model(latents if labels is None else [latents, labels], x)


def make_discriminator(config: GANSettings, spec: DataSpec, classes: int, seed: int) -> keras.Model:
    """Build the discriminator that the settings ask for; it has no normalisation, so that rows do not meet.

    With classes a row's score is that of its features and their product with the label's vector (Miyato and Koyama
    2018, "cGANs with Projection Discriminator", eq. 8).

    Args:
        config, spec, classes, seed: As for `make_generator`.

    Returns:
        A model of rows (B, ...) or, with classes, [rows, labels int32 (B,)] to scores float32 (B,).
    """
    kind, build = kind_of(config, spec), _Builder(config, seed, spectral=config.spectral_norm)
    rows = keras.Input(spec.shape)
    labels = keras.Input((), dtype="int32") if classes else None
    if kind == "dense":
        x = keras.layers.Flatten(dtype=build.dtype)(rows)
        for units in config.hidden_sizes:
            x = build.leaky(build.dense(x, units))
    else:
        x = rows if len(spec.shape) == 3 else keras.layers.Reshape((*spec.shape, 1), dtype=build.dtype)(rows)
        if kind == "resnet":
            x = build.conv(x, config.channels[0], 3)
        for level, channels in enumerate(config.channels):
            if kind == "resnet":
                x = build.block_down(x, config.channels[min(level + 1, len(config.channels) - 1)])
            else:
                x = build.leaky(build.conv(x, channels, 4, 2))
        x = x if kind == "dcgan" else build.leaky(x)
        x = keras.layers.Flatten(dtype=build.dtype)(x)
    score = build.dense(x, 1, "float32")
    if labels is not None:
        named = build.embedding(labels, classes, x.shape[-1], deviation=1.0 / math.sqrt(x.shape[-1]))
        score = keras.layers.Add()([score, keras.layers.Dot(1)([x, named])])
    score = keras.layers.Reshape((), dtype="float32")(score)
    model = keras.Model(rows if labels is None else [rows, labels], score)
    for layer in spectral_layers(model):
        layer.iterate(FIRST_ITERATIONS)
    return model


def _sides(shape: tuple[int, ...], levels: int) -> list[tuple[int, int]]:
    sides = [(shape[0], shape[1])]
    for _ in range(levels):
        sides.append(((sides[-1][0] + 1) // 2, (sides[-1][1] + 1) // 2))
    return sides


class _Builder:
    """Makes layers, each with a seed of its own."""

    def __init__(self, config: GANSettings, seed: int, spectral: bool = False) -> None:
        self.seed, self.spectral = seed, spectral
        self.dtype = type_policy(config)

    def options(self, dtype: str | None = None) -> dict[str, Any]:
        self.seed += 1
        start = keras.initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal", seed=self.seed)
        own = {"vector_seed": self.seed} if self.spectral else {}
        return {"kernel_initializer": start, "dtype": dtype or self.dtype, **own}

    def dense(self, x: keras.KerasTensor, units: int, dtype: str | None = None) -> keras.KerasTensor:
        return (SpectralDense if self.spectral else keras.layers.Dense)(units, **self.options(dtype))(x)

    def conv(self, x: keras.KerasTensor, channels: int, size: int, stride: int = 1) -> keras.KerasTensor:
        kind = SpectralConv2D if self.spectral else keras.layers.Conv2D
        return kind(channels, size, stride, "same", **self.options())(x)

    def deconv(self, x: keras.KerasTensor, channels: int, sides: tuple[int, int]) -> keras.KerasTensor:
        x = keras.layers.Conv2DTranspose(channels, 4, 2, "same", **self.options())(x)
        return self._cropped(x, sides)

    def leaky(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.layers.LeakyReLU(SLOPE, dtype=self.dtype)(x)

    def embedding(
        self, labels: keras.KerasTensor, classes: int, size: int, deviation: float = 1.0
    ) -> keras.KerasTensor:
        self.seed += 1
        start = keras.initializers.RandomNormal(stddev=deviation, seed=self.seed)
        return keras.layers.Embedding(classes, size, embeddings_initializer=start)(labels)

    def norm(self, x: keras.KerasTensor, origin: keras.KerasTensor) -> keras.KerasTensor:
        modulation = keras.layers.Dense(2 * x.shape[-1], kernel_initializer="zeros", dtype=self.dtype)(origin)
        return GroupNorm(groups_for(x.shape[-1]), activation="leaky_relu", dtype=self.dtype)(x, modulation)

    def block_up(
        self, x: keras.KerasTensor, channels: int, sides: tuple[int, int], origin: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Double the sides in a residual block (Gulrajani et al. 2017, appendix F)."""
        h = self._doubled(self.norm(x, origin), sides)
        h = self.conv(self.norm(self.conv(h, channels, 3), origin), channels, 3)
        # A 1 x 1 convolution commutes with repeating pixels, and costs a quarter before it.
        x = self.conv(x, channels, 1) if x.shape[-1] != channels else x
        return keras.layers.Add(dtype=self.dtype)([self._doubled(x, sides), h])

    def block_down(self, x: keras.KerasTensor, channels: int) -> keras.KerasTensor:
        """Halve the sides in a residual block without normalisation."""
        h = self.conv(self.leaky(x), x.shape[-1], 3)
        h = self._halved(self.conv(self.leaky(h), channels, 3))
        x = self._halved(x)
        x = self.conv(x, channels, 1) if x.shape[-1] != channels else x
        return keras.layers.Add(dtype=self.dtype)([x, h])

    def _halved(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.layers.AveragePooling2D(2, padding="same", dtype=self.dtype)(x)

    def _doubled(self, x: keras.KerasTensor, sides: tuple[int, int]) -> keras.KerasTensor:
        return self._cropped(keras.layers.UpSampling2D(2, dtype=self.dtype)(x), sides)

    def _cropped(self, x: keras.KerasTensor, sides: tuple[int, int]) -> keras.KerasTensor:
        over = (x.shape[1] - sides[0], x.shape[2] - sides[1])
        return keras.layers.Cropping2D(((0, over[0]), (0, over[1])), dtype=self.dtype)(x) if any(over) else x
