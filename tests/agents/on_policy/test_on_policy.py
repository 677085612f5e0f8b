"""The rules of PPO, A2C and REINFORCE by hand-computed numbers, and what an update may change."""

import math

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete, Tuple

from agents import A2C, PPO, REINFORCE, RecurrentPPO
from agents.on_policy.ppo import clipped_objective, divergence
from agents.replay.layout import Layout
from agents.replay.rollouts import updates_on
from agents.transitions import Batch, Transition
from envs import random
from lab import Experiment
from lab.errors import UsageError
from lab.seeding import Seeds

VECTOR = Box(-1.0, 1.0, (3,))


TWO = Discrete(2)


def built(agent, actions=TWO, observations=VECTOR, num_envs=1):
    agent.setup(observations, actions, Seeds(3), num_envs)
    agent.begin_run(1_000)
    return agent


def batch_of(agent, number=6, **extras):
    rng = np.random.default_rng(1)
    observed = tf.constant(rng.uniform(-1, 1, (number, 3)), tf.float32)
    state = agent.state()
    rows = agent.rows(state.parameters.weights, observed, observed)
    actions = agent.head.sample(rows, random.key_from_seed(2))
    found = {
        "log_probability": agent.head.log_probability(rows, actions),
        "value": agent.value(state.parameters.weights, observed),
        "advantage": tf.constant(rng.normal(size=number), tf.float32),
        "return": tf.constant(rng.normal(size=number), tf.float32),
    }
    return Batch(observed, actions, tf.zeros(number), (), (), tf.ones(number), extras={**found, **extras})


def rollout_of(rewards, terminated, truncated):
    shape = np.shape(rewards)
    flags = (tf.constant(np.array(terminated, bool)), tf.constant(np.array(truncated, bool)))
    observed = tf.zeros((*shape, 3))
    return Transition(observed, tf.zeros(shape, tf.int32), tf.constant(rewards, tf.float32), *flags, observed)


def test_the_clipped_objective_at_its_corners():
    ratio = tf.constant([1.0, 1.5, 1.5, 0.5, 0.5, 1.2])
    advantage = tf.constant([2.0, 2.0, -2.0, 2.0, -2.0, 1.0])
    # Gains are cut off beyond 1.2 and 0.8; losses are not.
    expected = [2.0, 2.4, -3.0, 1.0, -1.6, 1.2]
    assert np.allclose(clipped_objective(ratio, advantage, 0.2), expected)


def test_where_the_objective_is_clipped_no_gradient_flows():
    ratio = tf.constant([1.5, 0.5, 1.5, 0.5])
    with tf.GradientTape() as tape:
        tape.watch(ratio)
        total = tf.reduce_sum(clipped_objective(ratio, tf.constant([1.0, -1.0, -1.0, 1.0]), 0.2))
    assert tape.gradient(total, ratio).numpy().tolist() == [0.0, 0.0, -1.0, 1.0]


def test_the_divergence_estimate_is_ratio_less_one_less_logarithm():
    assert np.allclose(divergence(tf.math.log([1.0, 2.0, 0.5])), [0.0, 1 - math.log(2), -0.5 + math.log(2)], atol=1e-6)


def test_ppo_estimates_advantages_over_episode_ends_of_both_kinds():
    agent = built(PPO(discount=0.5, gae_lambda=0.5))
    values, following = tf.constant([[1.0], [2.0], [3.0]]), tf.constant([[2.0], [8.0], [5.0]])
    rewards = [[1.0], [2.0], [3.0]]
    # The last step: 3 + 0.5 * 5 - 3 = 2.5. The one before it was cut off: 2 + 0.5 * 8 - 2 = 4, and nothing of 2.5.
    cut = agent.estimates(agent.config, rollout_of(rewards, [[0]] * 3, [[0], [1], [0]]), values, following)
    # The first: 1 + 0.5 * 2 - 1 = 1, plus 0.25 * 4.
    assert np.allclose(cut.advantages, [[2.0], [4.0], [2.5]])
    assert np.allclose(cut.returns, [[3.0], [6.0], [5.5]])
    ended = agent.estimates(agent.config, rollout_of(rewards, [[0], [1], [0]], [[0]] * 3), values, following)
    # Terminated, nothing follows: 2 - 2 = 0.
    assert np.allclose(ended.advantages, [[1.0], [0.0], [2.5]])


def test_reinforce_leaves_out_episodes_that_go_on():
    agent = built(REINFORCE(discount=0.5))
    rewards = [[1.0, 1.0], [2.0, 2.0], [4.0, 4.0], [8.0, 8.0]]
    terminated, truncated = [[0, 0], [1, 0], [0, 0], [0, 0]], [[0, 0], [0, 0], [0, 0], [0, 1]]
    zeros = tf.zeros((4, 2))
    found = agent.estimates(agent.config, rollout_of(rewards, terminated, truncated), zeros, zeros + 100.0)
    assert np.allclose(found.weights, [[1, 1], [1, 1], [0, 1], [0, 1]])
    # 1 + 0.5 * 2; and 8, 4 + 4, 2 + 4, 1 + 3: what follows a cut is not valued.
    assert np.allclose(found.returns.numpy()[:2, 0], [2.0, 2.0])
    assert np.allclose(found.returns.numpy()[:, 1], [4.0, 6.0, 8.0, 8.0])


def test_a_value_that_moved_far_counts_where_it_was_left():
    agent = built(PPO(value_clip_range=0.5))
    batch = batch_of(agent, 2, **{"value": tf.constant([0.0, 0.0]), "return": tf.constant([2.0, 2.0])})
    # It moved to 3 and to 0.25: the first is held at 0.5, whose error 2.25 exceeds 1; the second is (1.75)^2.
    assert np.allclose(agent.value_losses(tf.constant([3.0, 0.25]), batch, agent.config), [2.25, 3.0625])


def test_a_row_without_weight_changes_nothing():
    agent = built(PPO())
    batch = batch_of(agent)
    weights = tf.constant([1.0, 1.0, 0.0, 1.0, 1.0, 0.0])
    wild = tf.where(weights > 0, batch.extras["advantage"], 1e6)
    learnt = [
        agent.learn(agent.state(), b._replace(weights=weights), tf.zeros(2, tf.uint32)).parameters
        for b in (batch, batch._replace(extras={**batch.extras, "advantage": wild}))
    ]
    assert all(np.allclose(a, b, atol=1e-7) for a, b in zip(*map(tf.nest.flatten, learnt), strict=True))


@pytest.mark.parametrize("kind", [PPO, A2C, REINFORCE])
def test_policy_and_value_change_only_by_their_own_losses(kind):
    settings = {"adam_epsilon": 1.0, "normalise_advantages": False}
    agent = built(kind(**settings))
    none = built(kind(**settings, value_weight=0.0))
    state = agent.state()

    def changed(a, b):
        return any(not np.allclose(x, y, atol=1e-9) for x, y in zip(a, b, strict=True))

    batch = batch_of(agent)
    before = state.parameters.weights
    only_policy = none.learn(none.state(), batch, tf.zeros(2, tf.uint32)).parameters.weights
    assert changed(only_policy.actor, before.actor) and not changed(only_policy.critic, before.critic)
    flat = batch._replace(extras={**batch.extras, "advantage": tf.zeros(6)})
    only_value = agent.learn(state, flat, tf.zeros(2, tf.uint32)).parameters.weights
    assert changed(only_value.critic, before.critic) and not changed(only_value.actor, before.actor)


def test_a_reinforce_without_a_baseline_has_no_critic():
    agent = built(REINFORCE(baseline=False))
    assert agent.weights().critic == () and agent.critic is None
    learnt = agent.learn(agent.state(), batch_of(agent), tf.zeros(2, tf.uint32))
    assert np.isfinite(float(learnt.metrics["policy_loss"]))


def test_a_round_that_has_moved_too_far_makes_no_more_updates():
    agent = built(PPO(rollout_steps=8, minibatch_size=4, epochs=3, largest_kl=1e-5, learning_rate=0.1))
    rows = tf.random.stateless_normal((8, 1, Layout.of(agent).width), (1, 2))
    state = agent.state()
    once = PPO(rollout_steps=8, minibatch_size=4, epochs=1, largest_kl=1e-5, learning_rate=0.1)
    found, _ = updates_on(agent.experience(), agent, state, (rows, ()), random.key_from_seed(0))
    assert float(found.halted[0]) == 1.0
    # Before the first update the policies are equal, so that one is made; the second is left out with all others.
    assert float(found.moments.count) == 1.0
    again, _ = updates_on(built(once).experience(), built(once), state, (rows, ()), random.key_from_seed(0))
    assert np.allclose(found.weights.actor[0], again.weights.actor[0])
    free = built(PPO(rollout_steps=8, minibatch_size=4, epochs=3, learning_rate=0.1))
    all_, _ = updates_on(free.experience(), free, free.state(), (rows, ()), random.key_from_seed(0))
    assert float(all_.moments.count) == 6.0


@pytest.mark.thorough
def test_observations_are_normalised_by_training_alone_and_the_same_in_both_forms():
    agent = PPO(rollout_steps=64, minibatch_size=32, epochs=1, normalise_observations=True)
    experiment = Experiment(agent, "Pendulum-v1", seed=1, lane="host", progress=False)
    experiment.train(128)
    held = [part.numpy() for part in agent.observed]
    assert held[0] == 128.0 and not np.allclose(held[1], 0.0)
    experiment.evaluate(episodes=1)
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(held, agent.observed, strict=True))
    observed = np.array([[0.3, -0.4, 5.0], [1.0, 0.0, -2.0]], np.float32)
    state = agent.state()
    features = agent.features(state.parameters.observations, tf.constant(observed))
    pure = agent.rows(state.parameters.weights, features, tf.constant(observed))
    assert np.allclose(agent.rows_in_numpy(observed), pure, atol=1e-5)


def test_rewards_are_scaled_by_the_deviation_of_their_discounted_sums():
    agent = built(PPO(rollout_steps=4, minibatch_size=4, normalise_rewards=True, discount=0.5))
    rollout = rollout_of([[2.0], [0.0], [4.0], [1.0]], [[0], [0], [1], [0]], [[0]] * 4)
    state = agent.before_updates(agent.state(), rollout)
    sums = np.array([2.0, 1.0, 4.5, 1.0])
    held = state.parameters.rewards
    assert np.allclose(held.statistics.variance, sums.var()) and np.allclose(held.sums, [1.0])
    agent.config.__dict__["gae_lambda"] = 0.0
    batch = agent.prepare(state, rollout)
    zero = tf.zeros((1, 3))
    value = float(agent.value(state.parameters.weights, zero)[0])
    expected = 4.0 / math.sqrt(sums.var()) - value
    assert np.allclose(batch.extras["advantage"][2], expected, atol=1e-4)


def test_an_agent_takes_over_another_number_of_environments_and_keeps_the_scale_of_rewards():
    agent = built(PPO(rollout_steps=8, minibatch_size=4, hidden_sizes=(4,), normalise_rewards=True))
    agent.rewards.statistics.variance.assign(9.0)
    built(agent, num_envs=4)
    assert agent.memory.number == 4 and agent.rewards.sums.shape == (4,)
    rollout = rollout_of([[1.0, 0.0, 2.0, 0.0]], [[0] * 4], [[0] * 4])
    assert np.allclose(agent.before_updates(agent.state(), rollout).parameters.rewards.sums, [1.0, 0.0, 2.0, 0.0])
    assert float(agent.state().parameters.rewards.statistics.variance) == 9.0
    with pytest.raises(UsageError, match="a multiple of the number of environments"):
        built(agent, num_envs=3)
    assert agent.num_envs == 4


# A plain Discrete space and a Box are those of the contracts' cases.
SPACES = [MultiDiscrete([2, 3], start=[1, 0]), MultiBinary(3), Tuple([Discrete(2), Discrete(2)])]


@pytest.mark.thorough
@pytest.mark.parametrize("space", SPACES, ids=str)
def test_every_kind_of_action_is_learnt_from_and_lies_in_its_space(space):
    class Any(gymnasium.Env):
        observation_space, action_space = VECTOR, space

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return np.zeros(3, np.float32), {}

        def step(self, action):
            kept = tuple(int(a) for a in action) if isinstance(space, Tuple) else action
            assert self.action_space.contains(kept)
            return self.np_random.uniform(-1, 1, 3).astype(np.float32), 1.0, self.np_random.random() < 0.2, False, {}

    agent = PPO(hidden_sizes=(4,), rollout_steps=16, minibatch_size=8, epochs=2)
    experiment = Experiment(agent, Any, lane="host", progress=False)
    experiment.train(32)
    assert agent.moments.count.numpy() == 8.0


class Corridor(gymnasium.Env):
    """Three actions, of which those not allowed end the episode with a fine."""

    observation_space = Box(0.0, 1.0, (5,))
    action_space = Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._observation(), {}

    def step(self, action):
        wrong = not self.allowed[action]
        return self._observation(), -10.0 if wrong else 1.0, wrong, False, {}

    def _observation(self):
        self.allowed = self.np_random.permutation([1.0, 0.0, 0.0])
        return np.concatenate([self.np_random.random(2), self.allowed]).astype(np.float32)


@pytest.mark.thorough
def test_a_masked_policy_takes_no_action_that_is_not_allowed():
    agent = PPO(hidden_sizes=(4,), rollout_steps=32, minibatch_size=16, epochs=1, action_mask=True)
    experiment = Experiment(agent, Corridor, lane="host", progress=False)
    experiment.train(256)
    assert experiment.task.episodes == 0
    with pytest.raises(UsageError, match="allows no action"):
        agent.act(np.zeros(5, np.float32))


@pytest.mark.parametrize(
    ("agent", "spaces", "says"),
    [
        (PPO(action_mask=True), (VECTOR, Discrete(2)), "whose last 2 numbers are 0 or 1"),
        (PPO(action_mask=True), (Box(0.0, 1.0, (4,)), VECTOR), "only Discrete actions can be forbidden"),
        (PPO(policy="squashed"), (VECTOR, Box(-np.inf, 1.0, (1,))), "-inf to 1.0.*or policy='gaussian', which"),
        (PPO(), (VECTOR, gymnasium.spaces.Text(3)), "Discrete, MultiDiscrete"),
        (PPO(), (VECTOR, Box(-1.0, 1.0, (0,))), "Discrete, MultiDiscrete"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_fix(agent, spaces, says):
    with pytest.raises(UsageError, match=says):
        agent.setup(*spaces, Seeds(0))


def test_minibatches_that_do_not_divide_the_rollout_are_refused():
    with pytest.raises(UsageError, match=r"a divisor of rollout_steps \(100\)\. Fix: minibatch_size=50\."):
        PPO(rollout_steps=100, minibatch_size=64)
    with pytest.raises(UsageError, match=r"Fix: minibatch_size=16\."):
        RecurrentPPO(rollout_steps=64, minibatch_size=18)
    with pytest.raises(UsageError, match=r"Fix: rollout_steps=128\."):
        RecurrentPPO(rollout_steps=100, minibatch_size=64)
    with pytest.raises(UsageError, match="a multiple of the number of environments"):
        built(PPO(rollout_steps=64), num_envs=3)


def test_an_update_on_one_advantage_that_would_be_0_is_refused():
    with pytest.raises(UsageError, match="PPO: minibatch_size received 1; expected at least 2.*_advantages=False"):
        PPO(rollout_steps=4, minibatch_size=1)
    with pytest.raises(UsageError, match="REINFORCE: rollout_steps received 1"):
        REINFORCE(rollout_steps=1)
    PPO(rollout_steps=4, minibatch_size=1, normalise_advantages=False)
    A2C(rollout_steps=1)
