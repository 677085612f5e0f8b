"""A student learns to make one step where its teacher makes two, and is the teacher of the next."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative import Autoencoder, Diffusion, ProgressiveDistillation
from generative.diffusion.schedules import make_schedule
from generative.distillation.levels import Nested
from lab import Experiment
from tests.generative.distillation.students import TINY, distance, taught_by_moons, teacher, uncompiled, values
from tests.generative.tiny import images

HALVING: dict[str, Any] = {"first_steps": 4, "steps": 1, "updates_per_halving": 2, "batch_size": 8}


@pytest.mark.thorough
def test_one_step_of_a_student_in_few_steps_is_nearer_the_data_than_its_teachers() -> None:
    first, data = taught_by_moons()
    settings: dict[str, Any] = {"first_steps": 8, "steps": 1, "updates_per_halving": 250, "average_decay": 0.98}
    second = Experiment(ProgressiveDistillation(teacher=first, **settings), data, seed=1, progress=False)
    second.train(1_000)
    pupil = second.learner
    assert distance(pupil, data, steps=1) < 0.35 * distance(first, data, sampler="ddim", steps=1)
    assert distance(pupil, data, steps=1) < distance(first, data, sampler="ddim", steps=8)


def test_the_target_by_hand() -> None:
    student: Any = Experiment(ProgressiveDistillation(teacher=teacher(), **HALVING), images(), seed=1).learner
    seen: list[np.ndarray] = []

    def teach(x: tf.Tensor, alpha: tf.Tensor, sigma: tf.Tensor, labels: None) -> tf.Tensor:
        seen.append(x.numpy())
        return tf.fill(tf.shape(x), [1.0, 3.0][len(seen) - 1])

    student.teach = teach
    levels = [tuple(tf.constant([v]) for v in level) for level in ((0.0, 1.0), (0.6, 0.8), (0.8, 0.6))]
    target = student.two_steps(tf.constant([[2.0]]), None, *levels).numpy()
    # To x = 0.6 * 1 + 0.8 * 2 = 2.2, and on to 0.8 * 3 + 0.6 * (2.2 - 0.6 * 3) / 0.8 = 2.7.
    assert seen[1].item() == pytest.approx(2.2)
    # One step leads there if 0.8 * target + 0.6 * 2 = 2.7.
    assert target.item() == pytest.approx(1.875)


def test_students_have_half_the_steps_and_begin_as_the_one_before() -> None:
    experiment = uncompiled(ProgressiveDistillation(teacher=teacher(), **HALVING))
    learner = experiment.learner
    assert all(map(np.array_equal, values(learner.teacher), values(learner.network)))
    scales, rows = [], []
    for update in range(8):
        scales.append(float(learner.step_scale()))
        before, average = values(learner.teacher), values(learner.average.network)
        rows += [row["student_steps"] for row in experiment.train(1).rows[update:]]
        expected = average if update in (2, 4) else before
        assert all(map(np.array_equal, values(learner.teacher), expected)), update
        assert learner.optimizer.updates.numpy() == (update % 2 + 1 if update < 6 else update - 3)
    assert rows == [4, 4, 2, 2, 1, 1, 1, 1]
    assert scales == pytest.approx([1.0, 0.5, 1.0, 0.5, 1.0, 0.5, 0.02, 0.02])


def test_levels_are_nested_in_each_other() -> None:
    levels = Nested(make_schedule("cosine", 100), 8)
    finest, coarse = levels.levels(8), levels.levels(2)
    np.testing.assert_array_equal(coarse.alpha, finest.alpha[[0, 4, 8]])
    np.testing.assert_array_equal(coarse.sigma, finest.sigma[[0, 4, 8]])
    with pytest.raises(ValueError, match=r"steps received 3; expected a divisor of 8.*one of 1, 2, 4, 8"):
        levels.levels(3)
    with pytest.raises(ValueError, match=r"steps received \[9, 0\].*Fix: only levels of its own"):
        levels.levels_at([9, 0])


@pytest.mark.thorough
def test_a_run_can_be_its_teacher_and_goes_on_without_it(tmp_path: Path) -> None:
    run = uncompiled(Diffusion(**TINY), run_dir=tmp_path / "teacher")
    run.train(1)
    student = ProgressiveDistillation(teacher=tmp_path / "teacher", **HALVING)
    assert student.config.hidden_sizes == (4,) and student.config.schedule_steps == 20
    experiment = uncompiled(student, run_dir=tmp_path / "student")
    assert all(map(np.array_equal, values(experiment.learner.teacher), values(run.learner.average.network)))
    experiment.train(3)
    shutil.rmtree(tmp_path / "teacher")
    shutil.copytree(tmp_path / "student", tmp_path / "copy")
    resumed = Experiment.resume(tmp_path / "copy", source=images(), progress=False)
    resumed.learner.compile = None  # type: ignore[attr-defined]
    resumed.train(1)
    experiment.train(1)
    for mine, theirs in zip(values(resumed.learner.network), values(experiment.learner.network), strict=True):  # type: ignore[attr-defined]
        np.testing.assert_array_equal(mine, theirs)
    drawing = ProgressiveDistillation.load(tmp_path / "student")
    np.testing.assert_array_equal(drawing.sample(3, seed=0), experiment.learner.sample(3, seed=0))


def test_a_run_killed_before_its_first_checkpoint_still_has_its_teacher(tmp_path: Path) -> None:
    experiment = uncompiled(ProgressiveDistillation(teacher=teacher(), **HALVING), run_dir=tmp_path / "student")
    experiment.claim()
    resumed = Experiment.resume(tmp_path / "student", source=images(), progress=False)
    assert resumed.learner.taught  # type: ignore[attr-defined]
    for mine, theirs in zip(values(resumed.learner.teacher), values(experiment.learner.teacher), strict=True):  # type: ignore[attr-defined]
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ProgressiveDistillation(teacher=Diffusion()), "one that is not built"),
        (lambda: ProgressiveDistillation(teacher=3), "a trained Diffusion, or the directory of its run"),
        (lambda: ProgressiveDistillation(teacher="nowhere"), "nowhere"),
        (lambda: ProgressiveDistillation(teacher=teacher(), hidden_sizes=(5,)), r"the teacher's, \[4\].*leave it out"),
        (lambda: ProgressiveDistillation(teacher=teacher(prediction="eps"), **HALVING), "prediction received 'eps'"),
        (lambda: ProgressiveDistillation(first_steps=12, steps=5), "steps, 5, doubled some times.*first_steps=40"),
        (lambda: ProgressiveDistillation(first_steps=16, schedule_steps=20), "at most half of schedule_steps, 20"),
        (
            lambda: uncompiled(ProgressiveDistillation()).train(1),
            r"teacher received ''.*ProgressiveDistillation\(teacher=",
        ),
        (
            lambda: Experiment(ProgressiveDistillation(teacher=teacher(), **HALVING), images(12, (5, 5))),
            "was trained on",
        ),
    ],
)
def test_what_does_not_fit_is_named(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_the_run_of_another_learner_is_no_teacher(tmp_path: Path) -> None:
    uncompiled(Autoencoder(hidden_sizes=(2,)), run_dir=tmp_path / "run").train(1)
    with pytest.raises(ValueError, match="the run of another learner"):
        ProgressiveDistillation(teacher=tmp_path / "run")
