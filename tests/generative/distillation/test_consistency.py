"""A student learns where its teacher's flow ends, and goes there in one step."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative import ConsistencyDistillation
from generative.diffusion.parametrisation import PARAMETRISATIONS
from generative.diffusion.schedules import make_schedule
from generative.distillation.boundary import bounded, multistep
from generative.distillation.consistency import row_distances
from generative.distillation.levels import Karras
from lab import Experiment
from tests.generative.distillation.students import distance, taught_by_moons, teacher, uncompiled, values
from tests.generative.tiny import images

EDM: dict[str, Any] = {"schedule": "edm", "prediction": "edm"}
CUT: dict[str, Any] = {
    "first_intervals": 2,
    "intervals": 8,
    "updates_per_doubling": 2,
    "batch_size": 8,
    "target_decay": 0.0,
}
MEAN, DEVIATION, LEAST = 0.3, 0.6, 0.002


def student(given: Any = None, **settings: Any) -> Any:
    learner = ConsistencyDistillation(teacher=given or teacher(**EDM), **{**CUT, **settings})
    return Experiment(learner, images(), seed=1).learner


@functools.cache
def untrained() -> Any:
    """Return a student that no test changes."""
    return student()


@pytest.mark.thorough
def test_one_step_of_a_student_is_nearer_the_data_than_its_teachers() -> None:
    first, data = taught_by_moons()
    settings: dict[str, Any] = {"updates_per_doubling": 100, "average_decay": 0.98}
    second = Experiment(ConsistencyDistillation(teacher=first, **settings), data, seed=1, progress=False)
    second.train(400)
    pupil = second.learner
    assert distance(pupil, data) < 0.3 * distance(first, data, sampler="ddim", steps=1)
    assert distance(pupil, data) < distance(first, data, sampler="ddim", steps=4)


def flow_end(x: Any, alpha: Any, sigma: Any) -> Any:
    """Return where the flow of N(MEAN, DEVIATION**2) through x ends; rows keep their place among all others."""
    z, ratio = x / alpha[:, None, None, None], sigma / alpha
    share = np.sqrt((DEVIATION**2 + LEAST**2) / (DEVIATION**2 + ratio**2))
    return MEAN + (z - MEAN) * share[:, None, None, None]


def best_denoiser(x: Any, alpha: Any, sigma: Any, labels: None = None) -> Any:
    gain = DEVIATION**2 * alpha / ((alpha * DEVIATION) ** 2 + sigma**2)
    return MEAN + gain[:, None, None, None] * (x - alpha[:, None, None, None] * MEAN)


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("heun", 2)])
@pytest.mark.parametrize("path", [EDM, {"schedule": "rectified", "prediction": "velocity"}])
def test_the_loss_of_the_true_consistency_function_is_the_solvers_error(
    solver: str, order: int, path: dict[str, Any]
) -> None:
    cut = {"first_intervals": 20, "intervals": 80, "solver": solver, "metric": "squared", "weighting": "none"}
    learner = student(teacher(**path), **cut)
    learner.teach = best_denoiser
    learner.denoised = lambda network, x, alpha, sigma, labels, training: flow_end(x, alpha, sigma)
    losses = []
    for first, count in ((0, 20), (20, 40), (60, 80)):
        place = tf.range(first, first + count)
        noise = tf.constant(np.random.default_rng(0).normal(size=(1, 4, 4, 1)), tf.float32) + tf.zeros((count, 1, 1, 1))
        losses.append(float(learner.loss(MEAN + DEVIATION * noise, None, place, noise)))
    assert losses[-1] < 1e-5
    # A step of half the size has an error 2**(order + 1) times less, the loss is of its square.
    ratios = np.log2(np.divide(losses[:-1], losses[1:])) / 2 - 1
    np.testing.assert_allclose(ratios, order, atol=0.25)


def test_the_least_noise_gives_a_row_back_exactly() -> None:
    for name in ("edm", "v", "velocity"):
        least = bounded(PARAMETRISATIONS[name], LEAST)
        assert least.c_skip(0.8, 0.8 * LEAST, 0.5) == pytest.approx(1 / 0.8)
        assert least.c_out(0.8, 0.8 * LEAST, 0.5) == 0.0
    above = bounded(PARAMETRISATIONS["edm"], LEAST)
    assert above.c_skip(1.0, 2.002, 0.5) == pytest.approx(0.25 / 4.25)
    assert above.c_out(1.0, 2.002, 0.5) == pytest.approx(2.0 * 0.5 / np.sqrt(0.25 + 2.002**2))
    learner = untrained()
    x = tf.constant(np.random.default_rng(0).normal(size=(3, 4, 4, 1)), tf.float32)
    level = tf.ones(3), tf.fill([3], LEAST)
    np.testing.assert_array_equal(learner.denoised(learner.network, x, *level, None), x)
    assert np.abs(learner.network([x, tf.math.log(level[1]) / 4.0])).max() > 0.1


def test_a_student_begins_as_its_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = untrained()
    for network in (learner.teacher, learner.target.network, learner.average.network):
        assert all(map(np.array_equal, values(network), values(learner.network)))
    x = 3.0 * tf.constant(np.random.default_rng(0).normal(size=(3, 4, 4, 1)), tf.float32)
    level = tf.ones(3), tf.fill([3], 3.0)
    monkeypatch.setattr(learner, "limit", None)
    seen = learner.denoised(learner.network, x, *level, None)
    np.testing.assert_allclose(seen, learner.teach(x, *level, None), atol=2e-3)


def test_intervals_are_doubled_and_the_target_follows() -> None:
    experiment = uncompiled(ConsistencyDistillation(teacher=teacher(**EDM), **CUT))
    learner, places = experiment.learner, []
    draws = learner.draws
    learner.draws = lambda data: places.append(draws(data)[0].numpy()) or draws(data)
    experiment.train(6)
    assert [row["intervals"] for row in experiment.history.rows] == [2, 2, 4, 4, 8, 8]
    # All steps of the first stage, then of the second, then of the third.
    assert [sorted(set(place)) for place in places[::2]] == [[0, 1], [2, 3, 4, 5], list(range(6, 14))]
    for target, weight in zip(values(learner.target.network), values(learner.network), strict=True):
        np.testing.assert_allclose(target, weight, atol=1e-6)
    held = uncompiled(ConsistencyDistillation(teacher=teacher(**EDM), **{**CUT, "target_decay": 0.9})).learner
    before = values(held.network)
    held.network.weights[0].assign(before[0] + 1.0)
    held.target.update()
    # min(0.9, (1 + 0) / (10 + 0)) of the old is kept.
    np.testing.assert_allclose(held.target.network.weights[0], before[0] + 0.9, atol=1e-6)


def test_weights_and_distances_by_hand() -> None:
    learner = student(first_intervals=2, intervals=2)
    sigma = Karras(make_schedule("edm", 0), LEAST, 80.0).noisy(2).sigma
    root = (80.0 ** (1 / 7) + LEAST ** (1 / 7)) / 2
    assert sigma == pytest.approx([80.0, root**7, LEAST])
    inverse = 1.0 / np.array([80.0 - root**7, root**7 - LEAST])
    np.testing.assert_allclose(learner.weights, inverse / inverse.mean(), rtol=1e-5)
    first, second = tf.constant([[3.0, 5.0]]), tf.constant([[0.0, 1.0]])
    assert row_distances(first, second, "squared").numpy() == pytest.approx(12.5)
    c = 0.00054 * 2**0.5
    assert row_distances(first, second, "pseudo_huber").numpy() == pytest.approx((25 + c**2) ** 0.5 - c)


def test_levels_stay_within_the_teachers_own() -> None:
    schedule = make_schedule("cosine", 100)
    levels, own = Karras(schedule, LEAST, 80.0).noisy(4), schedule.levels(100)
    assert levels.sigma[0] / levels.alpha[0] == pytest.approx(80.0)
    assert levels.sigma[-1] / levels.alpha[-1] == pytest.approx(own.sigma[-2] / own.alpha[-2])
    np.testing.assert_allclose(levels.alpha**2 + levels.sigma**2, 1.0)


def test_rows_are_drawn_in_one_call_or_in_several() -> None:
    learner = untrained()
    noise = np.random.default_rng(7).standard_normal((3, 4, 4, 1), np.float32)
    x = tf.constant(80.0 * noise)
    seen = learner.denoised(learner.average.network, x, tf.ones(3), tf.fill([3], 80.0), None).numpy()
    rows = learner.sample(3, seed=7)
    np.testing.assert_allclose(rows.astype(float), learner.spec.quantise(seen.clip(-1, 1)), atol=1)
    assert len(learner.sample_path(2, sampler=learner.frame_sampler, steps=1)) == 2
    plan = multistep(Karras(make_schedule("edm", 0), LEAST, 80.0).levels(3), LEAST)
    np.testing.assert_array_equal([plan.keep, plan.clean], [[0, 0, 0], [1, 1, 1]])
    np.testing.assert_allclose(plan.noise[:2] ** 2, plan.sigma[1:] ** 2 - LEAST**2)
    assert plan.noise[2] == 0 and plan.sigma_after[2] == 0
    assert not np.array_equal(learner.sample(3, seed=7, steps=3), rows)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConsistencyDistillation(intervals=30), "first_intervals, 10, doubled some times.*intervals=40"),
        (lambda: ConsistencyDistillation(least_noise=90.0), "less than most_noise, 80"),
        (lambda: student(teacher(prediction="eps")), "prediction received 'eps'"),
        (lambda: student(teacher(prediction="x0")), "prediction received 'x0'"),
        (lambda: untrained().sample(1, sampler="ddim"), "sampler received 'ddim'; expected 'multistep'"),
        (lambda: untrained().interpolate(images(2), images(2)), "Fix: interpolate with its teacher"),
    ],
)
def test_what_does_not_fit_is_named(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
