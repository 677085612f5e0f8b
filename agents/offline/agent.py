"""OfflineAgent: the base of agents that learn from recorded episodes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from agents.base import Agent
from agents.episodes import Episodes

if TYPE_CHECKING:
    import tensorflow as tf


class OfflineAgent(Agent):
    """Learns from recorded episodes; a subclass gives `act_batch` and `update_on`, and makes its networks in `build`.

    `sampler` says what a batch is: transitions by default, windows of episodes for agents that look back.

    Attributes:
        compile: How updates run: "xla", "graph", or None for Python, to debug. `build` may set it.
        updates_per_call: Updates in one compiled call; a stop takes effect between calls.
    """

    group: ClassVar[str] = "lab.agents"
    default_steps: ClassVar[int] = 5_000
    default_log_every: ClassVar[int] = 100
    updates_per_call: ClassVar[int] = 50
    not_state: tuple[str, ...] = ("compile",)

    compile: str | None = "xla"
    rate: tf.Variable

    def named_source(self, name: str, run: Path) -> str:
        from agents.offline.sources import are_episodes
        from lab.runs.opening.sources import check_path

        if not are_episodes(name):
            return super().named_source(name, run)
        return str(check_path(name, run, "a file of recorded episodes"))

    @abstractmethod
    def update_on(self, batch: Any) -> Mapping[str, tf.Tensor]:
        """Make one training step, in TensorFlow operations over variables; it is traced once and compiled.

        Args:
            batch: What the sampler drew, as tensors of its shapes (B, ...) and dtypes.

        Returns:
            Metrics by name, float (), such as the loss before the step.
        """

    def check_training(self) -> None:
        """Raise `UsageError` where it cannot be trained, before anything is written (hook)."""

    def end_updates(self) -> None:
        """Take note that variables have changed, after each call's updates: refresh mirrors (hook)."""

    def adapt(self, episodes: Episodes) -> None:
        """Look at the data once, after `build` for a new agent, to fill what `build` made: means and the like (hook).

        An agent that was built before, or comes from a checkpoint, keeps what it has.
        """

    def sampler(self, episodes: Episodes) -> Callable[[np.random.Generator], Any]:
        """Return what draws one batch from the data (hook).

        Returns:
            A function of a generator, the only random numbers it may use; it gives a NamedTuple of arrays whose shapes
            and dtypes are the same each time. It must keep no state of its own.
        """
        from agents.offline.sampling import Transitions

        return Transitions(episodes, self.batch_size)

    @property
    def learning_rate(self) -> float:
        """The present step size of the optimizer, which `build` keeps in the variable `rate`."""
        return float(self.rate.numpy())

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.rate.assign(value)

    @property
    def batch_size(self) -> int:
        """Rows or windows an update."""
        return int(getattr(self.config, "batch_size", 128))
