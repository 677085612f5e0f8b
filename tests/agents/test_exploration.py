import numpy as np
import pytest

from agents.parts.exploration import epsilon_greedy, linear


def test_linear_by_hand():
    assert linear(0, 1.0, 0.1, 9) == 1.0
    assert linear(3, 1.0, 0.1, 9) == pytest.approx(0.7)
    assert linear(9, 1.0, 0.1, 9) == 0.1
    assert linear(10**9, 1.0, 0.1, 9) == 0.1


@pytest.mark.parametrize("number", [1, 4])
def test_epsilon_is_drawn_for_each_environment(number):
    rng = np.random.default_rng(0)
    greedy = np.full(number, 2)
    drawn = np.concatenate([epsilon_greedy(number, 3, 0.3, lambda: greedy, rng) for _ in range(20_000 // number)])
    # A uniform draw also hits the greedy action: 1 - 0.3 * 2/3 = 0.8 of all.
    assert np.mean(drawn == 2) == pytest.approx(0.8, abs=0.01)
    assert np.mean(drawn == 0) == pytest.approx(0.1, abs=0.01)


def test_rows_explore_independently_of_each_other():
    rng = np.random.default_rng(1)
    rows = np.array([epsilon_greedy(2, 1000, 0.5, lambda: np.array([0, 0]), rng) != 0 for _ in range(4000)])
    assert np.mean(rows[:, 0] & rows[:, 1]) == pytest.approx(0.25, abs=0.03)


def test_the_ends():
    def never():
        raise AssertionError("the greedy action is not needed when every row explores")

    assert epsilon_greedy(3, 5, 1.0, never, np.random.default_rng(0)).shape == (3,)
    assert epsilon_greedy(1, 5, 1.0, never, np.random.default_rng(0)).shape == (1,)
    assert epsilon_greedy(2, 5, 0.0, lambda: np.array([4, 3]), np.random.default_rng(0)).tolist() == [4, 3]
