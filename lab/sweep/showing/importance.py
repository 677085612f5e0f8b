"""How much each setting of a sweep matters."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

from lab.sweep.journal import Trial
from lab.sweep.plan import Plan
from lab.sweep.showing.charts import scored
from lab.sweep.spaces import Space
from lab.sweep.suggesting.samplers import optuna
from lab.sweep.suggesting.study import distributions, parameters

# Fewer say nothing of settings.
LEAST = 5


def importance(plan: Plan, spaces: Mapping[str, Space], trials: Sequence[Trial], higher: bool) -> dict[str, float]:
    """Return the share of each setting in the score of the better trials, by Optuna's PED-ANOVA; none of few trials.

    Watanabe et al. 2023, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary Subspaces".

    Raises:
        MissingPackageError: Where Optuna is not installed.
    """
    found = scored(trials)
    if len(found) < LEAST or len({trial.value for trial in found}) < 2:
        return {}
    library = optuna()
    study = library.create_study(direction="maximize" if higher else "minimize")
    known = distributions(spaces)
    for trial in found:
        params = parameters(trial.settings, spaces)
        study.add_trial(library.trial.create_trial(params=params, distributions=known, value=trial.value))
    with warnings.catch_warnings():
        # That few trials make all settings equal is plain to see.
        warnings.simplefilter("ignore")
        shares = library.importance.get_param_importances(study)
    return {name: float(share) for name, share in shares.items()}
