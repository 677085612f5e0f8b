"""What the switches of DQN compute, by numbers worked out by hand; both lanes trace these functions."""

import math

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents import DQN, Rainbow
from agents.dqn.munchausen import log_policy
from agents.functional import Learnt
from agents.replay.accumulators import one_step
from agents.transitions import Batch, Transition
from envs import random
from lab.config import check_read
from lab.errors import UsageError
from lab.seeding import Seeds

TINY = {"hidden_sizes": (8,), "batch_size": 4, "learning_starts": 8, "update_every": 4, "average_decay": 0.0}
KEY = random.key_from_seed(3)
# log pi of the softmax of these at temperature 1: log 1/4 and log 3/4; their soft maximum is log 4.
KNOWN = [0.0, math.log(3.0)]


def built(kind=DQN, **settings):
    agent = kind(**{**TINY, **settings})
    agent.setup(Box(-1.0, 1.0, (2,), np.float32), Discrete(2), Seeds(1))
    return agent


def ended(reward=1.0, terminated=False, truncated=False, action=0, gamma=0.5):
    """Return the batch of one step of an environment that ended so."""
    row = tf.zeros((1, 2))
    numbers = tf.constant([action]), tf.constant([reward]), tf.constant([terminated]), tf.constant([truncated])
    return one_step(Transition(row, *numbers, row), gamma)._replace(weights=tf.ones(1))


# Settings of each kind of head, and outputs whose values are KNOWN.
HEADS = {
    "none": ({}, [KNOWN]),
    "categorical": (
        {"atoms": 7, "value_min": -2 * KNOWN[1], "value_max": 4 * KNOWN[1]},
        [[[0, 0, 99, 0, 0, 0, 0], [0, 0, 0, 99, 0, 0, 0]]],
    ),
    "quantile": ({"quantiles": 2}, [[[-1.0, 1.0], [KNOWN[1] - 3.0, KNOWN[1] + 3.0]]]),
    "implicit": ({"fractions": 2}, [[[-1.0, 1.0], [KNOWN[1] - 3.0, KNOWN[1] + 3.0]]]),
}


def headed(monkeypatch, name, **settings):
    """Return an agent whose networks all give outputs of the values KNOWN."""
    own, outputs = HEADS[name]
    agent, given = built(distribution=name, **own, **settings), tf.constant(outputs, tf.float32)
    found = (given, tf.constant([[0.25, 0.75]])) if name == "implicit" else given
    monkeypatch.setattr(agent, "outputs", lambda weights, features: found)
    return agent


def mean_of(agent, target):
    """Return the expectation that a target stands for, (B,)."""
    if agent.config.distribution == "categorical":
        np.testing.assert_allclose(target.numpy().sum(axis=1), 1.0, atol=1e-6)
        return target.numpy() @ agent.head.support
    return target.numpy().reshape(len(target), -1).mean(axis=1)


@pytest.mark.parametrize("name", HEADS)
def test_targets_bootstrap_where_an_episode_was_cut_off_and_not_where_it_ended(monkeypatch, name):
    agent = headed(monkeypatch, name)
    np.testing.assert_allclose(agent.action_values_of(agent.outputs((), 0)).numpy(), [KNOWN], atol=1e-5)
    for flags, expected in (({}, 0.5), ({"truncated": True}, 0.5), ({"terminated": True}, 0.0)):
        target = agent.target_of(agent.parameters(), ended(**flags), tf.zeros((1, 2)))
        assert mean_of(agent, target) == pytest.approx([1.0 + expected * KNOWN[1]], abs=1e-5)


@pytest.mark.parametrize("name", HEADS)
def test_munchausen_adds_the_clipped_log_policy_and_values_softly(monkeypatch, name):
    agent = headed(monkeypatch, name, munchausen=True, munchausen_temperature=1.0)
    # log 1/4 is cut off at -1, log 3/4 is not; what follows is worth log 4.
    for action, bonus in ((0, -1.0), (1, math.log(0.75))):
        batch = ended(action=action)
        target = agent.target_of(agent.parameters(), batch, tf.zeros((1, 2)))
        assert mean_of(agent, target) == pytest.approx([1.0 + 0.9 * bonus + 0.5 * math.log(4.0)], abs=1e-5)


def test_the_softmax_policy_by_hand_and_at_a_low_temperature():
    assert log_policy(tf.constant([KNOWN]), 1.0).numpy() == pytest.approx(np.log([[0.25, 0.75]]))
    assert log_policy(tf.constant([[0.0, 50.0]]), 0.03).numpy() == pytest.approx(np.array([[-50.0, 0.0]]))


def test_a_categorical_target_and_loss_by_hand(monkeypatch):
    agent = built(distribution="categorical", atoms=3, value_min=0.0, value_max=2.0)
    # The second action is sure of 2; 1 + 0.25 * 2 lies half way between the last two atoms.
    sure = tf.constant([[[99.0, 0.0, 0.0], [0.0, 0.0, 99.0]]])
    monkeypatch.setattr(agent, "outputs", lambda weights, features: sure)
    target = agent.target_of(agent.parameters(), ended(gamma=0.25), tf.zeros((1, 2)))
    np.testing.assert_allclose(target, [[0.0, 0.5, 0.5]], atol=1e-6)
    rows, errors = agent.row_losses(tf.zeros((1, 2, 3)), ended(), target, agent.config)
    assert rows.numpy() == pytest.approx([math.log(3.0)]) and errors.numpy() == pytest.approx([math.log(1.5)])


def test_quantile_losses_by_hand_of_fixed_and_of_drawn_fractions(monkeypatch):
    known, target = tf.constant([[[2.0, 6.0], [9.0, 9.0]]]), tf.constant([[2.0, 4.0]])
    fixed = built(distribution="quantile", quantiles=2)
    # Fractions 1/4 and 3/4: errors 0, 2 and -4, -2; Huber 0, 1.5 and 3.5, 1.5.
    rows, errors = fixed.row_losses(known, ended(), target, fixed.config)
    assert rows.numpy() == pytest.approx([0.75 / 4 + (3.5 + 1.5) / 4 / 2]) and errors.numpy() == pytest.approx([-1.0])
    drawn = built(distribution="implicit", fractions=2)
    rows, _ = drawn.row_losses((known, tf.constant([[0.1, 0.4]])), ended(), target, drawn.config)
    assert rows.numpy() == pytest.approx([0.1 * 1.5 / 2 + 0.6 * (3.5 + 1.5) / 2])


def test_numpy_has_the_values_that_tensors_have():
    for name, shape in (("categorical", (3, 2, 51)), ("quantile", (3, 2, 51)), ("none", (3, 2))):
        agent = built(distribution=name)
        outputs = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        np.testing.assert_allclose(
            agent.values_in_numpy(outputs), agent.action_values_of(tf.constant(outputs)), atol=1e-4
        )
        features = np.random.default_rng(1).normal(size=(3, 2)).astype(np.float32)
        assert agent.latest.mirror is not None
        exact = agent.values(agent.parameters().online, tf.constant(features))
        np.testing.assert_allclose(agent.action_values(features), exact, atol=1e-4)


def test_the_target_network_goes_a_share_of_the_way_each_update():
    agent = built(target_rate=0.25)
    state = agent.state()
    learnt = agent.learn(state, ended(), KEY).parameters
    before = state.parameters.target[0]
    np.testing.assert_allclose(learnt.target[0], before + 0.25 * (learnt.online[0] - before), atol=1e-6)
    assert agent.begin_round(state, tf.constant(True)) is state


def test_noise_explores_in_place_of_epsilon_and_greedy_play_goes_by_the_means():
    agent = built(noisy=True)
    state, rows = agent.state(), tf.constant(np.random.default_rng(0).uniform(-1, 1, (64, 2)), tf.float32)
    acts = [agent.policy(state, rows, random.key_from_seed(i), True).action.numpy() for i in range(4)]
    assert any((one != acts[0]).any() for one in acts[1:]), "other noise, other actions"
    greedy = [agent.policy(state, rows, random.key_from_seed(i), False).action.numpy() for i in range(2)]
    assert np.array_equal(*greedy) and np.array_equal(greedy[0], agent.act_batch(rows.numpy()))
    assert agent.epsilon == 0.0 and agent.gauges()["epsilon"] == 0.0


def test_replay_has_the_settings():
    replay = built(n_steps=5, prioritised=True, priority_alpha=0.3, priority_beta=0.9).experience()
    assert (replay.n_steps, replay.sampler.alpha, replay.sampler.beta) == (5, 0.3, 0.9)
    assert built().experience().n_steps == 1 and not built().experience().sampler.wants_errors


def four(actions=2):
    rng = np.random.default_rng(0)
    rows = [tf.constant(rng.normal(size=(4, 2)), tf.float32) for _ in range(2)]
    numbers = tf.constant(rng.integers(actions, size=4), tf.int32), *(tf.constant(rng.random(4), tf.float32),) * 2
    return Batch(rows[0], *numbers, rows[1], tf.ones(4))


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(Rainbow, {}), (DQN, {"distribution": "implicit", "noisy": True, "munchausen": True, "dueling": True})],
)
def test_a_compiled_update_is_the_eager_one_and_moves_every_weight(kind, settings):
    agent = built(kind, **settings)
    state, batch = agent.state(), four()
    eager = agent.learn(state, batch, KEY)
    compiled = Learnt(*tf.function(agent.learn, jit_compile=True, autograph=False)(state, batch, KEY))
    for name, value in eager.metrics.items():
        assert compiled.metrics[name].numpy() == pytest.approx(value.numpy(), rel=1e-4, abs=1e-5), name
    np.testing.assert_allclose(compiled.errors, eager.errors, rtol=1e-4, atol=1e-5)
    moved_ = [not np.array_equal(a, b) for a, b in zip(state.parameters.online, eager.parameters.online, strict=True)]
    assert all(moved_), "means and deviations alike"
    # Other noise, other fractions: the update is a function of its key.
    assert agent.learn(state, batch, random.key_from_seed(4)).metrics["loss"] != eager.metrics["loss"]
    assert agent.learn(state, batch, KEY).metrics["loss"] == eager.metrics["loss"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"value_min": 3.0, "value_max": 3.0}, "value_max received 3.0; expected more than value_min"),
        ({"n_steps": 99, "replay_capacity": 70}, r"n_steps received 99; expected at most replay_capacity \(70\)"),
        ({"n_steps": 3, "munchausen": True}, "n_steps received 3; expected 1 beside munchausen=True"),
        ({"distribution": "gaussian"}, "distribution received 'gaussian'; expected one of"),
        ({"atoms": 1}, "atoms received 1; expected a value >= 2"),
    ],
)
def test_settings_that_exclude_each_other_are_one_clear_error(settings, words):
    with pytest.raises(UsageError, match=f"DQN.*{words}"):
        DQN(**settings)
    if settings.get("n_steps") != 3:
        with pytest.raises(UsageError, match=f"Rainbow.*{words}"):
            Rainbow(**settings)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"atoms": 21}, "atoms"),
        ({"distribution": "quantile", "value_max": 1.0}, "value_max"),
        ({"distribution": "quantile", "fractions": 4}, "fractions"),
        ({"distribution": "categorical", "huber_delta": 1.0}, "huber_delta"),
        ({"distribution": "implicit", "pessimism": 0.1}, "pessimism"),
        ({"distribution": "categorical", "quantile_delta": 2.0}, "quantile_delta"),
        ({"noisy": True, "epsilon_end": 0.2}, "epsilon_end"),
        ({"noise_deviation": 0.1}, "noise_deviation"),
        ({"priority_beta": 0.1}, "priority_beta"),
        ({"munchausen_weight": 0.1}, "munchausen_weight"),
        ({"munchausen": True, "double": False}, "double"),
        ({"target_rate": 0.1, "target_update_every": 7}, "target_update_every"),
    ],
)
def test_settings_that_nothing_reads_are_refused(settings, name):
    with pytest.raises(UsageError, match=f"{name} received .*nothing reads it"):
        check_read(built(**settings))


def test_settings_that_are_read_are_not_refused():
    check_read(built(Rainbow, atoms=21, priority_beta=0.5, noise_deviation=0.1, hidden_sizes=(4,)))
    check_read(built(distribution="implicit", munchausen=True, munchausen_weight=0.8, fractions=4, quantile_delta=2.0))


def test_building_again_after_a_refusal_is_for_the_spaces_given_then():
    class Refusing(DQN):
        def network(self, seed):
            made = super().network(seed)
            if self.number_of_actions == 2:
                raise UsageError("not for two")
            return made

    agent = Refusing(**TINY)
    space = Box(-1.0, 1.0, (2,), np.float32)
    with pytest.raises(UsageError, match="not for two"):
        agent.setup(space, Discrete(2), Seeds(1))
    agent.setup(space, Discrete(3), Seeds(1))
    assert agent.head.actions == 3 and agent.action_values(np.zeros((1, 2), np.float32)).shape == (1, 3)
