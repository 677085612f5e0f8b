"""The rule of SAC by hand-computed numbers, and what an update may change."""

import math

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete, MultiDiscrete

from agents import SAC
from agents.functional.host import HostRule
from agents.off_policy.kinds import Proposal
from agents.replay.layout import Layout
from agents.transitions import Transition
from envs import random
from lab import Experiment
from lab.errors import UsageError
from tests.agents.off_policy.helpers import (
    ACTIONS,
    SMALL,
    TWO,
    batch_of,
    built,
    changed,
    constant_critics,
    learnt,
)

THREE = Discrete(3)


@pytest.fixture(scope="module")
def box():
    return built(SAC)


@pytest.fixture(scope="module")
def discrete():
    return built(SAC, THREE)


# ---------------------------------------------------------------- targets and losses


def test_what_follows_is_the_lesser_value_less_the_weighed_log_probability(box):
    p = box.state().parameters._replace(temperature=(tf.constant(math.log(0.5)), ()))
    proposal = Proposal(tf.zeros((2, 2)), tf.constant([-1.0, 4.0]))
    # Q - alpha log pi: 3 + 0.5 and 7 - 2.
    assert box.next_values(tf.constant([3.0, 7.0]), proposal, p).numpy() == pytest.approx([3.5, 5.0])


def test_over_discrete_actions_what_follows_is_an_expectation(discrete):
    p = discrete.state().parameters._replace(temperature=(tf.constant(math.log(0.5)), ()))
    chances = np.array([[0.5, 0.25, 0.25]], np.float32)
    found = discrete.next_values(tf.constant([[2.0, 4.0, 8.0]]), Proposal((), tf.constant(np.log(chances))), p)
    entropy = 0.5 * math.log(2) + 2 * 0.25 * math.log(4)
    assert found.numpy() == pytest.approx([0.5 * 2 + 0.25 * 4 + 0.25 * 8 + 0.5 * entropy])


@pytest.mark.parametrize("space", [ACTIONS, TWO])
def test_targets_take_the_lesser_of_the_target_networks(space):
    agent = built(SAC, space, learn_temperature=False, temperature=1e-8)
    batch = batch_of(agent, reward=1.0, discount=0.5)
    online, target = ([3.0] * agent.kind.outputs,) * 2, ([4.0] * agent.kind.outputs, [6.0] * agent.kind.outputs)
    parts = {"critics": constant_critics(agent, *online), "targets": constant_critics(agent, *target)}
    _, found = learnt(agent, batch, **parts)
    # 1 + 0.5 * 4 = 3, which both critics say already; an error of 1 after the task ended.
    assert float(found.metrics["critic_loss"]) == pytest.approx(0.0, abs=1e-6)
    assert found.errors.numpy() == pytest.approx(np.zeros(6), abs=1e-6)
    _, found = learnt(agent, batch._replace(discount=tf.zeros(6)), **parts)
    assert found.errors.numpy() == pytest.approx(-2 * np.ones(6), abs=1e-6)
    assert float(found.metrics["critic_loss"]) == pytest.approx(2 * 0.5 * 4)


def test_fewer_critics_in_the_target_than_there_are_is_a_draw_for_each_update():
    agent = built(SAC, critics=3, critics_in_target=1, learn_temperature=False, temperature=1e-8)
    batch = batch_of(agent, reward=0.0, discount=1.0)
    zero = constant_critics(agent, 0.0, 0.0, 0.0)
    parts = {"critics": zero, "targets": constant_critics(agent, 1.0, 2.0, 4.0)}
    found = {round(float(learnt(agent, batch, (i, 0), **parts)[1].errors[0])) for i in range(12)}
    assert found == {1, 2, 4}


def test_with_more_critics_than_the_target_takes_the_actor_follows_their_mean():
    for settings, expected in (({}, 1.0), ({"critics": 3, "critics_in_target": 2}, 3.0)):
        agent = built(SAC, learn_temperature=False, temperature=1e-8, **settings)
        p = agent.state().parameters
        p = p._replace(critics=constant_critics(agent, *(1.0, 2.0, 6.0)[: agent.config.critics]))
        rows, _ = agent.actor_losses(p.actor, p, (), tf.zeros((2, 3)), random.key_from_seed(0))
        assert rows.numpy() == pytest.approx([-expected] * 2, abs=1e-5)


def test_probabilities_of_discrete_actions_move_towards_the_better_by_hand():
    agent = built(SAC, TWO, learn_temperature=False, temperature=0.5, hidden_sizes=())
    p = agent.state().parameters
    p = p._replace(critics=constant_critics(agent, [1.0, 3.0], [2.0, 2.0]))
    logits = tf.constant([[0.2, -0.3]])
    chances = tf.nn.softmax(logits).numpy()[0]
    actor = (tf.zeros_like(p.actor[0]), logits[0])
    with tf.GradientTape() as tape:
        tape.watch(actor)
        rows, (entropy, temperature) = agent.actor_losses(actor, p, (), tf.zeros((1, 3)), random.key_from_seed(0))
    values = np.array([1.0, 2.0])
    each = 0.5 * np.log(chances) - values
    assert rows.numpy() == pytest.approx([chances @ each])
    assert float(entropy) == pytest.approx(-chances @ np.log(chances)) and float(temperature) == 0.5
    # d/dl_i sum_a p_a c_a = p_i (c_i - sum_a p_a c_a), and what the logarithms add cancels out.
    assert tape.gradient(rows, actor)[1].numpy() == pytest.approx(chances * (each - chances @ each), abs=1e-6)


def test_the_temperature_makes_one_step_of_adam_against_the_difference_of_entropies(box):
    state = box.state()
    for entropy, sign in ((5.0, -1.0), (-5.0, 1.0)):
        after = box.after_actor(state.parameters, (tf.constant(entropy),), state)
        # Adam's first step is its rate, whatever the gradient's size.
        assert float(after.temperature[0]) == pytest.approx(sign * box.config.learning_rate, rel=1e-4)


def test_the_entropy_that_is_wanted():
    assert built(SAC).target_entropy == -2.0
    assert built(SAC, THREE).target_entropy == pytest.approx(0.5 * math.log(3))
    assert built(SAC, target_entropy=-0.3).target_entropy == -0.3


# ---------------------------------------------------------------- what an update changes


@pytest.mark.parametrize("space", [ACTIONS, THREE])
def test_the_critics_loss_moves_critics_alone_and_the_actors_loss_the_actor_alone(space):
    agent = built(SAC, space)
    state, batch = agent.state(), batch_of(agent)
    before, observed, key = state.parameters, agent.features(batch.observation), random.key_from_seed(0)
    after, *_ = agent.with_critics(state, batch, observed, key)
    assert changed(before.critics, after.critics) and changed(before.critic_moments, after.critic_moments)
    for name in set(before._fields) - {"critics", "critic_moments"}:
        assert not changed(getattr(before, name), getattr(after, name)), name
    after = agent.with_actor(state, before, batch, observed, key)
    assert changed(before.temperature, after.temperature)
    for name in ("critics", "critic_moments", "targets"):
        assert not changed(getattr(before, name), getattr(after, name)), name


def test_targets_follow_by_polyak_averages_of_the_new_critics(box):
    before, found = learnt(box)
    for old, new, target in zip(before.targets, found.parameters.critics, found.parameters.targets, strict=True):
        assert np.allclose(target, 0.995 * old + 0.005 * new, atol=1e-7)


def test_the_deviation_before_squashing_is_reported_and_judged(box, discrete):
    batch = batch_of(box)
    before, found = learnt(box, batch)
    rows = box.rows(before.actor, box.features(batch.observation)).numpy()
    assert float(found.metrics["deviation"]) == pytest.approx(np.exp(np.clip(rows[:, 2:], -5, 2)).mean(), rel=1e-4)
    assert "exploded" in box.complaint({"deviation": 6.0}) and box.complaint({"deviation": 0.5}) == ""
    assert "deviation" not in discrete.metric_names and discrete.complaint({}) == ""


def test_a_fixed_temperature_stays():
    agent = built(SAC, learn_temperature=False, temperature=0.2)
    assert agent.parameters().temperature == ()
    assert float(learnt(agent)[1].metrics["temperature"]) == pytest.approx(0.2)


def test_an_actor_that_waits_moves_with_every_third_update():
    agent = built(SAC, actor_every=3)
    state, batch, moves = agent.state(), batch_of(agent), []
    for i in range(6):
        found = agent.learn(state, batch, tf.constant([i, 0], tf.uint32))
        moves.append(changed(state.parameters.actor, found.parameters.actor))
        assert changed(state.parameters.targets, found.parameters.targets)
        assert changed(state.parameters.temperature, found.parameters.temperature) == moves[-1]
        state = state._replace(parameters=found.parameters)
    assert moves == [False, False, True] * 2
    assert float(found.metrics["actor_loss"]) != 0.0, "what is reported is the last update's"


def test_with_batch_normalisation_there_are_no_targets_and_both_halves_are_one_batch():
    agent = built(SAC, critic_normalisation="batch")
    assert agent.parameters().targets == ()
    batch = batch_of(agent)
    before, found = learnt(agent, batch)
    assert changed(before.statistics, found.parameters.statistics)
    mean = found.parameters.statistics[0].numpy()[0, 0, :3]
    both = np.concatenate([batch.observation, batch.next_observation])
    assert np.allclose(mean, 0.01 * both.mean(axis=0), atol=1e-6)


# ---------------------------------------------------------------- acting


def test_uniform_actions_come_first(box):
    key, observed, state = random.key_from_seed(0), tf.zeros((400, 3)), box.state()
    # An actor that goes to the upper bounds whatever it sees.
    weights = tuple(map(tf.zeros_like, state.parameters.actor[:-1]))
    state = state._replace(parameters=state.parameters._replace(actor=(*weights, tf.constant([3.0, 3.0, -9.0, -9.0]))))
    low, high = ACTIONS.low, ACTIONS.high
    for steps, lowest, middle in ((7, 0.0, 0.5), (8, 0.95, 1.0)):
        actions = box.policy(state._replace(steps=tf.constant(steps, tf.int64)), observed, key, True).action.numpy()
        assert (actions >= low).all() and (actions <= high).all()
        share = (actions - low) / (high - low)
        assert share.min(axis=0) == pytest.approx([lowest] * 2, abs=0.05)
        assert np.median(share, axis=0) == pytest.approx([middle] * 2, abs=0.05)
    drawn = box.act_batch(observed.numpy(), True)
    assert ((drawn - low) / (high - low)).mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.05)


def test_acting_in_numpy_is_acting_by_the_rule(box):
    observed = np.random.default_rng(0).uniform(-1, 1, (5, 3)).astype(np.float32)
    pure = box.policy(box.state(), tf.constant(observed), random.key_from_seed(0), False).action
    assert np.allclose(box.act_batch(observed), pure, atol=1e-5)
    box.steps = 100
    drawn = box.act_batch(np.repeat(observed[:1], 4_000, axis=0), True)
    box.steps = 0
    rows = box.rows(box.state().parameters.actor, tf.constant(observed[:1]))
    means, deviations = rows[:, :2].numpy(), np.exp(rows[:, 2:].numpy())
    # Through the squashing, which keeps order, quantiles are those of the normal distribution.
    for level, normal in ((0.1587, -1.0), (0.5, 0.0), (0.8413, 1.0)):
        expected = np.tanh(means + normal * deviations) * ACTIONS_HALF + ACTIONS_CENTRE
        assert np.allclose(np.quantile(drawn, level, axis=0), expected[0], atol=0.25)


ACTIONS_CENTRE, ACTIONS_HALF = (ACTIONS.low + ACTIONS.high) / 2, (ACTIONS.high - ACTIONS.low) / 2


def test_values_of_discrete_actions_are_the_lesser(discrete):
    values = discrete.action_values(np.zeros((4, 3), np.float32))
    rows = discrete.ensemble(discrete.critics, tf.zeros((4, 3))).numpy()
    assert np.allclose(values, rows.min(axis=0))
    assert built(SAC).action_values(np.zeros((4, 3), np.float32)) is None


# ---------------------------------------------------------------- both lanes


@pytest.mark.parametrize("space", [ACTIONS, THREE])
def test_a_compiled_round_is_the_update_on_the_same_batch(space):
    agent = built(SAC, space, batch_size=6, actor_every=1)
    batch = batch_of(agent)
    layout, none = Layout.of(agent), np.zeros(6, bool)
    step = Transition(batch.observation, batch.action, batch.reward, none, none, batch.next_observation)
    rows = layout.packed(step)[0].numpy()[None]
    rule, rng = HostRule(agent), np.random.default_rng(3)
    words = np.random.default_rng(3).integers(1 << 32, size=2, dtype=np.uint32)
    before, whole = agent.state(), batch._replace(discount=tf.fill([6], np.float32(agent.config.discount)))
    metrics, _ = rule.learn((rows, (), (), np.arange(6, dtype=np.int32)[None]), rng)
    found = agent.learn(before, whole, random.fold_in(tf.constant(words), 0))
    rule.settle()
    for a, b in zip(tf.nest.flatten(agent.parameters()), tf.nest.flatten(found.parameters), strict=True):
        assert np.allclose(a.numpy(), b, atol=2e-5)
    assert metrics == pytest.approx({k: float(v) for k, v in found.metrics.items()}, abs=1e-4)


def test_it_learns_to_push_a_mass_to_its_goal():
    agent = SAC(hidden_sizes=(32, 32), batch_size=64, learning_starts=500)
    experiment = Experiment(agent, "lab/PointMass-v0", seed=1, progress=False)
    experiment.train(5_000)
    assert experiment.task.lane == "compiled"
    # Who stands still gets about -270, and who pushes at random about -240.
    assert experiment.evaluate(episodes=30).mean > -150.0


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("space", "expected"),
    [
        (Box(-np.inf, np.inf, (2,)), r"finite bounds.*TransformAction with bounds, or an agent that needs none \(PPO"),
        (Box(0, 5, (2,), np.int64), "a Box of fractions"),
        (MultiDiscrete([2, 3]), "Discrete or a Box of fractions.*PPO"),
        (Box(-1.0, 1.0, (0,)), "Discrete or a Box of fractions"),
    ],
)
def test_actions_that_have_no_policy_here_are_refused(space, expected):
    with pytest.raises(UsageError, match=f"SAC: the action space.*{expected}"):
        built(SAC, space)


@pytest.mark.parametrize(("space", "most"), [(Box(-2.0, 2.0, (2,)), "1.386"), (Discrete(3), "1.099")])
def test_an_entropy_beyond_uniform_play_is_refused(space, most):
    with pytest.raises(UsageError, match=rf"SAC: target_entropy received 2.0; expected less than the {most} nats"):
        built(SAC, space, target_entropy=2.0)
    built(SAC, space, target_entropy=2.0, learn_temperature=False)


def test_pictures_are_refused():
    with pytest.raises(UsageError, match="SAC received pictures.*FlattenObservation"):
        built(SAC, observations=Box(0, 255, (16, 16, 3), np.uint8))


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"critics_in_target": 3}, "critics_in_target"),
        ({"replay_capacity": 3, "batch_size": 4}, "replay_capacity"),
        ({"critic_normalisation": "group"}, "critic_normalisation"),
        ({"temperature": 0.0}, "temperature"),
        ({"target_decay": 1.5}, "target_decay"),
    ],
)
def test_settings_out_of_range_are_refused(settings, name):
    with pytest.raises(ValueError, match=rf"SAC: {name} received"):
        SAC(**settings)


def test_settings_that_nothing_reads_are_named():
    assert built(SAC).unread_settings() == {}
    assert list(built(SAC, learn_temperature=False, critic_normalisation="batch").unread_settings()) == [
        "target_decay",
        "target_entropy",
    ]


def test_one_program_serves_runs_of_other_step_sizes_and_targets():
    for name in ("learning_rate", "target_decay", "discount", "adam_epsilon"):
        assert name in SAC.tensor_settings
    experiments = [
        Experiment(SAC(**SMALL, learning_rate=rate), "lab/PointMass-v0", seed=1, progress=False)
        for rate in (1e-3, 1e-2)
    ]
    assert experiments[0].task.program is experiments[1].task.program
