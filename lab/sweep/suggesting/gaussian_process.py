"""A sampler by a Gaussian process and expected improvement, on scikit-learn.

Optuna's own needs PyTorch, which this project does not bring. Snoek et al. 2012, "Practical Bayesian Optimization of
Machine Learning Algorithms": a Matern 5/2 kernel with a length scale a setting, and expected improvement (equation 2);
trials that are still running stand at what the process expects of them (Ginsbourger et al. 2010, "Kriging is
well-suited to parallelize optimization", the kriging believer).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

CANDIDATES = 2_000
# Of which so many lie near the best trials.
NEAR = 500
BEST = 5
WIDTH = 0.05

Numbers = NDArray[np.float64]


def gaussian_process_sampler(seed: int, startup: int) -> Any:
    """Return an `optuna.samplers.BaseSampler`; random until so many trials are complete."""
    from optuna.samplers import BaseSampler, RandomSampler

    class GaussianProcessSampler(BaseSampler):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            self.random = RandomSampler(seed=seed)

        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
            from optuna.search_space import intersection_search_space

            found = intersection_search_space(_complete(study))
            return {name: one for name, one in found.items() if not one.single()}

        def sample_relative(self, study: Any, trial: Any, search_space: Mapping[str, Any]) -> dict[str, Any]:
            if not search_space or len(_complete(study)) < startup:
                return {}
            return suggest(study, search_space, np.random.RandomState(seed))

        def sample_independent(self, study: Any, trial: Any, name: str, distribution: Any) -> Any:
            return self.random.sample_independent(study, trial, name, distribution)

    return GaussianProcessSampler()


def _complete(study: Any) -> list[Any]:
    from optuna.trial import TrialState

    found = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return [trial for trial in found if math.isfinite(trial.value)]


def suggest(study: Any, spaces: Mapping[str, Any], random: np.random.RandomState) -> dict[str, Any]:
    """Return the candidate of the greatest expected improvement over the complete trials of a study."""
    from optuna.trial import TrialState

    complete = _complete(study)
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    # Of running trials only those whose settings are known already.
    running = [trial for trial in running if set(spaces) <= set(trial.params)]
    sign = 1.0 if study.direction.name == "MAXIMIZE" else -1.0
    x = np.array([encoded(trial.params, spaces) for trial in complete])
    y = sign * np.array([trial.value for trial in complete])
    y = (y - y.mean()) / (y.std() or 1.0)
    best = np.argsort(-y, kind="stable")[:BEST]
    drawn = random.uniform(size=(CANDIDATES, x.shape[1]))
    near = x[best[random.randint(len(best), size=NEAR)]] + WIDTH * random.standard_normal((NEAR, x.shape[1]))
    drawn[:NEAR] = np.clip(near, 0.0, 1.0)
    candidates = [decoded(row, spaces) for row in drawn]
    points = np.array([encoded(one, spaces) for one in candidates])
    process = _fitted(x, y, random)
    if running:
        believed = np.array([encoded(trial.params, spaces) for trial in running])
        x, y = np.concatenate([x, believed]), np.concatenate([y, process.predict(believed)])
        process.set_params(optimizer=None, kernel=process.kernel_).fit(x, y)
    mean, deviation = process.predict(points, return_std=True)
    return candidates[int(np.argmax(expected_improvement(mean, deviation, float(y.max()))))]


def _fitted(x: Numbers, y: Numbers, random: np.random.RandomState) -> Any:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    kernel = ConstantKernel(1.0, (1e-2, 1e2)) * Matern(np.full(x.shape[1], 0.5), (5e-2, 1e1), nu=2.5)
    process = GaussianProcessRegressor(
        kernel + WhiteKernel(0.1, (1e-4, 1.0)), n_restarts_optimizer=2, random_state=random
    )
    with warnings.catch_warnings():
        # That a length scale ends at its bound says that a setting matters little.
        warnings.simplefilter("ignore")
        return process.fit(x, y)


def expected_improvement(mean: Numbers, deviation: Numbers, best: float) -> Numbers:
    """Return the expected improvement over `best` where more is better, (n,)."""
    from scipy.stats import norm

    deviation = np.maximum(deviation, 1e-9)
    z = (mean - best) / deviation
    improvement: Numbers = deviation * (z * norm.cdf(z) + norm.pdf(z))
    return improvement


def encoded(values: Mapping[str, Any], spaces: Mapping[str, Any]) -> list[float]:
    """Return values as numbers from 0 to 1: of a range where in it, by logarithms with `log`; of choices one-hot."""
    found: list[float] = []
    for name, space in spaces.items():
        if hasattr(space, "choices"):
            found += [float(values[name] == choice) for choice in space.choices]
        else:
            low, high, value = (math.log(v) if space.log else v for v in (space.low, space.high, values[name]))
            found.append((value - low) / (high - low))
    return found


def decoded(row: Numbers, spaces: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that numbers from 0 to 1 stand for; of choices the one with the largest."""
    found: dict[str, Any] = {}
    place = 0
    for name, space in spaces.items():
        if hasattr(space, "choices"):
            size = len(space.choices)
            found[name] = space.choices[int(np.argmax(row[place : place + size]))]
            place += size
            continue
        low, high = (math.log(v) if space.log else v for v in (space.low, space.high))
        value = low + float(row[place]) * (high - low)
        value = math.exp(value) if space.log else value
        if space.step is not None:
            value = space.low + round((value - space.low) / space.step) * space.step
        found[name] = type(space.low)(min(max(value, space.low), space.high))
        place += 1
    return found
