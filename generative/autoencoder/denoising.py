"""DenoisingAutoencoder: restores rows from damaged ones."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
import tensorflow as tf

from generative.autoencoder.generator import Autoencoder
from generative.autoencoder.settings import AutoencoderSettings
from lab.config import Settings, owner_name, setting
from lab.errors import bad_value


@dataclasses.dataclass(frozen=True)
class DenoisingAutoencoderSettings(AutoencoderSettings):
    """What a `DenoisingAutoencoder` can be told."""

    corruption: str = setting(
        "gaussian", "gaussian noise on values, or mask: values set to the range's low end", choices=("gaussian", "mask")
    )
    corruption_level: float = setting(
        0.5, "the noise's standard deviation on [-1, 1] (gaussian), or the share of values lost (mask)", above=0
    )
    weight_decay: float = setting(0.1, "AdamW's shrinking of each weight, times the step size, an update", at_least=0)

    def check(self) -> None:
        super().check()
        if self.corruption == "mask" and self.corruption_level >= 1.0:
            raise bad_value(owner_name(type(self)), "corruption_level", self.corruption_level, "a share < 1 for a mask")


class DenoisingAutoencoder(Autoencoder):
    """Sees corrupted rows and is judged against the clean ones (Vincent et al. 2008, "Denoising Autoencoders")."""

    Settings: ClassVar[type[Settings]] = DenoisingAutoencoderSettings

    def build(self) -> None:
        self.noise = keras.random.SeedGenerator(self.seeds.integer("data", 1))
        super().build()

    def corrupted(self, data: tf.Tensor) -> tf.Tensor:
        level = self.config.corruption_level
        if self.config.corruption == "gaussian":
            return data + level * keras.random.normal(tf.shape(data), seed=self.noise)
        return tf.where(keras.random.uniform(tf.shape(data), seed=self.noise) < level, -1.0, data)
