"""The study of a sweep as Optuna knows it, made anew in memory from the trials that have ended."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.sweep.journal import Trial
from lab.sweep.plan import Plan
from lab.sweep.spaces import Choice, Space, label
from lab.sweep.suggesting.samplers import optuna, pruner, sampler

# Hyperband chooses a trial's bracket by the study's name and its number.
STUDY = "sweep"


def distributions(spaces: Mapping[str, Space]) -> dict[str, Any]:
    """Return the search spaces as Optuna's; choices by their texts."""
    kinds, found = optuna().distributions, {}
    # A sampler draws for one after the other, so their order must not depend on how a file was written.
    for name, space in sorted(spaces.items()):
        if isinstance(space, Choice):
            found[name] = kinds.CategoricalDistribution(space.labels)
        elif space.whole:
            found[name] = kinds.IntDistribution(int(space.low), int(space.high), space.log, int(space.step or 1))
        else:
            found[name] = kinds.FloatDistribution(space.low, space.high, space.log, space.step)
    return found


def parameters(settings: Mapping[str, Any], spaces: Mapping[str, Space]) -> dict[str, Any]:
    """Return a trial's settings as Optuna holds them."""
    return {name: label(settings[name]) if isinstance(one, Choice) else settings[name] for name, one in spaces.items()}


def settings_of(params: Mapping[str, Any], spaces: Mapping[str, Space]) -> dict[str, Any]:
    """Return the settings that Optuna's parameters stand for."""
    return {
        name: one.values[one.labels.index(params[name])] if isinstance(one, Choice) else params[name]
        for name, one in spaces.items()
    }


def study_of(plan: Plan, spaces: Mapping[str, Space], higher: bool, ended: Sequence[Trial]) -> Any:
    """Return a study of the trials that have ended, which are numbered from 0 on.

    Each step's score goes through the pruner again, which keeps what it compares others with.
    """
    library = optuna()
    with _quiet():
        study = library.create_study(
            direction="maximize" if higher else "minimize", pruner=pruner(plan), study_name=STUDY,
            sampler=library.samplers.RandomSampler(seed=0),
        )  # fmt: skip
        for trial in ended:
            asked = begin(study, plan, spaces, trial.number, trial.settings)
            for step, score in trial.reports.items():
                asked.report(score, step)
                asked.should_prune()
            tell(study, asked, trial)
    return study


def begin(study: Any, plan: Plan, spaces: Mapping[str, Space], number: int, known: Mapping[str, Any] | None) -> Any:
    """Return Optuna's trial of a number, with the settings that are known or a suggestion."""
    with _quiet():
        if known is not None:
            study.enqueue_trial(parameters(known, spaces))
        else:
            study.sampler = sampler(plan, number)
        asked = study.ask(distributions(spaces))
    if asked.number != number:
        raise ValueError(f"Optuna numbered a trial {asked.number}; expected {number}.")
    return asked


def tell(study: Any, asked: Any, trial: Trial) -> None:
    """Tell a study how a trial ended."""
    states = optuna().trial.TrialState
    if trial.state == "complete":
        study.tell(asked, trial.value)
    else:
        study.tell(asked, state=states.PRUNED if trial.state == "pruned" else states.FAIL)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna().exceptions.ExperimentalWarning)
        yield
