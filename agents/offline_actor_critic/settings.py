"""Settings of the actor-critics that learn from recorded episodes."""

from __future__ import annotations

import dataclasses

from lab.config import Settings, setting

NORMALISATIONS = ("none", "layer")


@dataclasses.dataclass(frozen=True)
class OfflineActorCriticSettings(Settings):
    """What they share."""

    hidden_sizes: tuple[int, ...] = setting((256, 256), "units of each hidden layer", at_least=1)
    learning_rate: float = setting(3e-4, "Adam's step size, of all networks", above=0, search="1e-5:3e-3:log")
    adam_epsilon: float = setting(1e-8, "Adam's epsilon", above=0)
    batch_size: int = setting(256, "transitions an update", at_least=1, search="32,64,128,256")
    discount: float = setting(0.99, "discount factor", at_least=0, at_most=1, search="0.9:0.999")
    target_decay: float = setting(
        0.995, "share of the old that target networks keep when they move", at_least=0, below=1
    )
    actor_every: int = setting(1, "updates of the critics to one of the actor", at_least=1)
    critics: int = setting(2, "critics, of the same shape, whose least value counts", at_least=1)
    critic_normalisation: str = setting("none", "of the critics' hidden layers", choices=NORMALISATIONS)
    normalise_observations: bool = setting(
        False, "whether observations are scaled by their mean and deviation in the recording"
    )

    @property
    def critics_in_target(self) -> int:
        """How many critics the target's least value is taken of: all."""
        return self.critics


@dataclasses.dataclass(frozen=True)
class IQLSettings(OfflineActorCriticSettings):
    """Settings of `IQL`."""

    expectile: float = setting(
        0.7, "of the critics' values, over recorded actions, that is a state's value; 0.5: the mean", above=0, below=1
    )
    temperature: float = setting(
        1 / 3, "advantage by which a recorded action's weight grows e times; small: only the best count", above=0
    )
    largest_weight: float = setting(100.0, "most that a recorded action's weight is", above=0)


@dataclasses.dataclass(frozen=True)
class AWACSettings(OfflineActorCriticSettings):
    """Settings of `AWAC`."""

    temperature: float = setting(
        1.0, "advantage by which a recorded action's weight grows e times; small: only the best count", above=0
    )


@dataclasses.dataclass(frozen=True)
class TD3BCSettings(OfflineActorCriticSettings):
    """Settings of `TD3BC`."""

    actor_every: int = setting(2, "updates of the critics to one of the actor and the target networks", at_least=1)
    normalise_observations: bool = setting(
        True, "whether observations are scaled by their mean and deviation in the recording"
    )
    alpha: float = setting(2.5, "weight of the values, scaled to a mean size of 1, beside imitation", at_least=0)
    target_noise: float = setting(
        0.2, "standard deviation of the noise on actions in targets, in half ranges", at_least=0
    )
    target_noise_clip: float = setting(0.5, "most of that noise, in half ranges", at_least=0, infinite=True)
