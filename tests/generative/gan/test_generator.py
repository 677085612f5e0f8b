"""A GAN learns, each player alone in its half of an update, and draws with averaged weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative import GAN, WGANGP, ConditionalGAN, HingeGAN
from generative.datasets.points import gaussians
from lab import Experiment
from lab.callbacks import LearningRateSchedule
from tests.generative.tiny import images

DENSE: dict[str, Any] = {"network": "dense", "hidden_sizes": (8,), "latent_size": 3, "batch_size": 8}
CONV: dict[str, Any] = {"channels": (2, 4), "latent_size": 3, "batch_size": 4}
LABELLED = (images(), np.arange(40) % 3)


def small(data: Any = LABELLED, kind: type[GAN] = GAN, **settings: Any) -> Any:
    return Experiment(kind(**{**DENSE, **settings}), data, seed=1).learner


def uncompiled(learner: GAN, data: Any = None, **keywords: Any) -> Any:
    """Return an experiment whose few updates run as Python: compiling them would take longer."""
    made = Experiment(learner, images() if data is None else data, seed=1, **keywords)
    made.learner.compile = None  # type: ignore[attr-defined]
    return made


def values(model: Any) -> list[np.ndarray]:
    return [variable.numpy().copy() for variable in model.variables]


def unchanged(before: list[np.ndarray], model: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(before, values(model), strict=True))


def test_it_learns_a_ring_of_gaussians() -> None:
    experiment = Experiment(GAN(hidden_sizes=(64, 64), average_decay=0.99), gaussians(4_000, 1_000), seed=1)
    before = experiment.evaluate().sliced_wasserstein
    experiment.train(1_500)
    after = experiment.evaluate()
    assert before > 0.12 and after.sliced_wasserstein < 0.06
    rows = experiment.learner.sample(800, seed=0)  # type: ignore[attr-defined]
    shares = np.bincount((np.rint(np.arctan2(rows[:, 1], rows[:, 0]) / (np.pi / 4)) % 8).astype(int), minlength=8) / 800
    assert (shares > 0.04).all(), "every component is found"


@pytest.mark.thorough
def test_a_conditional_one_draws_what_it_is_told() -> None:
    experiment = Experiment(ConditionalGAN(hidden_sizes=(64, 64), average_decay=0.99), gaussians(4_000, 500), seed=1)
    experiment.train(1_500)
    told = np.arange(800) % 8
    rows = experiment.learner.sample(800, seed=0, labels=told)
    found = np.rint(np.arctan2(rows[:, 1], rows[:, 0]) / (np.pi / 4)) % 8
    assert (found == told).mean() > 0.9


@pytest.mark.parametrize("spectral", [False, True])
def test_only_the_intended_players_weights_change(spectral: bool) -> None:
    learner = small(spectral_norm=spectral, conditional=True)
    real, labels = tf.ones((8, 4, 4, 1)), tf.constant([0, 1] * 4)
    fakes, judges = values(learner.generator), values(learner.discriminator)
    learner.update_discriminator(real, labels)
    assert unchanged(fakes, learner.generator) and not unchanged(judges, learner.discriminator)
    judges = values(learner.discriminator)
    learner.update_generator(real, labels)
    assert unchanged(judges, learner.discriminator) and not unchanged(fakes, learner.generator)
    assert all(v.trainable for v in (*learner.generator.variables, *learner.discriminator.trainable_variables))
    assert learner.optimizer.updates.numpy() == learner.discriminator_optimizer.updates.numpy() == 1


def test_the_discriminators_loss_is_what_its_parts_say() -> None:
    """With a discriminator that is a known linear map, against numbers worked out by hand."""
    learner = small(np.random.default_rng(0).normal(size=(20, 2)), hidden_sizes=(2,), r1=3.0, r2=0.0)
    discriminator = learner.discriminator
    # Leaky units that stay positive, w = (3, 4) in all.
    for variable, value in zip(
        discriminator.trainable_variables,
        ([[3.0, 0.0], [0.0, 4.0]], [100.0, 100.0], [[1.0], [1.0]], [-200.0]),
        strict=True,
    ):
        variable.assign(value)
    metrics = learner.update_discriminator(tf.constant([[1.0, 0.0], [0.0, 1.0]]), None)
    assert float(metrics["penalty"]) == pytest.approx(3.0 * 25.0 / 2, rel=1e-4)


def test_a_wgans_critic_makes_its_steps_on_rows_of_their_own() -> None:
    experiment = uncompiled(WGANGP(**DENSE, discriminator_steps=3))
    experiment.train(4)
    learner: Any = experiment.learner
    assert learner.batch_size == 24
    assert (learner.optimizer.updates.numpy(), learner.discriminator_optimizer.updates.numpy()) == (4, 12)


def test_samples_come_from_the_averaged_weights() -> None:
    learner = small()
    before = learner.sample(4, seed=1)
    for variable in learner.generator.trainable_variables:
        variable.assign_add(tf.ones_like(variable))
    np.testing.assert_array_equal(learner.sample(4, seed=1), before)
    learner.average.update()
    assert not np.array_equal(learner.sample(4, seed=1), before)


def test_a_schedule_moves_both_players_in_proportion() -> None:
    schedule = LearningRateSchedule(lambda step: 0.01 / (1 + step), every=10)
    made = uncompiled(GAN(**DENSE, learning_rate=1e-3, discriminator_learning_rate=4e-3), callbacks=[schedule])
    rates = (made.learner.optimizer.learning_rate, made.learner.discriminator_optimizer.learning_rate)
    assert tuple(map(float, rates)) == pytest.approx((1e-3, 4e-3))
    made.train(20)
    assert made.learner.learning_rate == pytest.approx(0.01 / 21)
    # The discriminator follows with its next step.
    made.train(1)
    assert tuple(map(float, rates)) == pytest.approx((0.01 / 21, 0.04 / 21))


def test_real_rows_and_samples_are_varied_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    learner, seen = small(augment=("brightness",)), []
    monkeypatch.setattr(GAN, "varied", lambda self, rows, numbers: (seen.append(rows.shape), rows)[1])
    learner.update_discriminator(tf.zeros((8, 4, 4, 1)), None)
    learner.update_generator(tf.zeros((8, 4, 4, 1)), None)
    assert seen == [(8, 4, 4, 1)] * 4


@pytest.mark.thorough
@pytest.mark.parametrize("shape", [(7, 9), (32, 32, 3)])
@pytest.mark.parametrize("network", ["dcgan", "resnet"])
def test_networks_fit_images_of_any_sides(shape: tuple[int, ...], network: str) -> None:
    learner: Any = Experiment(GAN(**CONV, network=network), images(12, shape), seed=1).learner
    rows = learner.sample(2, seed=0)
    assert rows.shape == (2, *shape) and rows.dtype == np.uint8 and learner.scores(rows).shape == (2,)
    spectral: Any = Experiment(HingeGAN(**CONV, network=network), images(12, shape), seed=1).learner
    assert np.isfinite(spectral.scores(rows)).all() and len(spectral.spectral) >= 3


@pytest.mark.thorough
def test_bfloat16_trains_with_float32_losses() -> None:
    made = Experiment(GAN(**CONV, precision="bfloat16"), images(20, (8, 8, 1)), seed=1)
    row = made.train(3).rows[-1]
    assert np.isfinite(row["penalty"]) and made.learner.generator.output.dtype == "float32"
    assert all(v.dtype == "float32" for v in made.learner.discriminator.variables)


@pytest.mark.thorough
def test_labels_are_drawn_as_often_as_training_met_them() -> None:
    made = uncompiled(ConditionalGAN(**DENSE), (images(), np.array([0] * 30 + [1] * 10)))
    made.train(25)
    counts = made.learner.label_counts.numpy()
    assert counts.sum() == 200
    drawn = made.learner.drawn_labels(4_000, np.random.default_rng(0))
    assert abs(drawn.mean() - counts[1] / 200) < 0.03


def test_the_curves_of_a_long_run_are_means_over_equal_stretches() -> None:
    learner = small()
    for i in range(600):
        learner.curves.add(tf.constant(float(i)), tf.constant(-float(i)))
    updates, means = learner.curves.means()
    # 256 places, joined twice: four updates each.
    assert len(updates) == 150 and updates[0] == 4 and updates[-1] == 600
    np.testing.assert_allclose(means[:, 0], 4.0 * np.arange(150) + 1.5)
    np.testing.assert_allclose(means[:, 1], -means[:, 0])


def test_accuracy_compares_a_row_with_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Experiment(GAN(**DENSE), images(), seed=1)
    monkeypatch.setattr(GAN, "scores", lambda self, rows, labels: next(answers))
    data = made.task.views[0]  # type: ignore[attr-defined]
    answers = iter([np.array([1.0, 3.0]), np.array([0.0, 1.0])])
    # Of four pairs the real row is ahead in three, and one is a tie.
    assert made.learner.metrics_on(data) == {"discriminator_accuracy": pytest.approx(3.5 / 4)}  # type: ignore[attr-defined]


def test_ways_between_rows_as_a_film(tmp_path: Any) -> None:
    made = Experiment(ConditionalGAN(**DENSE), LABELLED, seed=1)
    assert made.render(tmp_path / "interpolation.gif").read_bytes()[:3] == b"GIF"
    with pytest.raises(ValueError, match="still picture only"):
        made.render(tmp_path / "players.gif")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.sample(3, labels=3), r"labels received 'values in \[3, 3\].*; expected whole numbers 0 to 2"),
        (lambda m: m.sample(3, labels=[0, 1]), "one, or 3 of them"),
        (lambda m: m.sample(3, labels="a"), "labels received '<U1"),
        (lambda m: m.decode(np.zeros((2, 4)), 0), r"latents received 'float64 \(2, 4\)'; expected '?\(N, 3\)"),
        (lambda m: m.decode(np.zeros((2, 3))), "labels received 'none'"),
        (lambda m: m.scores(np.zeros((2, 3)), 0), "data of shape"),
    ],
)
def test_bad_requests_get_one_clear_message(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(small(conditional=True))


@pytest.mark.parametrize(
    ("settings", "data", "message"),
    [
        ({"conditional": True}, images(), "without labels.*conditional=False"),
        ({"network": "dcgan"}, np.random.default_rng(0).normal(size=(20, 3)), "network='dense'"),
        ({"augment": ("cutout",)}, np.random.default_rng(0).normal(size=(20, 3)), r"augment received .*augment=\(\)"),
        ({"augment": ("mirror",)}, images(), "augment received 'mirror'; expected one of 'brightness'"),
        ({"hidden_sizes": ()}, images(), "at least one layer"),
        ({"network": "resnet", "channels": ()}, images(), "at least one convolution"),
        ({"discriminator_steps": 0}, images(), "discriminator_steps received 0"),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any], data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(data, **settings)


def test_labels_are_refused_by_one_that_knows_none() -> None:
    with pytest.raises(ValueError, match="trained without.*conditional=True"):
        small().sample(3, labels=1)
