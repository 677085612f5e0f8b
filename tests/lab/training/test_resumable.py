"""An update that draws or changes what no checkpoint holds is refused before it trains; all else is let through."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from agents.functional import Choice
from envs import random
from generative import Batch
from lab import Experiment
from lab.errors import UsageError
from lab.runs.state_variables import variables
from lab.training.resumable import POOLING, RANDOM, check_resumable
from predictors import Classifier
from predictors.parts.optimizers import make_optimizer
from tests.agents.functional.test_returned import LANES, Constant
from tests.generative.tiny import Tiny, images

ROWS = np.random.default_rng(0).normal(size=(60, 4))
LABELS = (ROWS[:, 0] > 0).astype(int)


class Keeper:
    """An object with state, as a learner has."""

    def __init__(self) -> None:
        self.counter = tf.Variable(0.0)
        self.random = keras.random.SeedGenerator(1)
        self.dropout = keras.layers.Dropout(0.5)
        self.dropout.build((2, 3))
        self.dense = keras.layers.Dense(3)
        self.dense.build((2, 3))
        self.optimizer = make_optimizer("adam", 1e-3, 0.0, self.dense.trainable_variables)
        self.held = {"parts": [keras.layers.BatchNormalization(), (keras.Variable(0.0),)]}
        self.held["parts"][0].build((2, 3))  # type: ignore[attr-defined]

    def get_state(self) -> None:
        """Say that it has state."""

    def set_state(self, state: Any) -> None:
        """Say that it takes state."""


KEEPER = Keeper()
LOOSE = tf.Variable(0.0, name="loose")
GENERATOR = tf.random.Generator.from_seed(1)
TABLE = tf.lookup.experimental.MutableHashTable(tf.int64, tf.float32, 0.0)
ITERATOR = iter(tf.data.Dataset.range(9))


def checked(update: Callable[[tf.Tensor], Any], **options: Any) -> None:
    """Check an update's graph, which calls the update as a function of its own."""
    inner = tf.function(update, autograph=False)

    def step(x: tf.Tensor) -> Any:
        return inner(x)

    traced = tf.function(step, autograph=False, **options).get_concrete_function(tf.TensorSpec((2, 3)))
    check_resumable("Keeper.update", traced.graph, (KEEPER,))


def in_a_branch(x: tf.Tensor) -> tf.Tensor:
    return tf.cond(x[0, 0] > 0, lambda: x + tf.random.normal(()), lambda: x)


def changed_in_a_loop(x: tf.Tensor) -> tf.Tensor:
    return tf.while_loop(lambda i, x: i < 2, lambda i, x: (i + 1, x + LOOSE.assign_add(1.0)), (0, x))[1]


def changed_in_a_case(x: tf.Tensor) -> tf.Tensor:
    which = tf.cast(x[0, 0], tf.int32)
    return tf.switch_case(which, [lambda: x, lambda: x + LOOSE.assign(1.0), lambda: x])


DRAWS: dict[str, tuple[Callable[[tf.Tensor], Any], str]] = {
    "uniform": (lambda x: x + tf.random.uniform((3,)), "RandomUniform"),
    "whole": (lambda x: x + tf.cast(tf.random.uniform((3,), maxval=9, dtype=tf.int32), tf.float32), "RandomUniformInt"),
    "normal": (lambda x: x + tf.random.normal((3,), seed=1), "RandomStandardNormal"),
    "truncated": (lambda x: x + tf.random.truncated_normal((3,)), "TruncatedNormal"),
    "dropout": (lambda x: tf.nn.dropout(x, 0.5), "RandomUniform"),
    "gamma": (lambda x: x + tf.random.gamma((3,), 1.0), "RandomGamma"),
    "poisson": (lambda x: x + tf.random.poisson((), 1.0), "RandomPoissonV2"),
    "categorical": (lambda x: tf.random.categorical(x, 1), "Multinomial"),
    "shuffle": (lambda x: tf.random.shuffle(x), "RandomShuffle"),
    "pooling": (lambda x: tf.nn.fractional_max_pool(x[None, :, :, None], 1.5).output, "FractionalMaxPool"),
    "in a branch": (in_a_branch, "RandomStandardNormal"),
    "in a map": (lambda x: tf.map_fn(lambda row: row + tf.random.normal(()), x), "RandomStandardNormal"),
    "Python": (lambda x: tf.numpy_function(np.copy, [x], tf.float32), "PyFunc"),
    "Python on tensors": (lambda x: tf.py_function(lambda v: v, [x], tf.float32), "EagerPyFunc"),
}
CHANGES: dict[str, tuple[Callable[[tf.Tensor], Any], str]] = {
    "a variable": (lambda x: x + LOOSE.assign_add(1.0), "AssignAddVariableOp"),
    "in a loop": (changed_in_a_loop, "AssignAddVariableOp"),
    "in a case": (changed_in_a_case, "AssignVariableOp"),
    "a generator": (lambda x: x + GENERATOR.normal((3,)), "RngReadAndSkip"),
    "Keras' global generator": (lambda x: x + keras.random.normal((3,)), "AssignVariableOp"),
    "a table": (lambda x: (TABLE.insert(tf.constant([1], tf.int64), x[0, :1]), x)[1], "LookupTableInsertV2"),
    "an iterator": (lambda x: x + tf.cast(next(ITERATOR), tf.float32), "IteratorGetNext"),
}


def training(x: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(KEEPER.dense(KEEPER.held["parts"][0](x, training=True)))  # type: ignore[operator]
    KEEPER.optimizer.apply(tape.gradient(loss, KEEPER.dense.trainable_variables), KEEPER.dense.trainable_variables)
    return loss


RESUMED: dict[str, Callable[[tf.Tensor], Any]] = {
    "an optimizer and a layer's averages": training,
    "a seed generator": lambda x: x + keras.random.normal((3,), seed=KEEPER.random),
    "a layer's dropout": lambda x: KEEPER.dropout(x, training=True),
    "an own variable": lambda x: x + KEEPER.counter.assign_add(1.0),
    "one of Keras within others": lambda x: KEEPER.held["parts"][1][0].assign(x[0, 0]),  # type: ignore[index]
    "a seed given": lambda x: x + tf.random.stateless_normal((3,), (1, 2)),
    "what is only read": lambda x: x + LOOSE + TABLE.lookup(tf.constant([1, 2, 3], tf.int64)),
    "Python without state": lambda x: tf.numpy_function(np.copy, [x], tf.float32, stateful=False),
    "pooling that is told how": lambda x: tf.nn.fractional_max_pool(x[None, :, :, None], 1.5, seed=3).output,
    "words": lambda x: (tf.print("a word"), x)[1],
}


@pytest.mark.parametrize("case", DRAWS)
def test_random_numbers_that_no_checkpoint_holds_are_refused_by_name(case: str) -> None:
    update, operation = DRAWS[case]
    with pytest.raises(UsageError, match=rf"Keeper.update received the operation {operation} \(.*; expected .*Fix: "):
        checked(update)


@pytest.mark.parametrize("case", CHANGES)
def test_changes_of_what_no_checkpoint_holds_are_refused(case: str) -> None:
    update, operation = CHANGES[case]
    with pytest.raises(UsageError, match=rf"received the operation {operation} \(.*no checkpoint holds; expected"):
        checked(update)


@pytest.mark.parametrize("case", RESUMED)
def test_what_checkpoints_hold_is_let_through(case: str) -> None:
    checked(RESUMED[case])


def test_random_numbers_are_found_in_what_xla_compiles() -> None:
    with pytest.raises(UsageError, match="RandomUniform"):
        checked(lambda x: x + tf.random.uniform((3,)), jit_compile=True)


def test_every_operation_of_tensorflow_that_draws_by_itself_is_known() -> None:
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.client import pywrap_tf_session

    listed = op_def_pb2.OpList()
    listed.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    drawing = {op.name for op in listed.op if {"seed", "seed2"} & {attribute.name for attribute in op.attr}}
    # Those of cuDNN drop nothing out in Keras' layers; queues and data sets are refused as what is changed or serves
    # no update; accidental hits are told by hashes of the seed.
    others = {n for n in drawing if re.match("Cudnn|RandomShuffleQueue|SnapshotDataset|ComputeAccidentalHits", n)}
    assert drawing - others == (RANDOM | POOLING) - {"XlaRngBitGenerator"}


# ---------------------------------------------------------------- learners


class Noisy(keras.layers.Layer):
    """Adds noise as many do who write a layer for the first time."""

    def call(self, x: Any, training: bool = False) -> Any:
        return x + tf.random.normal(tf.shape(x)) if training else x


def network(*layers: Callable[[], keras.layers.Layer]) -> Callable[[Any], keras.Model]:
    return lambda spec: keras.Sequential([keras.Input((4,)), *(make() for make in layers), keras.layers.Dense(2)])


@pytest.mark.parametrize("lane", ["host", "compiled"])
def test_a_predictor_with_a_layer_that_draws_by_itself_does_not_train(lane: str) -> None:
    learner = Classifier(network=network(Noisy), batch_size=8, schedule_steps=9, warmup_steps=1)
    experiment = Experiment(learner, (ROWS, LABELS), lane=lane, progress=False)
    before = [w.numpy() for w in learner.network.weights]
    with pytest.raises(UsageError, match=r"Classifier.update received the operation RandomStandardNormal \(.*"):
        experiment.train(3)
    assert experiment.step == 0
    assert all((w.numpy() == old).all() for w, old in zip(learner.network.weights, before, strict=True))


@pytest.mark.thorough
def test_a_predictor_with_layers_of_keras_that_have_no_seed_trains() -> None:
    layers = (lambda: keras.layers.GaussianNoise(0.1), lambda: keras.layers.Dropout(0.1))
    learner = Classifier(network=network(*layers), batch_size=8, schedule_steps=9, warmup_steps=1)
    experiment = Experiment(learner, (ROWS, LABELS), progress=False)
    experiment.train(2)
    assert experiment.step == 2


class NoisyTiny(Tiny):
    """Draws in its update what nothing holds."""

    def update(self, batch: Batch) -> dict[str, tf.Tensor]:
        return super().update(batch._replace(data=tf.nn.dropout(batch.data, 0.1)))


class CountingTiny(Tiny):
    """Counts its updates where nobody keeps the count."""

    not_state = ("count_of_updates",)

    def build(self) -> None:
        super().build()
        self.count_of_updates = tf.Variable(0)

    def update(self, batch: Batch) -> dict[str, tf.Tensor]:
        return {**super().update(batch), "updates": self.count_of_updates.assign_add(1)}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (NoisyTiny, r"NoisyTiny.update received the operation RandomUniform .*keras.random.dropout"),
        (CountingTiny, r"CountingTiny.update received the operation AssignAddVariableOp .*made in `build`"),
    ],
)
def test_a_generator_that_changes_what_nobody_keeps_does_not_train(kind: type[Tiny], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Experiment(kind(), images(), progress=False).train(3)


class KeepingTiny(CountingTiny):
    """Saves by itself what its class names in `not_state`."""

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "count_of_updates": int(self.count_of_updates.numpy())}

    def set_state(self, state: Any) -> None:
        self.count_of_updates.assign(state["count_of_updates"])
        super().set_state({name: value for name, value in state.items() if name != "count_of_updates"})


def test_a_learner_that_saves_by_itself_is_taken_at_its_word() -> None:
    assert CountingTiny.not_state == ("count_of_updates",)
    kept, loose = KeepingTiny(), CountingTiny()
    for learner in (kept, loose):
        learner.count_of_updates = tf.Variable(0)
    assert any(variable is kept.count_of_updates for variable in variables(kept))
    assert not any(variable is loose.count_of_updates for variable in variables(loose))


class NoisyLearning(Constant):
    def learn(self, state: Any, batch: Any, key: Any) -> Any:
        return super().learn(state, batch._replace(reward=batch.reward + tf.random.normal(())), key)


class NoisyActing(Constant):
    def policy(self, state: Any, observations: Any, key: Any, explore: bool) -> Any:
        shape = (observations.shape[0],)
        if not explore:
            return Choice(random.integers(key, 2, shape))
        return Choice(tf.random.uniform(shape, maxval=2, dtype=tf.int32))


@LANES
@pytest.mark.parametrize("kind", [NoisyLearning, NoisyActing])
def test_an_agent_that_draws_without_its_key_does_not_train(lane: str, source: Any, kind: type[Constant]) -> None:
    with pytest.raises(UsageError, match=r"received the operation Random.*expected envs.random with the key"):
        Experiment(kind(), source, lane=lane, seed=1, progress=False).train(12)
