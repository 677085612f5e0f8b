"""Policy heads against hand-computed numbers, numeric integrals and frequencies of draws."""

import math

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete, Tuple

from agents.parts.heads import head_for, masked
from agents.parts.heads.beta import gamma
from envs import random
from lab.errors import UsageError

BOX = Box(np.array([-2.0, 0.0], np.float32), np.array([2.0, 10.0], np.float32))
ONE = Box(-3.0, 5.0, (1,))
DRAWS = 20_000
SPACES = {
    "discrete": Discrete(4),
    "multi-discrete": MultiDiscrete([3, 2], start=[0, 5]),
    "tuple": Tuple([Discrete(3), Discrete(2, start=1)]),
    "multi-binary": MultiBinary((2, 2)),
    "gaussian": BOX,
    "gaussian by state": BOX,
    "squashed": BOX,
    "beta": BOX,
    "open": Box(-np.inf, np.inf, (2,)),
}


def head_of(name, space=None):
    kind = name.split()[0] if name.split()[0] in ("gaussian", "squashed", "beta") else "gaussian"
    return head_for("Test", SPACES[name] if space is None else space, kind, "state" in name or kind == "squashed")


def rows_of(head, number, seed=0, scale=0.7):
    network = scale * np.random.default_rng(seed).normal(size=(1, head.outputs)).astype(np.float32)
    row = np.concatenate([network, head.free[None] - 0.4], axis=1)
    return np.repeat(row, number, axis=0)


def test_a_choice_has_the_probability_and_entropy_of_its_softmax():
    head, logits = head_of("discrete"), tf.math.log([[0.1, 0.2, 0.3, 0.4]])
    assert np.allclose(head.log_probability(logits, tf.constant([3])), math.log(0.4))
    expected = -sum(p * math.log(p) for p in (0.1, 0.2, 0.3, 0.4))
    assert np.allclose(head.entropy(logits), expected)
    assert head.mode(logits).numpy().tolist() == [3]


def test_several_choices_multiply_their_probabilities_and_count_from_their_starts():
    head = head_of("multi-discrete")
    row = tf.math.log([[0.2, 0.3, 0.5, 0.6, 0.4]])
    # The second choice counts from 5: its place 1 is the action 6.
    assert np.allclose(head.log_probability(row, tf.constant([[2, 6]])), math.log(0.5) + math.log(0.4))
    assert head.mode(row).numpy().tolist() == [[2, 5]]


def test_switches_have_the_probabilities_of_their_odds():
    head, odds = head_of("multi-binary"), tf.constant([[0.0, math.log(3.0), -1.0, 2.0]])
    on = [0.5, 0.75, 1 / (1 + math.e), 1 / (1 + math.exp(-2.0))]
    expected = math.log(on[0]) + math.log(on[1]) + math.log(1 - on[2]) + math.log(on[3])
    assert np.allclose(head.log_probability(odds, tf.constant([[[1, 1], [0, 1]]])), expected, atol=1e-6)
    entropy = -sum(p * math.log(p) + (1 - p) * math.log(1 - p) for p in on)
    assert np.allclose(head.entropy(odds), entropy, atol=1e-6)


def test_a_gaussian_has_the_density_and_entropy_of_the_textbook():
    head = head_of("gaussian")
    row = tf.constant([[0.5, -0.2, math.log(0.5), math.log(2.0)]])
    # In units of half the range, (1.4, 3.0) of [-2, 2] and [0, 10] is (0.7, -0.4).
    expected = sum(
        -0.5 * ((x - m) / s) ** 2 - math.log(s) - 0.5 * math.log(2 * math.pi)
        for x, m, s in ((0.7, 0.5, 0.5), (-0.4, -0.2, 2.0))
    )
    assert np.allclose(head.log_probability(row, tf.constant([[1.4, 3.0]])), expected, atol=1e-5)
    entropy = math.log(0.5) + math.log(2.0) + math.log(2 * math.pi * math.e)
    assert np.allclose(head.entropy(row), entropy, atol=1e-5)


@pytest.mark.parametrize("name", ["squashed", "beta"])
@pytest.mark.parametrize("scale", [0.3, 1.0, 2.0])
def test_a_bounded_density_is_one_in_sum_and_its_entropy_is_the_integral(name, scale):
    head = head_of(name, ONE)
    row = rows_of(head, 1, seed=3, scale=scale)
    # Places where the density is steep are near the bounds; the substitution x = tanh(z) puts many points there.
    z = np.linspace(-8.0, 8.0, 40_001)
    units, slope = np.tanh(z), 1.0 - np.tanh(z) ** 2
    actions = (units * 4.0 + 1.0)[:, None].astype(np.float32)
    logs = head.log_probability(tf.constant(np.repeat(row, len(z), axis=0)), tf.constant(actions)).numpy()
    inside = np.abs(units) < 1.0 - 1e-5
    density = np.where(inside, np.exp(logs) * slope, 0.0)
    assert np.isclose(np.trapezoid(density, z), 1.0, atol=2e-3)
    entropy = -np.trapezoid(density * np.where(inside, logs, 0.0), z)
    assert np.isclose(head.entropy(tf.constant(row)).numpy()[0], entropy, atol=6e-3)


@pytest.mark.parametrize("name", SPACES)
def test_draws_lie_in_the_space_and_their_mean_log_probability_is_minus_the_entropy(name):
    head, space = head_of(name), SPACES[name]
    rows = tf.constant(rows_of(head, DRAWS))
    actions = tf.function(head.sample, jit_compile=True, autograph=False)(rows, random.key_from_seed(1))
    logs = head.log_probability(rows, actions).numpy()
    spread = 5.0 * logs.std() / math.sqrt(DRAWS) + 1e-3
    assert abs(-logs.mean() - head.entropy(rows).numpy()[0]) < spread
    assert actions.dtype == (tf.float32 if isinstance(space, Box) else tf.int32)
    if "gaussian" not in name and name != "open":
        for action in actions.numpy()[:200]:
            action = tuple(action.astype(np.int64)) if isinstance(space, Tuple) else action.astype(space.dtype)
            assert space.contains(np.int64(action) if isinstance(space, Discrete) else action)


@pytest.mark.parametrize("name", SPACES)
def test_numpy_draws_from_the_same_distribution(name):
    head = head_of(name)
    rows = rows_of(head, DRAWS)
    drawn = head.sample_in_numpy(rows, np.random.default_rng(2))
    pure = head.sample(tf.constant(rows), random.key_from_seed(3)).numpy()
    assert drawn.shape == pure.shape and drawn.dtype == (np.float32 if pure.dtype == np.float32 else np.int64)
    for moment in (1, 2):
        a, b = (np.power(x.astype(np.float64), moment) for x in (drawn, pure))
        bound = 6.0 * (a.std(axis=0) + b.std(axis=0)) / math.sqrt(DRAWS) + 1e-3
        assert (np.abs(a.mean(axis=0) - b.mean(axis=0)) < bound).all()
    assert np.allclose(head.mode_in_numpy(rows[:2]), head.mode(tf.constant(rows[:2])).numpy(), atol=1e-5)


def test_gamma_draws_have_the_mean_and_variance_of_their_shape():
    shapes = tf.constant(np.repeat([[1.0, 1.7, 9.0]], DRAWS, axis=0), tf.float32)
    values = gamma(random.key_from_seed(5), shapes).numpy().astype(np.float64)
    assert np.allclose(values.mean(axis=0), [1.0, 1.7, 9.0], rtol=0.05)
    assert np.allclose(values.var(axis=0), [1.0, 1.7, 9.0], rtol=0.1)


@pytest.mark.parametrize("name", SPACES)
def test_gradients_of_log_probability_and_entropy_are_those_of_finite_differences(name):
    head = head_of(name)
    row = rows_of(head, 1).astype(np.float32)
    action = head.sample(tf.constant(row), random.key_from_seed(4))
    for function in (lambda r: head.log_probability(r, action), head.entropy):
        variable = tf.constant(row)
        with tf.GradientTape() as tape:
            tape.watch(variable)
            value = function(variable)
        gradient = tape.gradient(value, variable).numpy()[0]
        for i in range(row.shape[1]):
            step = np.zeros_like(row)
            step[0, i] = 1e-2
            difference = (function(tf.constant(row + step)) - function(tf.constant(row - step))).numpy()[0] / 2e-2
            assert np.isclose(gradient[i], difference, atol=5e-3, rtol=2e-2)


def test_forbidden_actions_are_never_drawn_and_leave_no_nan():
    head, allowed = head_of("discrete"), tf.constant([[True, False, True, False]])
    rows = masked(tf.constant([[0.0, 9.0, 0.0, 9.0]]), allowed)
    many = tf.repeat(rows, 5_000, axis=0)
    drawn = head.sample(many, random.key_from_seed(0)).numpy()
    assert set(drawn) == {0, 2}
    assert set(head.sample_in_numpy(many.numpy(), np.random.default_rng(0))) == {0, 2}
    assert np.allclose(head.entropy(rows), math.log(2.0))
    with tf.GradientTape() as tape:
        tape.watch(rows)
        entropy = head.entropy(rows)
    assert np.isfinite(tape.gradient(entropy, rows).numpy()).all()


@pytest.mark.parametrize(
    ("space", "kind", "says"),
    [
        (Box(-np.inf, np.inf, (2,)), "squashed", "number 0 has -inf to inf"),
        (Box(np.array([-1.0, 2.0], np.float32), np.array([1.0, 2.0], np.float32)), "beta", "number 1 has 2.0 to 2.0"),
        (Box(0, 255, (2,), np.uint8), "gaussian", "a Box of fractions"),
        (gymnasium.spaces.Text(3), "gaussian", "Discrete, MultiDiscrete"),
        (BOX, "normal", "one of gaussian, squashed, beta"),
    ],
)
def test_spaces_without_a_head_are_refused_with_a_fix(space, kind, says):
    with pytest.raises(UsageError, match=says):
        head_for("PPO", space, kind)
