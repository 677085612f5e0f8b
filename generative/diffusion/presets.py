"""Well-known choices of schedule, prediction, weights and sampler, under their own names."""

from __future__ import annotations

from typing import ClassVar

from generative.diffusion.generator import Diffusion
from generative.diffusion.settings import DiffusionSettings
from lab.config import Settings, with_defaults


class DDPM(Diffusion):
    """Predicts the noise of a thousand linear steps, each equal in the loss, and takes them all (Ho et al. 2020)."""

    Settings: ClassVar[type[Settings]] = with_defaults(
        DiffusionSettings,
        "DDPMSettings",
        schedule="linear",
        prediction="eps",
        min_snr=None,
        sampler="ddpm",
        steps=1_000,
    )


class EDM(Diffusion):
    """Preconditions the network for every noise level and draws with Heun's method (Karras et al. 2022)."""

    Settings: ClassVar[type[Settings]] = with_defaults(
        DiffusionSettings,
        "EDMSettings",
        schedule="edm",
        prediction="edm",
        min_snr=None,
        sampler="heun",
        steps=18,
    )


class RectifiedFlow(Diffusion):
    """Learns the velocity of straight lines from noise to data (Liu et al. 2022; Lipman et al. 2023)."""

    Settings: ClassVar[type[Settings]] = with_defaults(
        DiffusionSettings,
        "RectifiedFlowSettings",
        schedule="rectified",
        prediction="velocity",
        min_snr=None,
        sampler="heun",
        steps=15,
    )
