"""The settings of every generator: how its updates are computed."""

from __future__ import annotations

import dataclasses
from typing import Any

from lab.config import Settings, owner_name, setting
from lab.errors import bad_value
from lab.runtime.processor import warn_of_emulated


@dataclasses.dataclass(frozen=True)
class UpdateSettings(Settings):
    """How updates are computed: in what precision, and on how many devices."""

    precision: str = setting(
        "float32",
        "of the networks' arithmetic; weights, statistics, last layers and losses are float32 in any case",
        choices=("float32", "bfloat16"),
    )
    devices: int = setting(1, "GPUs, or logical CPUs, that share the rows of each update", at_least=1)
    batch_size: int = setting(128, "rows an update", at_least=1, search="32,64,128,256")

    def check(self) -> None:
        warn_of_emulated(owner_name(type(self)), self.precision)
        if self.batch_size % self.devices:
            below = self.batch_size - self.batch_size % self.devices
            raise bad_value(
                owner_name(type(self)), "devices", self.devices,
                f"a number that divides batch_size, {self.batch_size}, so that each device has as many rows",
                f"batch_size={below or self.devices}, or another number of devices.",
            )  # fmt: skip


def type_policy(config: Any) -> str:
    """Return Keras' name for the precision that settings ask for: the policy of all layers but the last."""
    return "float32" if config.precision == "float32" else "mixed_bfloat16"


def best_compiler(config: Any, perceptron: bool) -> str:
    """Return how updates are compiled: "xla" or "graph".

    Measured: XLA makes small perceptrons faster, oneDNN's graph mode convolutions and the matrix products of
    transformers. An XLA program runs on one device.
    """
    return "xla" if perceptron and config.devices == 1 else "graph"
