"""What a recurrent agent remembers: alike while acting and learning, from one cell, and never beyond an episode."""

import gymnasium
import keras
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents import RecurrentPPO
from agents.transitions import Batch, Transition
from envs import random
from lab import Experiment
from lab.errors import UsageError
from lab.seeding import Seeds

VECTOR = Box(-1.0, 1.0, (3,))


def built(num_envs=2, **settings):
    agent = RecurrentPPO(
        **{
            "rollout_steps": 16,
            "minibatch_size": 8,
            "sequence_length": 4,
            "cell_size": 5,
            "hidden_sizes": (8,),
            **settings,
        }
    )
    agent.setup(VECTOR, Discrete(2), Seeds(3), num_envs)
    agent.begin_run(1_000)
    return agent


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_the_cell_is_keras_layer_over_the_episode(cell):
    agent, rng = built(cell=cell), np.random.default_rng(0)
    steps = rng.normal(size=(2, 7, 3)).astype(np.float32)
    layer = (keras.layers.GRU if cell == "gru" else keras.layers.LSTM)(5, return_sequences=True)
    layer.build(steps.shape)
    layer.set_weights([v.numpy() for v in agent.body.trainable_variables])
    weights, hidden = agent.state().parameters.weights, tf.zeros((2, agent.hidden_shapes["hidden"][0]))
    for t in range(7):
        hidden = agent.remembered(weights, tf.constant(steps[:, t]), hidden)
        assert np.allclose(hidden[:, :5], layer(steps)[:, t], atol=1e-5)


def test_learning_sees_what_acting_remembered_and_forgets_where_an_episode_ended():
    agent, rng = built(), np.random.default_rng(1)
    ended = np.zeros((8, 2), bool)
    ended[1, 0] = ended[5, 1] = True
    observed = rng.uniform(-1, 1, (9, 2, 3)).astype(np.float32)
    state, hidden, rows = agent.state(), {k: tf.zeros((2, *s)) for k, s in agent.hidden_shapes.items()}, []
    kept = []
    for t in range(8):
        choice = agent.recurrent_policy(state, tf.constant(observed[t]), hidden, random.key_from_seed(t), True)
        kept.append(choice.hidden["hidden"])
        rows.append((choice.action, choice.extras))
        going = tf.constant(~ended[t], tf.float32)[:, None]
        hidden = {"hidden": choice.hidden["hidden"] * going, "begun": choice.hidden["begun"] * going[:, 0]}
    rollout = Transition(
        tf.constant(observed[:8]), tf.stack([a for a, _ in rows]), tf.ones((8, 2)), tf.constant(ended),
        tf.zeros((8, 2), tf.bool), tf.constant(observed[1:]),
        {name: tf.stack([extras[name] for _, extras in rows]) for name in ("hidden", "begins")},
    )  # fmt: skip
    whole = agent.arranged(rollout)
    assert whole.reward.shape == (4, 4)
    known = agent.encoded(state.parameters, whole)
    in_time = np.stack([agent.in_time(known[:, i], (8, 2)) for i in range(5)], axis=-1)
    assert np.allclose(in_time, tf.stack(kept), atol=1e-6)
    # Prepared, log-probabilities are those of acting: the ratio of a round's first update is 1.
    batch = agent.prepare(state, rollout)
    flat = agent.flat(batch)
    again = agent.head.log_probability(agent.rows(state.parameters.weights, known, flat.observation), flat.action)
    assert np.allclose(again, flat.extras["log_probability"], atol=1e-6)
    # What followed the last step of a row that was cut off is valued after one more step of its own memory.
    after = agent.next_encoded(state.parameters, whole, known)
    expected = agent.remembered(state.parameters.weights, tf.constant(observed[8]), kept[7])
    last = np.stack([agent.in_time(after[:, i], (8, 2)) for i in range(5)], axis=-1)[7]
    assert np.allclose(last, expected, atol=1e-6)


def test_gradients_reach_the_cell():
    agent = built()
    state, number = agent.state(), 2
    batch = Batch(
        tf.random.stateless_normal((number, 4, 3), (1, 2)), tf.zeros((number, 4), tf.int32), tf.zeros((number, 4)),
        (), (), tf.ones((number, 4)),
        extras={"hidden": tf.zeros((number, 4, 5)), "begins": tf.zeros((number, 4))}
        | dict.fromkeys(("log_probability", "value", "return"), tf.zeros((number, 4)))
        | {"advantage": tf.constant([[1.0, -1.0, 2.0, 0.0], [3.0, 1.0, -2.0, 1.0]])},
    )  # fmt: skip
    after = agent.learn(state, batch, tf.zeros(2, tf.uint32)).parameters.weights.body
    assert all(not np.allclose(a, b) for a, b in zip(after, state.parameters.weights.body, strict=True))


class Recall(gymnasium.Env):
    """Shows a side at first and asks for it four steps later, when nothing is to be seen any more."""

    observation_space, action_space = Box(-1.0, 1.0, (2,)), Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.time, self.side = 0, int(self.np_random.integers(2))
        return np.array([2.0 * self.side - 1.0, 0.0], np.float32), {}

    def step(self, action):
        self.time += 1
        asked = self.time == 5
        reward = float(action == self.side) if asked else 0.0
        return np.array([0.0, float(self.time == 4)], np.float32), reward, asked, False, {}


@pytest.mark.thorough
def test_it_learns_what_no_single_observation_shows():
    agent = RecurrentPPO(
        cell_size=16, hidden_sizes=(16,), rollout_steps=512, minibatch_size=128, sequence_length=8, learning_rate=0.01
    )
    experiment = Experiment(agent, Recall, num_envs=8, seed=0, progress=False)
    experiment.train(8_192)
    assert experiment.evaluate(episodes=40).mean > 0.95


def test_playing_disturbs_no_episode_of_training():
    agent = RecurrentPPO(cell_size=4, hidden_sizes=(4,), rollout_steps=64, minibatch_size=32, sequence_length=4)
    experiment = Experiment(agent, Recall, seed=0, progress=False)
    experiment.train(13)
    before = {name: part.copy() for name, part in agent.remembers.training.items()}
    assert before["hidden"].any()
    experiment.evaluate(episodes=3)
    assert all(np.array_equal(before[name], part) for name, part in agent.remembers.training.items())
    one = np.array([1.0, 0.0], np.float32)
    assert agent.act(one) in (0, 1)


def test_what_does_not_fit_is_refused_with_a_fix():
    with pytest.raises(UsageError, match="a multiple of sequence_length"):
        RecurrentPPO(minibatch_size=100, rollout_steps=1000)
    with pytest.raises(UsageError, match="no function of one observation"):
        built().export_model()
    with pytest.raises(UsageError, match="FrameStackObservation"):
        RecurrentPPO().setup(Box(0, 255, (16, 16, 3), np.uint8), Discrete(2), Seeds(0), 1)
    with pytest.raises(UsageError, match="sequence_length received 4; .*each of 8 environ.* Fix: rollout_steps="):
        built(num_envs=8)


@pytest.mark.thorough
def test_a_run_in_several_environments_is_used_and_trained_on(tmp_path):
    settings = {"rollout_steps": 8, "minibatch_size": 8, "sequence_length": 4, "cell_size": 3, "hidden_sizes": (4,)}
    run = tmp_path / "run"
    agent = RecurrentPPO(**settings, epochs=1)
    experiment = Experiment(agent, "CartPole-v1", lane="host", num_envs=2, run_dir=run, progress=False)
    experiment.train(8)
    loaded, observed = RecurrentPPO.load(run), np.array([0.1, 0.2, 0.3, 0.4])
    assert loaded.act(observed) == agent.act(observed)
    assert loaded.remembers.training["hidden"].shape == (1, 3)
    assert "hidden" not in agent.inference_state() and "hidden" in agent.get_state()
    resumed = Experiment.resume(run)
    assert np.array_equal(resumed.learner.remembers.training["hidden"], agent.remembers.training["hidden"])
