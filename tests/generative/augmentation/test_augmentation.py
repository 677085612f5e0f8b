"""Warps by hand, amounts within their limits, and runs that resume to the bit with augmentation on."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from generative import Dataset, DataSpec
from generative.augmentation.augmenting import Augmenter
from generative.augmentation.warp import affine, warp
from generative.datasets import Augmentation, load
from lab import Experiment
from tests.generative.tiny import Tiny, images, same

RNG = np.random.default_rng(1)
EVERYTHING = Augmentation(
    flip_horizontal=True,
    flip_vertical=True,
    rotation=30.0,
    shear=10.0,
    zoom=0.2,
    shift=0.1,
    brightness=0.1,
    noise=0.05,
    function=lambda rows, seed: rows * tf.random.stateless_uniform((), seed, 0.5, 1.0),
)


def pictures(height: int = 6, width: int = 6, channels: int = 3, count: int = 2) -> np.ndarray:
    return RNG.uniform(-1, 1, (count, height, width, channels)).astype(np.float32)


def warped(
    rows: np.ndarray,
    angle: float = 0.0,
    shear: float = 0.0,
    zoom: float = 1.0,
    mirror: tuple[float, float] = (1.0, 1.0),
    shift: tuple[float, float] = (0.0, 0.0),
    fill: str = "edge",
) -> np.ndarray:
    def each(*value: float) -> tf.Tensor:
        return tf.constant([value if len(value) > 1 else value[0]] * len(rows), tf.float32)

    matrix = affine(each(math.radians(angle)), each(math.radians(shear)), each(zoom), each(*mirror))
    return warp(tf.constant(rows), matrix, each(*shift), fill).numpy()


def augmented(given: Augmentation, rows: np.ndarray, update: int = 0, seed: tuple[int, int] = (1, 2)) -> np.ndarray:
    spec = DataSpec(rows.shape[1:], "float32", -1.0, 1.0)
    return Augmenter(given, spec, seed)(tf.constant(rows), tf.constant(update)).numpy()


# ---------------------------------------------------------------- the warp


@pytest.mark.parametrize("fill", ["edge", "reflect", "low"])
@pytest.mark.parametrize("shape", [(6, 6), (5, 7), (1, 4)])
def test_no_change_is_the_identity(fill: str, shape: tuple[int, int]) -> None:
    rows = pictures(*shape)
    np.testing.assert_allclose(warped(rows, fill=fill), rows, atol=1e-6)


@pytest.mark.parametrize("side", [5, 6])
def test_a_quarter_turn_is_anticlockwise_like_numpys(side: int) -> None:
    rows = pictures(side, side)
    np.testing.assert_allclose(warped(rows, angle=90.0), np.rot90(rows, axes=(1, 2)), atol=1e-5)
    np.testing.assert_allclose(warped(rows, angle=-90.0), np.rot90(rows, -1, axes=(1, 2)), atol=1e-5)


def test_mirrors() -> None:
    rows = pictures(5, 6)
    np.testing.assert_array_equal(warped(rows, mirror=(-1.0, 1.0)), rows[:, :, ::-1])
    np.testing.assert_array_equal(warped(rows, mirror=(1.0, -1.0)), rows[:, ::-1])


def test_a_shift_by_one_pixel_and_what_comes_in() -> None:
    rows = pictures(4, 5)
    right = warped(rows, shift=(1.0, 0.0))
    np.testing.assert_array_equal(right[:, :, 1:], rows[:, :, :-1])
    np.testing.assert_array_equal(right[:, :, 0], rows[:, :, 0])
    np.testing.assert_array_equal(warped(rows, shift=(1.0, 0.0), fill="low")[:, :, 0], -1.0)
    np.testing.assert_array_equal(warped(rows, shift=(1.0, 0.0), fill="reflect")[:, :, 0], rows[:, :, 1])
    down = warped(rows, shift=(0.0, 2.0), fill="reflect")
    np.testing.assert_array_equal(down[:, 2:], rows[:, :-2])
    np.testing.assert_array_equal(down[:, :2], rows[:, [2, 1]])


def test_between_pixels_it_is_linear() -> None:
    row = np.array([0.0, 0.4, -0.8, 1.0], np.float32).reshape(1, 1, 4, 1)
    # Moved right by a quarter: each pixel is a quarter of the one before it.
    np.testing.assert_allclose(warped(row, shift=(0.25, 0.0)).ravel(), [0.0, 0.3, -0.5, 0.55], atol=1e-6)


def test_zoom_and_shear_by_hand() -> None:
    row = np.array([-1.0, 0.0, 1.0, 0.0, -1.0], np.float32).reshape(1, 1, 5, 1)
    # Twice as large: places -1, -0.5, 0, 0.5, 1 from the middle.
    np.testing.assert_allclose(warped(row, zoom=2.0).ravel(), [0.0, 0.5, 1.0, 0.5, 0.0], atol=1e-6)
    upright = np.full((1, 3, 5, 1), -1.0, np.float32)
    upright[:, :, 2] = 1.0
    # A line that leans right by 45 degrees.
    np.testing.assert_allclose(warped(upright, shear=45.0)[0, :, :, 0] > 0, np.eye(5, dtype=bool)[[3, 2, 1]])


# ---------------------------------------------------------------- amounts


def test_what_changes_nothing_changes_nothing() -> None:
    rows = pictures()
    np.testing.assert_array_equal(augmented(Augmentation(), rows), rows)
    np.testing.assert_allclose(augmented(Augmentation(rotation=1e-9, noise=1e-12), rows), rows, atol=1e-6)


@pytest.mark.thorough
def test_equal_seeds_and_updates_give_equal_rows_and_others_do_not() -> None:
    rows = pictures(count=8)
    first = augmented(EVERYTHING, rows, 3)
    np.testing.assert_array_equal(augmented(EVERYTHING, rows, 3), first)
    for other in (augmented(EVERYTHING, rows, 4), augmented(EVERYTHING, rows, 3, seed=(1, 3))):
        assert abs(other - first).reshape(8, -1).max(axis=1).min() > 0.01
    # Each row its own amounts.
    alike = augmented(EVERYTHING, np.repeat(rows[:1], 8, axis=0))
    assert len({row.tobytes() for row in alike}) == 8


def test_flips_happen_every_other_time() -> None:
    rows = np.repeat(pictures(count=1), 4000, axis=0)
    for name, turned in (("flip_horizontal", rows[:, :, ::-1]), ("flip_vertical", rows[:, ::-1])):
        result = augmented(Augmentation(**{name: True}), rows)
        same_rows, flipped = ((result == other).all(axis=(1, 2, 3)) for other in (rows, turned))
        assert (same_rows ^ flipped).all() and abs(flipped.mean() - 0.5) < 0.04


def test_light_and_noise_are_fractions_of_the_range() -> None:
    rows = np.zeros((4000, 4, 4, 1), np.float32)
    light = augmented(Augmentation(brightness=0.1), rows)
    assert (light == light[:, :1, :1]).all()
    assert 0.19 < light.max() <= 0.2 and -0.2 <= light.min() < -0.19
    noise = augmented(Augmentation(noise=0.1), rows)
    assert noise.std() == pytest.approx(0.2, rel=0.02) and abs(noise.mean()) < 0.01
    # A normal number is within one, two and three of its standard deviations as often as the tables say.
    within = [float((abs(noise) < 0.2 * width).mean()) for width in (1, 2, 3)]
    assert within == pytest.approx([0.6827, 0.9545, 0.9973], abs=0.006)
    bright = augmented(Augmentation(noise=1.0), rows)
    assert bright.max() == 1.0 and bright.min() == -1.0


def test_a_shift_stays_within_its_fraction_of_the_side() -> None:
    rows = np.full((500, 21, 21, 1), -1.0, np.float32)
    rows[:, 10, 10] = 1.0
    result = augmented(Augmentation(shift=0.2, fill="low"), rows)[..., 0] + 1.0
    place = (result.sum(axis=1) * np.arange(21)).sum(axis=1) / result.sum(axis=(1, 2)) - 10
    assert 3.9 < abs(place).max() <= 4.2 + 1e-3 and abs(place.mean()) < 0.4


def test_points_take_noise_and_functions_and_are_not_clipped() -> None:
    rows = np.ones((1000, 2), np.float32)
    spec = DataSpec((2,), "float32", -1.0, 1.0, bounded=False)
    given = Augmentation(noise=0.1, function=lambda rows, seed: rows + 1.0)
    result = Augmenter(given, spec, (1, 2))(tf.constant(rows), tf.constant(0)).numpy()
    assert result.mean() == pytest.approx(2.0, abs=0.02) and result.max() > 2.3


def test_images_without_a_channel_and_halves_of_the_frame() -> None:
    rows = pictures(5, 7)[..., 0]
    flipped = augmented(Augmentation(flip_horizontal=True), np.repeat(rows, 40, axis=0))
    assert {row.tobytes() for row in flipped} == {row.tobytes() for row in [*rows, *rows[:, :, ::-1]]}


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rotation": 200.0}, "rotation received 200.0"),
        ({"zoom": 1.0}, "zoom"),
        ({"fill": "wrap"}, "fill received 'wrap'"),
        ({"noise": -0.1}, "noise"),
        ({"flip_horizontal": 1}, "true or false"),
        ({"function": 3}, r"function received 3; expected a function of \(rows, seed\)"),
    ],
)
def test_fields_that_do_not_fit(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Augmentation(**fields)


def test_pixels_can_move_in_images_only() -> None:
    with pytest.raises(ValueError, match=r"flip_horizontal, rotation.*shape \(2,\).*expected images"):
        load("moons").augmented(Augmentation(flip_horizontal=True, rotation=3.0))


def test_a_function_must_return_rows_of_its_kind() -> None:
    with pytest.raises(ValueError, match=r"function's result.*float32 \(2, 6, 6, 1\).*expected.*\(2, 6, 6, 3\)"):
        augmented(Augmentation(function=lambda rows, seed: rows[..., :1]), pictures())


# ---------------------------------------------------------------- in training

DATA = load((images(), np.arange(40) % 3)).augmented(EVERYTHING)


def experiment(data: Dataset = DATA, run: Path | None = None, **keywords: object) -> Experiment:
    return Experiment(Tiny(), data, seed=3, run_dir=run, progress=False, **keywords)


def trained(steps: int, data: Dataset = DATA, **keywords: object) -> Experiment:
    made = experiment(data, **keywords)
    made.train(steps)
    return made


@pytest.fixture(scope="module")
def whole() -> Experiment:
    return trained(130)


@pytest.mark.thorough
def test_a_resumed_run_equals_the_uninterrupted_one(whole: Experiment, tmp_path: Path) -> None:
    part = experiment(run=tmp_path / "run", checkpoint_every=40)
    part.train(73)
    part.close()
    opened = Experiment.resume(tmp_path / "run", source=DATA, progress=False)
    opened.train(57)
    assert opened.step == 130 and same(opened.learner.get_state(), whole.learner.get_state())


@pytest.mark.thorough
def test_how_training_is_cut_and_the_lane_change_no_row(whole: Experiment) -> None:
    cut = experiment()
    for steps in (1, 49, 63, 17):
        cut.train(steps)
    assert same(cut.learner.get_state(), whole.learner.get_state())
    first = [row["first"] for row in trained(20, log_every=1).history.rows]
    assert len(set(first)) > 10
    np.testing.assert_allclose(
        [r["first"] for r in trained(20, log_every=1, lane="host").history.rows], first, atol=1e-6
    )
    assert whole.task.updates.call.experimental_get_tracing_count() == 1


@pytest.mark.thorough
def test_only_training_sees_it(whole: Experiment) -> None:
    plain = trained(130, dataclasses.replace(DATA, augmentation=None))
    assert not same(plain.learner.get_state(), whole.learner.get_state())
    for ours, theirs in zip(whole.task.views, plain.task.views, strict=True):
        np.testing.assert_array_equal(ours.test, theirs.test)
        np.testing.assert_array_equal(ours.train, theirs.train)


@pytest.mark.thorough
def test_a_run_with_another_augmentation_is_refused(tmp_path: Path) -> None:
    experiment(run=tmp_path / "run").train(5)
    with pytest.raises(ValueError, match="not those of the run"):
        Experiment.resume(tmp_path / "run", source=dataclasses.replace(DATA, augmentation=Augmentation(noise=0.1)))


@pytest.mark.thorough
def test_a_source_written_as_text_resumes_by_itself(tmp_path: Path) -> None:
    made = Experiment(Tiny(), "digits,rotation=10,noise=0.1", seed=1, run_dir=tmp_path / "run", progress=False)
    made.train(5)
    opened = Experiment.resume(tmp_path / "run", learner=Tiny(), progress=False)
    assert opened.task.views[0].augmentation == Augmentation(rotation=10.0, noise=0.1)
    opened.train(5)
