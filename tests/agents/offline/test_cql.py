import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents import CQL, Episodes
from agents.cql.agent import conservative_penalty
from lab import Experiment
from lab.seeding import Seeds
from tests.agents.dqn.helpers import batch_of, set_values

SMALL = {"hidden_sizes": (), "alpha": 2.0, "huber_delta": 1.0, "discount": 0.5, "learning_rate": 0.1}


def agent(**settings):
    made = CQL(**{**SMALL, **settings})
    made.setup(Discrete(2), Discrete(2), Seeds(0))
    return made


def test_the_penalty_on_a_table_of_two_actions():
    values = tf.constant([[0.0, np.log(3.0)], [2.0, 2.0]], tf.float32)
    # log(1 + 3) - log 3 for the second action of the first state; log 2 for either of two equal ones.
    penalty = conservative_penalty(values, tf.constant([np.log(3.0), 2.0], tf.float32))
    assert penalty.numpy() == pytest.approx([np.log(4 / 3), np.log(2)], abs=1e-6)


def test_one_update_by_hand():
    a = agent()
    set_values(a.online, [[1.0, 1.0], [0.0, 4.0]])
    found = a.update_on(batch_of([0], [0], [2.0], [1.0], [1]))
    # The first update copies online to target: target 2 + 0.5 * 4 = 4, Huber's loss of the error 3 is 2.5; the penalty
    # log(2 e) - 1 = log 2 counts twice.
    assert float(found["loss"]) == pytest.approx(2.5 + 2 * np.log(2), abs=1e-6)
    table = a.online.trainable_variables[0].numpy()
    assert table[0, 0] > 1.0 > table[0, 1], "the recorded action gains, the other loses"


def test_the_target_network_is_copied_every_so_many_updates():
    a = agent(target_update_every=3)
    batch = batch_of([0], [0], [2.0], [0.0], [1])
    copies = []
    for _ in range(7):
        before = a.online.trainable_variables[0].numpy()
        a.update_on(batch)
        copies.append(bool((a.target.trainable_variables[0].numpy() == before).all()))
    assert copies == [True, False, False, True, False, False, True]


@pytest.mark.thorough
def test_it_beats_the_mean_of_mixed_data():
    """A corridor of five cells, whose end pays 1 and each step -0.1: half of the recording walks at random."""
    rng = np.random.default_rng(0)
    steps = []
    for episode in range(60):
        cell = 0
        for time in range(20):
            action = 1 if episode % 2 else int(rng.integers(2))
            following = min(4, cell + 1) if action else max(0, cell - 1)
            ended = following == 4
            steps.append((cell, action, 1.0 if ended else -0.1, ended, time == 19 and not ended, following))
            cell = following
            if ended:
                break
    names = ("observations", "actions", "rewards", "terminated", "truncated", "next_observations")
    arrays = dict(zip(names, map(np.array, zip(*steps, strict=True)), strict=True))
    data = Episodes.from_arrays(**arrays, observation_space=Discrete(5), action_space=Discrete(2))
    experiment = Experiment(CQL(hidden_sizes=(32,), alpha=0.1, learning_rate=5e-3), data, seed=1, progress=False)
    experiment.train(400)
    greedy = experiment.learner.act_batch(np.arange(4))
    # Four steps to the right: -0.1 * 3 + 1 = 0.7, which is the best there is.
    assert greedy.tolist() == [1, 1, 1, 1]
    assert data.returns.mean() < 0.6 < 0.7 == pytest.approx(data.returns.max())


def test_pictures_go_through_convolutions():
    a = CQL(hidden_sizes=(8,), filters=(2,))
    a.setup(Box(0, 255, (5, 5, 1), np.uint8), Discrete(3), Seeds(0))
    assert a.act_batch(np.zeros((2, 5, 5, 1), np.uint8)).shape == (2,)
