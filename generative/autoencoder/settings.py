"""The settings of autoencoders: what all of them share, and those of the plain one."""

from __future__ import annotations

import dataclasses
from typing import Any

from generative.settings import UpdateSettings
from lab.config import owner_name, setting
from lab.errors import bad_value


@dataclasses.dataclass(frozen=True)
class BottleneckSettings(UpdateSettings):
    """The settings of every autoencoder."""

    latent_size: int = setting(8, "numbers in a latent", at_least=1, at_most=16_384)
    learning_rate: float = setting(1e-3, "AdamW's step size", above=0, search="1e-5:1e-2:log")
    weight_decay: float = setting(0.3, "AdamW's shrinking of each weight, times the step size, an update", at_least=0)
    upsampling: str = setting(
        "transpose",
        "how the decoder doubles an image: a transpose convolution, or nearest pixels and a convolution (conv)",
        choices=("transpose", "nearest"),
    )
    frozen: tuple[str, ...] = setting((), "parts that training leaves as they are, such as encoder or decoder.0")


@dataclasses.dataclass(frozen=True)
class NetworkSettings(BottleneckSettings):
    """The settings of an autoencoder of one latent a row."""

    architecture: str = setting("dense", "dense, or conv for images", choices=("dense", "conv"))
    hidden_sizes: tuple[int, ...] = setting(
        (256, 128), "units of the encoder's hidden layers, mirrored in the decoder (dense)", at_least=1
    )
    filters: tuple[int, ...] = setting(
        (32, 64),
        "filters of the encoder's layers, each of which halves the image; mirrored in the decoder (conv)",
        at_least=1,
    )

    def check(self) -> None:
        super().check()
        if self.architecture == "conv" and not self.filters:
            raise bad_value(owner_name(type(self)), "filters", self.filters, "at least one layer", "filters=(32, 64).")


@dataclasses.dataclass(frozen=True)
class AutoencoderSettings(NetworkSettings):
    """The settings of an `Autoencoder`."""

    prior_decay: float = setting(
        0.99, "fraction of the old, each update, in the latents' running mean and covariance", at_least=0, below=1
    )
    prior: str = setting(
        "local",
        "what new latents are drawn from: near the latest latents, as their neighbours spread (local), or one Gaussian",
        choices=("local", "gaussian"),
    )
    prior_neighbours: int = setting(30, "neighbours of a latent that tell how to draw near it (local)", at_least=1)
    prior_spread: float = setting(
        0.3, "fraction of those neighbours' covariance that a draw has; less is nearer to rows (local)", at_least=0
    )
    prior_latents: int = setting(
        4_096, "the latest latents, as many as new ones are drawn near to (local)", at_least=2, at_most=65_536
    )


def unread(learner: Any, base: Any) -> dict[str, str]:
    """Return the settings of networks and prior that have no effect beside the others, each with the reason.

    Args:
        learner: Built; where its class makes networks or a prior of its own, it may read what it likes for them.
        base: `Autoencoder`.
    """
    kind, config, found = type(learner), learner.config, {}
    if kind.networks is base.networks and hasattr(config, "architecture"):
        names = ["filters", "upsampling"] if config.architecture == "dense" else ["hidden_sizes"]
        other = "conv" if config.architecture == "dense" else "dense"
        found = dict.fromkeys(names, f"it is of a {other}, and the architecture is a {config.architecture}")
    if kind.make_prior is base.make_prior and getattr(config, "prior", "local") != "local":
        of_prior = ("prior_neighbours", "prior_spread", "prior_latents")
        found.update(dict.fromkeys(of_prior, f"it is of prior='local', and the prior is {config.prior!r}"))
    return found
