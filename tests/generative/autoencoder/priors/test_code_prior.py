"""The model of grids looks back only, and draws what it has learnt."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.autoencoder.priors.code_prior import CodePrior


@pytest.mark.parametrize(("height", "width"), [(3, 4), (1, 5), (5, 1), (2, 2)])
def test_no_code_sees_itself_or_a_later_one(height: int, width: int) -> None:
    prior, places = CodePrior(height, width, 6, 8, seed=1), height * width
    codes = np.random.default_rng(0).integers(0, 6, (1, places)).astype(np.int32)
    before = prior(codes).numpy()
    assert before.shape == (1, places, 6)
    for place in range(places):
        changed = codes.copy()
        changed[0, place] = (changed[0, place] + 1) % 6
        moved = np.abs(prior(changed).numpy() - before).max(axis=2)[0] > 0
        assert not moved[: place + 1].any()
        assert moved[place + 1 :].all(), "every later one sees it"


def test_a_code_is_told_its_neighbours() -> None:
    prior = CodePrior(2, 3, 9, 8, seed=1)
    seen: list[np.ndarray] = []
    features = prior.features
    prior.features = lambda *known: (seen.extend(k.numpy() for k in known[:3]), features(*known))[1]
    prior(np.array([[0, 1, 2, 3, 4, 5]], np.int32))
    before, above, right = (codes[0].tolist() for codes in seen)
    # One more than the code; 0 is outside. What is to the right of the last in a row is masked later.
    assert before == [0, 1, 2, 3, 4, 5] and above == [0, 0, 0, 1, 2, 3] and right[:2] + right[3:5] == [0, 0, 2, 3]


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_drawing_goes_step_by_step_as_judging_does(temperature: float) -> None:
    """A draw takes the code at which the judged shares add up to its uniform number."""
    prior, labels = CodePrior(3, 2, 5, 8, seed=2, classes=3), tf.range(40) % 3
    for weight in prior.trainable_variables:
        weight.assign(3.0 * weight)
    uniforms = np.random.default_rng(0).random((40, 6), np.float32)
    codes = prior.draw(tf.constant(uniforms), labels, temperature).numpy()
    assert codes.min() >= 0 and codes.max() <= 4
    ends = np.cumsum(tf.nn.softmax(prior(codes, labels) / temperature).numpy(), axis=2)
    starts = np.concatenate([np.zeros((40, 6, 1)), ends[:, :, :-1]], axis=2)
    picked = codes[..., None]
    assert (np.take_along_axis(starts, picked, 2)[..., 0] < uniforms + 1e-5).all()
    assert (uniforms < np.take_along_axis(ends, picked, 2)[..., 0] + 1e-5).all()


def test_the_loss_is_the_sum_over_places() -> None:
    prior = CodePrior(2, 2, 4, 8, seed=1)
    prior.outputs_layer.kernel.assign(tf.zeros((8, 4)))
    np.testing.assert_allclose(
        prior.loss_of(tf.zeros((3, 4), tf.int32)).numpy(), np.full(3, 4 * np.log(4.0)), rtol=1e-6
    )


@pytest.mark.thorough
def test_it_learns_a_rule_across_rows() -> None:
    """The second row repeats the first, which is uniform over 3 codes: 2 log 3 nats are all there is."""
    prior = CodePrior(2, 2, 3, 16, seed=1)
    optimizer = keras.optimizers.Adam(1e-2)
    first = np.random.default_rng(0).integers(0, 3, (256, 2)).astype(np.int32)
    codes = tf.constant(np.concatenate([first, first], axis=1))

    @tf.function
    def update() -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(prior.loss_of(codes))
        optimizer.apply(tape.gradient(loss, prior.trainable_variables), prior.trainable_variables)
        return loss

    for _ in range(150):
        loss = float(update())
    assert loss == pytest.approx(2 * np.log(3.0), abs=0.06)
    drawn = prior.draw(tf.constant(np.random.default_rng(1).random((300, 4), np.float32))).numpy()
    assert (drawn[:, :2] == drawn[:, 2:]).mean() > 0.97
    assert np.bincount(drawn[:, 0], minlength=3).min() > 60
