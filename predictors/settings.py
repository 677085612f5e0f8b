"""The settings of every predictor that trains a network."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from lab.config import Settings, owner_name, setting
from lab.errors import bad_value
from lab.runtime.processor import warn_of_emulated

OPTIMIZERS = ("adamw", "adam", "sgd", "rmsprop", "lion")
SCHEDULES = ("cosine", "linear", "constant")
QUANTISED = ("none", "int8")


def _if_pruned(fraction: float) -> Callable[[Any], float | None]:
    return lambda config: fraction if config.sparsity else None


@dataclasses.dataclass(frozen=True)
class TrainingSettings(Settings):
    """How a network is trained: in what batches, by which optimizer, with which step sizes."""

    batch_size: int = setting(64, "examples an update", at_least=1, search="32,64,128,256")
    learning_rate: float = setting(1e-3, "the optimizer's largest step size", above=0, search="1e-5:1e-1:log")
    optimizer: str = setting("adamw", "what moves the weights", choices=OPTIMIZERS)
    weight_decay: float = setting(
        1e-2, "fraction of each kernel, times the step size, that it loses in an update", at_least=0
    )
    schedule: str = setting("cosine", "how the step size falls after the warm-up", choices=SCHEDULES)
    schedule_steps: int | None = setting(
        None, "updates until it is at its end; none for the run's", at_least=1, of_run=1.0
    )
    warmup_steps: int | None = setting(
        None, "updates over which it first grows; none for 5 % of the run", at_least=1, of_run=0.05, most_steps=1_000
    )
    clip_norm: float | None = setting(1.0, "greatest norm of the gradient; none for no limit", above=0)
    precision: str = setting(
        "float32", "of the network's arithmetic; weights and losses are float32", choices=("float32", "bfloat16")
    )

    sparsity: float = setting(
        0.0, "fraction of each kernel that is 0 at the end, its smallest weights; 0 to prune none", at_least=0, below=1
    )
    prune_begin: int | None = setting(
        None, "updates until pruning begins; none for 20 % of the run", at_least=1, of_run=_if_pruned(0.2)
    )
    prune_end: int | None = setting(
        None, "updates until the sparsity is reached; none for 70 % of the run", at_least=1, of_run=_if_pruned(0.7)
    )
    prune_every: int = setting(20, "updates from one choice of the weights to prune to the next", at_least=1)
    quantise: str = setting(
        "none", "whether kernels are rounded to 8 bits as it learns and answers, so that int8 files lose little",
        choices=QUANTISED,
    )  # fmt: skip

    def check(self) -> None:
        owner = owner_name(type(self))
        warn_of_emulated(owner, self.precision)
        if None not in (self.prune_begin, self.prune_end) and self.prune_begin > self.prune_end:  # type: ignore[operator]
            fix = f"prune_end={2 * self.prune_begin}."  # type: ignore[operator]
            raise bad_value(owner, "prune_begin", self.prune_begin, f"at most prune_end, {self.prune_end}", fix)
