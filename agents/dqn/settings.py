"""Settings of DQN."""

from __future__ import annotations

import dataclasses

from agents.parts.networks.named import architecture_setting, width_setting
from lab.config import Settings, owner_name, setting
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
    action_masks: bool = setting(
        True, "whether actions that info['action_mask'] forbids are left out, in acting and in targets"
    )
    gradient_clip: float = setting(100.0, "largest global norm of a gradient; inf: any", above=0, infinite=True)
    # Large beside the rewards: with delta = 1 the rare, large errors where an episode ends count for no more than the
    # common small ones, values rise without end, and CartPole's return falls to 9.
    huber_delta: float = setting(100.0, "error beyond which the loss grows in a line", above=0, infinite=True)

    target_rate: float = setting(
        1.0,
        "share of the way to the online network that the target network moves; below 1 it moves each update",
        above=0,
        at_most=1,
        search="1e-3:1:log",
    )
    # More than one leans to what was done in place of what would be best: docs/defaults.md.
    n_steps: int = setting(1, "steps of reward before what follows is valued", at_least=1, search="1,3,5,10")
    prioritised: bool = setting(False, "whether rows that the agent was more wrong about are replayed more often")
    priority_alpha: float = setting(
        0.6, "with prioritised, how much errors count; 0: not at all, 1: in proportion", at_least=0, at_most=1
    )
    priority_beta: float = setting(
        0.4, "with prioritised, how much of that weights make up for at first; at the end all", at_least=0, at_most=1
    )
    dueling: bool = setting(False, "whether a value of the state is learnt apart from the advantages of actions")
    noisy: bool = setting(False, "whether noise in the weights explores, in place of epsilon")
    noise_deviation: float = setting(
        0.5, "with noisy, standard deviation at first, times the root of a layer's inputs", above=0, search="0.1:1"
    )
    distribution: str = setting(
        "none", "what is learnt of returns beside their mean", choices=("none", "categorical", "quantile", "implicit")
    )
    atoms: int = setting(51, "with distribution=categorical, values that a return may take", at_least=2)
    # What returns of rewards between -1 and 1 may come to, discounted by 0.99.
    value_min: float = setting(-100.0, "with distribution=categorical, the least return that atoms hold")
    value_max: float = setting(100.0, "with distribution=categorical, the greatest return that atoms hold")
    quantiles: int = setting(51, "with distribution=quantile, quantiles of a return", at_least=1)
    fractions: int = setting(8, "with distribution=implicit, fractions drawn for a row of an update", at_least=1)
    acting_fractions: int = setting(32, "with distribution=implicit, fractions by whose mean it acts", at_least=1)
    cosines: int = setting(64, "with distribution=implicit, cosines that tell the network a fraction", at_least=1)
    quantile_delta: float = setting(
        1.0, "with quantiles, error beyond which their loss grows in a line", above=0, search="0.1:10:log"
    )
    munchausen: bool = setting(False, "whether the log-probability of the action is added to its reward")
    munchausen_weight: float = setting(0.9, "with munchausen, weight of it", at_least=0, at_most=1)
    munchausen_temperature: float = setting(
        0.03, "with munchausen, of the softmax policy, in units of the return", above=0, search="1e-3:1:log"
    )
    munchausen_least: float = setting(-1.0, "with munchausen, the least that is added before it is weighed", at_most=0)
    normalise_observations: bool = setting(False, "whether observations are brought to mean 0 and deviation 1")

    def check(self) -> None:
        owner = owner_name(type(self))
        if self.replay_capacity < self.batch_size:
            raise bad_value(owner, "replay_capacity", self.replay_capacity, f"at least batch_size ({self.batch_size})")
        if self.n_steps > self.replay_capacity:
            raise bad_value(owner, "n_steps", self.n_steps, f"at most replay_capacity ({self.replay_capacity})")
        if self.value_min >= self.value_max:
            # Whichever somebody chose.
            if self.value_max == type(self).value_max:
                raise bad_value(owner, "value_min", self.value_min, f"less than value_max ({self.value_max})")
            raise bad_value(owner, "value_max", self.value_max, f"more than value_min ({self.value_min})")
        if self.munchausen and self.n_steps > 1:
            expected = "1 beside munchausen=True, whose bonus belongs to each single reward"
            raise bad_value(owner, "n_steps", self.n_steps, expected)


class SwitchedOff:
    """What settings of a DQN without these switches say of them; they are no fields."""

    distribution = "none"
    dueling = noisy = prioritised = munchausen = normalise_observations = False
    n_steps, target_rate = 1, 1.0
