"""The settings of a diffusion model."""

from __future__ import annotations

import dataclasses

from generative.diffusion.parametrisation import PARAMETRISATIONS
from generative.diffusion.sampling.samplers import SAMPLERS
from generative.settings import UpdateSettings
from lab.config import setting
from lab.errors import bad_value

SCHEDULES = ("linear", "cosine", "edm", "rectified")


@dataclasses.dataclass(frozen=True)
class DiffusionSettings(UpdateSettings):
    """The settings of a `Diffusion`: schedule, prediction, weights, network and sampler vary independently."""

    schedule: str = setting("cosine", "noise levels: linear or cosine, edm, or rectified (flow)", choices=SCHEDULES)
    schedule_steps: int = setting(1_000, "times of a linear or cosine schedule", at_least=2, at_most=100_000)
    prediction: str = setting("v", "what the network predicts", choices=tuple(PARAMETRISATIONS))
    min_snr: float | None = setting(
        5.0, "cap on the SNR that weights the loss; none for equal weights, which points in a plane need", above=0
    )
    data_scale: float = setting(0.5, "root mean square of the data in [-1, 1], for the network's input", above=0)
    network: str = setting(
        "auto", "unet or dit for images, mlp for anything; auto for unet where rows are images",
        choices=("auto", "unet", "dit", "mlp"),
    )  # fmt: skip
    channels: tuple[int, ...] = setting((24, 48), "of the U-Net's levels, each half as large as the last", at_least=4)
    blocks: int = setting(1, "residual blocks of each level of the U-Net", at_least=1)
    attention: bool = setting(True, "whether the U-Net's lowest level has self-attention")
    patch: int = setting(
        0, "pixels of a side that the network takes as one place; 0 for 1 up to 16 x 16, else 2", at_least=0
    )
    hidden_sizes: tuple[int, ...] = setting((128, 128, 128), "units of the perceptron's layers (mlp)", at_least=1)
    token_size: int = setting(96, "numbers in a token (dit)", at_least=2)
    depth: int = setting(4, "blocks of the transformer (dit)", at_least=1)
    heads: int = setting(4, "attention heads (dit)", at_least=1)
    dropout: float = setting(0.1, "fraction of values left out in training (unet)", at_least=0, below=1)
    conditional: bool | None = setting(None, "whether to learn rows by label; none for wherever there are labels")
    label_dropout: float = setting(0.1, "fraction of rows trained without label, for guidance", at_least=0, below=1)
    learning_rate: float = setting(2e-3, "Adam's step size after warm-up", above=0, search="1e-5:1e-2:log")
    warmup_updates: int | None = setting(
        None, "updates over which the step size grows from 0; none for 100, or half of a run of fewer than 200",
        at_least=0, of_run=0.5, most_steps=100,
    )  # fmt: skip
    gradient_clip: float = setting(1.0, "greatest norm of the gradient; inf: any", above=0, infinite=True)
    average_decay: float = setting(0.999, "decay of the averaged weights, each update", at_least=0, below=1)
    sampler: str = setting("dpm_solver", "how rows are drawn", choices=tuple(SAMPLERS))
    steps: int = setting(25, "steps from noise to a row", at_least=1, at_most=100_000)
    guidance: float = setting(
        1.0, "how far to go towards the label: 0 ignores it, 1 is the model, more exaggerates", at_least=0
    )

    def check(self) -> None:
        super().check()
        if self.schedule in ("linear", "cosine") and self.steps > self.schedule_steps:
            raise bad_value(
                "Diffusion", "steps", self.steps, f"at most schedule_steps, {self.schedule_steps}", "fewer steps."
            )
        if self.schedule == "rectified" and self.prediction == "eps":
            raise bad_value(
                "Diffusion", "prediction", "eps", "another one for schedule 'rectified', which ends in pure noise: "
                "nothing of a row follows from the noise alone", "prediction='velocity'.",
            )  # fmt: skip
        if not self.channels:
            raise bad_value("Diffusion", "channels", self.channels, "at least one level", "channels=(24, 48).")
        if self.network == "mlp" and not self.hidden_sizes:
            raise bad_value("Diffusion", "hidden_sizes", self.hidden_sizes, "at least one layer")
