"""Calls of the host lane are compiled once for all agents that compute the same, and for no others."""

import gc

import numpy as np
import pytest
import tensorflow as tf

from agents import CQL, DQN, TD3, QLearning
from agents.functional.calls import Calls
from lab import Experiment
from tests.agents.helpers import Counter
from tests.contracts import recorded

SMALL = {"hidden_sizes": (8,), "batch_size": 4, "learning_starts": 8, "update_every": 4, "updates_per_round": 2}
# So that training in parts is training in one go.
SMALL.update(learning_rate_steps=100, epsilon_steps=20)


def trained(kind=DQN, seed=0, lane="host", source=Counter, steps=20, **settings):
    experiment = Experiment(kind(**{**SMALL, **settings}), source, seed=seed, lane=lane, progress=False)
    experiment.train(steps)
    return experiment


def graphs():
    from tensorflow.python.framework.func_graph import FuncGraph

    gc.collect()
    return sum(isinstance(thing, FuncGraph) for thing in gc.get_objects())


@pytest.mark.thorough
@pytest.mark.parametrize(("lane", "source"), [("host", Counter), ("compiled", "CartPole-v1")])
def test_twenty_experiments_of_one_shape_hold_the_graphs_of_one(lane, source):
    trained(lane=lane, source=source).close()
    before = graphs()
    for seed in range(20):
        trained(lane=lane, source=source, seed=seed, learning_rate=0.001 * (seed + 1)).close()
    # What earlier tests made may have gone meanwhile.
    assert graphs() <= before


@pytest.mark.thorough
def test_agents_that_share_calls_learn_as_they_would_alone():
    first, second = trained(seed=1), trained(seed=2)
    assert first.learner.rule.calls is second.learner.rule.calls
    first.train(20)
    second.train(20)
    Calls._recent.clear()
    alone = trained(seed=1)
    alone.train(20)
    assert alone.learner.rule.calls is not first.learner.rule.calls
    ends = [e.learner.get_state() for e in (first, second, alone)]
    for name in ends[0]["online"]:
        assert np.array_equal(ends[0]["online"][name], ends[2]["online"][name])
        assert not np.array_equal(ends[0]["online"][name], ends[1]["online"][name])


def test_settings_that_are_tensors_share_calls_and_others_do_not():
    calls = trained().learner.rule.calls
    assert trained(learning_rate=0.3, discount=0.5, gradient_clip=1.0, epsilon_end=0.3).learner.rule.calls is calls
    for changed in ({"hidden_sizes": (9,)}, {"double": False}, {"target_update_every": 7}, {"updates_per_round": 3}):
        # Whose calls they are is known before any is compiled.
        assert trained(**changed, steps=4).learner.rule.calls is not calls, changed
    assert trained(steps=4).learner.rule.calls is calls


def test_a_resumed_agent_has_the_calls_of_the_one_that_began(tmp_path):
    # It knows no masks, so it never notes whether its environments have any.
    settings = {name: SMALL[name] for name in ("hidden_sizes", "batch_size", "learning_starts", "update_every")}
    agent, run = TD3(**settings), tmp_path / "run"
    begun = Experiment(agent, "Pendulum-v1", lane="host", run_dir=run, progress=False)
    begun.train(20)
    resumed = Experiment.resume(run, progress=False)
    resumed.train(20)
    assert resumed.learner.rule.calls is begun.learner.rule.calls


@pytest.mark.thorough
def test_a_class_given_another_rule_gets_other_calls(monkeypatch):
    calls, rule = trained().learner.rule.calls, DQN.row_losses
    monkeypatch.setattr(DQN, "row_losses", lambda self, *arguments: rule(self, *arguments))
    assert trained().learner.rule.calls is not calls


class Weighted(DQN):
    """Reads a variable of its own in its update, which only its own program may."""

    def build(self):
        super().build()
        self.weight = tf.Variable(float(self.seeds.seed))

    def row_losses(self, outputs, batch, target, settings):
        losses, errors = super().row_losses(outputs, batch, target, settings)
        return self.weight * losses, errors


@pytest.mark.thorough
def test_an_agent_whose_update_reads_more_keeps_its_calls_to_itself():
    idle, learning = trained(Weighted, seed=0), trained(Weighted, seed=3)
    assert idle.learner.rule.calls is not learning.learner.rule.calls
    start = Experiment(Weighted(**SMALL), Counter, seed=0, progress=False).learner.get_state()["online"]
    found = {seed: e.learner.get_state()["online"] for seed, e in ((0, idle), (3, learning))}
    assert all(np.array_equal(start[k], found[0][k]) for k in start), "a weight of 0 learns nothing"
    assert float(learning.learner.moments.count) > 0 and not np.array_equal(start["0"], found[3]["0"])
    idle.learner.weight.assign(1.0)
    idle.train(20)
    assert not np.array_equal(start["0"], idle.learner.get_state()["online"]["0"]), "it follows its agent's variable"


@pytest.mark.parametrize("kind", [DQN, CQL])
def test_whatever_an_agent_keeps_is_named_so_that_it_shares_calls(kind):
    if kind is CQL:
        agent = CQL(hidden_sizes=(8,), batch_size=4)
        Experiment(agent, recorded(), progress=False).train(10)
    else:
        agent = trained().learner
        assert Calls.shared(agent, agent.memory.header) is agent.rule.calls
    assert vars(agent).keys() <= kind.kept


@pytest.mark.thorough
def test_a_round_is_traced_once_for_two_agents_of_one_shape():
    Calls._recent.clear()
    first, second = trained(seed=1), trained(seed=2, learning_rate=0.2)
    assert first.learner.rule.calls is second.learner.rule.calls
    assert first.learner.rule.calls.learn.experimental_get_tracing_count() == 1


def test_a_table_shares_none_of_the_calls_it_never_makes():
    agent = QLearning()
    Experiment(agent, "lab/GridWorld-v0", lane="host", progress=False).train(70)
    assert not agent.rule.calls.shares and agent.rule.calls not in Calls._recent
