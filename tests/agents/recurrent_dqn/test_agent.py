"""What a recurrent DQN remembers: alike while acting and learning, and never beyond an episode."""

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents import RecurrentDQN
from agents.recurrent_dqn.sequences import Sequences, unrolled
from agents.replay.program import _batch
from agents.transitions import Transition
from envs import random
from lab import Experiment
from lab.errors import UsageError
from lab.seeding import Seeds

SMALL = {
    "hidden_sizes": (8,),
    "cell_size": 4,
    "sequence_length": 3,
    "burn_in": 2,
    "batch_size": 2,
    "update_every": 4,
    "updates_per_round": 2,
    "learning_starts": 20,
    "replay_capacity": 40,
    "epsilon_steps": 50,
}


def built(**settings):
    agent = RecurrentDQN(**{**SMALL, **settings})
    agent.setup(Box(-1.0, 1.0, (3,)), Discrete(2), Seeds(3), 2)
    return agent


@pytest.fixture(scope="module", params=["gru", "lstm"])
def agent(request):
    return built(cell=request.param)


def windows(agent, begins=(), number=2):
    """Rows of five steps, with what would be remembered there, and an episode that begins where it is told."""
    rng, size = np.random.default_rng(0), agent.hidden_shapes["hidden"][0]
    flags = np.zeros((number, 5), np.float32)
    flags[:, list(begins)] = 1.0
    rows, following, hidden = (rng.normal(size=(number, n, 3)).astype(np.float32) for n in (5, 5, size))
    return Sequences(tf.constant(rows), tf.constant(hidden[:, :, 0]), tf.constant(flags), tf.constant(following))


def cell(agent):
    weights = agent.state().parameters.online
    return agent.body, list(weights[: len(agent.body.trainable_variables)])


def test_values_of_a_window_are_those_of_acting_step_by_step(agent):
    given, state = windows(agent), agent.state()
    held = {"hidden": given.hidden, "begun": tf.ones(2)}
    expected, after = [], []
    for t in range(5):
        choice = agent.recurrent_policy(state, given.rows[:, t], held, random.key_from_seed(t), True)
        held = dict(choice.hidden)
        after.append(held["hidden"])
    known = tf.stack(after, axis=1)[:, 2:]
    body, weights = cell(agent)
    found = unrolled(body, weights, given._replace(next_rows=()), 2)
    np.testing.assert_allclose(tf.reshape(known, found.shape), found, atol=1e-6)
    # What follows a step is seen after one more step of its own memory.
    for t, hidden in enumerate(after[2:]):
        one = agent.recurrent_policy(
            state, given.next_rows[:, 2 + t], {"hidden": hidden, "begun": tf.ones(2)}, random.key_from_seed(0), True
        )
        expected.append(one.hidden["hidden"])
    found = unrolled(body, weights, given, 2)
    np.testing.assert_allclose(tf.reshape(tf.stack(expected, axis=1), found.shape), found, atol=1e-6)


def test_the_burnt_in_part_passes_on_no_gradient_and_an_episode_nothing_to_the_next(agent):
    body, weights = cell(agent)
    for begins in ((), (3,)):
        given = windows(agent, begins)
        with tf.GradientTape() as tape:
            tape.watch([given.rows, given.hidden])
            found = tf.reshape(unrolled(body, weights, given._replace(next_rows=()), 2), (2, 3, -1))
            last = tf.reduce_sum(found[:, 2])
        rows, hidden = tape.gradient(last, [given.rows, given.hidden], unconnected_gradients="zero")
        reached = (np.abs(rows.numpy()).sum(axis=(0, 2)) > 0.0).tolist()
        assert reached == [False, False, not begins, True, True]
        assert not hidden.numpy().any()
    # What was stored is brought up to date all the same, up to where an episode begins.
    other = windows(agent)
    moved = other._replace(hidden=other.hidden + 1.0)
    plain, after = (unrolled(body, weights, x._replace(next_rows=()), 2) for x in (other, moved))
    assert not np.allclose(plain, after)
    plain, after = (unrolled(body, weights, x._replace(begins=x.begins + 1.0), 2) for x in (other, moved))
    np.testing.assert_array_equal(plain, after)


def test_windows_across_an_end_are_single_steps_with_their_own_discounts(agent):
    agent = built(discount=0.5)
    rng, ended = np.random.default_rng(1), {2: "terminated", 4: "truncated"}
    observed = rng.uniform(-1, 1, (7, 2, 3)).astype(np.float32)
    agent.begin_training()
    for t in range(6):
        agent.act_batch(observed[t], True)
        flags = {n: np.full(2, ended.get(t) == n) for n in ("terminated", "truncated")}
        agent.observe(
            Transition(observed[t], np.array([0, 1]), np.full(2, 1.0 + t), **flags, next_observation=observed[t + 1])
        )
    agent.end_training()
    storage = agent.memory.storage
    places = np.array([[2, 4, 6, 8, 10], [1, 3, 5, 7, 9]])
    rows, apart = storage.take(places)
    replay = agent.experience()
    batch = _batch(storage.layout, replay, agent, agent.state(), tf.constant(rows), apart, tf.constant([1.0, 0.25]))
    assert batch.reward.numpy().tolist() == [[2, 3, 4, 5, 6], [1, 2, 3, 4, 5]]
    assert batch.discount.numpy().tolist() == [[0.5, 0, 0.5, 0.5, 0.5], [0.5, 0.5, 0, 0.5, 0.5]]
    # An episode begins after each kind of end, and at the very first step.
    assert batch.extras["begins"].numpy().tolist() == [[0, 0, 1, 0, 1], [1, 0, 0, 1, 0]]
    assert not batch.extras["hidden"].numpy()[0, [2, 4]].any() and batch.extras["hidden"].numpy()[0, 1].any()
    flat = agent.steps_of(batch)
    assert flat.reward.numpy().tolist() == [4, 5, 6, 3, 4, 5]
    assert flat.weights.numpy().tolist() == [1, 1, 1, 0.25, 0.25, 0.25]
    # Targets by hand: r + discount * v of what truly followed, by each network's own memory.
    p, values = agent.state().parameters, []
    for weights in (p.online, p.target):
        values.append(agent.values(weights, flat.next_observation).numpy())
    best = values[0].argmax(axis=1)
    chosen = values[1][np.arange(6), best] + 0.5 * np.minimum(
        values[0][np.arange(6), best] - values[1][np.arange(6), best], 0
    )
    found = agent.target_of(p, flat, flat.next_observation).numpy()
    np.testing.assert_allclose(found, flat.reward.numpy() + flat.discount.numpy() * chosen, atol=1e-6)
    learnt = agent.learn(agent.state(), batch, random.key_from_seed(0))
    assert learnt.errors.shape == (2,)
    outputs = agent.outputs(p.online, flat.observation).numpy()
    errors = np.abs(found - outputs[np.arange(6), flat.action.numpy()]).reshape(2, 3)
    np.testing.assert_allclose(learnt.errors, 0.9 * errors.max(axis=1) + 0.1 * errors.mean(axis=1), rtol=1e-4)


@pytest.mark.thorough
def test_it_trains_in_the_compiled_lane_with_the_switches_of_dqn():
    settings = {**SMALL, "dueling": True, "prioritised": True, "distribution": "quantile", "quantiles": 3}
    experiment = Experiment(RecurrentDQN(**settings), "CartPole-v1", lane="compiled", num_envs=2, progress=False)
    rows = experiment.train(60).rows
    assert np.isfinite(rows[-1]["loss"])
    assert experiment.evaluate(episodes=2).mean >= 8.0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"n_steps": 2}, "n_steps received 2; expected 1"),
        ({"noisy": True}, "noisy received True"),
        ({"replay_capacity": 4}, r"expected at least burn_in \+ sequence_length \(5\)"),
        ({"cell": "rnn"}, "cell received 'rnn'"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        RecurrentDQN(**{**SMALL, **settings})


def test_pictures_are_refused():
    with pytest.raises(UsageError, match="expected a vector or Discrete"):
        RecurrentDQN().setup(Box(0, 255, (10, 10, 3), np.uint8), Discrete(2), Seeds(0))
