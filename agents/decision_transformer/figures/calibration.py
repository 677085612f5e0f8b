"""How well the return obtained follows the return asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from lab.errors import bad_value
from lab.results.statistics import bootstrap_interval

TARGETS = 8
EPISODES = 20
# Of the streams of evaluation seeds: neither what is reported, nor what selects, nor the baselines'.
STREAM = 3


class Calibration(NamedTuple):
    """Returns asked for, and what they obtained.

    Attributes:
        targets: float64 (T,), in rising order.
        returns: float64 (T, E), of the same episodes for each.
    """

    targets: np.ndarray
    returns: np.ndarray

    def intervals(self) -> np.ndarray:
        """Return the ends of the 95 % bootstrap interval of each target's mean return, float64 (T, 2)."""
        return np.array([bootstrap_interval(row, np.mean) for row in self.returns])

    def rank_correlation(self) -> float:
        """Return Spearman's correlation of the targets and the mean returns obtained; 0 where those are all equal."""
        asked, got = (_ranks(values) for values in (self.targets, self.returns.mean(axis=1)))
        if np.ptp(asked) == 0 or np.ptp(got) == 0:
            return 0.0
        return float(np.corrcoef(asked, got)[0, 1])


def calibrate(agent: Any, task: Any, targets: Sequence[float] | None = None, episodes: int = EPISODES) -> Calibration:
    """Ask for several returns and see what comes of each.

    Args:
        agent: A trained agent.
        task: The experiment's, `experiment.task`.
        targets: Returns to ask for; None for eight that divide the data's range evenly.
        episodes: Episodes a target.
    """
    if targets is None:
        targets = np.unique(np.linspace(agent.lowest_return, agent.best_return, TARGETS)).tolist()
    if not len(targets):
        raise bad_value("calibrate", "targets", targets, "at least one return to ask for")
    found = []
    for target in sorted(targets):
        with agent.asking(float(target)):
            found.append(task.play(episodes, STREAM)[0])
    return Calibration(np.array(sorted(targets), np.float64), np.array(found))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks from 0, float64; equal values share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts + 1) / 2.0)[inverse]
