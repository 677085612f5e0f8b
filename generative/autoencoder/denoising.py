"""DenoisingAutoencoder: restores rows from damaged ones."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from generative.autoencoder.figures import restored as figures
from generative.autoencoder.generator import Autoencoder
from generative.autoencoder.settings import AutoencoderSettings
from generative.base import Batch
from generative.data.dataset import Dataset
from lab.config import Settings, owner_name, setting
from lab.errors import bad_value

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class DenoisingAutoencoderSettings(AutoencoderSettings):
    """The settings of a `DenoisingAutoencoder`."""

    latent_size: int = setting(32, "numbers in a latent", at_least=1, at_most=16_384)
    corruption: str = setting(
        "gaussian", "gaussian noise on values, or mask: values set to the range's low end", choices=("gaussian", "mask")
    )
    corruption_level: float = setting(
        0.5, "the noise's standard deviation on [-1, 1] (gaussian), or the fraction of values lost (mask)", above=0
    )
    weight_decay: float = setting(0.1, "AdamW's shrinking of each weight, times the step size, an update", at_least=0)

    def check(self) -> None:
        super().check()
        if self.corruption == "mask" and self.corruption_level >= 1.0:
            raise bad_value(owner_name(type(self)), "corruption_level", self.corruption_level, "below 1 for a mask")


class DenoisingAutoencoder(Autoencoder):
    """Sees corrupted rows and is scored against the clean ones (Vincent et al. 2008, "Denoising Autoencoders")."""

    Settings: ClassVar[type[Settings]] = DenoisingAutoencoderSettings
    kinds: ClassVar[tuple[str, ...]] = ("denoising", *Autoencoder.kinds)

    def build(self) -> None:
        self.noise = keras.random.SeedGenerator(self.seeds.integer("data", 1))
        super().build()

    def draws(self, batch: Batch) -> tf.Tensor:
        return random_numbers(tf.shape(batch.data), self.config.corruption, self.noise)

    def corrupted(self, data: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        return corrupt(data, self.config.corruption, self.config.corruption_level, draws)

    def picture(self, kind: str, data: Dataset) -> np.ndarray | Figure:
        if kind != "denoising":
            return super().picture(kind, data)
        c, (clean, _) = self.config, figures.balanced(data.test, data.test_labels, figures.COLUMNS)
        rows = tf.constant(self.spec.normalise(clean))
        seed = self.seeds.integer("render", 0)
        numbers = random_numbers(tf.shape(rows), c.corruption, seed)
        damaged = self.spec.quantise(corrupt(rows, c.corruption, c.corruption_level, numbers).numpy())
        return figures.denoising_figure(clean, damaged, self.reconstruct(damaged), self.spec)


def random_numbers(shape: tf.Tensor, corruption: str, seed: Any) -> tf.Tensor:
    """Return what `corrupt` needs for rows of a shape: normal numbers for noise, uniform ones for a mask.

    Args:
        shape: Of the rows, (B, ...).
        corruption: "gaussian" or "mask".
        seed: A whole number, or a `keras.random.SeedGenerator`, which moves on.
    """
    draw = keras.random.normal if corruption == "gaussian" else keras.random.uniform
    return draw(shape, seed=seed)


def corrupt(data: tf.Tensor, corruption: str, level: float, numbers: tf.Tensor) -> tf.Tensor:
    """Return damaged rows; see `DenoisingAutoencoderSettings`.

    Args:
        data: float32 in [-1, 1].
        corruption: "gaussian" or "mask".
        level: The noise's standard deviation, or the fraction of values lost.
        numbers: Of `random_numbers`, of the data's shape.
    """
    return data + level * numbers if corruption == "gaussian" else tf.where(numbers < level, -1.0, data)
