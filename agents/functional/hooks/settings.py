"""How the rule of a functional agent reads settings: as tensors of its state, or as the frozen numbers they are."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from agents.functional.state import RUN_LENGTH, AgentState
from lab.errors import UsageError


class Hyperparameters:
    """Reads settings from a state's tensors where it has them, else from the frozen settings."""

    def __init__(self, state: AgentState, config: Any) -> None:
        self._state, self._config = state, config

    def __getattr__(self, name: str) -> Any:
        state = self._state
        if name not in state.settings:
            return getattr(self._config, name)
        if name != "learning_rate":
            return state.settings[name]
        import tensorflow as tf

        return tf.where(state.learning_rate < 0.0, state.settings[name], state.learning_rate)


class Traced:
    """Settings as traced functions may read them: those that are tensors of the state are refused.

    A program is shared by agents that differ in them, and would have kept the first one's value without a word.

    Args:
        config: The frozen settings.
        tensors: Names of those that are tensors.
    """

    def __init__(self, config: Any, tensors: tuple[str, ...]) -> None:
        self._config, self._tensors = config, tensors

    def __getattr__(self, name: str) -> Any:
        if name in self._tensors:
            raise UsageError(
                f"a compiled rule read the setting {name} from self.config; expected it from the state, since runs "
                f"that differ in it share one program. Fix: self.hyperparameters(state).{name}, or the argument "
                "`settings` where there is one; a function that is given neither needs it out of `tensor_settings`."
            )
        return getattr(self._config, name)


def traced(agent: Any) -> Any:
    """Return a copy of an agent whose functions are to be traced."""
    made = copy.copy(agent)
    made.config = Traced(agent.config, agent.tensor_settings)
    return made


class SettingHooks:
    """Makes tensors of an agent's `tensor_settings`."""

    # Of the agent.
    config: Any
    run_length: int
    tensor_settings: ClassVar[tuple[str, ...]]
    settings_dtype: ClassVar[Any]
    scheduled: Callable[[str], int]

    def hyperparameters(self, state: AgentState) -> Any:
        """Return what reads settings by name: as tensors () where they are `tensor_settings`, else as they are."""
        return Hyperparameters(state, self.config)

    def setting_values(self) -> dict[str, np.ndarray]:
        """Return `tensor_settings` and `run_length` as arrays () of `settings_dtype`.

        Schedules without a length of their own have the run's.
        """
        values = {name: getattr(self.config, name) for name in self.tensor_settings}
        lengths = {name: self.scheduled(name) for name, value in values.items() if value is None}
        known = {**values, **lengths, RUN_LENGTH: max(1, self.run_length)}
        return {name: np.array(value, self.settings_dtype) for name, value in known.items()}
