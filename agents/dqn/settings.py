"""Settings of DQN."""

from __future__ import annotations

import dataclasses

from agents.parts.networks.named import architecture_setting, width_setting
from lab.config import Settings, setting
from lab.errors import bad_value


@dataclasses.dataclass(frozen=True)
class DQNSettings(Settings):
    """Settings of `DQN`; all intervals are environment steps, summed over environments."""

    hidden_sizes: tuple[int, ...] = setting(
        (128, 128), "units of each hidden layer", at_least=1, search="64,64;128,128;256,256"
    )
    filters: tuple[int, ...] = setting(
        (16,), "filters of each 3x3 convolution, for observations that are pictures", at_least=1
    )
    architecture: str = architecture_setting()
    width: int = width_setting()
    learning_rate: float = setting(5e-3, "Adam's step size at step 0", above=0, search="1e-4:3e-2:log")
    learning_rate_end: float = setting(
        1e-5, "Adam's step size after learning_rate_steps", above=0, search="1e-6:1e-3:log"
    )
    learning_rate_steps: int | None = setting(
        None, "environment steps over which the step size falls; none for all of the run", at_least=1, of_run=1.0
    )
    adam_epsilon: float = setting(
        1e-4, "Adam's epsilon; large, so that small gradients make small steps", above=0, search="1e-8:1e-3:log"
    )
    batch_size: int = setting(64, "transitions an update", at_least=1, search="32,64,128,256")
    discount: float = setting(0.99, "discount factor", at_least=0, at_most=1, search="0.9:0.999")
    replay_capacity: int = setting(20_000, "transitions kept", at_least=1)
    learning_starts: int = setting(1_000, "environment steps before the first update", at_least=0)
    update_every: int = setting(20, "environment steps between rounds of updates", at_least=1, search="4:64:log")
    updates_per_round: int = setting(10, "updates in one compiled call", at_least=1, search="1:32:log")
    target_update_every: int = setting(
        100, "environment steps between copies to the target network", at_least=1, search="50:2000:log"
    )
    epsilon_start: float = setting(1.0, "probability of a uniform action at step 0", at_least=0, at_most=1)
    epsilon_end: float = setting(
        0.1, "probability of a uniform action after epsilon_steps", at_least=0, at_most=1, search="0.01:0.2"
    )
    epsilon_steps: int | None = setting(
        None, "environment steps over which epsilon falls; none for the first 0.16 of the run", at_least=1, of_run=0.16
    )
    epsilon_evaluation: float = setting(0.0, "probability of a uniform action when evaluated", at_least=0, at_most=1)
    double: bool = setting(True, "whether the online network selects the action that the target network values")
    pessimism: float = setting(
        0.5,
        "with double, share in that value of the lesser of both networks' values of the action",
        at_least=0,
        at_most=1,
        search="0:1",
    )
    average_decay: float = setting(
        0.9999,
        "share of the old that the averaged weights, by which greedy play goes, keep each update; 0: go by the latest",
        at_least=0,
        below=1,
    )
    gradient_clip: float = setting(100.0, "largest global norm of a gradient; inf: any", above=0, infinite=True)
    # Large beside the rewards: with delta = 1 the rare, large errors where an episode ends count for no more than the
    # common small ones, values rise without end, and CartPole's return falls to 9.
    huber_delta: float = setting(100.0, "error beyond which the loss grows in a line", above=0, infinite=True)

    def check(self) -> None:
        if self.replay_capacity < self.batch_size:
            raise bad_value("DQN", "replay_capacity", self.replay_capacity, f"at least batch_size ({self.batch_size})")
