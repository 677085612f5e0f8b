"""What `learn` and `policy` return is held to what the agent declares, in both lanes and before anything trains."""

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from gymnasium.spaces import Box

from agents.functional import Choice, FunctionalAgent, Learnt
from agents.functional.identity import token
from agents.replay import Prioritised, Replay, Uniform
from lab import Experiment, Settings, setting
from lab.callbacks import LearningRateSchedule
from lab.errors import TrainingDiverged, UsageError
from tests.agents.helpers import Counter

LANES = pytest.mark.parametrize(("lane", "source"), [("host", Counter), ("compiled", "CartPole-v1")])


class Weights(NamedTuple):
    table: tf.Variable


class Constant(FunctionalAgent):
    """Takes action 0, and learns rewards' mean times `scale`; what it returns can be spoiled."""

    metric_names = ("loss",)
    sampler = Uniform()
    scale = 1.0
    seen = False

    def build_networks(self):
        self.table = tf.Variable(tf.zeros((4, 2)))

    def parameters(self):
        return Weights(self.table)

    def experience(self):
        return Replay(capacity=32, batch_size=8, sampler=self.sampler)

    def policy(self, state, observations, key, explore):
        return self.spoil_choice(Choice(tf.zeros(observations.shape[0], tf.int32)))

    def learn(self, state, batch, key):
        (table,), errors = state.parameters, batch.reward
        if self.seen:
            errors = tf.cast(batch.indices, tf.float32)
        mean = self.scale * tf.reduce_mean(errors)
        return self.spoil(Learnt(Weights(table + mean), {"loss": mean}, errors))

    def spoil(self, learnt):
        return learnt

    def spoil_choice(self, choice):
        return choice


def train(lane, source, steps=12, **attributes):
    kind = type("Spoiled", (Constant,), attributes)
    experiment = Experiment(kind(), source, lane=lane, seed=1, progress=False)
    experiment.train(steps)
    return experiment


def metrics(**values):
    return lambda self, learnt: learnt._replace(metrics=values)


def errors(change):
    return lambda self, learnt: learnt._replace(errors=change(learnt.errors))


def table(change):
    return lambda self, learnt: learnt._replace(parameters=Weights(change(learnt.parameters.table)))


LEARNT = {
    "nothing": (lambda self, learnt: None, r"learn returned None; expected Learnt"),
    "a plain tuple": (lambda self, learnt: tuple(learnt), r"expected Learnt\(parameters, metrics, errors\)"),
    "other dtypes": (table(lambda t: tf.cast(t, tf.float64)), r"part 0 of the parameters from float32 .* to float64"),
    # Too few numbers used to be written over the first ones, in the host lane.
    "other shapes": (table(lambda t: t[:2]), r"from float32 \(4, 2\) to float32 \(2, 2\)"),
    "more parameters": (lambda self, x: x._replace(parameters=(*x.parameters, 1.0)), "parameters of another structure"),
    "a metric too few": (metrics(), r"metrics \[\]; expected one number for each of \['loss'\]"),
    "a metric too many": (metrics(loss=1.0, more=2.0), r"metrics \['loss', 'more'\]"),
    "a metric a row": (metrics(loss=tf.zeros(8)), r"metric loss of shape \(8,\).*mean"),
}
ERRORS = {
    "none": (errors(lambda e: None), "errors None; expected a number for each row, float32"),
    "a column": (errors(lambda e: e[:, None]), r"errors float32 \(8, 1\)"),
    "one number": (errors(tf.reduce_sum), r"errors float32 \(\)"),
    "whole numbers": (errors(lambda e: tf.cast(e, tf.int32)), r"errors int32 \(8,\)"),
}
CHOICES = {
    "nothing": (lambda self, choice: None, r"policy returned None; expected Choice"),
    "an action alone": (lambda self, choice: choice.action, r"expected Choice\(action, extras\)"),
    "int64": (lambda self, choice: Choice(tf.cast(choice.action, tf.int64)), r"policy returned int64 \(1,\)"),
    "a column": (lambda self, choice: Choice(choice.action[:, None]), r"int32 \(1, 1\).*expected int32 \(1,\)"),
    "undeclared extras": (lambda self, c: Choice(c.action, {"value": tf.zeros(1)}), r"expected \{\}, as `extras`"),
}


@LANES
@pytest.mark.parametrize("case", LEARNT)
def test_what_learn_returns_is_refused_where_it_is_not_what_was_declared(lane, source, case):
    spoil, words = LEARNT[case]
    with pytest.raises(UsageError, match=words):
        train(lane, source, spoil=spoil)


@LANES
@pytest.mark.parametrize("case", ERRORS)
def test_a_sampler_that_goes_by_errors_is_given_one_for_each_row(lane, source, case):
    spoil, words = ERRORS[case]
    with pytest.raises(UsageError, match=words):
        train(lane, source, spoil=spoil, sampler=Prioritised())


@pytest.mark.thorough
@LANES
def test_errors_that_are_not_finite_end_training(lane, source):
    with pytest.raises(TrainingDiverged, match="loss became nan"):
        train(lane, source, spoil=errors(lambda e: e * np.nan), sampler=Prioritised())


@LANES
@pytest.mark.parametrize("case", CHOICES)
def test_what_a_policy_returns_is_refused_where_it_is_not_what_was_declared(lane, source, case):
    spoil, words = CHOICES[case]
    with pytest.raises(UsageError, match=words):
        train(lane, source, spoil_choice=spoil)


@LANES
def test_a_batch_says_where_in_the_replay_its_rows_lie(lane, source):
    # One round a step: of the first step's only row 0 can be drawn, and never one above 11.
    rows = train(lane, source, seen=True).history.rows
    assert 0.0 < rows[-1]["loss"] < 11.0


def test_agents_of_one_class_that_hold_other_constants_share_no_program():
    def program(agent):
        return Experiment(agent, "CartPole-v1", lane="compiled", progress=False).task.program

    class Scaled(Constant):
        pass

    first, same, tenfold = Scaled(), Scaled(), Scaled()
    tenfold.scale = 10.0
    made = program(first)
    assert program(same) is made
    assert program(tenfold) is not made, "an attribute of the agent"
    Scaled.scale = 100.0
    assert program(Scaled()) is not made, "an attribute of its class"


@pytest.mark.parametrize("pair", [(1, True), (0.0, -0.0), ([1], (1,)), ({"a": 1}, {"a": 2}), (np.zeros(2), np.ones(2))])
def test_constants_that_trace_otherwise_are_told_apart(pair):
    first, second = pair
    assert token(first) == token(first) != token(second)
    hash(token(first))


@dataclasses.dataclass(frozen=True)
class StepSize(Settings):
    learning_rate: float = setting(0.5, "step size", above=0)


class Stepping(Constant):
    """Moves its table by its step size in each update."""

    Settings = StepSize
    tensor_settings = ("learning_rate",)

    def learn(self, state, batch, key):
        table = state.parameters.table + self.hyperparameters(state).learning_rate
        return Learnt(Weights(table), {"loss": tf.zeros(())}, batch.reward)


@LANES
def test_a_schedule_sets_the_step_size_of_an_agent_that_reads_it_from_the_state(lane, source):
    plain = Experiment(Stepping(), source, lane=lane, progress=False)
    plain.train(4)
    assert plain.learner.table.numpy()[0, 0] == 2.0 and plain.learner.learning_rate == 0.5
    schedule = LearningRateSchedule(lambda step: 0.25 if step < 2 else 1.0, every=2)
    scheduled = Experiment(Stepping(), source, lane=lane, progress=False, callbacks=[schedule])
    scheduled.train(4)
    assert scheduled.learner.table.numpy()[0, 0] == 2 * 0.25 + 2 * 1.0


def test_a_step_size_that_cannot_be_set_or_is_none_is_refused():
    experiment = Experiment(Constant(), Counter, progress=False, callbacks=[LearningRateSchedule(lambda step: 0.1)])
    with pytest.raises(UsageError, match="Constant has no learning rate.*tensor_settings.*hyperparameters"):
        experiment.train(200)
    for rate in (-1.0, np.nan, np.inf):
        with pytest.raises(UsageError, match="learning_rate received"):
            Stepping().learning_rate = rate
        schedule = LearningRateSchedule(lambda step, rate=rate: rate)
        with pytest.raises(UsageError, match=r"schedule\(0\) received"):
            Experiment(Stepping(), Counter, progress=False, callbacks=[schedule]).train(200)


class Whole(Counter):
    """Observes whole numbers beyond an int32, or float64 ones."""

    def __init__(self, space):
        super().__init__()
        self.observation_space = space
        self.buffer = np.zeros(2, space.dtype)


@pytest.mark.parametrize(
    ("space", "dtype"),
    [
        (Box(0, 1 << 40, (2,), np.int64), tf.int64),
        (Box(0, 9000, (2,), np.int64), tf.int32),
        (Box(-np.inf, np.inf, (2,), np.float64), tf.float32),
    ],
)
def test_policy_and_batch_have_observations_of_one_dtype_that_holds_them(space, dtype):
    seen = set()

    class Looking(Constant):
        def policy(self, state, observations, key, explore):
            seen.add(observations.dtype)
            return super().policy(state, observations, key, explore)

        def learn(self, state, batch, key):
            seen.add(batch.observation.dtype)
            return super().learn(state, batch, key)

    Experiment(Looking(), lambda: Whole(space), progress=False).train(3)
    assert seen == {dtype}
