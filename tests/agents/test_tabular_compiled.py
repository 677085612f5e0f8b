"""Q-learning's compiled form: the same rule as on the host, row by row."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from agents.parts.pure_exploration import random_ties
from gymnasium.spaces import Discrete, MultiDiscrete

from agents import QLearning
from agents.functional import obstacle
from agents.replay.host import ReplayBatch
from agents.transitions import Transition
from envs import random
from lab import Experiment
from lab.seeding import Seeds

FALLING = {"learning_rate": 0.8, "learning_rate_end": 0.1, "learning_rate_steps": 50, "discount": 0.9}


def built(num_envs=1, space=None, **settings):
    agent = QLearning(**settings)
    agent.setup(space or Discrete(5), Discrete(3), Seeds(0), num_envs)
    return agent


def steps(number, envs, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(number):
        yield Transition(
            rng.integers(5, size=envs),
            rng.integers(3, size=envs),
            rng.normal(size=envs).astype(np.float32).astype(np.float64),
            rng.random(envs) < 0.2,
            rng.random(envs) < 0.2,
            rng.integers(5, size=envs),
        )


def as_tensors(t):
    places = [tf.constant(x, tf.int32) for x in (t.observation, t.action, t.next_observation)]
    reward = tf.constant(t.reward, tf.float32)
    return Transition(places[0], places[1], reward, tf.constant(t.terminated), tf.constant(t.truncated), places[2])


def follow(agent, transitions):
    """Feed the same transitions to the agent's pure functions; return the last state and what each step reported."""
    update = tf.function(agent.pure_update, jit_compile=True)
    state, reports = agent.pure_state(agent.num_envs), []
    for i, t in enumerate(transitions):
        state, metrics, rounds = update(state, as_tensors(t), random.fold_in(random.key_from_seed(0), i))
        reports.append((float(metrics["td_error"]), float(rounds)))
    return state, reports


@pytest.mark.parametrize("exponent", [0.0, 0.7])
@pytest.mark.parametrize("envs", [1, 6])
def test_both_lanes_change_the_table_alike_given_the_same_transitions(envs, exponent):
    settings = {**FALLING, "replay_updates": 0, "visit_exponent": exponent, "initial_value": 0.5}
    host, lane = built(envs, **settings), built(envs, **settings)
    reported = []
    for t in steps(70, envs):
        host.observe(t)
        metrics = host.update()
        reported.append((0.0, 0.0) if metrics is None else (metrics["td_error"], 1.0))
    state, reports = follow(lane, steps(70, envs))
    np.testing.assert_allclose(state.table.numpy(), host.q_table, atol=1e-6)
    np.testing.assert_array_equal(state.visits.numpy(), host.visits)
    np.testing.assert_allclose(reports, reported, atol=1e-6)
    assert sum(rounds for _, rounds in reports) == 70 * envs // (64 if envs == 1 else 66)
    lane.set_pure_state(state)
    assert (lane.steps, lane.replayed, lane.td_error_count) == (host.steps, host.replayed, host.td_error_count)


def test_one_update_by_hand():
    agent = built(learning_rate=0.5, learning_rate_end=0.5, discount=0.9)
    agent.q_table[1] = [2.0, 4.0, 0.0]
    agent.q_table[0, 1] = 1.0
    one = Transition(*(np.array([x]) for x in (0, 1, 3.0, False, True, 1)))
    state, _ = follow(agent, [one])
    # 1 + 0.5 (3 + 0.9 * 4 - 1) = 3.8: a truncated step bootstraps.
    assert state.table.numpy()[0, 1] == pytest.approx(3.8)
    ended = one._replace(terminated=np.array([True]))
    assert follow(agent, [ended])[0].table.numpy()[0, 1] == pytest.approx(1 + 0.5 * (3 - 1))


def test_past_transitions_are_replayed_in_blocks_in_the_order_drawn():
    agent = built(3, **FALLING, replay_updates=2)
    transitions = list(steps(22, 3))
    state, reports = follow(agent, transitions[:21])
    assert all(rounds == 0.0 for _, rounds in reports) and int(state.visits.numpy().sum()) == 63
    update = tf.function(agent.pure_update, jit_compile=True)
    key = random.key_from_seed(9)
    after, _, rounds = update(state, as_tensors(transitions[21]), key)
    assert float(rounds) == 1.0 and int(after.replayed) == 66
    assert int(after.visits.numpy().sum()) == 66 + 2 * 66
    # The host's rule on the very rows that the program draws.
    host = built(3, **FALLING, replay_updates=2)
    for t in transitions:
        host.observe(t)
    draw = tf.function(lambda ring: agent.ring.sample(ring, key, 132), jit_compile=True)
    past = ReplayBatch(*(x.numpy() for x in draw(after.replay)))
    host._learn(past.observation, past.action, past.reward.astype(float), past.terminated > 0, past.next_observation)
    np.testing.assert_allclose(after.table.numpy(), host.q_table, atol=1e-6)


def test_ties_are_broken_at_random_and_only_ties():
    values = tf.constant(np.tile([1.0, 0.0, 1.0, 1.0], (3000, 1)))
    draws = tf.constant(np.random.default_rng(0).random(3000))
    shares = np.bincount(random_ties(values, draws).numpy(), minlength=4) / 3000
    assert shares == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3], abs=0.04)
    edges = random_ties(tf.constant([[1.0, 0.0, 1.0]] * 2), tf.constant([0.0, 1.0]))
    assert edges.numpy().tolist() == [0, 2]


def test_exploring_acts_uniformly_with_probability_epsilon():
    agent = built(4000, epsilon_start=0.6, epsilon_evaluation=0.0)
    agent.q_table[:, 2] = 1.0
    state, observations = agent.pure_state(4000), tf.zeros(4000, tf.int32)
    act = tf.function(agent.pure_act, jit_compile=True)
    explored = np.bincount(act(state, observations, random.key_from_seed(1), True).numpy(), minlength=3) / 4000
    assert explored == pytest.approx([0.2, 0.2, 0.6], abs=0.03)
    judged = act(state, observations, random.key_from_seed(1), False).numpy()
    assert (judged == 2).all()


def test_states_of_several_numbers_have_the_hosts_rows():
    agent = built(space=MultiDiscrete([2, 3, 4]))
    rows = np.array([[i, j, k] for i in range(2) for j in range(3) for k in range(4)])
    np.testing.assert_array_equal(agent.pure_states(tf.constant(rows)).numpy(), agent.states(rows))


def test_a_variant_of_the_rule_trains_in_the_host_lane():
    class Pessimist(QLearning):
        def td_error(self, *transition):
            return super().td_error(*transition) - 1.0

    assert "Pessimist overrides td_error" in obstacle(Pessimist())
    assert obstacle(QLearning()) == ""
    experiment = Experiment(Pessimist(), "lab/GridWorld-v0", progress=False)
    assert experiment.task.lane == "host"


def test_it_learns_to_cross_the_ice():
    experiment = Experiment(QLearning(), "lab/FrozenLake-v0", seed=1, num_envs=8, lane="compiled", progress=False)
    experiment.train(200_000)
    assert experiment.evaluate(200)["mean"] > 0.6, "random play reaches 0.015, the best policy 0.74"
