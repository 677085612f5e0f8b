"""How a tabular agent explores as training goes on: its schedules, and which of its settings are read."""

from __future__ import annotations

from typing import Any

from gymnasium.spaces import Box

from agents.functional import AgentState, of_steps
from agents.parts.schedules import linear
from agents.tabular.parts.exploring import EPSILON_GREEDY, SOFTMAX, UCB, Exploration


class Exploring:
    """Follows the schedules of `TabularSettings`; it goes before `agents.functional.FunctionalAgent` among bases."""

    not_state: tuple[str, ...] = ("rate_steps", "epsilon_steps", "temperature_steps")
    # Of the agent.
    built: bool
    config: Any
    hyperparameters: Any
    observation_space: Any
    steps: int

    def unread_settings(self) -> dict[str, str]:
        c, unread = self.config, {}
        if c.epsilon_start == c.epsilon_end:
            unread["epsilon_steps"] = "epsilon_start and epsilon_end are equal"
        if c.learning_rate == c.learning_rate_end:
            unread["learning_rate_steps"] = "learning_rate and learning_rate_end are equal"
        if c.temperature_start == c.temperature_end:
            unread["temperature_steps"] = "temperature_start and temperature_end are equal"
        read = {
            EPSILON_GREEDY: ("epsilon_start", "epsilon_end", "epsilon_steps"),
            SOFTMAX: ("temperature_start", "temperature_end", "temperature_steps"),
            UCB: ("ucb_scale",),
        }
        for way, names in read.items():
            if way != c.exploration:
                unread.update(dict.fromkeys(names, f"exploration is {c.exploration}"))
        if self.built and not isinstance(self.observation_space, Box):
            unread.update(dict.fromkeys(("bins", "bins_low", "bins_high"), "observations are whole numbers"))
        return unread

    def scheduled(self, name: str) -> int:
        """Return how many steps a schedule takes; one where nothing follows it, so that it need not follow the run."""
        way = {"temperature_steps": SOFTMAX, "epsilon_steps": EPSILON_GREEDY}.get(name)
        if way not in (None, self.config.exploration):
            return 1
        return super().scheduled(name)  # type: ignore[misc]

    def apply_schedules(self) -> None:
        # Kept: the step size is asked for at every transition.
        self.rate_steps, self.epsilon_steps = self.scheduled("learning_rate_steps"), self.scheduled("epsilon_steps")
        self.temperature_steps = self.scheduled("temperature_steps")

    def exploring_in(self, state: AgentState) -> Exploration:
        """Return how the agent explores in a state, in tensors."""
        c = self.hyperparameters(state)
        epsilon = linear(state.steps, c.epsilon_start, c.epsilon_end, c.epsilon_steps)
        temperature = linear(state.steps, c.temperature_start, c.temperature_end, c.temperature_steps)
        return Exploration(self.config.exploration, epsilon, temperature, c.ucb_scale)

    @property
    def exploring(self) -> Exploration:
        """How the agent explores now, in numbers."""
        c = self.config
        temperature = linear(self.steps, c.temperature_start, c.temperature_end, self.temperature_steps)
        return Exploration(c.exploration, self.epsilon, temperature, c.ucb_scale)

    def planned_rate(self) -> float:
        c = self.config
        value: float = linear(self.steps, c.learning_rate, c.learning_rate_end, self.rate_steps)
        return value

    @property
    def epsilon(self) -> float:
        """The probability of a uniform action now."""
        value: float = linear(self.steps, self.config.epsilon_start, self.config.epsilon_end, self.epsilon_steps)
        return value

    @of_steps
    def gauges(self) -> dict[str, float]:
        if self.config.exploration == SOFTMAX:
            return {"temperature": float(self.exploring.temperature)}
        return {"epsilon": self.epsilon} if self.config.exploration == EPSILON_GREEDY else {}
