"""The settings of a generative adversarial network."""

from __future__ import annotations

import dataclasses

from generative.gan.augmentation import AUGMENTATIONS
from generative.settings import UpdateSettings
from lab.config import setting
from lab.errors import bad_value

NETWORKS = ("auto", "dense", "dcgan", "resnet")


@dataclasses.dataclass(frozen=True)
class GANSettings(UpdateSettings):
    """The settings of a `GAN`: networks, penalties, augmentation and the two players' steps vary independently."""

    network: str = setting(
        "auto",
        "dcgan or resnet for images, dense for any rows; auto for dcgan where rows are images",
        choices=NETWORKS,
    )
    latent_size: int | None = setting(
        None,
        "numbers that a row is made from; none for 64 for images, and 4 for other rows",
        at_least=1,
        at_most=16_384,
    )
    hidden_sizes: tuple[int, ...] = setting((128, 128), "units of the layers of both players (dense)", at_least=1)
    channels: tuple[int, ...] = setting(
        (32, 64), "of both players' convolutions, from the full size down; each halves the sides", at_least=1
    )
    label_size: int = setting(32, "numbers that stand for a label in the generator", at_least=1)
    conditional: bool = setting(False, "whether both players see the label")
    learning_rate: float = setting(2e-3, "Adam's step size for the generator", above=0, search="1e-5:1e-2:log")
    discriminator_learning_rate: float | None = setting(
        None, "Adam's step size for the discriminator; none for that of the generator", above=0
    )
    discriminator_steps: int = setting(1, "steps of the discriminator for one of the generator", at_least=1)
    beta_1: float = setting(0.0, "fraction of the old in Adam's mean of the gradient", at_least=0, below=1)
    beta_2: float = setting(0.99, "fraction of the old in Adam's mean of its square", at_least=0, below=1)
    gradient_clip: float = setting(100.0, "greatest norm of a player's gradient; inf: any", above=0, infinite=True)
    batch_size: int = setting(64, "rows of each step of a player", at_least=1, search="32,64,128,256")
    r1: float = setting(0.1, "weight of the penalty on the discriminator's slope at real rows", at_least=0)
    r2: float = setting(0.0, "weight of the penalty on the discriminator's slope at samples", at_least=0)
    gradient_penalty: float = setting(
        0.0, "weight of the penalty that keeps the slope between real rows and samples at 1", at_least=0
    )
    spectral_norm: bool = setting(False, "whether the discriminator's layers have a largest singular value of 1")
    augment: tuple[str, ...] = setting(
        (), "how images are varied before the discriminator sees them, real ones and samples", choices=AUGMENTATIONS
    )
    average_decay: float = setting(0.999, "decay of the averaged weights, each update", at_least=0, below=1)

    def check(self) -> None:
        super().check()
        owner = type(self).__name__.removesuffix("Settings")
        if self.network == "dense" and not self.hidden_sizes:
            raise bad_value(owner, "hidden_sizes", self.hidden_sizes, "at least one layer", "hidden_sizes=(128, 128).")
        if self.network in ("auto", "dcgan", "resnet") and not self.channels:
            raise bad_value(owner, "channels", self.channels, "at least one convolution", "channels=(32, 64).")
