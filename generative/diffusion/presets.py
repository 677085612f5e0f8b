"""Well-known choices of schedule, prediction, weights and sampler, under their own names."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, ClassVar

from generative.diffusion.generator import Diffusion
from generative.diffusion.settings import DiffusionSettings
from lab.config import Settings


def _settings(name: str, **defaults: Any) -> type[DiffusionSettings]:
    """Return the settings of a diffusion model with other defaults."""
    hints = typing.get_type_hints(DiffusionSettings)
    known = {field.name: field for field in dataclasses.fields(DiffusionSettings)}
    fields = [(n, hints[n], dataclasses.field(default=d, metadata=known[n].metadata)) for n, d in defaults.items()]
    made: Any = dataclasses.make_dataclass(name, fields, bases=(DiffusionSettings,), frozen=True)
    return made


class DDPM(Diffusion):
    """Predicts the noise of a thousand linear steps, each equal in the loss, and takes them all (Ho et al. 2020)."""

    Settings: ClassVar[type[Settings]] = _settings(
        "DDPMSettings", schedule="linear", prediction="eps", min_snr=None, sampler="ddpm", steps=1_000
    )


class EDM(Diffusion):
    """Preconditions the network for every noise level and draws with Heun's method (Karras et al. 2022)."""

    Settings: ClassVar[type[Settings]] = _settings(
        "EDMSettings", schedule="edm", prediction="edm", min_snr=None, sampler="heun", steps=18
    )


class RectifiedFlow(Diffusion):
    """Learns the velocity of straight lines from noise to data (Liu et al. 2022; Lipman et al. 2023)."""

    Settings: ClassVar[type[Settings]] = _settings(
        "RectifiedFlowSettings", schedule="rectified", prediction="velocity", min_snr=None, sampler="heun", steps=15
    )
