"""A classifier and pictures that are small enough to train in a blink, in Python and one update at a time."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np

from lab import Experiment
from predictors import Classifier

SETTINGS: dict[str, Any] = {
    "architecture": "mlp",
    "hidden_sizes": (6,),
    "batch_size": 8,
    "schedule_steps": 40,
    "warmup_steps": 4,
}


class InPython(Classifier):
    """A classifier that is not compiled, so that a test waits for nothing."""

    def build(self) -> None:
        super().build()
        self.compile = None


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Return 60 uint8 pictures (60, 4, 4), of which one row is bright, and which."""
    rng = np.random.default_rng(3)
    labels = np.arange(60) % 3
    rows = rng.integers(0, 90, (60, 4, 4), dtype=np.uint8)
    rows[np.arange(60), labels] += 150
    return rows, labels


def experiment(run: Path | None = None, **settings: Any) -> Experiment:
    """Return an experiment with such a classifier; settings go before `SETTINGS`."""
    return Experiment(InPython(**{**SETTINGS, **settings}), pictures(), seed=2, run_dir=run, progress=False)


def values(model: keras.Model) -> list[np.ndarray]:
    """Return all variables of a network, seeds too."""
    return [variable.numpy() for variable in model.variables]


def check_resumes_exactly(whole: Experiment, run: Path, steps: int) -> Experiment:
    """Train on both the experiment and a copy of its run, and compare the networks to the bit; return the copy's."""
    learner: Any = whole.learner
    shutil.copytree(run, run.with_name("copy"))
    resumed = Experiment.resume(run.with_name("copy"), source=pictures(), progress=False)
    for one in (whole, resumed):
        one.train(steps)
    again: Any = resumed.learner
    for mine, theirs in zip(values(learner.network), values(again.network), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert whole.evaluate() == resumed.evaluate()
    return resumed
