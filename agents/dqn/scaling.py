"""Observations that a DQN brings to mean 0 and deviation 1 by statistics that are part of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from agents.parts import observations
from agents.parts.normalising import LIMIT, RunningStatistics, no_statistics, standardised, with_rows

if TYPE_CHECKING:
    from agents.dqn.state import Parameters


class Scaled:
    """Gives `DQN` its setting `normalise_observations`, whose statistics only updates change, and forms in NumPy."""

    # Of the agent.
    config: Any
    observation_space: Any
    greedy: Any
    latest: Any
    features: Callable[[Any], Any]
    # As the NumPy forms of the network take them; None where the variables have newer ones.
    scale: RunningStatistics | None = None

    @property
    def number_of_features(self) -> int:
        """How many numbers describe an observation to the network."""
        return observations.number_of_features(self.observation_space)

    def build_scale(self) -> None:
        """Make the statistics of nothing, where they are asked for."""
        if self.config.normalise_observations:
            empty = no_statistics((self.number_of_features,))
            self.observed = RunningStatistics(*(tf.Variable(part, trainable=False) for part in empty))

    @property
    def statistics(self) -> Any:
        """The statistics' variables, or () without them."""
        return getattr(self, "observed", ())

    def having_seen(self, parameters: Parameters, observed: tf.Tensor) -> Parameters:
        """Return parameters whose statistics have taken in the observations of an update, (B, ...)."""
        return parameters._replace(observed=with_rows(parameters.observed, self.features(observed)))

    def seen_in_numpy(self, observed: np.ndarray) -> np.ndarray:
        """Return what `seen` does, for arrays (n, ...) to float32 (n, d), by the newest statistics."""
        rows: np.ndarray = self.features(observed)
        if not self.config.normalise_observations:
            return rows
        if self.scale is None:
            self.scale = RunningStatistics(*(part.numpy() for part in self.statistics))
        scaled: np.ndarray = standardised(self.scale, rows, LIMIT).astype(np.float32, copy=False)
        return scaled

    def renew_host_forms(self, parameters: list[np.ndarray] | None) -> None:
        # In this order: without averaged weights both are one, and need not read what is at hand.
        self.greedy.renew()
        self.latest.renew(parameters)
        if self.config.normalise_observations:
            self.scale = (
                None if parameters is None else RunningStatistics(*parameters[-len(RunningStatistics._fields) :])
            )

    @property
    def number_for_host_forms(self) -> int | None:
        # The statistics are the last leaves.
        return None if self.config.normalise_observations else len(self.latest.model.trainable_variables)
