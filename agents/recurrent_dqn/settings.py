"""Settings of RecurrentDQN."""

from __future__ import annotations

import dataclasses

from agents.dqn.settings import DQNSettings
from lab.config import owner_name, setting
from lab.errors import bad_value


@dataclasses.dataclass(frozen=True)
class RecurrentDQNSettings(DQNSettings):
    """Settings of `RecurrentDQN`; all intervals are environment steps, summed over environments."""

    cell: str = setting("gru", "what remembers", choices=("gru", "lstm"))
    cell_size: int = setting(64, "numbers that are remembered", at_least=1)
    sequence_length: int = setting(16, "steps of a sequence that are learnt from", at_least=1)
    burn_in: int = setting(8, "steps before them that only bring what is remembered up to date", at_least=0)
    hidden_sizes: tuple[int, ...] = setting(
        (64,), "units of each hidden layer after the cell", at_least=1, search="64;128;64,64"
    )
    batch_size: int = setting(16, "sequences an update", at_least=1, search="8,16,32,64")
    learning_rate: float = setting(2e-3, "Adam's step size at step 0", above=0, search="1e-4:1e-2:log")

    def check(self) -> None:
        super().check()
        owner = owner_name(type(self))
        if self.n_steps > 1:
            raise bad_value(owner, "n_steps", self.n_steps, "1, since each step of a sequence is valued by itself")
        if self.noisy:
            raise bad_value(owner, "noisy", True, "False, since beside a cell only epsilon explores")
        if self.distribution == "implicit":
            raise bad_value(owner, "distribution", "implicit", "'none', 'categorical' or 'quantile' beside a cell")
        if self.normalise_observations:
            raise bad_value(
                owner, "normalise_observations", True, "False, since the cell takes observations as they are"
            )
        window = self.burn_in + self.sequence_length
        if self.replay_capacity < window:
            expected = f"at least burn_in + sequence_length ({window})"
            raise bad_value(owner, "replay_capacity", self.replay_capacity, expected)
