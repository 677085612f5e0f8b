"""Returns and advantages by hand, and against slow loops over one episode after the other."""

import numpy as np
import pytest
import tensorflow as tf

from agents.parts.returns import generalised_advantages, lambda_returns, n_step_returns, td_target, v_trace

# Three steps; the episode is cut off at the second, and goes on to be another one.
REWARDS, VALUES, NEXT = [1.0, 2.0, 4.0], [3.0, 5.0, 7.0], [5.0, 6.0, 8.0]
CUT = [False, True, False]


def column(values, dtype=np.float32):
    return tf.constant(np.array(values, dtype)[:, None])


def flat(tensor):
    return tensor.numpy()[:, 0].tolist()


def random_steps(seed, length=9, envs=4):
    rng = np.random.default_rng(seed)
    rewards, values, following = rng.normal(size=(3, length, envs)).astype(np.float32)
    terminated = rng.random((length, envs)) < 0.2
    ended = terminated | (rng.random((length, envs)) < 0.2)
    # Within an episode the next row begins where this one led to.
    following[:-1] = np.where(ended[:-1], following[:-1], values[1:])
    discounts = (0.9 * (1.0 - terminated)).astype(np.float32)
    return rewards, discounts, values, following, ended


def stops(ended, t):
    """Whether nothing of the same episode follows row t."""
    return t == len(ended) - 1 or ended[t]


def test_a_td_target_is_the_same_for_numbers_arrays_and_tensors():
    assert td_target(1.0, 0.5, 4.0) == 3.0
    assert td_target(np.ones(2), 0.5, np.array([4.0, 2.0])).tolist() == [3.0, 2.0]
    assert td_target(tf.ones(2), tf.constant([0.5, 0.0]), tf.constant([4.0, 2.0])).numpy().tolist() == [3.0, 1.0]


def test_n_step_returns_by_hand():
    rewards, discounts, values = column(REWARDS), column([0.5, 0.5, 0.5]), column(NEXT)
    assert flat(n_step_returns(rewards, discounts, values, 1)) == [3.5, 5.0, 8.0]
    # 1 + 0.5 (2 + 0.5 * 6); 2 + 0.5 (4 + 0.5 * 8); the last has one step to go.
    assert flat(n_step_returns(rewards, discounts, values, 2)) == [3.5, 6.0, 8.0]
    assert flat(n_step_returns(rewards, discounts, values, 3)) == [4.0, 6.0, 8.0]
    assert flat(n_step_returns(rewards, discounts, values, 9)) == [4.0, 6.0, 8.0]
    # The second step is the last of its episode, and what it led to is worth 6, not 4 and more.
    assert flat(n_step_returns(rewards, discounts, values, 3, column(CUT, bool))) == [3.5, 5.0, 8.0]
    terminated = column([0.5, 0.0, 0.5])
    assert flat(n_step_returns(rewards, terminated, values, 3)) == [2.0, 2.0, 8.0]


def test_lambda_returns_by_hand():
    rewards, discounts, values = column(REWARDS), column([0.5, 0.5, 0.5]), column(NEXT)
    assert flat(lambda_returns(rewards, discounts, values, 0.0)) == [3.5, 5.0, 8.0]
    assert flat(lambda_returns(rewards, discounts, values, 1.0)) == [4.0, 6.0, 8.0]
    # 2 + 0.5 (0.5 * 6 + 0.5 * 8) = 5.5; 1 + 0.5 (0.5 * 5 + 0.5 * 5.5) = 3.625
    assert flat(lambda_returns(rewards, discounts, values, 0.5)) == [3.625, 5.5, 8.0]
    # Cut off: 2 + 0.5 * 6 = 5; 1 + 0.5 (0.5 * 5 + 0.5 * 5) = 3.5
    assert flat(lambda_returns(rewards, discounts, values, 0.5, column(CUT, bool))) == [3.5, 5.0, 8.0]


def test_generalised_advantages_by_hand_with_an_episode_cut_off_in_the_middle():
    given = (column(REWARDS), column([0.5, 0.5, 0.5]), column(VALUES), column(NEXT))
    # Errors: 1 + 2.5 - 3 = 0.5; 2 + 3 - 5 = 0; 4 + 4 - 7 = 1. Without an end each takes 0.25 of the next.
    found = generalised_advantages(*given, column([False] * 3, bool), 0.5)
    assert flat(found.advantages) == [0.5625, 0.25, 1.0]
    found = generalised_advantages(*given, column(CUT, bool), 0.5)
    assert flat(found.advantages) == [0.5, 0.0, 1.0]
    assert flat(found.returns) == [3.5, 5.0, 8.0]


def test_v_trace_by_hand():
    given = (column(REWARDS), column([0.5, 0.5, 0.5]), column(VALUES), column(NEXT))
    # Ratios 2, 1/2 and 1 cut off at 1: errors 0.5, 0, 1; c 1, 0.5, 1.
    ratios = column(np.log([2.0, 0.5, 1.0]))
    found = v_trace(*given, column([False] * 3, bool), ratios)
    # v_3 = 8; v_2 = 5 + 0 + 0.5 * 0.5 * 1 = 5.25; v_1 = 3 + 0.5 + 0.5 * 0.25 = 3.625
    assert flat(found.values) == pytest.approx([3.625, 5.25, 8.0])
    # 1 + 0.5 * 5.25 - 3; 0.5 (2 + 0.5 * 8 - 5); 4 + 0.5 * 8 - 7
    assert flat(found.advantages) == pytest.approx([0.625, 0.5, 1.0])
    found = v_trace(*given, column(CUT, bool), ratios)
    assert flat(found.values) == pytest.approx([3.5, 5.0, 8.0])
    assert flat(found.advantages) == pytest.approx([0.5, 0.0, 1.0])


@pytest.mark.parametrize("steps", [1, 2, 3, 12])
def test_n_step_returns_against_a_loop(steps):
    rewards, discounts, _, following, ended = random_steps(steps)
    expected = np.zeros_like(rewards)
    for env in range(rewards.shape[1]):
        for t in range(len(rewards)):
            weight, k = 1.0, t
            while True:
                expected[t, env] += weight * rewards[k, env]
                weight *= discounts[k, env]
                if k == t + steps - 1 or stops(ended[:, env], k):
                    break
                k += 1
            expected[t, env] += weight * following[k, env]
    found = tf.function(n_step_returns, jit_compile=True)(rewards, discounts, following, steps, tf.constant(ended))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("lambda_", [0.0, 0.7, 1.0])
def test_lambda_returns_and_advantages_are_mixtures_of_n_step_returns(lambda_):
    rewards, discounts, values, following, ended = random_steps(5)
    expected = np.zeros_like(rewards)
    for env in range(rewards.shape[1]):
        for t in range(len(rewards)):
            last = next(k for k in range(t, len(rewards)) if stops(ended[:, env], k))
            left, partial, weight = 1.0, 0.0, 1.0
            for k in range(t, last + 1):
                partial += weight * rewards[k, env]
                weight *= discounts[k, env]
                fraction = left if k == last else left * (1.0 - lambda_)
                expected[t, env] += fraction * (partial + weight * following[k, env])
                left -= fraction
    tensors = [tf.constant(x) for x in (rewards, discounts, values, following, ended)]
    found = lambda_returns(*tensors[:2], tensors[3], lambda_, tensors[4])
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)
    compiled = tf.function(generalised_advantages, jit_compile=True)(*tensors, lambda_)
    np.testing.assert_allclose(compiled.returns.numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(compiled.advantages.numpy(), expected - values, atol=1e-5)


def test_v_trace_against_its_definition():
    rewards, discounts, values, following, ended = random_steps(8)
    log_ratios = np.random.default_rng(1).normal(size=rewards.shape).astype(np.float32)
    rho, c = np.minimum(np.exp(log_ratios), 1.5), np.minimum(np.exp(log_ratios), 0.8)
    expected, advantages = values.copy(), np.zeros_like(values)
    for env in range(rewards.shape[1]):
        for s in range(len(rewards)):
            weight, t = 1.0, s
            while True:
                error = rewards[t, env] + discounts[t, env] * following[t, env] - values[t, env]
                expected[s, env] += weight * rho[t, env] * error
                weight *= discounts[t, env] * c[t, env]
                if stops(ended[:, env], t):
                    break
                t += 1
        for s in range(len(rewards)):
            after = following[s, env] if stops(ended[:, env], s) else expected[s + 1, env]
            advantages[s, env] = rho[s, env] * (rewards[s, env] + discounts[s, env] * after - values[s, env])
    tensors = [tf.constant(x) for x in (rewards, discounts, values, following, ended, log_ratios)]
    found = v_trace(*tensors, most_rho=1.5, most_c=0.8)
    np.testing.assert_allclose(found.values.numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(found.advantages.numpy(), advantages, atol=1e-5)


def test_on_policy_v_trace_gives_the_n_step_return():
    rewards, discounts, values, following, ended = random_steps(3)
    tensors = [tf.constant(x) for x in (rewards, discounts, values, following, ended)]
    found = v_trace(*tensors, tf.zeros_like(tensors[0]))
    expected = n_step_returns(tensors[0], tensors[1], tensors[3], len(rewards), tensors[4])
    np.testing.assert_allclose(found.values.numpy(), expected.numpy(), atol=1e-5)
