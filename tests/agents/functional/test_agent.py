"""What makes a functional agent, what trains it in both lanes, and what is refused before anything trains."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from agents import DQN
from agents.base import Agent
from agents.functional import Choice, FunctionalAgent, Learnt
from agents.parts import losses
from agents.parts.distributions import quantile_huber
from agents.training.choose import reason_against
from envs import random
from generative.base import Generator
from lab import Experiment
from lab.config import setting
from lab.errors import UsageError
from lab.messages import notes
from tests.agents.helpers import Counter

SMALL = {"hidden_sizes": (8,), "batch_size": 4, "learning_starts": 8, "update_every": 4, "updates_per_round": 2}
LANES = pytest.mark.parametrize(("lane", "source"), [("host", Counter), ("compiled", "CartPole-v1")])


class Own(DQN):
    """Has a setting of its own, which its loss reads."""

    @dataclasses.dataclass(frozen=True)
    class Settings(DQN.Settings):
        scale: float = setting(2.0, "factor of the loss", above=0)

    def row_losses(self, outputs, batch, target, settings):
        rows, errors = super().row_losses(outputs, batch, target, settings)
        return settings.scale * rows, errors


class Softmax(FunctionalAgent):
    """A linear softmax policy, learnt by the rewards of single transitions."""

    class Settings(DQN.Settings):
        pass

    metric_names = ("loss",)

    def build_networks(self):
        shape = (int(np.prod(self.observation_space.shape)), int(self.action_space.n))
        self.weights = tf.Variable(tf.zeros(shape))

    def parameters(self):
        return (self.weights,)

    def logits(self, state, observations):
        return tf.cast(observations, tf.float32) @ state.parameters[0]

    def policy(self, state, observations, key, explore):
        logits = self.logits(state, observations)
        if explore:
            logits -= tf.math.log(-tf.math.log(random.uniform(key, logits.shape) + 1e-9))
        return Choice(tf.argmax(logits, axis=-1, output_type=tf.int32))

    def learn(self, state, batch, key):
        with tf.GradientTape() as tape:
            tape.watch(state.parameters)
            likely = tf.nn.log_softmax(self.logits(state, batch.observation))
            loss = -tf.reduce_mean(batch.reward * losses.chosen(likely, batch.action))
        (gradient,) = tape.gradient(loss, state.parameters)
        return Learnt((state.parameters[0] - 0.01 * gradient,), {"loss": loss}, batch.reward)


class Quantiles(DQN):
    """Learns three quantiles of each action's return."""

    def network(self, seed):
        kernel = keras.initializers.GlorotUniform(seed=seed)
        sizes = (*self.config.hidden_sizes, 3 * self.number_of_actions)
        layers = [keras.layers.Dense(size, kernel_initializer=kernel) for size in sizes]
        return keras.Sequential(
            [keras.Input((self.number_of_features,)), *layers, keras.layers.Reshape((self.number_of_actions, 3))]
        )

    def action_values_of(self, outputs):
        return tf.reduce_mean(outputs, axis=-1)

    def taken(self, outputs, actions):
        return tf.reduce_sum(outputs * tf.one_hot(actions, outputs.shape[1])[..., None], axis=1)

    def target_of(self, parameters, batch, next_features):
        outputs = self.outputs(parameters.target, next_features)
        best = tf.argmax(self.action_values_of(outputs), axis=-1, output_type=tf.int32)
        return batch.reward[:, None] + batch.discount[:, None] * self.taken(outputs, best)

    def row_losses(self, outputs, batch, target, settings):
        rows = quantile_huber(self.taken(outputs, batch.action), target)
        return rows, rows


def trained(kind, source, lane, steps=24, **settings):
    experiment = Experiment(kind(**{**SMALL, **settings}), source, seed=1, lane=lane, progress=False)
    before = [leaf.numpy() for leaf in tf.nest.flatten(experiment.learner.parameters())]
    experiment.train(steps)
    after = [leaf.numpy() for leaf in tf.nest.flatten(experiment.learner.parameters())]
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True)), "it learns"
    assert all(np.isfinite(a).all() for a in after)
    assert experiment.task.lane == lane
    return experiment


@pytest.mark.thorough
@LANES
@pytest.mark.parametrize("kind", [Own, Softmax, Quantiles])
def test_an_agent_that_gives_the_rule_alone_trains_in_both_lanes(kind, lane, source):
    assert reason_against(kind(**SMALL)) == ""
    experiment = trained(kind, source, lane)
    agent = experiment.learner
    assert set(agent.metric_names) <= experiment.history.rows[-1].keys()
    observations = np.random.default_rng(0).normal(size=(5, *agent.observation_space.shape)).astype(np.float32)
    actions = agent.act_batch(observations)
    assert actions.dtype == np.int64 and actions.shape == (5,)
    pure = agent.policy(agent.state(), tf.constant(observations), tf.zeros(2, tf.uint32), False)
    np.testing.assert_array_equal(actions, pure.action)


@pytest.mark.thorough
def test_outputs_of_another_shape_are_made_values_wherever_values_are_asked_for():
    agent = trained(Quantiles, Counter, "host").learner
    observations = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    found = agent.action_values(observations)
    assert found.shape == (5, 2)
    np.testing.assert_allclose(found, agent.average(observations).numpy().mean(axis=-1), atol=1e-5)


@pytest.mark.parametrize(
    ("base", "given"),
    [
        (Agent, {}),
        (Generator, {}),
        (FunctionalAgent, {}),
        *((FunctionalAgent, {name: None for name in ("parameters", "policy", "learn") if name != lacking})
          for lacking in ("parameters", "policy", "learn")),
    ],
)  # fmt: skip
def test_a_class_that_leaves_out_what_it_must_give_makes_nothing(base, given):
    kind = type("Partial", (base,), {name: lambda self, *_: None for name in given}) if given else base
    with pytest.raises(TypeError, match="abstract"):
        kind()


@pytest.mark.parametrize(("host", "pure"), [("act_batch", "policy"), ("observe", "learn"), ("update", "learn")])
def test_overriding_what_the_host_lane_alone_calls_is_refused_as_the_class_is_defined(host, pure):
    with pytest.raises(TypeError, match=rf"Half overrides {host}.*expected {pure} beside it.*lanes = \('host',\)"):
        type("Half", (DQN,), {host: getattr(DQN, host)})
    rule = getattr(DQN, pure)
    type("Whole", (DQN,), {host: getattr(DQN, host), pure: rule})
    type("HostOnly", (DQN,), {host: getattr(DQN, host), "lanes": ("host",)})
    with pytest.raises(TypeError, match="lanes received"):
        type("Nowhere", (DQN,), {"lanes": ("cloud",)})


def test_an_agent_that_can_neither_observe_nor_update_is_refused_before_training():
    class Idle(Agent):
        def act_batch(self, observations, explore=False):
            return np.zeros(len(observations), np.int64)

    experiment = Experiment(Idle(), Counter, progress=False)
    with pytest.raises(UsageError, match=r"Idle can neither observe nor update.*Fix: override .*learns = False"):
        experiment.train(5)
    assert experiment.step == 0


def test_settings_without_a_replay_are_refused_with_what_to_do():
    class Bare(Softmax):
        class Settings(Agent.Settings):
            pass

    with pytest.raises(UsageError, match="Bare: its settings have no replay_capacity.*override `experience`"):
        Experiment(Bare(), Counter, progress=False)


def test_a_slower_lane_is_said_once_with_the_reason(capsys, monkeypatch):
    monkeypatch.setattr(notes, "_said", set())

    class Slow(DQN):
        lanes = ("host",)

    for _ in range(2):
        assert Experiment(Slow(**SMALL), "CartPole-v1", progress=False).task.lane == "host"
    said = capsys.readouterr().err
    assert said.count("Slow trains in the host lane, the slower one: Slow says that it trains in the host lane") == 1
    Experiment(DQN(**SMALL), Counter, progress=False)
    assert "slower" not in capsys.readouterr().err, "there is no faster one"
