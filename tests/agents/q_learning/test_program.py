"""Q-learning's compiled form: the same rule as on the host, row by row."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import MultiDiscrete

from agents import QLearning
from agents.training.choose import reason_against
from agents.transitions import Transition
from envs import random
from lab import Experiment
from tests.agents.tabular.helpers import FALLING, built, follow, steps


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
    found = follow(lane, steps(70, envs))
    np.testing.assert_allclose(found.table, host.q_table, atol=1e-12)
    np.testing.assert_array_equal(found.visits, host.visits)
    np.testing.assert_allclose(found.reports, reported, atol=1e-6)
    assert sum(rounds for _, rounds in found.reports) == 70 * envs // (64 if envs == 1 else 66)
    lane.set_parameters(found.state.parameters)
    np.testing.assert_array_equal(lane.q_table, found.table)
    assert (int(found.state.steps), int(found.tensors.replayed)) == (host.steps, host.replayed)
    assert float(found.tensors.error_count) == host.td_error_count


def test_one_update_by_hand():
    agent = built(learning_rate=0.5, learning_rate_end=0.5, discount=0.9)
    agent.q_table[1] = [2.0, 4.0, 0.0]
    agent.q_table[0, 1] = 1.0
    one = Transition(*(np.array([x]) for x in (0, 1, 3.0, False, True, 1)))
    # 1 + 0.5 (3 + 0.9 * 4 - 1) = 3.8: a truncated step bootstraps.
    assert follow(agent, [one]).table[0, 1] == pytest.approx(3.8)
    ended = one._replace(terminated=np.array([True]))
    assert follow(agent, [ended]).table[0, 1] == pytest.approx(1 + 0.5 * (3 - 1))


def test_past_transitions_are_replayed_in_blocks_in_the_order_drawn():
    agent = built(3, **FALLING, replay_updates=2)
    transitions = list(steps(22, 3))
    found = follow(agent, transitions[:21])
    assert all(rounds == 0.0 for _, rounds in found.reports) and int(found.visits.sum()) == 63
    key = random.key_from_seed(9)
    found.step(transitions[21], key)
    assert found.reports[-1][1] == 1.0 and int(found.tensors.replayed) == 66
    assert int(found.visits.sum()) == 66 + 2 * 66
    # The host's rule on the very rows that the program draws.
    host = built(3, **FALLING, replay_updates=2)
    for t in transitions:
        host.observe(t)
    rows = np.minimum((random.uniform(key, (132,)).numpy() * np.float32(66)).astype(int), 65)
    past = [np.concatenate([np.asarray(t[i]) for t in transitions])[rows] for i in range(6)]
    going = 1.0 - past[3]
    host.learn_rows(past[0], past[1], past[2], going, past[5])
    np.testing.assert_allclose(found.table, host.q_table, atol=1e-12)


@pytest.mark.thorough
def test_exploring_acts_uniformly_with_probability_epsilon():
    agent = built(4000, epsilon_start=0.6, epsilon_evaluation=0.0)
    agent.q_table[:, 2] = 1.0
    state, observations = agent.state(), tf.zeros(4000, tf.int32)
    act = tf.function(lambda *given: agent.policy(*given).action, jit_compile=True)
    explored = np.bincount(act(state, observations, random.key_from_seed(1), True).numpy(), minlength=3) / 4000
    assert explored == pytest.approx([0.2, 0.2, 0.6], abs=0.03)
    greedy = act(state, observations, random.key_from_seed(1), False).numpy()
    assert (greedy == 2).all()


def test_states_of_several_numbers_have_the_hosts_rows():
    agent = built(space=MultiDiscrete([2, 3, 4]))
    rows = np.array([[i, j, k] for i in range(2) for j in range(3) for k in range(4)])
    np.testing.assert_array_equal(agent.states(tf.constant(rows)).numpy(), agent.states(rows))


class Pessimist(QLearning):
    """Overrides a part of the rule, once for both lanes."""

    def td_error(self, *arguments):
        return super().td_error(*arguments) - 1.0


@pytest.mark.thorough
def test_a_variant_of_the_rule_learns_alike_in_both_lanes():
    assert reason_against(Pessimist()) == "" == reason_against(QLearning())
    assert Experiment(Pessimist(), "lab/GridWorld-v0", progress=False).task.lane == "compiled"
    host, lane = (
        built(2, kind=Pessimist, **FALLING, replay_updates=0),
        built(2, kind=Pessimist, **FALLING, replay_updates=0),
    )
    for t in steps(20, 2):
        host.observe(t)
    found = follow(lane, steps(20, 2))
    np.testing.assert_allclose(found.table, host.q_table, atol=1e-12)
    assert not np.allclose(host.q_table, follow(built(2, **FALLING, replay_updates=0), steps(20, 2)).table)


@pytest.mark.thorough
def test_it_learns_to_cross_the_ice():
    experiment = Experiment(QLearning(), "lab/FrozenLake-v0", seed=1, num_envs=8, lane="compiled", progress=False)
    experiment.train(200_000)
    assert experiment.evaluate(200)["mean"] > 0.6, "random play reaches 0.015, the best policy 0.74"
