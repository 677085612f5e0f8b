"""Settings of the agents that learn actor and critics from a replay."""

from __future__ import annotations

import dataclasses

from lab.config import Settings, owner_name, setting, with_defaults
from lab.errors import bad_value

NORMALISATIONS = ("none", "layer", "batch")


@dataclasses.dataclass(frozen=True)
class OffPolicySettings(Settings):
    """What they share; all intervals are environment steps, summed over environments."""

    hidden_sizes: tuple[int, ...] = setting((256, 256), "units of each hidden layer", at_least=1)
    learning_rate: float = setting(1e-3, "Adam's step size, of all networks", above=0, search="1e-5:1e-2:log")
    adam_epsilon: float = setting(1e-8, "Adam's epsilon", above=0)
    batch_size: int = setting(256, "transitions an update", at_least=1, search="32,64,128,256")
    discount: float = setting(0.99, "discount factor", at_least=0, at_most=1, search="0.9:0.999")
    target_decay: float = setting(
        0.995, "share of the old that target networks keep when they move", at_least=0, below=1
    )
    replay_capacity: int = setting(200_000, "transitions kept", at_least=1)
    learning_starts: int = setting(
        1_000, "environment steps before the first update, in which actions are uniform", at_least=0
    )
    update_every: int = setting(1, "environment steps between rounds of updates", at_least=1)
    updates_per_round: int = setting(1, "updates in one compiled call", at_least=1)
    actor_every: int = setting(1, "updates of the critics to one of the actor", at_least=1)
    n_steps: int = setting(1, "steps of reward before what follows is valued", at_least=1)
    critics: int = setting(2, "critics, of the same shape", at_least=1)
    critics_in_target: int = setting(
        2, "critics, drawn anew each update, whose least value is the target's; fewer than critics: REDQ", at_least=1
    )
    critic_normalisation: str = setting(
        "none", "of the critics' layers; with batch they have no target networks (CrossQ)", choices=NORMALISATIONS
    )

    def check(self) -> None:
        owner = owner_name(type(self))
        if self.replay_capacity < self.batch_size:
            raise bad_value(owner, "replay_capacity", self.replay_capacity, f"at least batch_size ({self.batch_size})")
        if self.critics_in_target > self.critics:
            expected = f"at most critics ({self.critics})"
            raise bad_value(owner, "critics_in_target", self.critics_in_target, expected)


@dataclasses.dataclass(frozen=True)
class SACSettings(OffPolicySettings):
    """Settings of `SAC`; all intervals are environment steps, summed over environments."""

    temperature: float = setting(1.0, "weight of the entropy beside the reward; where it starts if learnt", above=0)
    learn_temperature: bool = setting(True, "whether the temperature follows target_entropy")
    target_entropy: float | None = setting(
        None, "nats; none: minus the number of a Box's actions, their density being in units of half the range, or of "
        "Discrete ones half of what uniform play has",
    )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class TD3Settings(OffPolicySettings):
    """Settings of `TD3`; all intervals are environment steps, summed over environments."""

    actor_every: int = setting(2, "updates of the critics to one of the actor and the target networks", at_least=1)
    exploration_noise: float = setting(
        0.1, "standard deviation of the noise on actions in training, in half ranges", at_least=0
    )
    target_noise: float = setting(
        0.2, "standard deviation of the noise on actions in targets, in half ranges", at_least=0
    )
    target_noise_clip: float = setting(0.5, "most of that noise, in half ranges", at_least=0, infinite=True)


DDPGSettings = with_defaults(
    TD3Settings, "DDPGSettings", critics=1, critics_in_target=1, actor_every=1, target_noise=0.0
)
DDPGSettings.__doc__ = "Settings of `DDPG`; all intervals are environment steps, summed over environments."
