"""Optuna's samplers and pruners by name, each seeded for one trial."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np

from lab.errors import MissingPackageError
from lab.sweep.plan import Plan

# With fewer trials than this behind them, TPE and GP draw at random.
STARTUP = 10


def optuna() -> Any:
    """Import Optuna, which is optional.

    Raises:
        MissingPackageError: When it is not installed.
    """
    try:
        found = importlib.import_module("optuna")
    except ImportError as error:
        raise MissingPackageError(
            "a sweep needs Optuna, which is not installed. Fix: pip install 'keras-lab[tune]', or pip install optuna."
        ) from error
    found.logging.set_verbosity(found.logging.WARNING)
    return found


def seed_of(plan: Plan, number: int) -> int:
    """Return the seed of one trial's suggestion.

    A sampler's generator is in no storage, so a resumed one would begin anew; each trial has a sampler of its own, and
    its suggestion follows from the sweep's seed, its number and the trials before it.
    """
    return int(np.random.SeedSequence(plan.seed, spawn_key=(number,)).generate_state(1, np.uint32)[0])


def sampler(plan: Plan, number: int) -> Any:
    """Return the sampler of one trial's suggestion."""
    library, seed = optuna(), seed_of(plan, number)
    if plan.sampler == "random":
        return library.samplers.RandomSampler(seed=seed)
    if plan.sampler == "gp":
        from lab.sweep.suggesting.gaussian_process import gaussian_process_sampler

        return gaussian_process_sampler(seed, STARTUP)
    with warnings.catch_warnings():
        # Trials of one batch are suggested before the others have ended: they count as bad, to keep away from them.
        warnings.simplefilter("ignore", library.exceptions.ExperimentalWarning)
        return library.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP, constant_liar=True)


def pruner(plan: Plan) -> Any:
    """Return what ends trials early; its resource is training steps, and the least is one evaluation."""
    library = optuna()
    common: dict[str, Any] = {"min_resource": plan.evaluate_every, "reduction_factor": plan.reduction}
    if plan.pruner == "halving":
        return library.pruners.SuccessiveHalvingPruner(**common)
    if plan.pruner == "hyperband":
        return library.pruners.HyperbandPruner(**common, max_resource=plan.steps)
    return library.pruners.NopPruner()
