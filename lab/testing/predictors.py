"""check_predictor: what every predictor must do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lab.exporting.exportable import Exports
from lab.testing import learners, state
from lab.testing.comparing import check_same_state
from lab.testing.failures import chosen, expect, run
from lab.testing.subject import STEPS, Trial, subject

ROWS = 8
# Networks may differ in the last bits from one number of rows to another.
TOLERANCE = 1e-4


def predictions_are_targets(trial: Trial) -> None:
    """There is a prediction for each input, of the targets' kind; none for none; predicting changes nothing."""
    predictor: Any = trial.trained.experiment.learner
    before, fix = predictor.get_state(), "return labels or numbers (N, ...), one for each row of inputs"
    for number in (0, 1, ROWS):
        found = predictor.predict(predictor.made_up_inputs(number))
        named = found if isinstance(found, Mapping) else {predictor.spec.targets[0].name: found}
        names = [field.name for field in predictor.spec.targets]
        expect(sorted(named) == sorted(names), f"predictions for {sorted(named)}", names, fix)
        for field in predictor.spec.targets:
            values = named[field.name]
            expect(isinstance(values, np.ndarray), type(values).__name__, "a NumPy array", fix)
            expect(len(values) == number, f"{len(values)} predictions for {number} inputs", number, fix)
            if field.kind == "class":
                known = np.isin(values, field.labels(np.arange(field.classes)))
                expect(known.all(), f"predictions such as {values[~known][:1]}", "labels that training had", fix)
            else:
                expect(np.isfinite(values).all(), "predictions that are not finite", "finite numbers", fix)
    check_same_state(predictor.get_state(), before, "states before and after predicting", fix)


def each_row_is_predicted_by_itself(trial: Trial) -> None:
    """What is predicted for a row does not depend on the rows beside it."""
    predictor: Any = trial.trained.experiment.learner
    inputs = predictor.made_up_inputs(ROWS)
    alone = {name: values[:1] for name, values in inputs.items()}
    fix = "predict with training=False, so that no layer mixes the rows of a batch"
    for field in predictor.spec.targets:
        many, one = (predictor.predict(given) for given in (inputs, alone))
        many, one = (found[field.name] if isinstance(found, Mapping) else found for found in (many, one))
        if field.kind == "class":
            # Where two classes are all but equal the last bits decide; made-up inputs do not get there.
            expect(many[0] == one[0], f"{many[0]!r} among others, {one[0]!r} alone", "the same", fix)
        else:
            gap = float(np.abs((many[:1] - one) / np.asarray(field.scale)).max())
            expect(gap <= TOLERANCE, f"predictions {gap:.3g} deviations apart", "equal ones", fix)


def what_it_exports_answers_the_same(trial: Trial) -> None:
    """The function that files are made of answers as the predictor itself; one that exports nothing is let off."""
    experiment = trial.trained.experiment
    predictor: Any = experiment.learner
    if type(predictor).export_model is Exports.export_model:
        return
    from lab.exporting.graph import Graph

    exportable, given = predictor.export_model(), experiment.task.export_inputs(ROWS, False)
    graph, ours = Graph(exportable, type(predictor).__name__), exportable.original(**given)
    theirs = {name: found.numpy() for name, found in graph.function(*given.values()).items()}
    fix = "compute in `function` what `original` computes, in TensorFlow"
    for name, values in ours.items():
        gap, largest = float(np.abs(theirs[name] - values).max()), float(np.abs(values).max())
        expect(gap <= TOLERANCE * (1.0 + largest), f"{name} {gap:.3g} apart of {largest:.3g}", "equal ones", fix)


OWN_CHECKS = (predictions_are_targets, each_row_is_predicted_by_itself, what_it_exports_answers_the_same)
CHECKS = (*learners.CHECKS, *OWN_CHECKS, state.state_and_seed_decide_everything)


def check_predictor(
    predictor: Any,
    source: Any,
    *,
    steps: int = STEPS,
    idle: Mapping[str, str] | None = None,
    skip: Iterable[str] = (),
) -> tuple[str, ...]:
    """Check that a predictor trains, predicts, evaluates, renders, loads, copies and resumes as all others do.

    It is trained some ten times for `steps` updates, in temporary folders. Give it settings with which that is quick.

    Args:
        predictor: The predictor's class, which is then made with its default settings, or an instance, of which the
            settings are taken and nothing is changed.
        source: What to train on, as for `Experiment`: a data set's name or a pair (inputs, targets).
        steps: Updates of each training, at least 30.
        idle: As for `check_agent`.
        skip: Names of checks to leave out.

    Returns:
        The names of the checks, in order; all passed.

    Raises:
        CheckFailed: At the first check that fails: its name, what was received, what was expected and a fix.
        UsageError: When the arguments fit nothing.
    """
    under = subject("predictor", predictor, source, "lab.predictors", steps, idle=idle)
    with tempfile.TemporaryDirectory() as folder:
        return run(chosen(CHECKS, skip), Trial(under, Path(folder)))
