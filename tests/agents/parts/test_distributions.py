import numpy as np
import pytest
import tensorflow as tf

from agents.parts.distributions import categorical_projection, quantile_huber


def test_the_quantile_huber_loss_by_hand():
    # Two quantiles, of the fractions 1/4 and 3/4, against one target of 2: errors 2 and -1.
    found = quantile_huber(tf.constant([[0.0, 3.0]]), tf.constant([[2.0]]))
    # Huber's losses are 1.5 and 0.5; too low weighs by the fraction, too high by the rest: 1/4 each.
    assert found.numpy() == pytest.approx([0.25 * 1.5 + 0.25 * 0.5])
    # The other way round each weighs 3/4.
    found = quantile_huber(tf.constant([[3.0, 0.0]]), tf.constant([[2.0]]))
    assert found.numpy() == pytest.approx([0.75 * 0.5 + 0.75 * 1.5])


def test_it_is_a_mean_over_targets_and_a_sum_over_quantiles_for_each_row():
    quantiles, targets = tf.constant([[0.0], [1.0]]), tf.constant([[1.0, -3.0, 0.0], [1.0, 1.0, 1.0]])
    # One quantile of the fraction 1/2: half of (0.5 + 2.5 + 0) / 3.
    assert quantile_huber(quantiles, targets).numpy() == pytest.approx([0.5, 0.0])
    doubled = quantile_huber(tf.constant([[1.0, 1.0]]), tf.constant([[3.0]]))
    assert doubled.numpy() == pytest.approx([(0.25 + 0.75) * 1.5])


def test_delta_divides_the_loss_as_in_the_equation():
    found = quantile_huber(tf.constant([[0.0]]), tf.constant([[3.0]]), delta=2.0)
    # 2 (3 - 1) = 4, halved by the fraction and divided by delta.
    assert found.numpy() == pytest.approx([1.0])


def test_its_gradient_leads_each_quantile_to_its_fraction_of_the_targets():
    targets = tf.constant(np.random.default_rng(0).uniform(0.0, 100.0, (1, 4001)), tf.float32)
    quantiles = tf.Variable([[25.0, 75.0], [10.0, 90.0]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(quantile_huber(quantiles, tf.repeat(targets, 2, axis=0)))
    gradient = tape.gradient(loss, quantiles).numpy()
    assert gradient[0] == pytest.approx([0.0, 0.0], abs=0.02), "a quarter lies below 25, three below 75"
    assert gradient[1, 0] < -0.1 and gradient[1, 1] > 0.1


def test_a_projection_by_hand():
    atoms = tf.constant([0.0, 1.0, 2.0, 3.0])
    # On a fixed one, a quarter of the way between two, below the lowest, and above the highest.
    support, probabilities = tf.constant([[1.0, 2.25, -5.0, 9.0]]), tf.constant([[0.1, 0.4, 0.2, 0.3]])
    found = categorical_projection(support, probabilities, atoms)
    assert found.numpy()[0] == pytest.approx([0.2, 0.1, 0.3, 0.1 + 0.3])


def test_atoms_that_meet_fixed_ones_stay_as_they_are_at_both_ends_too():
    atoms = tf.linspace(-10.0, 10.0, 51)
    probabilities = tf.constant(np.random.default_rng(0).dirichlet(np.ones(51), 3), tf.float32)
    found = categorical_projection(tf.repeat(atoms[None], 3, axis=0), probabilities, atoms)
    np.testing.assert_allclose(found.numpy(), probabilities.numpy(), atol=1e-6)


def test_mass_is_kept_and_inside_the_mean_too():
    rng = np.random.default_rng(1)
    atoms, support = tf.linspace(-1.0, 1.0, 11), tf.constant(rng.uniform(-1, 1, (6, 7)), tf.float32)
    probabilities = tf.constant(rng.dirichlet(np.ones(7), 6), tf.float32)
    found = tf.function(categorical_projection, jit_compile=True)(support, probabilities, atoms)
    assert found.numpy().min() >= 0
    np.testing.assert_allclose(found.numpy().sum(axis=1), 1.0, atol=1e-5)
    means = [tf.reduce_sum(a * b, axis=-1).numpy() for a, b in ((found, atoms), (probabilities, support))]
    np.testing.assert_allclose(*means, atol=1e-5)
    outside = categorical_projection(100.0 * support, probabilities, atoms)
    np.testing.assert_allclose(outside.numpy().sum(axis=1), 1.0, atol=1e-5)


def test_the_target_of_a_terminated_row_is_its_reward_alone():
    atoms = tf.constant([0.0, 1.0, 2.0])
    support = tf.constant([[0.5]]) + tf.constant([[0.0]]) * atoms[None]
    found = categorical_projection(support, tf.constant([[0.2, 0.3, 0.5]]), atoms)
    assert found.numpy()[0] == pytest.approx([0.5, 0.5, 0.0])
