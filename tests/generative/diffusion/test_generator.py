"""Diffusion learns, draws, cleans, fills and goes between rows, in the data's own range, exactly again."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

from generative import DDPM, EDM, Diffusion, RectifiedFlow
from generative.datasets import load
from generative.diffusion.sampling.samplers import SAMPLERS
from lab import Experiment
from tests.generative.tiny import images

SMALL: dict[str, Any] = {"channels": (4, 8), "attention": False, "batch_size": 8, "schedule_steps": 20, "steps": 4}
LABELLED = (images(), np.arange(40) % 3)


def corners() -> tuple[np.ndarray, np.ndarray]:
    """Points around the corners of a square, labelled by corner."""
    rng = np.random.default_rng(0)
    labels = np.arange(1200) % 4
    centres = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], np.float32)
    return centres[labels] + 0.15 * rng.standard_normal((1200, 2)).astype(np.float32), labels


def small(data: Any = LABELLED, kind: type[Diffusion] = Diffusion, **settings: Any) -> Any:
    return Experiment(kind(**{**SMALL, **settings}), data, seed=1).learner


@functools.cache
def unchanged() -> Any:
    """Return a learner that no test changes, so that what draws its rows is traced once."""
    return small()


@pytest.fixture(scope="module", params=[Diffusion, EDM, RectifiedFlow])
def trained(request: pytest.FixtureRequest) -> Experiment:
    made = Experiment(request.param(hidden_sizes=(64, 64), average_decay=0.99), corners(), seed=1)
    made.train(1_000)
    return made


def test_it_learns_points_by_label(trained: Experiment) -> None:
    learner, (_, labels) = trained.learner, corners()
    evaluation = trained.evaluate()
    assert evaluation.sliced_wasserstein < 4 * evaluation.sliced_wasserstein_floor
    told = labels[:400]
    rows = learner.sample(400, seed=2, labels=told)
    found = 2 * (rows[:, 0] > 0) + (rows[:, 1] > 0)
    assert (found == told).mean() > 0.98
    # The entropy of such data, in the unit of [-1, 1]: a bound cannot lie far below, and min-SNR cares little for
    # the last digits that a density asks for.
    spec = learner.spec
    entropy = math.log2(0.15 * 2 / (spec.high - spec.low) * math.sqrt(2 * math.pi * math.e))
    assert entropy - 0.1 < evaluation.bits_per_dimension < entropy + 1.2


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_works_with_every_model(trained: Experiment, sampler: str) -> None:
    rows = trained.learner.sample(200, seed=0, sampler=sampler, steps=60, labels=3)
    assert np.abs(rows.mean(axis=0) - 1).max() < 0.12 and (rows.std(axis=0) < 0.3).all()


def test_denoising_goes_back_to_the_rows(trained: Experiment) -> None:
    learner, (points, labels) = trained.learner, corners()
    half_range = (learner.spec.high - learner.spec.low) / 2
    noisy = points[:300] + 0.3 * half_range * np.random.default_rng(1).standard_normal((300, 2))
    for steps in (1, 40):
        cleaned = learner.denoise(noisy, 0.3, labels=labels[:300], steps=steps, seed=0, sampler="ddim")
        assert np.mean((cleaned - points[:300]) ** 2) < 0.6 * np.mean((noisy - points[:300]) ** 2)


def test_ways_begin_and_end_at_the_rows(trained: Experiment) -> None:
    learner, (points, _) = trained.learner, corners()
    ways = learner.interpolate(points[:8], points[8:16], 5, steps=200)
    assert ways.shape == (8, 5, 2) and ways.dtype == np.float32
    np.testing.assert_allclose(ways[:, 0], points[:8], atol=0.12)
    np.testing.assert_allclose(ways[:, -1], points[8:16], atol=0.12)


def test_inpainting_keeps_what_is_known_and_fits_the_rest(trained: Experiment) -> None:
    learner = trained.learner
    points = corners()[0][:200].copy()
    mask = np.array([True, False])
    filled = learner.inpaint(points, mask, seed=0, steps=30)
    np.testing.assert_array_equal(filled[:, 0], points[:, 0])
    # Both corners on each side are possible, and nothing between them.
    assert (np.abs(np.abs(filled[:, 1]) - 1) < 0.6).mean() > 0.9
    assert 0.25 < (filled[:, 1] > 0).mean() < 0.75


# ---------------------------------------------------------------- without training


@pytest.mark.thorough
def test_samples_are_in_the_datas_own_range_and_equal_for_equal_seeds() -> None:
    learner = unchanged()
    rows = learner.sample(3, seed=3, sampler="ddpm")
    assert rows.shape == (3, 4, 4, 1) and rows.dtype == np.uint8
    np.testing.assert_array_equal(rows, learner.sample(3, seed=3, sampler="ddpm"))
    assert not np.array_equal(rows, learner.sample(3, seed=4, sampler="ddpm"))
    assert learner.sample(0).shape == (0, 4, 4, 1)


@pytest.mark.thorough
def test_steps_may_be_a_list_of_times() -> None:
    learner = unchanged()
    even = learner.sample(3, seed=0, steps=3)
    np.testing.assert_array_equal(even, learner.sample(3, seed=0, steps=learner.schedule.times(3)))
    assert not np.array_equal(even, learner.sample(3, seed=0, steps=[19, 18, 0]))
    assert learner.sample_path(3, seed=0, steps=[19, 18, 5, 0]).shape == (5, 3, 4, 4, 1)
    with pytest.raises(ValueError, match="falling list of whole times from 19 to 0"):
        learner.sample(3, steps=[20, 0])


@pytest.mark.thorough
def test_a_mask_of_an_image_needs_no_channel() -> None:
    learner, rows, mask = unchanged(), images(3), np.eye(4, dtype=bool)
    filled = learner.inpaint(rows, mask, seed=0, steps=2, repeats=1)
    np.testing.assert_array_equal(filled[:, mask], rows[:, mask])
    np.testing.assert_array_equal(filled, learner.inpaint(rows, mask[..., None], seed=0, steps=2, repeats=1))


@pytest.mark.thorough
def test_steps_of_any_number_and_samplers_share_a_trace() -> None:
    learner = small()
    for sampler in SAMPLERS:
        for steps in (2, 3, 5):
            learner.sample(4, sampler=sampler, steps=steps)
    assert learner._draw.experimental_get_tracing_count() <= 3


@pytest.mark.thorough
def test_a_path_ends_in_the_sample() -> None:
    learner = unchanged()
    path = learner.sample_path(3, seed=1, labels=[0, 1, 2])
    assert path.shape == (5, 3, 4, 4, 1)
    np.testing.assert_array_equal(learner.spec.quantise(path[-1]), learner.sample(3, seed=1, labels=[0, 1, 2]))


@pytest.mark.thorough
def test_guidance_of_one_is_the_model_and_of_zero_ignores_labels() -> None:
    learner = small()
    for variable in learner.average.network.variables:
        if variable.dtype == "float32":
            variable.assign_add(0.1 * np.random.default_rng(0).standard_normal(variable.shape))
    first, second = (learner.sample(4, seed=1, labels=label, guidance=0.0) for label in (0, 1))
    np.testing.assert_array_equal(first, second)
    first, second = (learner.sample(4, seed=1, labels=label, guidance=3.0) for label in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.thorough
def test_labels_are_drawn_as_often_as_training_met_them() -> None:
    settings: dict[str, Any] = {"network": "mlp", "hidden_sizes": (8,), "batch_size": 8, "schedule_steps": 20}
    made = Experiment(Diffusion(**settings, steps=4), (images(), np.array([0] * 30 + [1] * 10)), seed=1)
    made.train(50)
    counts = made.learner.label_counts.numpy()
    assert counts.sum() == 400
    drawn = made.learner._drawn_labels(None, 4_000, 0)
    assert abs(drawn.mean() - counts[1] / 400) < 0.03


def test_presets_are_choices_of_settings() -> None:
    assert (DDPM().config.schedule, DDPM().config.prediction, DDPM().config.steps) == ("linear", "eps", 1000)
    assert (EDM().config.schedule, EDM().config.sampler, EDM(steps=5).config.steps) == ("edm", "heun", 5)
    assert RectifiedFlow().config.prediction == "velocity" and Diffusion().config.prediction == "v"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.sample(3, steps=21), r"steps received 21; expected .* <= 20.*schedule_steps"),
        (lambda m: m.sample(3, sampler="ddmp"), "did you mean 'ddpm'"),
        (lambda m: m.sample(3, labels=3), r"labels received 'values in \[3, 3\], .*; expected whole numbers 0 to 2"),
        (lambda m: m.sample(3, labels=[0, 1]), "one, or 3 of them"),
        (lambda m: m.sample(3, guidance=-1), "guidance received -1"),
        (lambda m: m.denoise(images(), 0), "noise received 0"),
        (lambda m: m.denoise(images(), 1e9), "the most that was trained"),
        (lambda m: m.denoise(np.zeros((3, 4)), 1.0), r"numbers of shape \(N, 4, 4, 1\)"),
        (lambda m: m.inpaint(images(), np.ones((4, 4, 3))), r"mask received 'float64.*booleans.*\(4, 4, 1\)"),
        (lambda m: m.inpaint(images(), np.ones((4, 4, 1), bool), repeats=0), "repeats received 0"),
        (lambda m: m.interpolate(images(3), images(4)), "second of shape"),
        (lambda m: m.interpolate(images(3), images(3), 1), "number received 1"),
    ],
)
def test_bad_requests_get_one_clear_message(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(unchanged())


@pytest.mark.parametrize(
    ("settings", "data", "message"),
    [
        ({"steps": 21}, LABELLED, "at most schedule_steps, 20"),
        ({"schedule": "rectified", "prediction": "eps"}, LABELLED, "prediction='velocity'"),
        ({"conditional": True}, images(), "without labels"),
        ({"network": "unet"}, np.random.default_rng(0).normal(size=(20, 3)), "network='mlp'"),
        ({"channels": ()}, LABELLED, "at least one level"),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any], data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(data, **settings)


@pytest.mark.thorough
def test_labels_may_be_left_alone() -> None:
    learner = small(conditional=False)
    assert len(learner.network.inputs) == 2 and learner.kinds == ("samples", "denoising", "interpolation", "inpainting")
    with pytest.raises(ValueError, match="trained without"):
        small(images()).sample(3, labels=1)
    assert learner.bits_per_dimension(load(LABELLED).test, load(LABELLED).test_labels) > 0
