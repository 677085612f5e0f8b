"""What loggers send of a run, and what they call it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.files.json_lines import JsonLines

if TYPE_CHECKING:
    from lab.callbacks.run import Run
    from lab.learner import Learner

CLOCK = "time_"
TRAIN, TIME, EVALUATION, WEIGHTS = "train/", "time/", "evaluation/", "weights/"
# Of what a run is, besides its learner's settings.
IDENTITY = ("learner", "source", "seed", "num_envs", "lane_used")


def settings(run: Run) -> dict[str, Any]:
    """Return the learner's settings, and what identifies the run."""
    described = run.describe()
    return {**described["settings"], **{name: described[name] for name in IDENTITY}}


def plain(value: Any) -> bool | int | float | str:
    """Return a setting as services take them: lists and None become texts."""
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def of_row(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the finite numbers of a row of the history, by the names that services show."""
    renamed = {TIME + k.removeprefix(CLOCK) if k.startswith(CLOCK) else TRAIN + k: v for k, v in row.items()}
    del renamed[TRAIN + "step"]
    return _numbers(renamed)


def of_evaluation(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Return the finite metrics of an evaluation, by the names that services show."""
    return _numbers({EVALUATION + name: value for name, value in evaluation.items()})


def recorded(run: Run) -> Iterator[tuple[int, dict[str, float]]]:
    """Return the step and the numbers of each row, and of each evaluation made in training, that the run has."""
    found = [(row["step"], of_row(row)) for row in run.history.rows]
    if run.directory is not None:
        for row in JsonLines(run.directory.evaluations).read():
            if row.get("purpose") == "training" and row["step"] <= run.step:
                found.append((row["step"], of_evaluation({k: v for k, v in row.items() if k != "step"})))
    # Rows before evaluations of the same step, as they were made.
    yield from sorted(found, key=lambda pair: pair[0])


def weights(learner: Learner) -> Iterator[tuple[str, np.ndarray]]:
    """Return each array of weights that using the learner needs: its name, and its finite numbers, float64 (n,)."""
    yield from _arrays(learner.inference_state(), WEIGHTS[:-1])


def _arrays(value: Any, name: str) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _arrays(entry, f"{name}/{key}")
    elif isinstance(value, np.ndarray) and value.ndim and value.dtype.kind not in "OSUb":
        numbers = value.astype(np.float64).ravel()
        numbers = numbers[np.isfinite(numbers)]
        if numbers.size:
            yield name, numbers


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    kinds = (int, float, np.number)
    flags = (bool, np.bool_)
    return {
        name: float(value)
        for name, value in values.items()
        if isinstance(value, kinds) and not isinstance(value, flags) and math.isfinite(value)
    }
