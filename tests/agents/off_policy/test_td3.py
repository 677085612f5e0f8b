"""The rules of TD3 and DDPG by hand-computed numbers, and what an update may change."""

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents import DDPG, TD3
from envs import random
from lab import Experiment
from lab.errors import UsageError
from tests.agents.off_policy.helpers import ACTIONS, batch_of, built, changed, constant_critics, learnt


@pytest.fixture(scope="module")
def agent():
    return built(TD3)


def test_targets_take_the_lesser_of_both(agent):
    batch = batch_of(agent, reward=1.0, discount=0.5)
    parts = {"critics": constant_critics(agent, 2.0, 5.0), "targets": constant_critics(agent, 6.0, 4.0)}
    _, found = learnt(agent, batch, **parts)
    # The target is 1 + 0.5 * 4 = 3; the critics are 1 and 2 away from it.
    assert float(found.metrics["critic_loss"]) == pytest.approx(0.5 * (1 + 4))
    assert found.errors.numpy() == pytest.approx([-0.5] * 6)


def test_targets_see_the_target_actors_actions_with_clipped_noise(agent):
    p = agent.state().parameters
    still = tuple(tf.zeros_like(w) for w in p.actor_target)
    key, following = random.key_from_seed(0), tf.zeros((500, 3))
    found = agent.proposed(p._replace(actor_target=still), following, key, agent.config).actions.numpy()
    noise = np.clip(0.2 * random.normal(key, (500, 2)).numpy(), -0.5, 0.5)
    assert np.allclose(found, noise) and np.abs(found).max() == pytest.approx(0.5)


def test_the_actor_follows_the_first_critic(agent):
    p = agent.state().parameters._replace(critics=constant_critics(agent, 3.0, 1.0))
    rows, _ = agent.actor_losses(p.actor, p, (), tf.zeros((2, 3)), random.key_from_seed(0))
    assert rows.numpy() == pytest.approx([-3.0, -3.0])


def test_the_actors_gradient_is_the_critics_by_the_action_through_tanh():
    agent = built(TD3, hidden_sizes=())
    p = agent.state().parameters
    # Q(s, u) = 2 u_0 - 3 u_1, of the first critic.
    kernel = np.zeros(agent.critics[0].shape, np.float32)
    kernel[0, 3:, 0] = 2.0, -3.0
    p = p._replace(critics=(tf.constant(kernel), tf.zeros_like(p.critics[1])))
    actor = (tf.zeros((3, 2)), tf.constant([0.5, -0.2]))
    with tf.GradientTape() as tape:
        tape.watch(actor)
        rows, _ = agent.actor_losses(actor, p, (), tf.zeros((1, 3)), random.key_from_seed(0))
    expected = -np.array([2.0, -3.0]) * (1 - np.tanh([0.5, -0.2]) ** 2)
    assert tape.gradient(rows, actor)[1].numpy() == pytest.approx(expected)


def test_actor_and_targets_move_with_every_second_update():
    agent = built(TD3)
    state, batch, moves = agent.state(), batch_of(agent), []
    for i in range(4):
        found = agent.learn(state, batch, tf.constant([i, 0], tf.uint32))
        names = ("actor", "actor_moments", "actor_target", "targets")
        moves.append({changed(getattr(state.parameters, n), getattr(found.parameters, n)) for n in names})
        assert changed(state.parameters.critics, found.parameters.critics)
        state = state._replace(parameters=found.parameters)
    assert moves == [{False}, {True}] * 2


def test_target_networks_follow_by_polyak_averages():
    agent = built(TD3, actor_every=1, target_decay=0.9)
    before, found = learnt(agent)
    after = found.parameters
    for targets, latest in (("targets", "critics"), ("actor_target", "actor")):
        for old, new, moved in zip(*(getattr(*pair) for pair in (
            (before, targets), (after, latest), (after, targets))), strict=True):  # fmt: skip
            assert np.allclose(moved, 0.9 * old + 0.1 * new, atol=1e-6)


def test_only_the_intended_weights_move():
    agent = built(TD3)
    state, batch = agent.state(), batch_of(agent)
    before, observed, key = state.parameters, agent.features(batch.observation), random.key_from_seed(0)
    after, *_ = agent.with_critics(state, batch, observed, key)
    for name in set(before._fields) - {"critics", "critic_moments"}:
        assert not changed(getattr(before, name), getattr(after, name)), name
    after = agent.with_actor(state, before, batch, observed, key)
    for name in set(before._fields) - {"actor", "actor_moments", "reports"}:
        assert not changed(getattr(before, name), getattr(after, name)), name


def test_ddpg_is_one_critic_without_noise_or_delay():
    agent = built(DDPG)
    c = agent.config
    assert (c.critics, c.critics_in_target, c.actor_every, c.target_noise) == (1, 1, 1, 0.0)
    p = agent.state().parameters
    found = agent.proposed(p, tf.ones((2, 3)), random.key_from_seed(0), c).actions
    assert np.allclose(found, tf.tanh(agent.rows(p.actor_target, tf.ones((2, 3)))))
    assert agent.unread_settings() == {"target_noise_clip": "there is no target_noise"}


def test_exploring_adds_noise_in_units_of_half_the_range_within_the_bounds(agent):
    observed = np.zeros((4_000, 3), np.float32)
    agent.steps = 100
    drawn, greedy = agent.act_batch(observed, True), agent.act_batch(observed[:1])[0]
    pure = agent.policy(agent.state(), tf.constant(observed), random.key_from_seed(1), True).action.numpy()
    agent.steps = 0
    for actions in (drawn, pure):
        assert actions.std(axis=0) == pytest.approx([0.1 * 2.0, 0.1 * 4.0], rel=0.1)
        assert actions.mean(axis=0) == pytest.approx(greedy, abs=0.05)
    loud = built(TD3, exploration_noise=50.0)
    loud.steps = 100
    assert ACTIONS.low.tolist() == loud.act_batch(observed, True).min(axis=0).tolist()
    assert all(ACTIONS.contains(action) for action in loud.act_batch(observed[:50], True))


def test_greedy_play_in_numpy_is_that_of_the_rule(agent):
    observed = np.random.default_rng(0).uniform(-1, 1, (5, 3)).astype(np.float32)
    pure = agent.policy(agent.state(), tf.constant(observed), random.key_from_seed(0), False).action
    assert np.allclose(agent.act_batch(observed), pure, atol=1e-5)


def test_discrete_actions_are_refused():
    with pytest.raises(UsageError, match="TD3: the action space received.*a Box of fractions"):
        built(TD3, Discrete(2))


@pytest.mark.thorough
def test_the_host_lane_trains_and_the_mirror_follows():
    agent = TD3(hidden_sizes=(8,), batch_size=8, learning_starts=10, n_steps=2)
    Experiment(agent, "Pendulum-v1", lane="host", seed=1, progress=False).train(40)
    observed = np.random.default_rng(0).uniform(-1, 1, (3, 3)).astype(np.float32)
    exact = 2.0 * np.tanh(agent.actor(observed).numpy())
    assert np.allclose(agent.act_batch(observed), exact, atol=1e-5)
    assert int(agent.critic_moments.count.numpy()) == 31 and int(agent.actor_moments.count.numpy()) == 15
