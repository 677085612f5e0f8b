"""The rules of IQL, AWAC and TD3BC by hand-computed numbers, and what an update may change."""

import math

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents import AWAC, IQL, TD3BC
from envs import random
from tests.agents.off_policy.helpers import ACTIONS, TWO, batch_of, changed, constant_critics, learnt
from tests.agents.offline_actor_critic.helpers import made

ALL = [(IQL, ACTIONS), (IQL, TWO), (AWAC, ACTIONS), (AWAC, TWO), (TD3BC, ACTIONS)]
KEY = random.key_from_seed(0)


def state_value(agent, value):
    """Return weights of state values that are all one number, with the agent's moments."""
    weights = [tf.zeros_like(w) for w in agent.state_value[0]]
    weights[-1] = weights[-1] + value
    return tuple(weights), agent.state().parameters.state_value[1]


# ---------------------------------------------------------------- IQL


@pytest.mark.parametrize("space", [ACTIONS, TWO])
def test_critics_lean_on_the_value_of_the_next_state_alone(space):
    agent = made(IQL, space, learning_rate=1e-9)
    values = constant_critics(agent, [2.0] * agent.kind.outputs, [5.0] * agent.kind.outputs)
    batch = batch_of(agent, reward=1.0, discount=0.5)
    # The target is 1 + 0.5 * 4, whatever the critics' targets say; 1 and 2 away from it.
    _, found = learnt(agent, batch, critics=values, state_value=state_value(agent, 4.0))
    assert float(found.metrics["critic_loss"]) == pytest.approx(0.5 * (1 + 4), rel=1e-5)
    assert found.errors.numpy() == pytest.approx([3.0 - 3.5] * 6, abs=1e-5)


def test_state_values_step_towards_the_lesser_of_the_target_critics():
    agent = made(IQL, learning_rate=0.1)
    for targets, sign in (((3.0, 5.0), 1.0), ((-4.0, 5.0), -1.0)):
        _, found = learnt(agent, targets=constant_critics(agent, *targets), state_value=state_value(agent, 1.0))
        # Adam's first step is its rate, whatever the gradient's size.
        assert found.parameters.state_value[0][-1].numpy() == pytest.approx(1.0 + 0.1 * sign, rel=1e-4)


def test_iql_weighs_the_likelihood_of_recorded_actions_by_hand():
    agent = made(IQL, TWO, hidden_sizes=(), temperature=0.5, largest_weight=10.0)
    batch = batch_of(agent)._replace(action=tf.constant([0, 1, 1, 0, 0, 0]))
    p = agent.state().parameters._replace(
        targets=constant_critics(agent, [1.0, 9.0], [2.0, 9.0]), state_value=state_value(agent, 0.5)
    )
    actor = tf.zeros_like(p.actor[0]), tf.constant([0.2, -0.3])
    rows, (advantage, weight) = agent.actor_losses(actor, p, batch, agent.features(batch.observation), KEY)
    logs = np.log(tf.nn.softmax([0.2, -0.3]).numpy())
    # Advantages are 1 - 0.5 for the first action and 9 - 0.5 for the second, whose weight is cut off.
    expected = {0: -math.e * logs[0], 1: -10.0 * logs[1]}
    assert rows.numpy() == pytest.approx([expected[a] for a in batch.action.numpy()], rel=1e-5)
    assert float(advantage) == pytest.approx((4 * 0.5 + 2 * 8.5) / 6)
    assert float(weight) == pytest.approx((4 * math.e + 2 * 10) / 6)


def test_a_box_policy_is_a_gaussian_around_tanh_with_free_deviations():
    agent = made(IQL, hidden_sizes=(), temperature=1.0)
    batch = batch_of(agent)
    p = agent.state().parameters
    actor = tf.zeros((3, 2)), tf.constant([0.4, -2.0]), tf.constant([0.0, -1.0])
    rows, (_, weight) = agent.actor_losses(actor, p, batch, agent.features(batch.observation), KEY)
    units = (batch.action.numpy() - [1.0, 10.0]) / [2.0, 4.0]
    deviations = np.exp([0.0, -1.0])
    away = (units - np.tanh([0.4, -2.0])) / deviations
    logs = -0.5 * away**2 - np.log(deviations) - 0.5 * np.log(2 * np.pi)
    weights = agent.weights(agent.advantages(p, batch, agent.features(batch.observation), KEY))
    assert rows.numpy() == pytest.approx(-weights * logs.sum(axis=1), rel=1e-4)
    assert float(weight) == pytest.approx(weights.numpy().mean(), rel=1e-5)


# ---------------------------------------------------------------- AWAC


def test_awac_compares_with_what_the_policy_would_do():
    agent = made(AWAC, Discrete(2), hidden_sizes=())
    batch = batch_of(agent)._replace(action=tf.constant([0, 1, 0, 1, 0, 1]))
    p = agent.state().parameters
    actor = tf.zeros_like(p.actor[0]), tf.constant([math.log(3.0), 0.0])
    p = p._replace(actor=actor, critics=constant_critics(agent, [1.0, 5.0], [2.0, 3.0]))
    found = agent.advantages(p, batch, agent.features(batch.observation), KEY)
    # The lesser values are 1 and 3, and the policy's 3/4 and 1/4 of them 1.5.
    assert found.numpy() == pytest.approx([-0.5, 1.5] * 3, rel=1e-5)


def test_awac_targets_take_the_lesser_value_of_a_draw_within_the_bounds():
    agent = made(AWAC)
    batch = batch_of(agent, reward=1.0, discount=0.5)
    parts = {"critics": constant_critics(agent, 2.0, 5.0), "targets": constant_critics(agent, 6.0, 4.0)}
    _, found = learnt(agent, batch, **parts)
    assert found.errors.numpy() == pytest.approx([3.0 - 3.5] * 6)
    p = agent.state().parameters
    loud = p._replace(actor=(*p.actor[:-1], tf.constant([2.0, 2.0])))
    drawn = agent.proposed(loud, tf.zeros((200, 3)), KEY, agent.config).actions.numpy()
    assert np.abs(drawn).max() == 1.0 and drawn.std() > 0.5


# ---------------------------------------------------------------- TD3BC


def test_td3bc_scales_values_beside_the_error_of_imitation_by_hand():
    agent = made(TD3BC, hidden_sizes=(), alpha=3.0)
    batch = batch_of(agent)
    p = agent.state().parameters._replace(critics=constant_critics(agent, -4.0, 1.0))
    actor = tf.zeros((3, 2)), tf.constant([0.5, -0.2])
    rows, (imitation,) = agent.actor_losses(actor, p, batch, agent.features(batch.observation), KEY)
    errors = np.square(np.tanh([0.5, -0.2]) - (batch.action.numpy() - [1.0, 10.0]) / [2.0, 4.0]).mean(axis=1)
    # Of the first critic: -lambda Q = -3 / 4 * -4.
    assert rows.numpy() == pytest.approx(3.0 + errors, rel=1e-5)
    assert float(imitation) == pytest.approx(errors.mean(), rel=1e-5)


def test_td3bc_smooths_its_targets():
    agent = made(TD3BC, target_noise=0.3, target_noise_clip=0.4)
    p = agent.state().parameters
    still = tuple(tf.zeros_like(w) for w in p.actor_target)
    found = agent.proposed(p._replace(actor_target=still), tf.zeros((500, 3)), KEY, agent.config).actions.numpy()
    assert np.allclose(found, np.clip(0.3 * random.normal(KEY, (500, 2)).numpy(), -0.4, 0.4))
    assert np.abs(found).max() == pytest.approx(0.4)


# ---------------------------------------------------------------- what an update changes


@pytest.mark.parametrize(("kind", "space"), ALL)
def test_only_the_intended_weights_move(kind, space):
    agent = made(kind, space)
    state, batch = agent.state(), batch_of(agent)
    before, observed = state.parameters, agent.features(batch.observation)
    after, *_ = agent.with_critics(state, batch, observed, KEY)
    moving = {"critics", "critic_moments"} | ({"state_value"} if kind is IQL else set())
    for name in before._fields:
        assert changed(getattr(before, name), getattr(after, name)) == (name in moving), name
    after = agent.with_actor(state, before, batch, observed, KEY)
    for name in before._fields:
        moves = name in {"actor", "actor_moments", "reports"}
        assert changed(getattr(before, name), getattr(after, name)) == moves, name


@pytest.mark.parametrize(("kind", "space"), ALL)
def test_target_networks_keep_a_share_of_the_old(kind, space):
    agent = made(kind, space, actor_every=1, target_decay=0.9)
    before, found = learnt(agent)
    after = found.parameters
    assert bool(after.actor_target) == (kind is TD3BC)
    for targets, latest in (("targets", "critics"), ("actor_target", "actor")):
        old, new, moved = getattr(before, targets), getattr(after, latest), getattr(after, targets)
        for one in zip(old, new, moved, strict=bool(old)):
            assert np.allclose(one[2], 0.9 * one[0] + 0.1 * one[1], atol=1e-6)
