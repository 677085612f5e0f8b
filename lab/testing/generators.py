"""check_generator: what every generator must do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lab.testing import learners, state
from lab.testing.comparing import check_same_state
from lab.testing.failures import chosen, expect, expected_error, run
from lab.testing.subject import STEPS, Trial, subject

ROWS = 8
# Of the range: networks may differ in the last bits from one number of rows to another.
TOLERANCE = 1e-3


def samples_are_rows_of_the_data(trial: Trial) -> None:
    """Samples have the data's shape, type and range; none can be asked for, but not fewer."""
    generator: Any = trial.trained.experiment.learner
    spec = generator.spec
    fix = "return `self.spec.quantise(rows)`, where rows are (number, *shape) in [-1, 1]"
    for number in (0, 1, ROWS):
        rows = generator.sample(number, seed=3)
        expect(isinstance(rows, np.ndarray), type(rows).__name__, "a NumPy array", fix)
        expected = ((number, *spec.shape), np.dtype(spec.dtype))
        expect((rows.shape, rows.dtype) == expected, f"samples {rows.shape} {rows.dtype}", expected, fix)
        inside = np.isfinite(rows).all() and not ((rows < spec.low) | (rows > spec.high)).any()
        expect(inside or not spec.bounded, "samples out of range", f"{spec.low} to {spec.high}", fix)
        expect(np.isfinite(rows).all(), "samples that are not finite", "finite numbers", fix)
    for bad in (-1, 1.5, "3"):
        with expected_error("number", f"sample({bad!r})", "begin `sample` with `number = self.count(number)`"):
            generator.sample(bad)


def seeds_decide_samples(trial: Trial) -> None:
    """Equal seeds give equal samples and others others; without one the experiment's own; sampling changes nothing."""
    generator: Any = trial.trained.experiment.learner
    before, fix = generator.get_state(), "draw from `self.rng(seed)` alone"
    for seed in (3, None):
        once, again = (generator.sample(ROWS, seed=seed) for _ in range(2))
        check_same_state(once, again, f"samples drawn twice with seed={seed}", fix)
    three, four = (generator.sample(4 * ROWS, seed=seed) for seed in (3, 4))
    expect(not np.array_equal(three, four), "the same samples for the seeds 3 and 4", "others", fix)
    check_same_state(generator.get_state(), before, "states before and after sampling", fix)


def each_row_has_random_numbers_of_its_own(trial: Trial) -> None:
    """Row i depends on the seed and on i, never on how many rows are drawn."""
    generator: Any = trial.trained.experiment.learner
    spec = generator.spec
    many = generator.sample(ROWS, seed=3).astype(np.float64)
    whole = np.dtype(spec.dtype).kind in "iu"
    tolerance = 1.0 if whole else TOLERANCE * (float(spec.high) - float(spec.low))
    for number in (1, 3):
        few = generator.sample(number, seed=3).astype(np.float64)
        gap = float(np.abs(few - many[:number]).max())
        fix = "draw all rows' numbers with one call, `self.rng(seed).standard_normal((number, ...))`"
        expect(gap <= tolerance, f"rows of sample({number}) and sample({ROWS}) that are {gap:.3g} apart", "equal", fix)


OWN_CHECKS = (samples_are_rows_of_the_data, seeds_decide_samples, each_row_has_random_numbers_of_its_own)
CHECKS = (*learners.CHECKS, *OWN_CHECKS, state.state_and_seed_decide_everything)


def check_generator(
    generator: Any,
    source: Any,
    *,
    steps: int = STEPS,
    idle: Mapping[str, str] | None = None,
    skip: Iterable[str] = (),
) -> tuple[str, ...]:
    """Check that a generator trains, samples, evaluates, renders, loads, copies and resumes as all others do.

    It is trained some ten times for `steps` updates, in temporary folders. Give it settings with which that is quick.

    Args:
        generator: The generator's class, which is then made with its default settings, or an instance, of which the
            settings are taken and nothing is changed.
        source: What to train on, as for `Experiment`: a data set's name, an array or a pair of rows and labels.
        steps: Updates of each training, at least 30.
        idle: As for `check_agent`.
        skip: Names of checks to leave out.

    Returns:
        The names of the checks, in order; all passed.

    Raises:
        CheckFailed: At the first check that fails: its name, what was received, what was expected and a fix.
        UsageError: When the arguments fit nothing.
    """
    under = subject("generator", generator, source, "lab.generators", steps, idle=idle)
    with tempfile.TemporaryDirectory() as folder:
        return run(chosen(CHECKS, skip), Trial(under, Path(folder)))
