"""Settings of conservative Q-learning."""

from __future__ import annotations

import dataclasses

from agents.dqn.settings import SwitchedOff
from agents.parts.networks.named import architecture_setting, width_setting
from lab.config import Settings, setting


@dataclasses.dataclass(frozen=True)
class CQLSettings(SwitchedOff, Settings):
    """Settings of `CQL`."""

    hidden_sizes: tuple[int, ...] = setting((256, 256), "units of each hidden layer", at_least=1)
    filters: tuple[int, ...] = setting(
        (16,), "filters of each 3x3 convolution, for observations that are pictures", at_least=1
    )
    architecture: str = architecture_setting()
    width: int = width_setting()
    alpha: float = setting(1.0, "weight of the conservative penalty beside the TD loss", at_least=0)
    learning_rate: float = setting(5e-4, "Adam's step size", above=0, search="1e-5:3e-3:log")
    adam_epsilon: float = setting(1e-7, "Adam's epsilon", above=0)
    batch_size: int = setting(128, "transitions an update", at_least=1, search="32,64,128,256")
    discount: float = setting(0.99, "discount factor", at_least=0, at_most=1, search="0.9:0.999")
    target_update_every: int = setting(100, "updates between copies to the target network", at_least=1)
    double: bool = setting(True, "whether the online network selects the action that the target network values")
    pessimism: float = setting(
        0.0,
        "with double, share in that value of the lesser of both networks' values of the action",
        at_least=0,
        at_most=1,
    )
    average_decay: float = setting(
        0.0,
        "share of the old that the averaged weights, by which it plays, keep each update; 0: go by the latest",
        at_least=0,
        below=1,
    )
    action_masks: bool = setting(
        True, "whether actions that info['action_mask'] forbids are left out in play; recordings hold no masks"
    )
    gradient_clip: float = setting(10.0, "largest global norm of a gradient; inf: any", above=0, infinite=True)
    huber_delta: float = setting(10.0, "TD error beyond which the loss grows in a line", above=0, infinite=True)
