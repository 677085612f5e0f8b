"""Networks of a user's own: any Keras model, the same for equal seeds, given again to resume."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab import Experiment, UsageError
from lab.runs.opening.building import FREE
from lab.seeding import Seeds
from lab.testing import differences
from predictors import Classifier, Predictor, Regressor, from_arrays
from predictors.parts import given_network

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(80, 4))
LABELS = np.array(["low", "high"])[(ROWS[:, 0] + ROWS[:, 1] > 0).astype(int)]
SMALL = {"batch_size": 8, "schedule_steps": 100, "warmup_steps": 5}


class Doubly(keras.Model):
    """A subclassed model with statistics and random numbers of its own."""

    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()
        self.drop = keras.layers.Dropout(0.3)
        self.top = keras.layers.Dense(2)

    def call(self, x, training=False):
        return self.top(self.drop(self.norm(x, training=training), training=training))


def sequential(spec):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(6, "relu"), keras.layers.Dense(2)])


def subclassed(spec):
    return Doubly()


def trained(network, run=None, steps=20, seed=3):
    experiment = Experiment(
        Classifier(network=network, **SMALL), (ROWS, LABELS), seed=seed, run_dir=run, progress=False, checkpoint_every=7
    )
    experiment.train(steps)
    return experiment


@pytest.mark.parametrize("network", [sequential, subclassed])
def test_layers_without_seeds_follow_the_runs(network):
    first, second, other = (trained(network, seed=seed, steps=5).learner.get_state() for seed in (3, 3, 4))
    assert not differences(first, second)
    assert differences(first, other)


def test_what_keras_draws_leaves_pythons_generator_as_it_was():
    import random

    random.seed(5)
    expected = random.random()
    random.seed(5)
    Experiment(Classifier(network=sequential, **SMALL), (ROWS, LABELS), progress=False)
    assert random.random() == expected


@pytest.mark.thorough
@pytest.mark.parametrize("network", [sequential, subclassed])
def test_a_run_goes_on_to_the_bit_with_the_network_given_again(network, tmp_path):
    whole = trained(network, steps=20)
    part = trained(network, tmp_path / "run", steps=13)
    assert part.step == 13
    again = Experiment.resume(
        tmp_path / "run", learner=Classifier(network=network, **SMALL), source=(ROWS, LABELS), progress=False
    )
    again.train(7)
    assert not differences(again.learner.get_state(), whole.learner.get_state())
    opened = Experiment.open(
        tmp_path / "run", which="last", learner=Classifier(network=network, **SMALL), source=(ROWS, LABELS)
    )
    assert opened.learner.predict(ROWS[:9]).tolist() == whole.learner.predict(ROWS[:9]).tolist()


def test_a_run_says_that_its_network_must_be_given(tmp_path):
    trained(sequential, tmp_path / "run", steps=3)
    for call in (Experiment.resume, Experiment.open):
        with pytest.raises(UsageError, match=r"network of its user's.*learner=Classifier\(network=\.\.\.\)"):
            call(tmp_path / "run", source=(ROWS, LABELS))


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (lambda spec: keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]), r"\(3,\); expected 2 logits"),
        (lambda spec: keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)]), "cannot be called on inputs"),
        (lambda spec: keras.Sequential([keras.Input((4,)), keras.layers.Flatten()]), "at least one layer with weights"),
        (lambda spec: 3, "expected a keras.Model"),
    ],
)
def test_networks_that_do_not_fit_are_refused_before_training(network, words):
    with pytest.raises(UsageError, match=words):
        Experiment(Classifier(network=network, **SMALL), (ROWS, LABELS))


@pytest.mark.thorough
def test_several_inputs_and_outputs_go_by_name(tmp_path):
    def network(spec):
        left, right = keras.Input((1,), name="right"), keras.Input((3,), name="left")
        x = keras.layers.Concatenate()([left, right])
        return keras.Model([left, right], {"sum": keras.layers.Dense(1)(x), "sign": keras.layers.Dense(2)(x)})

    inputs = {"left": ROWS[:, :3], "right": ROWS[:, 3:]}
    examples = from_arrays(inputs, {"sign": LABELS, "sum": ROWS.sum(axis=1)})
    experiment = Experiment(Classifier(network=network, **SMALL), examples, progress=False)
    experiment.train(20)
    found = experiment.learner.predict({name: values[:5] for name, values in inputs.items()})
    assert found["sign"].shape == (5,) and set(found["sign"]) <= {"low", "high"}
    assert found["sum"].shape == (5,)
    assert {"sign_accuracy", "sum_rmse"} <= experiment.evaluate().keys()
    # By the same names, so that a table can set them side by side.
    for baseline in experiment.task.baselines().values():
        assert baseline.main == "sign_accuracy" and {"sign_accuracy", "sign_log_loss"} <= baseline.keys()


def test_many_seeds_share_examples_and_a_network_that_is_given():
    pattern = Experiment(Classifier(network=sequential, **SMALL), (ROWS, LABELS), progress=False)
    runs = pattern.train_many([1, 2], steps=5)
    assert [run.step for run in runs] == [5, 5]
    assert differences(runs[0].learner.get_state(), runs[1].learner.get_state())


def test_settings_of_the_networks_by_name_are_refused_beside_one_that_is_given():
    with pytest.raises(UsageError, match="architecture received 'mlp'.*user's own"):
        Experiment(Classifier(network=sequential, architecture="mlp", **SMALL), (ROWS, LABELS), progress=False).train(1)


def test_a_regressor_refuses_classes_and_a_classifier_numbers():
    with pytest.raises(UsageError, match="a Classifier learns classes"):
        Experiment(Regressor(), (ROWS, LABELS))
    with pytest.raises(UsageError, match="a Regressor learns numbers"):
        Experiment(Classifier(), (ROWS, ROWS[:, 0]))


@pytest.mark.parametrize("subclass", [False, True])
def test_a_softmax_where_logits_belong_is_refused(subclass):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax")])
    network = (lambda spec: Wrapped(model)) if subclass else model
    with pytest.raises(UsageError, match="outputs for 'target' received 'probabilities.*leave softmax out"):
        Experiment(Classifier(network=network), (ROWS, LABELS), progress=False)
    numbers = np.stack([ROWS[:, 0], ROWS[:, 1]], axis=1)
    Experiment(Regressor(network=model), (ROWS, numbers), progress=False)


class Wrapped(keras.Model):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def call(self, x, training=False):
        return self.model(x)


def test_a_model_in_place_of_settings_says_where_it_belongs():
    with pytest.raises(UsageError, match=r"received a model as its settings. Fix: Classifier\(network=...\)"):
        Classifier(sequential(None))


class Majority(Predictor):
    """Takes all for the class that is most frequent."""

    main_metric, higher_metrics = "accuracy", ("accuracy",)

    def build(self):
        self.counts = keras.Variable(np.zeros(2, np.float32), trainable=False)

    def update(self, batch):
        self.counts.assign_add(tf.reduce_sum(tf.one_hot(batch.target, 2), axis=0))
        return {"loss": tf.constant(0.0)}

    def predict(self, inputs):
        number = len(self.checked_inputs(inputs)["input"])
        return self.spec.targets[0].labels(np.full(number, np.argmax(self.counts)))

    def scores(self, part):
        return {"accuracy": np.mean(self.predict(part.inputs) == part.targets["target"])}


def test_a_plain_dict_is_a_table_of_scores():
    experiment = Experiment(Majority(), (ROWS, np.repeat(["low", "high"], [60, 20])), progress=False)
    experiment.train(5)
    assert experiment.evaluate()["accuracy"] >= 0.5


def test_nothing_is_computed_on_examples_that_only_a_file_says_the_size_of(monkeypatch):
    calls = []
    called = given_network.called
    monkeypatch.setattr(given_network, "called", lambda *a: calls.append(a) or called(*a))
    spec = from_arrays(ROWS, LABELS).spec
    for limit in (None, FREE):
        learner = Classifier(hidden_sizes=(4,))
        learner.most_numbers = limit
        learner.setup(spec, Seeds(1))
    assert len(calls) == 1
    with pytest.raises(UsageError, match=r"outputs for 'target' of shape received \(2,\); expected 3 logits"):
        given_network.check_outputs(learner.network, spec, [(3,)], from_file=True)
