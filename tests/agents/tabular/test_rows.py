"""Observations as rows of a table, for arrays and tensors alike."""

import math

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete, Tuple

from agents import SARSA, ExpectedSARSA, QLambda, QLearning
from agents.tabular.parts.figure import directions_of, draw, maps, shape_of
from agents.tabular.parts.rows import Rows
from envs import DiscretizeObservation
from lab import Experiment
from lab.errors import UsageError
from tests.agents.tabular.helpers import built

BLACKJACK = Tuple([Discrete(32), Discrete(11), Discrete(2)])
CART = {"bins": (4, 3, 6, 3), "low": (-math.inf, -2.0, -0.2, -2.0), "high": (math.inf, 2.0, 0.2, 2.0)}


def test_parts_are_numbered_with_the_last_one_fastest():
    rows = Rows("X", BLACKJACK)
    assert rows.count == 32 * 11 * 2
    given = np.array([[0, 0, 1], [1, 0, 0], [31, 10, 1]])
    assert rows.of(given).tolist() == [1, 22, 703] == rows.of(tf.constant(given)).numpy().tolist()
    shifted = Rows("X", MultiDiscrete([2, 3], start=[4, 0]))
    assert shifted.of(np.array([[4, 2], [5, 0]])).tolist() == [2, 3]


def test_bins_are_those_of_the_wrapper():
    env = gymnasium.make("CartPole-v1")
    rows = Rows("X", env.observation_space, **CART)
    wrapped = DiscretizeObservation(env, CART["bins"], [None, *CART["low"][1:]], [None, *CART["high"][1:]])
    seen = np.random.default_rng(0).normal(0.0, [3, 2, 0.2, 2], (200, 4)).astype(np.float32)
    seen[0], seen[1] = [-4.8, -2, -0.2, -2], [4.8, 2, 0.2, 2]
    found = rows.of(seen)
    assert found.tolist() == [wrapped.index_of(row) for row in seen] == rows.of(tf.constant(seen)).numpy().tolist()
    assert rows.count == 216 and found[:2].tolist() == [0, 215]
    assert (
        rows == Rows("X", env.observation_space, **CART) != Rows("X", env.observation_space, **{**CART, "bins": (2,)})
    )


@pytest.mark.parametrize(
    ("space", "settings", "message"),
    [
        (Box(0, 1, (2,)), {}, r"expected Discrete or MultiDiscrete, or bins. Fix: SARSA\(bins=\(10,\)\)"),
        (Box(-np.inf, 1, (2,)), {"bins": (3,)}, "bins_low received .* a bound for axis 0, where .* has none"),
        (Box(0, 3e38, (1,)), {"bins": (3,)}, "bins_high received .* a bound for axis 0"),
        (Box(0, 1, (2,)), {"bins": (3, 4, 5)}, "one number for all, or one for each of the 2 axes"),
        (Box(0, 1, (2,)), {"bins": (3,), "bins_low": (1.0,)}, "expected less than bins_high"),
        (Dict({"a": Discrete(2)}), {}, "a Tuple of Discrete, or a Box with bins"),
        (Box(0, 1, (9,)), {"bins": (10,)}, r"1,000,000,000 states .* theirs would take 44.7 GiB. Fix: coarser"),
    ],
)
def test_what_has_no_rows_is_refused_with_what_to_do(space, settings, message):
    with pytest.raises(UsageError, match=message):
        built(space=space, kind=SARSA, **settings)


def test_traces_count_as_memory():
    built(kind=QLambda)
    with pytest.raises(UsageError, match="expected a table of at most"):
        built(100, Discrete(10_000_000), QLambda)


def test_actions_that_are_not_discrete_are_refused():
    with pytest.raises(UsageError, match="SARSA received the action space Box.*expected Discrete"):
        Experiment(SARSA(bins=(5,)), "Pendulum-v1")
    with pytest.raises(UsageError, match="bins received.*observations are whole numbers"):
        Experiment(SARSA(bins=(5,)), "lab/GridWorld-v0").train(10)


def test_blackjack_and_a_cart_in_bins_are_played():
    experiment = Experiment(ExpectedSARSA(), "Blackjack-v1", seed=1, progress=False)
    experiment.train(400)
    assert experiment.learner.q_table.shape == (704, 2) and experiment.learner.visits.sum() == 400
    assert -1.0 <= experiment.evaluate(episodes=20).mean <= 1.0
    bins = {"bins": CART["bins"], "bins_low": CART["low"], "bins_high": CART["high"]}
    experiment = Experiment(QLearning(**bins), "CartPole-v1", seed=1, lane="host", progress=False)
    experiment.train(130)
    assert (experiment.learner.visits.sum(axis=1) > 0).sum() > 3


def test_maps_lie_as_the_environment_does():
    lake, cliff = (gymnasium.make(name).unwrapped for name in ("FrozenLake-v1", "CliffWalking-v1"))
    assert shape_of(np.array([16]), lake) == (4, 4) and shape_of(np.array([48]), cliff) == (4, 12)
    assert shape_of(np.array([48]), gymnasium.make("lab/CliffWalk-v0").unwrapped) == (4, 12)
    assert shape_of(np.array([7]), object()) == (3, 3) and shape_of(np.array([32, 11, 2]), None) == (32, 11, 2)


def test_directions_are_the_environments_own():
    for name in ("FrozenLake-v1", "CliffWalking-v1"):
        env = gymnasium.make(name).unwrapped
        arrows = directions_of(env)
        for action, arrow in enumerate(arrows):
            down, right = {"↑": (-1, 0), "→": (0, 1), "↓": (1, 0), "←": (0, -1)}[arrow]
            start = (1, 2) if name.startswith("Frozen") else (1, 5)
            columns = 4 if name.startswith("Frozen") else 12
            ends = {following for _, following, *_ in env.P[start[0] * columns + start[1]][action]}
            assert (start[0] + down) * columns + start[1] + right in ends, (name, action)
    assert len(directions_of(gymnasium.make("lab/GridWorld-v0").unwrapped)) == 4
    assert directions_of(gymnasium.make("CartPole-v1").unwrapped) == directions_of(object()) == ""
    drawn = draw(np.eye(16, 4), np.eye(16, 4, dtype=int), (4, 4), "←↓→↑")
    texts = [[text.get_text() for text in axes.texts] for axes in drawn.axes if axes.texts]
    assert texts == [["1"] * 4, ["←", "↓", "→", "↑"]]


def test_axes_are_named_after_what_they_are():
    def named(*shape, **more):
        count = int(np.prod(shape))
        axes = draw(np.ones((count, 4)), np.ones((count, 4), int), shape, **more).axes[0]
        return axes.get_ylabel(), axes.get_xlabel()

    assert named(4, 4, directions="←↓→↑") == ("row", "column")
    assert named(2, 5, 4, several=True) == ("[1]", "[2]")
    assert named(40, 2, several=True) == ("[1]", "[0]"), "on its side"
    assert named(3, 3) == ("", ""), "rows of a square, which nobody gave"


def test_maps_show_the_best_of_what_was_met():
    table, visits = (
        np.array([[1.0, 2.0], [4.0, 3.0], [0.0, 9.0], [5.0, 5.0]]),
        np.array([[1, 0], [1, 1], [0, 0], [0, 4]]),
    )
    ((title, values, best),) = maps(table, visits, (2, 2))
    assert title == "" and values[:, 0].tolist()[0] == 2.0 and np.isnan(values[1, 0]) and np.isnan(best[1, 0])
    assert (values[0, 1], values[1, 1]) == (4.0, 5.0) and best[0].tolist() == [1.0, 0.0]
    # A third part of two values has a panel each; of five, it is averaged by visits.
    assert [title for title, *_ in maps(np.zeros((12, 2)), np.ones((12, 2)), (3, 2, 2))] == ["[1] = 0", "[1] = 1"]
    table, visits = np.zeros((225, 1)), np.zeros((225, 1), int)
    table[0], table[45], visits[0], visits[45] = 1.0, 5.0, 3, 1
    ((_, values, _),) = maps(table, visits, (5, 5, 9))
    assert values.shape == (5, 9) and values[0, 0] == 2.0
