"""Rows of the log that a compiled call gathers are those of a call a row, bit for bit."""

import pytest

from agents import DQN, QLearning
from lab import Experiment
from lab.callbacks import Callback

SMALL = {"hidden_sizes": (8,), "batch_size": 4, "learning_starts": 16, "update_every": 4, "updates_per_round": 2}
CASES = {
    "dqn": (lambda: DQN(**SMALL, learning_rate_steps=300, epsilon_steps=200), "CartPole-v1"),
    "q_learning": (lambda: QLearning(learning_rate_steps=300, epsilon_steps=200), "lab/FrozenLake-v0"),
}


class Looks(Callback):
    """Acts on rows, so that each needs a call of its own."""

    acts_on_rows = True


def rows(case, pieces, num_envs, looks=False, run=None):
    make, source = CASES[case]
    given = {"run_dir": run} if run else {}
    experiment = Experiment(
        make(), source, seed=4, num_envs=num_envs, lane="compiled", log_every=50, progress=False,
        callbacks=[Looks()] if looks else [], **given,
    )  # fmt: skip
    assert experiment.gathers_rows is not looks
    for i, steps in enumerate(pieces):
        if run and i:
            experiment.close()
            experiment = Experiment.resume(run, progress=False)
        experiment.train(steps)
    found = [{k: v for k, v in row.items() if "time" not in k and "second" not in k} for row in experiment.history.rows]
    experiment.close()
    return found


@pytest.mark.thorough
@pytest.mark.parametrize(("case", "num_envs"), [("q_learning", 1), ("dqn", 3)])
def test_gathered_rows_are_those_of_a_call_each(case, num_envs, tmp_path):
    gathered = rows(case, [432], num_envs)
    assert gathered == rows(case, [432], num_envs, looks=True)
    # 50 is no multiple of 3: rows come at the first step at or after each multiple.
    assert [row["step"] for row in gathered] == [-(-n // num_envs) * num_envs for n in range(50, 450, 50)] + [432]
    assert any("return" in row for row in gathered) and "epsilon" in gathered[0]
    cut = rows(case, [201, 231], num_envs, run=tmp_path / "run")
    # Where the run was cut a row of its own ends what was gathered; all others are the same.
    edges = {201, next(row["step"] for row in gathered if row["step"] > 201)}
    assert [r for r in cut if r["step"] not in edges] == [r for r in gathered if r["step"] not in edges]


@pytest.mark.thorough
@pytest.mark.parametrize("lane", ["host", "compiled"])
def test_a_loaded_agent_trains_on_without_catching_up_on_rounds(lane, tmp_path):
    first = Experiment(CASES["dqn"][0](), "CartPole-v1", seed=1, lane=lane, run_dir=tmp_path / "run", progress=False)
    first.train(120)
    first.close()
    agent = DQN.load(tmp_path / "run")
    updates = float(agent.moments.count)
    experiment = Experiment(agent, "CartPole-v1", seed=2, lane=lane, log_every=10, progress=False)
    experiment.train(23)
    assert agent.steps in (143, 23) and [row["step"] for row in experiment.history.rows] == [10, 20, 23]
    # Rounds of two updates come 16 and 20 steps after it began again.
    assert float(agent.moments.count) - updates == 4


@pytest.mark.thorough
def test_what_only_training_needs_is_left_out_of_what_is_loaded():
    experiment = Experiment(CASES["dqn"][0](), "CartPole-v1", lane="host", progress=False)
    experiment.train(30)
    assert {"memory", "moments", "copies"} <= experiment.learner.get_state().keys()
    assert not {"memory", "moments", "copies"} & experiment.learner.inference_state().keys()
