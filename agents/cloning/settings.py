"""Settings of behaviour cloning."""

from __future__ import annotations

import dataclasses

from lab.config import Settings, setting


@dataclasses.dataclass(frozen=True)
class BehaviorCloningSettings(Settings):
    """Settings of `BehaviorCloning`."""

    hidden_sizes: tuple[int, ...] = setting((256, 256), "units of each hidden layer", at_least=1)
    filters: tuple[int, ...] = setting(
        (16,), "filters of each 3x3 convolution, for observations that are pictures", at_least=1
    )
    learning_rate: float = setting(1e-3, "Adam's step size", above=0, search="1e-5:1e-2:log")
    weight_decay: float = setting(
        0.0,
        "AdamW: share of a weight taken off an update, times the step size",
        at_least=0,
    )
    batch_size: int = setting(128, "steps of the recording an update", at_least=1, search="32,64,128,256")
    gradient_clip: float = setting(10.0, "largest global norm of a gradient; inf: any", above=0, infinite=True)
    stochastic: bool = setting(
        False, "whether evaluated actions are drawn from the learnt probabilities, or the likeliest (Discrete actions)"
    )
