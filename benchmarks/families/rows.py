"""The rows of the generators' table: each family, most of them as they are by default, and as a textbook has it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from generative import (
    DCGAN,
    DDPM,
    EDM,
    GAN,
    VAE,
    VQVAE,
    WGANGP,
    Autoencoder,
    Diffusion,
    Generator,
    RectifiedFlow,
)
from generative.gan.flavours import TEXTBOOK


class PlainDenoiser(DDPM):
    """Predicts noise with a stack of convolutions, told the level by one further channel."""

    def make_network(self) -> keras.Model:
        seed, shape = self.seeds.integer("network"), self.spec.shape
        images, level = keras.Input(shape), keras.Input(())
        x = images if len(shape) == 3 else keras.layers.Reshape((*shape, 1))(images)
        plane = keras.layers.Lambda(lambda t: tf.broadcast_to(t[1][:, None, None, None], tf.shape(t[0])))([x, level])
        x = keras.layers.Concatenate()([x, plane])
        for i, channels in enumerate((32, 64, 32)):
            start = keras.initializers.HeUniform(seed=seed + i)
            x = keras.layers.Conv2D(channels, 3, padding="same", activation="relu", kernel_initializer=start)(x)
        start = keras.initializers.GlorotUniform(seed=seed + 3)
        x = keras.layers.Conv2D(shape[2] if len(shape) == 3 else 1, 3, padding="same", kernel_initializer=start)(x)
        return keras.Model([images, level], keras.layers.Reshape(shape)(x))


class Row(NamedTuple):
    """One family.

    Attributes:
        kind: The learner.
        settings: What is not as by default.
        on: What else is not, by data set.
        fall: By data set, the share of the time, the last, in which the learning rate falls to 0; else none.
    """

    kind: type[Generator]
    settings: Mapping[str, Any] = MappingProxyType({})
    on: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    fall: Mapping[str, float] = MappingProxyType({})


# What makes a U-Net's update cheap on glyphs; data_scale is the root mean square of mostly black images, rounded.
QUICK = {"batch_size": 64, "precision": "bfloat16", "dropout": 0.0, "data_scale": 1.0}
GLYPHS_FALL = 0.4
# The strength of the least Fréchet distance in the run that `diffusion` was chosen by; fifty steps of DDPM instead of
# a thousand, since thousands of rows are drawn.
SHORT = {**QUICK, "guidance": 1.5}
FIFTY = {"steps": 50}
# Many more rows than digits has: wider layers, hardly any shrinking of weights, and more latents to draw near to.
WIDE = {
    "latent_size": 16,
    "hidden_sizes": (512, 256),
    "weight_decay": 0.01,
    "prior_latents": 16_384,
}
# A player that is told which of the 62 labels it makes learns several times as fast.
TOLD = {"conditional": True, "precision": "bfloat16"}
# A hidden layer of 128 units and Adam; the same latents as in our own rows.
DENSE = {"architecture": "dense", "hidden_sizes": (128,), "weight_decay": 0.0, "learning_rate": 1e-3}
ROWS = {
    # On both, more updates of fewer rows come nearer to the rows, and a rate that falls keeps what they gain.
    "AE + prior": Row(
        Autoencoder,
        on={"digits": {"batch_size": 64}, "glyphs": {**WIDE, "batch_size": 64}},
        fall={"digits": 0.4, "glyphs": GLYPHS_FALL},
    ),
    "VAE": Row(VAE, on={"glyphs": WIDE}),
    # On digits a wider model of grids is worth its time, and smaller batches make up for the updates that it costs. On
    # glyphs a quarter of the rows an update: a grid of 49 codes takes long to read, and it is updates that it lacks.
    # There codes are drawn as often as they are met: of 62 labels in 21 fonts the improbable grids are letters too.
    "VQ-VAE": Row(
        VQVAE,
        on={
            "digits": {"prior_units": 128, "batch_size": 64},
            "glyphs": {"weight_decay": 0.01, "batch_size": 32, "precision": "bfloat16", "temperature": 1.0},
        },
        fall={"digits": 0.4, "glyphs": GLYPHS_FALL},
    ),
    "DCGAN": Row(DCGAN, on={"glyphs": TOLD}),
    "WGAN-GP": Row(WGANGP, on={"glyphs": TOLD}),
    # 40 s are too short for dropout, and bfloat16 makes more updates of them.
    "DDPM": Row(
        DDPM,
        on={"digits": {"precision": "bfloat16", "dropout": 0.0}, "glyphs": {**SHORT, **FIFTY}},
        fall={"glyphs": GLYPHS_FALL},
    ),
    "EDM": Row(EDM, on={"glyphs": SHORT}, fall={"glyphs": GLYPHS_FALL}),
    "flow matching": Row(RectifiedFlow, on={"glyphs": SHORT}, fall={"glyphs": GLYPHS_FALL}),
    # Chosen on rows kept from training, of one run with a seed of its own (`choose.py`). Half the rows an update and
    # bfloat16 make 2.5 times as many updates in the time; without dropout an update costs a tenth less and learns more.
    "diffusion": Row(
        Diffusion, on={"glyphs": {**QUICK, "guidance": 1.75}}, fall={"digits": 0.25, "glyphs": GLYPHS_FALL}
    ),
    "plain AE": Row(Autoencoder, {**DENSE, "prior": "gaussian"}, on={"glyphs": {"latent_size": 16}}),
    # With the loss that most tutorials have (Kingma and Welling 2014, appendix C.1), and N(0, I) to draw from.
    "plain VAE": Row(VAE, {**DENSE, "likelihood": "bernoulli", "warmup_updates": 0, "prior": "standard"}),
    "plain GAN": Row(GAN, dataclasses.asdict(TEXTBOOK)),
    # Ho et al. (2020) with a plain network and the latest weights instead of averaged ones.
    "plain denoiser": Row(
        PlainDenoiser,
        {"conditional": False, "average_decay": 0.0, "learning_rate": 1e-3, "warmup_updates": 0},
        on={"glyphs": FIFTY},
    ),
}
