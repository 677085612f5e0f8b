"""A small policy learns a DQN's from its action values, and goes on without the DQN's run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from agents import DQN, PolicyDistillation
from agents.cloning.losses import divergence
from agents.episodes import Episodes, record
from lab import Experiment
from lab.errors import UsageError


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path, Episodes]:
    """Return a DQN with a policy, its run and what it did in CartPole, some of it at random."""
    run = tmp_path_factory.mktemp("teacher") / "run"
    experiment = Experiment(DQN(hidden_sizes=(2,)), "CartPole-v1", seed=1, run_dir=run, lane="host", progress=False)
    agent: Any = experiment.learner
    # As training would have it: to go where the pole falls.
    for network in (agent.online, agent.average):
        first, last = (layer for layer in network.layers if layer.weights)
        first.kernel.assign([[0.0, 0.0], [0.0, 0.0], [4.0, -4.0], [2.0, -2.0]])
        last.kernel.assign([[0.0, 1.0], [1.0, 0.0]])
    agent.renew_host_forms(None)
    experiment.claim()
    experiment.save_checkpoint()
    episodes = record(experiment.learner, "CartPole-v1", episodes=3, seed=1, epsilon=0.3, lane="host")
    return experiment.learner, run, episodes


def student(episodes: Episodes, run: Path | None = None, **settings: Any) -> Experiment:
    agent = PolicyDistillation(**{"hidden_sizes": (8,), "batch_size": 32, "learning_rate": 0.01, **settings})
    return Experiment(agent, episodes, seed=2, run_dir=run, lane="host", progress=False)


def test_the_divergence_by_hand() -> None:
    # At a temperature of 0.5: (3/4, 1/4) and (1/2, 1/2) against (1/2, 1/2).
    values = tf.constant([[0.5 * np.log(3.0), 0.0], [0.0, 0.0]], tf.float32)
    expected = (0.75 * np.log(1.5) + 0.25 * np.log(0.5)) / 2
    assert float(divergence(values, tf.constant([[7.0, 7.0], [1.0, 1.0]]), 0.5)) == pytest.approx(expected, abs=1e-6)
    # The lower the temperature, the more it is the cross-entropy with the best action alone.
    assert float(divergence(values[:1], tf.constant([[0.0, 0.0]]), 1e-4)) == pytest.approx(np.log(2.0), abs=1e-5)


@pytest.mark.thorough
def test_a_student_comes_to_act_as_its_teacher(taught: tuple[Any, Path, Episodes]) -> None:
    teacher, _, episodes = taught
    experiment = student(episodes, teacher=teacher, learning_rate=0.05, temperature=0.1)
    best = teacher.action_values(episodes.observations).argmax(axis=1)
    rows = experiment.train(150).rows
    found = experiment.learner.act_batch(episodes.observations)  # type: ignore[attr-defined]
    assert np.mean(found == best) > 0.95
    assert rows[-1]["agreement"] > rows[0]["agreement"]
    # What the recording did, some of it at random, is another thing.
    assert np.mean(found == episodes.actions) < 0.9


@pytest.mark.thorough
def test_a_run_can_be_the_teacher_and_the_student_goes_on_without_it(
    taught: tuple[Any, Path, Episodes], tmp_path: Path
) -> None:
    episodes = taught[2]
    shutil.copytree(taught[1], tmp_path / "teacher")
    experiment = student(episodes, tmp_path / "student", teacher=tmp_path / "teacher")
    experiment.train(3)
    shutil.rmtree(tmp_path / "teacher")
    shutil.copytree(tmp_path / "student", tmp_path / "copy")
    resumed = Experiment.resume(tmp_path / "copy", source=episodes, progress=False)
    for one in (experiment, resumed):
        one.train(3)
    ours, theirs = (one.learner.policy.variables for one in (experiment, resumed))  # type: ignore[attr-defined]
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy())
    loaded = PolicyDistillation.load(tmp_path / "student")
    np.testing.assert_array_equal(
        loaded.act_batch(episodes.observations[:9]),
        experiment.learner.act_batch(episodes.observations[:9]),  # type: ignore[attr-defined]
    )


def test_what_cannot_teach_is_refused(taught: tuple[Any, Path, Episodes]) -> None:
    teacher, run, episodes = taught
    with pytest.raises(UsageError, match="teacher received 'none'; expected a trained DQN"):
        student(episodes)
    with pytest.raises(UsageError, match="'DQN that is not built'; expected a trained DQN"):
        PolicyDistillation(teacher=DQN())
    copied = PolicyDistillation.from_settings(PolicyDistillation(teacher=run).config.to_dict())
    with pytest.raises(UsageError, match="a run's file alone is not followed there"):
        Experiment(copied, episodes, lane="host", progress=False).train(1)
    others = record(lambda observation: 0, "Acrobot-v1", episodes=1, lane="host")
    with pytest.raises(UsageError, match=r"teacher received .*; expected one of Box.*Discrete\(3\)"):
        student(others, teacher=teacher)
