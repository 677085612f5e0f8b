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
        fall: Share of the time, the last, in which the learning rate falls to 0.
    """

    kind: type[Generator]
    settings: Mapping[str, Any] = MappingProxyType({})
    on: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    fall: float = 0.0


# A hidden layer of 128 units and Adam; the same latents as in our own rows.
DENSE = {"architecture": "dense", "hidden_sizes": (128,), "weight_decay": 0.0, "learning_rate": 1e-3}
ROWS = {
    "AE + prior": Row(Autoencoder),
    "VAE": Row(VAE),
    "VQ-VAE": Row(VQVAE),
    "DCGAN": Row(DCGAN),
    "WGAN-GP": Row(WGANGP),
    "DDPM": Row(DDPM),
    "EDM": Row(EDM),
    "flow matching": Row(RectifiedFlow),
    # Chosen on rows kept from training, of one run with a seed of its own (`choose.py`). Half the rows an update and
    # bfloat16 make 2.5 times as many updates in the time.
    "diffusion": Row(Diffusion, on={"glyphs": {"guidance": 2.0, "batch_size": 64, "precision": "bfloat16"}}, fall=0.25),
    "plain AE": Row(Autoencoder, {**DENSE, "prior_components": 1}),
    # With the loss that most tutorials have (Kingma and Welling 2014, appendix C.1), and N(0, I) to draw from.
    "plain VAE": Row(VAE, {**DENSE, "likelihood": "bernoulli", "warmup_updates": 0, "prior_components": 0}),
    "plain GAN": Row(GAN, dataclasses.asdict(TEXTBOOK)),
    # Ho et al. (2020) with a plain network and the latest weights instead of averaged ones.
    "plain denoiser": Row(
        PlainDenoiser, {"conditional": False, "average_decay": 0.0, "learning_rate": 1e-3, "warmup_updates": 0}
    ),
}
