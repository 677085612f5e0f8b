"""Small teachers and students, and how their weights are compared."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from generative import Dataset, Diffusion
from generative.datasets.points import moons
from generative.metrics.distances.sliced_wasserstein import sliced_wasserstein
from lab import Experiment
from tests.generative.tiny import images

TINY: dict[str, Any] = {"network": "mlp", "hidden_sizes": (4,), "schedule_steps": 20, "steps": 4, "batch_size": 8}


def teacher(**settings: Any) -> Diffusion:
    """Return a diffusion model of random weights."""
    learner = Experiment(Diffusion(**{**TINY, **settings}), images(), seed=2).learner
    for network in (learner.network, learner.average.network):  # type: ignore[attr-defined]
        for weight in network.weights:
            weight.assign(np.random.default_rng(0).normal(size=weight.shape, scale=0.3))
    return learner  # type: ignore[return-value]


@functools.cache
def taught_by_moons() -> tuple[Diffusion, Dataset]:
    """Return a diffusion model that has learnt points in a plane, and the points."""
    data = moons(3_000, 1_000)
    first = Experiment(Diffusion(hidden_sizes=(64, 64), average_decay=0.99), data, seed=1, progress=False)
    first.train(1_000)
    return first.learner, data  # type: ignore[return-value]


def distance(learner: Any, data: Dataset, **how: Any) -> float:
    """Return how far samples are from the test rows."""
    return sliced_wasserstein(learner.sample(len(data.test), seed=3, **how), data.test)


def uncompiled(learner: Any, **keywords: Any) -> Any:
    """Return an experiment of Python's own speed, for a few updates."""
    made = Experiment(learner, images(), seed=1, progress=False, log_every=1, **keywords)
    made.learner.compile = None
    return made


def values(network: Any) -> list[np.ndarray]:
    """Return a copy of a network's weights."""
    return [weight.numpy().copy() for weight in network.weights]
