"""The agents among the examples: short, right by numbers worked out by hand, and the same rule in both lanes."""

from __future__ import annotations

import ast
import dataclasses
import math
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from agents.replay import Prioritised
from agents.transitions import Batch, Transition
from envs import random
from lab import Experiment, UsageError
from lab.config import check_read
from lab.seeding import Seeds
from tests.contracts import EXAMPLES, load_example

# The most lines of each class and of its settings, without blank ones and docstrings.
LINES = {
    "dqn_variants": {
        "DoubleDQN": 10, "NStepDQN": 20, "C51": 60, "QRDQN": 60, "PrioritisedDQN": 60, "AllTogether": 30
    },
    "ppo_in_one_file": {"OneFilePPO": 120},
    "actor_critic_variants": {"PenaltyPPO": 30, "VTraceActorCritic": 30},
}  # fmt: skip
SMALL: dict[str, Any] = {
    "hidden_sizes": (8,), "batch_size": 8, "learning_starts": 40, "update_every": 10, "updates_per_round": 2,
    "target_update_every": 50, "replay_capacity": 120, "epsilon_steps": 100, "learning_rate_steps": 300,
}  # fmt: skip
OWN: dict[str, dict[str, Any]] = {
    "DoubleDQN": {"selector": "average"},
    "NStepDQN": {"horizon": 4},
    "C51": {"atoms": 5},
    "QRDQN": {"quantiles": 5},
    "PrioritisedDQN": {"alpha": 0.7},
    "AllTogether": {"atoms": 5, "n_steps": 2, "alpha": 0.7},
}
POSITION = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)


def variants() -> Any:
    return load_example("dqn_variants")


def lines_of(source: str, node: ast.ClassDef) -> set[int]:
    """Return the lines that a class and its decorators take, without blank ones and docstrings."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    inside = {n for n in range(first, (node.end_lineno or 0) + 1) if source.splitlines()[n - 1].strip()}
    for part in ast.walk(node):
        if isinstance(part, (ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(part) is not None:
            inside -= set(range(part.body[0].lineno, (part.body[0].end_lineno or 0) + 1))
    return inside


def test_classes_are_short() -> None:
    for name, most in LINES.items():
        source = (EXAMPLES / f"{name}.py").read_text()
        classes = {n.name: n for n in ast.parse(source).body if isinstance(n, ast.ClassDef)}
        for kind, lines in most.items():
            found = [len(lines_of(source, classes[one])) for one in (kind, f"{kind}Settings") if one in classes]
            assert sum(found) <= lines, f"{kind} has {sum(found)} lines with its settings"
    assert len((EXAMPLES / "dqn_in_one_file.py").read_text().splitlines()) <= 150


# ---------------------------------------------------------------- both lanes


@pytest.mark.thorough
@pytest.mark.parametrize("lane", ["host", "compiled"])
@pytest.mark.parametrize("kind", OWN)
def test_variants_learn_and_act_in_both_lanes(kind: str, lane: str, tmp_path: Path) -> None:
    settings = {**SMALL, **OWN[kind]}
    if lane == "compiled":
        experiment = variants().main(kind, 300, tmp_path / "run", **settings)
    else:
        agent = getattr(variants(), kind)(**settings)
        experiment = Experiment(agent, "CartPole-v1", seed=1, lane=lane, progress=False)
        experiment.train(300)
    agent = experiment.learner
    assert experiment.task.lane == lane and agent.steps == 300
    assert agent.moments.count.numpy() == 2 * (1 + (300 - 40) // 10)
    first = agent.network(agent.seeds.integer("network")).trainable_variables
    pairs = [(a.numpy(), b.numpy()) for a, b in zip(first, agent.online.trainable_variables, strict=True)]
    assert all(np.isfinite(b).all() and not np.array_equal(a, b) for a, b in pairs)
    values = agent.action_values(np.zeros((3, 4), np.float32))
    assert values.shape == (3, 2) and np.isfinite(values).all()
    assert agent.act(np.zeros(4, np.float32)) in (0, 1)


@pytest.mark.thorough
@pytest.mark.parametrize("lane", ["compiled", "host"])
def test_ppo_learns_and_acts_in_both_lanes(lane: str, tmp_path: Path) -> None:
    kind, settings = (
        load_example("ppo_in_one_file").OneFilePPO,
        {"hidden_sizes": (8,), "rollout_length": 8, "epochs": 2},
    )
    if lane == "compiled":
        experiment = load_example("ppo_in_one_file").main("CartPole-v1", 512, tmp_path / "run", **settings)
    else:
        experiment = Experiment(kind(**settings), "CartPole-v1", num_envs=8, seed=1, lane=lane, progress=False)
        experiment.train(512)
    agent = experiment.learner
    assert experiment.task.lane == lane
    # Eight rollouts of 64 transitions, each gone through twice in halves.
    assert agent.moments.count.numpy() == 8 * 2 * 2
    rows = [row for row in experiment.history.rows if "entropy" in row]
    assert rows and all(0.0 < row["entropy"] <= math.log(2.0) + 1e-6 for row in rows)
    assert agent.act(np.zeros(4, np.float32)) in (0, 1)


@pytest.mark.thorough
def test_ppo_takes_a_box_of_actions() -> None:
    agent = load_example("ppo_in_one_file").OneFilePPO(hidden_sizes=(8,), rollout_length=16, epochs=1)
    experiment = Experiment(agent, "Pendulum-v1", num_envs=2, seed=3, lane="host", progress=False)
    experiment.train(64)
    assert agent.log_deviation[0].numpy() != 0.0
    assert agent.act(np.zeros(3, np.float32)).shape == (1,)


@pytest.mark.thorough
@pytest.mark.parametrize("lane", ["compiled", "host"])
@pytest.mark.parametrize("kind", ["PenaltyPPO", "VTraceActorCritic"])
def test_actor_critics_of_ones_own_learn_in_both_lanes(kind: str, lane: str, tmp_path: Path) -> None:
    module = load_example("actor_critic_variants")
    small: dict[str, Any] = {"hidden_sizes": (8,), "rollout_steps": 64}
    if kind == "PenaltyPPO":
        small |= {"minibatch_size": 32, "epochs": 2, "penalty": 0.5}
    if lane == "compiled":
        experiment = module.main(kind, 256, tmp_path / "run", **small)
    else:
        experiment = Experiment(getattr(module, kind)(**small), "Pendulum-v1", num_envs=2, lane=lane, progress=False)
        experiment.train(256)
    agent = experiment.learner
    assert experiment.task.lane == lane
    assert agent.moments.count.numpy() == (16 if kind == "PenaltyPPO" else 4)
    assert all(np.isfinite(v.numpy()).all() for v in agent.actor.trainable_variables)


# ---------------------------------------------------------------- by hand


def built(kind: str, **settings: Any) -> Any:
    """Return an agent for two numbers and two actions."""
    agent = getattr(variants(), kind)(hidden_sizes=(4,), **settings)
    agent.setup(POSITION, gymnasium.spaces.Discrete(2), Seeds(1))
    return agent


def batch(reward: float, discount: float) -> Batch:
    row = tf.zeros((1, 2))
    return Batch(row, tf.constant([1]), tf.constant([reward]), tf.constant([discount]), row, tf.ones(1))


def test_double_lets_the_online_network_select_and_the_target_value(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = built("DoubleDQN")
    known = {"online": tf.constant([[1.0, 3.0]]), "target": tf.constant([[7.0, 2.0]])}
    monkeypatch.setattr(agent, "values", lambda weights, features: known[weights])
    parameters = agent.parameters()._replace(online="online", target="target")
    assert agent.next_values(parameters, tf.zeros((1, 2))).numpy().tolist() == [2.0]


def test_n_steps_are_those_of_the_setting() -> None:
    assert built("NStepDQN", horizon=7).experience().n_steps == 7


def test_c51_moves_a_distribution_and_pays_for_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = built("C51", atoms=3, lowest=0.0, highest=2.0, double=False)
    # The following action is the second, sure of 2; 1 + 0.25 * 2 = 1.5 lies half way between the last two atoms.
    sure = tf.constant([[[99.0, 0.0, 0.0], [0.0, 0.0, 99.0]]])
    monkeypatch.setattr(agent, "outputs", lambda weights, features: sure)
    target = agent.target_of(agent.parameters(), batch(1.0, 0.25), tf.zeros((1, 2)))
    np.testing.assert_allclose(target, [[0.0, 0.5, 0.5]], atol=1e-6)
    # Of three equal chances: the cross-entropy is log 3, the divergence log 3 - log 2.
    rows, errors = agent.row_losses(tf.zeros((1, 2, 3)), batch(1.0, 0.25), target, agent.config)
    assert rows.numpy() == pytest.approx([math.log(3.0)]) and errors.numpy() == pytest.approx([math.log(1.5)])
    assert agent.action_values_of(tf.zeros((1, 2, 3))).numpy().tolist() == [[1.0, 1.0]]


def test_qr_dqn_pulls_quantiles_to_both_sides_of_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = built("QRDQN", quantiles=2, double=False)
    known = tf.constant([[[0.0, 1.0], [2.0, 6.0]]])
    monkeypatch.setattr(agent, "outputs", lambda weights, features: known)
    assert agent.action_values_of(known).numpy().tolist() == [[0.5, 4.0]]
    target = agent.target_of(agent.parameters(), batch(1.0, 0.5), tf.zeros((1, 2)))
    assert target.numpy().tolist() == [[2.0, 4.0]]
    # Quantiles 2 and 6, of fractions 1/4 and 3/4: errors 0, 2 and -4, -2; Huber 0, 1.5 and 3.5, 1.5:
    # (0 + 1.5 / 4) / 2 + (3.5 / 4 + 1.5 / 4) / 2.
    rows, errors = agent.row_losses(known, batch(1.0, 0.5), target, agent.config)
    assert rows.numpy() == pytest.approx([0.8125]) and errors.numpy() == pytest.approx([-1.0])


def test_prioritised_replay_has_the_settings() -> None:
    assert built("PrioritisedDQN", alpha=0.3, beta=0.9).experience().sampler == Prioritised(0.3, 0.9)


def test_the_sum_has_every_part() -> None:
    agent = built("AllTogether", horizon=5, alpha=0.3, atoms=7)
    replay = agent.experience()
    assert (replay.n_steps, replay.sampler.alpha) == (5, 0.3)
    outputs = agent.online(np.ones((2, 2), np.float32)).numpy()
    # Dueling: with advantages that cancel, the mean over actions is the state's value.
    assert outputs.shape == (2, 2, 7)
    assert {f.name for f in dataclasses.fields(agent.config)} >= {"selector", "horizon", "atoms", "alpha", "dueling"}
    assert built("AllTogether").experience().n_steps == 3, "by default, too"
    plain = built("AllTogether", dueling=False, atoms=7)
    assert sum(v.shape[-1] for v in agent.online.trainable_variables[-1:]) == 3 * 7
    assert sum(v.shape[-1] for v in plain.online.trainable_variables[-1:]) == 2 * 7


def test_settings_that_a_variant_cannot_read_are_refused() -> None:
    with pytest.raises(UsageError, match="huber_delta"):
        check_read(built("C51", huber_delta=3.0))
    with pytest.raises(ValueError, match="highest received"):
        built("C51", lowest=3.0, highest=2.0)


def test_the_clipped_objective_pays_no_more_than_the_clipped_ratio() -> None:
    ratio, advantage = tf.constant([1.5, 0.5, 1.5, 0.5]), tf.constant([2.0, 2.0, -2.0, -2.0])
    found = load_example("ppo_in_one_file").clipped_objective(ratio, advantage, 0.2)
    np.testing.assert_allclose(found, [2.4, 1.0, -3.0, -1.6], rtol=1e-6)


def test_ppo_bootstraps_where_an_episode_was_cut_off_and_not_where_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = load_example("ppo_in_one_file").OneFilePPO(hidden_sizes=(4,), discount=0.5, gae_lambda=0.5)
    agent.setup(POSITION, gymnasium.spaces.Discrete(2), Seeds(1))
    monkeypatch.setattr(agent, "value", lambda weights, observed: tf.fill((observed.shape[0],), 4.0))
    rows, yes, no = tf.zeros((3, 1, 2)), tf.constant([[True]]), tf.constant([[False]])
    extras = {"log_probability": tf.zeros((3, 1)), "value": tf.constant([[1.0], [2.0], [3.0]])}
    terminated, truncated = tf.concat([no, no, yes], 0), tf.concat([no, yes, no], 0)
    rollout = Transition(rows, tf.zeros((3, 1), tf.int32), tf.ones((3, 1)), terminated, truncated, rows, extras)
    found = agent.prepare(agent.state(), rollout)
    # Errors: 1 + 0.5 * 4 - 1 = 2; 1 + 2 - 2 = 1, cut off; 1 - 3 = -2, ended. The first one's: 2 + 0.25 * 1.
    np.testing.assert_allclose(found.extras["advantage"], [2.25, 1.0, -2.0], rtol=1e-6)
    np.testing.assert_allclose(found.extras["return"], [3.25, 3.0, 1.0], rtol=1e-6)


def test_ppo_knows_the_density_of_a_gaussian() -> None:
    agent = load_example("ppo_in_one_file").OneFilePPO(hidden_sizes=(4,))
    agent.setup(POSITION, POSITION, Seeds(1))
    agent.log_deviation[0].assign([0.0, math.log(2.0)])
    weights = agent.state().parameters.weights
    log_probability, entropy = agent.evaluate_actions(weights, tf.zeros((1, 2)), tf.constant([[1.0, 2.0]]))
    # Each number lies one deviation from its mean.
    assert log_probability.numpy() == pytest.approx([-1.0 - math.log(2.0 * math.pi) - math.log(2.0)])
    assert entropy.numpy() == pytest.approx([1.0 + math.log(2.0 * math.pi) + math.log(2.0)])
    choice = agent.policy(agent.state(), tf.zeros((3, 2)), random.key_from_seed(1), False)
    assert choice.action.shape == (3, 2)


# ---------------------------------------------------------------- one file


@pytest.mark.thorough
def test_the_file_to_be_read_learns_the_weights_that_dqn_learns() -> None:
    from agents import DQN

    one = load_example("dqn_in_one_file")
    settings = dataclasses.replace(one.SETTINGS, **SMALL)
    state = one.main(300, settings, seed=4)
    experiment = Experiment(DQN(settings), "CartPole-v1", seed=4, lane="compiled", progress=False)
    experiment.train(300)
    agent = experiment.learner
    assert state.moments.count.numpy() == agent.moments.count.numpy() > 0
    for name in ("online", "target"):
        pairs = zip(getattr(state, name), getattr(agent, name).trainable_variables, strict=True)
        for mine, theirs in pairs:
            # But for last bits: there the settings are tensors, here constants that the compiler folds.
            np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-5, atol=1e-6)
