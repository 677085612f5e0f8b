"""Suggestions follow from the seed, the number and the trials before; the Gaussian process in closed form."""

import dataclasses

import numpy as np
import pytest

from lab.sweep.journal import Trial
from lab.sweep.plan import Plan
from lab.sweep.spaces import Choice, Range
from lab.sweep.suggesting import gaussian_process
from lab.sweep.suggesting.study import begin, distributions, settings_of, study_of

optuna = pytest.importorskip("optuna")

SPACES = {
    "rate": Range(1e-4, 1.0, log=True),
    "size": Choice((8, 16, (4, 4))),
    "number": Range(1, 9, step=2, whole=True),
}
PLAN = Plan(
    learner="tabular", source="x", spaces={}, settings={}, steps=800, trials=40, seeds=[0], seed=3, sampler="tpe",
    pruner="none", reduction=3, together=4, score="last", statistic="mean", metric=None,
    options={"evaluate_every": 100}, callbacks=[], optuna="",
)  # fmt: skip


def value_of(settings):
    return -((np.log10(settings["rate"]) + 2) ** 2) + (settings["size"] == 16) + 0.1 * settings["number"]


def trials(plan, number):
    """The first trials of a sweep whose score is a formula, each with a study of its own as a resumed one has."""
    found = []
    while len(found) < number:
        numbers = plan.batch(len(found))
        study = study_of(plan, SPACES, True, found)
        for n in numbers:
            settings = settings_of(begin(study, plan, SPACES, n, None).params, SPACES)
            found.append(Trial(n, settings, plan, "complete", value_of(settings)))
    return found[:number]


@pytest.mark.parametrize("sampler", ["random", "tpe", "gp"])
def test_suggestions_are_equal_however_the_batch_was_cut(sampler, tmp_path):
    plan = dataclasses.replace(PLAN, sampler=sampler)
    whole = trials(plan, 20)
    # Again for the last batch: two of its trials had begun before a kill.
    study = study_of(plan, SPACES, True, whole[:16])
    again = [begin(study, plan, SPACES, n, whole[n].settings if n < 18 else None) for n in range(16, 20)]
    assert [settings_of(one.params, SPACES) for one in again] == [trial.settings for trial in whole[16:]]
    # In whatever order the file names the spaces.
    study = study_of(plan, SPACES, True, whole[:16])
    backwards = dict(reversed(SPACES.items()))
    assert settings_of(begin(study, plan, backwards, 16, None).params, SPACES) == whole[16].settings
    for trial in whole:
        assert trial.settings["number"] in (1, 3, 5, 7, 9) and 1e-4 <= trial.settings["rate"] <= 1.0
    assert len({str(trial.settings) for trial in whole}) == 20


def test_another_seed_suggests_something_else():
    assert trials(PLAN, 1)[0].settings != trials(dataclasses.replace(PLAN, seed=4), 1)[0].settings


@pytest.mark.thorough
@pytest.mark.parametrize("sampler", ["tpe", "gp"])
def test_samplers_find_more_than_chance(sampler):
    ended = [max(value_of(t.settings) for t in trials(dataclasses.replace(PLAN, sampler=s), 40)[10:]) for s in
             (sampler, "random")]  # fmt: skip
    late = np.mean([value_of(t.settings) for t in trials(dataclasses.replace(PLAN, sampler=sampler), 40)[20:]])
    chance = np.mean([value_of(t.settings) for t in trials(dataclasses.replace(PLAN, sampler="random"), 40)[20:]])
    assert late > chance + 0.5 and ended[0] >= ended[1] - 0.2


def test_expected_improvement_is_that_of_the_formula():
    # At the best with deviation 1 it is the density at 0, 1 / sqrt(2 pi); far above the best it is the difference.
    found = gaussian_process.expected_improvement(np.array([0.0, 10.0, -50.0]), np.array([1.0, 1.0, 1.0]), 0.0)
    assert found == pytest.approx([0.39894228, 10.0, 0.0], abs=1e-6)


def test_points_of_the_unit_cube_come_back():
    spaces = distributions(SPACES)
    settings = {"rate": 0.01, "size": "16", "number": 5}
    encoded = gaussian_process.encoded(settings, spaces)
    # number = 1 + 8 * 0.5; log10(0.01) is half way from -4 to 0; size is the second of three.
    assert encoded == pytest.approx([0.5, 0.5, 0.0, 1.0, 0.0])
    assert gaussian_process.decoded(np.array(encoded), spaces) == pytest.approx(settings)


def test_a_trial_of_a_study_is_numbered_as_in_the_sweep():
    study = study_of(PLAN, SPACES, True, trials(PLAN, 3))
    assert begin(study, PLAN, SPACES, 3, None).number == 3
    with pytest.raises(ValueError, match="numbered a trial 4; expected 9"):
        begin(study, PLAN, SPACES, 9, None)


def test_states_and_reports_reach_optuna():
    made = trials(PLAN, 3)
    made[1] = dataclasses.replace(made[1], state="pruned", reports={100: 1.0, 200: 0.5})
    made[2] = dataclasses.replace(made[2], state="failed", value=None)
    found = study_of(dataclasses.replace(PLAN, pruner="halving"), SPACES, False, made).trials
    assert [trial.state.name for trial in found] == ["COMPLETE", "PRUNED", "FAIL"]
    assert found[1].intermediate_values == {100: 1.0, 200: 0.5} and found[1].value == 0.5
    assert found[1].system_attrs["completed_rung_0"] == 1.0
