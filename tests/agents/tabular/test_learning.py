"""Each rule learns, and on a cliff they differ as the textbook has it (Sutton and Barto 2018, example 6.6)."""

import numpy as np
import pytest

from agents import SARSA, DoubleQLearning, DynaQ, ExpectedSARSA, NStepSARSA, QLambda, QLearning
from agents.tabular import Model
from lab import Experiment

START, GOAL, EDGE = 36, 47, range(25, 35)
EXAMPLE = {"discount": 1.0, "epsilon_start": 0.1, "epsilon_end": 0.1}
HALF = {**EXAMPLE, "learning_rate": 0.5, "learning_rate_end": 0.1}
RULES = {
    "q_learning": QLearning(**HALF, replay_updates=0),
    "sarsa": SARSA(**HALF),
    "expected_sarsa": ExpectedSARSA(**HALF),
    "double_q_learning": DoubleQLearning(**HALF),
    "n_step_sarsa": NStepSARSA(**HALF),
    "tree": NStepSARSA(**HALF, backup="tree", target_policy="greedy"),
    "q_lambda": QLambda(**HALF),
    "dyna_q": DynaQ(**EXAMPLE),
}


@pytest.fixture(scope="module")
def model():
    return Model.of("CliffWalking-v1")


@pytest.fixture(scope="module")
def walked(model):
    """Train each rule, and return the cells of its greedy walk and the return of its last episodes of training."""
    found = {}
    for name, agent in RULES.items():
        experiment = Experiment(agent, "CliffWalking-v1", seed=1, lane="host", log_every=3_000, progress=False)
        # Each of two tables learns from half of the steps.
        history = experiment.train(24_000 if name == "double_q_learning" else 12_000)
        cell, cells = START, []
        while cell != GOAL and len(cells) < 50:
            cell = int(model.next_states[cell, agent.q_table[cell].argmax(), 0])
            cells.append(cell)
        found[name] = cells, history.rows[-1]["return"]
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("name", RULES)
def test_each_rule_finds_its_way(walked, name):
    cells, _ = walked[name]
    assert cells[-1] == GOAL and START not in cells
    assert len(cells) == 13 if name in ("q_learning", "dyna_q") else len(cells) <= 21


def test_on_a_cliff_sarsa_walks_safely_and_falls_less(walked):
    (best, worse), (safe, better) = walked["q_learning"], walked["sarsa"]
    assert np.isin(best, EDGE).sum() == 10 > np.isin(safe, EDGE).sum()
    assert better > worse + 5
