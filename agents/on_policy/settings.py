"""Settings of the on-policy agents."""

from __future__ import annotations

import dataclasses

from agents.parts.heads.choice import KINDS
from agents.parts.networks.named import architecture_setting, width_setting
from lab.config import Settings, owner_name, setting
from lab.errors import bad_value


@dataclasses.dataclass(frozen=True)
class OnPolicySettings(Settings):
    """What all on-policy agents have in common; all intervals are environment steps, summed over environments."""

    hidden_sizes: tuple[int, ...] = setting((64, 64), "units of each hidden layer", at_least=1)
    filters: tuple[int, ...] = setting(
        (16,), "filters of each 3x3 convolution, for observations that are pictures", at_least=1
    )
    activation: str = setting("tanh", "of hidden layers, but for pictures, which have relu", choices=("tanh", "relu"))
    architecture: str = architecture_setting()
    width: int = width_setting()
    policy: str = setting("gaussian", "distribution over the actions of a Box", choices=KINDS)
    deviation_by_state: bool = setting(False, "whether a Gaussian's deviations follow from the observation")
    deviation_start: float = setting(0.6, "a Gaussian's deviations at first, in units of half the range", above=0)
    action_mask: bool = setting(
        False, "whether the last numbers of an observation tell which actions are allowed: see envs.ActionMask"
    )
    rollout_steps: int = setting(2048, "environment steps between rounds of updates", at_least=1)
    learning_rate: float = setting(3e-4, "Adam's step size at step 0", above=0, search="1e-5:1e-2:log")
    learning_rate_end: float = setting(0.0, "Adam's step size after learning_rate_steps", at_least=0)
    learning_rate_steps: int | None = setting(
        None, "environment steps over which the step size falls; none for all of the run", at_least=1, of_run=1.0
    )
    adam_epsilon: float = setting(1e-5, "Adam's epsilon", above=0)
    discount: float = setting(0.99, "discount factor", at_least=0, at_most=1, search="0.9:0.999")
    value_weight: float = setting(0.5, "weight of the value loss", at_least=0)
    entropy_weight: float = setting(0.0, "weight of the entropy bonus", at_least=0)
    gradient_clip: float = setting(0.5, "largest global norm of a gradient; inf: any", above=0, infinite=True)
    normalise_observations: bool = setting(False, "whether observations are brought to mean 0 and deviation 1")
    normalise_rewards: bool = setting(False, "whether rewards are divided by the deviation of their discounted sums")
    normalise_advantages: bool = setting(True, "whether a minibatch's advantages have mean 0 and deviation 1")

    def check(self) -> None:
        if self.policy == "beta" and self.deviation_by_state:
            raise bad_value(
                owner_name(type(self)), "deviation_by_state", True, "False where policy is 'beta'", "leave it out."
            )
        rows = "minibatch_size" if hasattr(self, "minibatch_size") else "rollout_steps"
        if self.normalise_advantages and getattr(self, rows) == 1:
            raise bad_value(
                owner_name(type(self)), rows, 1, "at least 2 where normalise_advantages is True: a single advantage "
                "less its mean is 0, and the policy would learn nothing", "normalise_advantages=False.",
            )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class PPOSettings(OnPolicySettings):
    """Settings of `PPO`; all intervals are environment steps, summed over environments."""

    epochs: int = setting(10, "times each rollout is gone through", at_least=1)
    minibatch_size: int = setting(64, "transitions an update; it must divide rollout_steps", at_least=1)
    gae_lambda: float = setting(0.95, "lambda of generalised advantage estimation", at_least=0, at_most=1)
    clip_range: float = setting(0.2, "how far from 1 a probability ratio pays", above=0)
    value_clip_range: float = setting(
        float("inf"),
        "how far a value may move from the old one in a round, and count; inf: any",
        above=0,
        infinite=True,
    )
    largest_kl: float = setting(
        float("inf"), "divergence from the old policy beyond which a round makes no more updates; inf: any", above=0,
        infinite=True,
    )  # fmt: skip

    def check(self) -> None:
        super().check()
        if self.rollout_steps % self.minibatch_size:
            raise bad_value(
                owner_name(type(self)), "minibatch_size", self.minibatch_size,
                f"a divisor of rollout_steps ({self.rollout_steps})", self.fitting_minibatch(),
            )  # fmt: skip

    def fitting_minibatch(self, rows: int = 1) -> str:
        """Return the nearest minibatch_size, in whole sequences of so many rows, that divides rollout_steps."""
        steps, asked = self.rollout_steps, self.minibatch_size
        fits = [n for n in range(rows, steps + 1, rows) if steps % n == 0 and (n > 1 or not self.normalise_advantages)]
        if not fits:
            whole = asked if asked % rows == 0 else rows
            return f"rollout_steps={-(-steps // whole) * whole}."
        return f"minibatch_size={min(fits, key=lambda n: abs(n - asked))}."


@dataclasses.dataclass(frozen=True)
class A2CSettings(OnPolicySettings):
    """Settings of `A2C`; all intervals are environment steps, summed over environments."""

    rollout_steps: int = setting(64, "environment steps between updates", at_least=1)
    learning_rate: float = setting(1e-3, "Adam's step size at step 0", above=0, search="1e-5:1e-2:log")
    gae_lambda: float = setting(1.0, "lambda of generalised advantage estimation", at_least=0, at_most=1)
    normalise_advantages: bool = setting(False, "whether an update's advantages have mean 0 and deviation 1")


@dataclasses.dataclass(frozen=True)
class REINFORCESettings(OnPolicySettings):
    """Settings of `REINFORCE`; all intervals are environment steps, summed over environments."""

    rollout_steps: int = setting(1024, "environment steps between updates; several episodes", at_least=1)
    learning_rate: float = setting(5e-3, "Adam's step size at step 0", above=0, search="1e-5:1e-2:log")
    # Few updates, one a rollout, do not bring a baseline from 0 to returns of a hundred.
    normalise_rewards: bool = setting(True, "whether rewards are divided by the deviation of their discounted sums")
    baseline: bool = setting(True, "whether returns are compared with a learnt value of the observation")
