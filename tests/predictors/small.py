"""Small pictures of a few classes, and predictors that are quick to train on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lab import Experiment
from predictors import Classifier
from predictors.data.examples import Examples

# The same step size in every update, however training is cut into calls.
STEADY: dict[str, Any] = {"schedule": "constant", "schedule_steps": 1, "warmup_steps": 1}


def pictures(side: int = 6, classes: int = 3, count: int = 60, channels: int = 1, seed: int = 0) -> Any:
    """Return pairs (inputs, targets) to train and to test on: a bright bar whose row is the class, with noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    rows = rng.integers(0, 120, (count, side, side, channels), dtype=np.uint8)
    rows[np.arange(count), labels * side // classes] += 130
    cut = count * 2 // 3
    return (rows[:cut], labels[:cut]), (rows[cut:], labels[cut:])


def built(learner: Any, source: Any, **keywords: Any) -> Experiment:
    """Return an experiment whose updates run in Python: for a few of them nothing is worth compiling."""
    experiment = Experiment(learner, source, **{"seed": 1, "progress": False, "log_every": 1, **keywords})
    experiment.learner.compile = None  # type: ignore[attr-defined]
    return experiment


def values(model: Any) -> list[np.ndarray]:
    """Return a copy of a network's weights."""
    return [weight.numpy().copy() for weight in model.weights]


@pytest.fixture
def no_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs be written without training what they are compared with."""

    def none(self: Any, data: Examples) -> dict[str, Any]:
        return {}

    monkeypatch.setattr(Classifier, "baselines", none)
