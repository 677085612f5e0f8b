"""A student learns what its teacher holds likely, and goes on without the teacher's run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab import Experiment
from lab.errors import UsageError
from predictors import Classifier
from predictors.data.updates import Batch
from predictors.parts.distilling import softened_divergence
from tests.predictors.parts.small import InPython, check_resumes_exactly, experiment, pictures, values


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    run = tmp_path_factory.mktemp("teacher") / "run"
    teacher = experiment(run, hidden_sizes=(9,))
    teacher.train(8)
    return teacher.learner, run


def test_the_divergence_by_hand() -> None:
    # At temperature 2: (3/4, 1/4) against (1/2, 1/2), so 4 (3/4 ln 3/2 + 1/4 ln 1/2).
    teacher, student = tf.constant([[2 * np.log(3.0), 0.0]], tf.float32), tf.constant([[5.0, 5.0]])
    expected = 4 * (0.75 * np.log(1.5) + 0.25 * np.log(0.5))
    assert float(softened_divergence(teacher, student, 2.0)[0]) == pytest.approx(expected, abs=1e-6)
    assert float(softened_divergence(teacher, teacher, 2.0)[0]) == pytest.approx(0.0, abs=1e-6)


def test_at_high_temperatures_its_gradient_is_that_of_squared_logits() -> None:
    # Hinton et al., equation 4, times T^2: (z - v) / N for logits of mean 0.
    teacher, student = tf.constant([[0.5, -0.2, -0.3]]), tf.constant([[-1.0, 0.4, 0.6]])
    with tf.GradientTape() as tape:
        tape.watch(student)
        loss = softened_divergence(teacher, student, 1_000.0)
    expected = (student - teacher).numpy() / 3
    np.testing.assert_allclose(tape.gradient(loss, student).numpy(), expected, atol=2e-3)


def test_the_loss_weighs_the_teacher_against_the_labels(taught: tuple[Any, Path]) -> None:
    teacher, _ = taught
    student: Any = experiment(teacher=teacher, distill_weight=0.3, temperature=2.0).learner
    rows = tf.constant(pictures()[0][:8] / 255.0, tf.float32)
    batch = Batch({"input": rows}, {"target": tf.constant([0, 1, 2, 0, 1, 2, 0, 1])}, None)
    outputs = student.outputs(batch.inputs, False)
    hard = tf.nn.sparse_softmax_cross_entropy_with_logits(batch.target, outputs[0])
    soft = softened_divergence(teacher.outputs(batch.inputs, False)[0], outputs[0], 2.0)
    np.testing.assert_allclose(student.losses(outputs, batch), 0.7 * hard + 0.3 * soft, rtol=1e-6)


def test_a_student_of_the_teachers_alone_comes_to_agree_with_it(taught: tuple[Any, Path]) -> None:
    teacher, _ = taught
    student = experiment(teacher=teacher, distill_weight=1.0, hidden_sizes=(5,), learning_rate=0.02)
    rows = {"input": pictures()[0]}

    def apart() -> float:
        learner: Any = student.learner
        pair = (tf.constant(one.raw_outputs(rows)[0]) for one in (teacher, learner))
        return float(tf.reduce_mean(softened_divergence(*pair, 4.0)))

    before, weights = apart(), values(teacher.network)
    student.train(40)
    assert apart() < 0.2 * before
    for mine, theirs in zip(values(teacher.network), weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_run_can_be_the_teacher_and_the_student_goes_on_without_it(taught: tuple[Any, Path], tmp_path: Path) -> None:
    shutil.copytree(taught[1], tmp_path / "teacher")
    student = experiment(tmp_path / "student", teacher=tmp_path / "teacher")
    learner: Any = student.learner
    assert learner.teaching.config.hidden_sizes == (9,) and learner.begins_trained
    for mine, theirs in zip(learner.teacher.weights, taught[0].network.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    student.train(3)
    shutil.rmtree(tmp_path / "teacher")
    check_resumes_exactly(student, tmp_path / "student", 3)
    loaded = InPython.load(tmp_path / "student", which="last")
    np.testing.assert_array_equal(loaded.predict(pictures()[0]), learner.predict(pictures()[0]))


def test_a_file_alone_makes_nobody_read_another_run(taught: tuple[Any, Path], tmp_path: Path) -> None:
    run = tmp_path / "student"
    student = experiment(run, teacher=taught[1])
    student.train(1)
    config = json.loads((run / "config.json").read_text())
    shutil.rmtree(run / "checkpoints")
    shutil.copytree(taught[1], tmp_path / "elsewhere")
    config["settings"]["teacher"] = str(tmp_path / "elsewhere")
    made = InPython.from_settings({**config["settings"]})
    fresh = Experiment(made, pictures(), seed=2, progress=False)
    assert not fresh.learner.taught  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match=r"teacher received .*elsewhere.*a run's file alone is not followed there"):
        fresh.train(1)
    with pytest.raises(UsageError, match=r"teacher_settings received ''.*Fix: Classifier\(teacher="):
        InPython.from_settings({**config["settings"], "teacher_settings": ""})


@pytest.mark.parametrize("text", ["nonsense", "[1]", '{"learner": "dqn", "settings": {}}', '{"learner": "x"}'])
def test_settings_that_describe_no_teacher_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="teacher_settings received"):
        experiment(teacher_settings=text)


def test_what_cannot_teach_is_refused(taught: tuple[Any, Path]) -> None:
    with pytest.raises(UsageError, match=r"teacher received 'Classifier that is not built'; expected a trained"):
        Classifier(teacher=Classifier())
    with pytest.raises(UsageError, match="teacher received 3; expected a trained Classifier"):
        Classifier(teacher=3)
    with pytest.raises(UsageError, match="nowhere"):
        Classifier(teacher="nowhere")
    with pytest.raises(UsageError, match="temperature received 3.0.*there is no teacher"):
        experiment(temperature=3.0).train(1)
    rows, labels = pictures()
    with pytest.raises(UsageError, match=r"teacher received 'one of arrays'; expected one of the same examples"):
        Experiment(Classifier(teacher=taught[0]), (rows, labels % 2), progress=False)
    given = InPython(network=lambda spec: keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)]))
    own = Experiment(given, pictures(), progress=False)
    with pytest.raises(UsageError, match=r"one with a network of its user's.*Fix: architecture="):
        Classifier(teacher=own.learner)
