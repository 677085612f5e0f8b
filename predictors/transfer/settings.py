"""The settings of predictors that may begin with a trained network."""

from __future__ import annotations

import dataclasses

from lab.config import owner_name, setting
from lab.errors import bad_value
from predictors.architectures import NetworkSettings
from predictors.transfer.names import APPLICATIONS

LARGEST_SIDE = 1_024


@dataclasses.dataclass(frozen=True)
class TransferSettings(NetworkSettings):
    """What network a predictor of pictures begins with, and how that goes on to learn."""

    backbone: str = setting(
        "", "network of keras.applications to begin with; empty for none", choices=("", *APPLICATIONS)
    )
    weights: str = setting(
        "",
        "the backbone's: a file (.weights.h5, .h5, .keras), imagenet for those in Keras' cache, none for random ones",
        path=True,
    )
    pretrained: str = setting(
        "", "directory of the run of a classifier of pictures to begin with; empty for none", path=True
    )
    input_shape: tuple[int, ...] = setting(
        (), "(H, W) or (H, W, C) to which the network brings pictures; empty for theirs, or the pre-trained run's",
        at_least=1, at_most=LARGEST_SIDE,
    )  # fmt: skip
    trainable_layers: int | None = setting(
        None, "last layers with weights of the backbone that train; 0 for a frozen extractor, none for all", at_least=0
    )
    layer_groups: int = setting(
        4, "groups into which those layers are cut, each with a step size", at_least=1, at_most=64
    )
    rate_divisor: float = setting(
        1.0, "by what the step size falls from one group to the next lower one; 2.6 in Howard and Ruder", at_least=1
    )
    unfreeze_every: int = setting(
        0, "updates until the last group trains too, then the one below it, ...; 0 for all from the first", at_least=0
    )

    def check(self) -> None:
        super().check()
        owner = owner_name(type(self))
        if self.input_shape and len(self.input_shape) not in (2, 3):
            raise bad_value(owner, "input_shape", self.input_shape, "(H, W) or (H, W, C)", "input_shape=(32, 32).")
        if self.backbone and self.pretrained:
            raise bad_value(owner, "pretrained", self.pretrained, "nothing beside a backbone", "give one of the two.")
        if self.backbone and not self.weights:
            raise bad_value(
                owner, "weights", self.weights, f"the file of weights for {self.backbone}, 'imagenet' for those that "
                "Keras has kept on this machine, or 'none' to begin with random ones", "weights='imagenet'.",
            )  # fmt: skip
        if self.weights and not self.backbone:
            raise bad_value(owner, "weights", self.weights, "nothing without a backbone", "backbone='resnet50'.")
