"""Predictors' files answer as the predictors do, of the user's own data, run by their own runtimes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab import Experiment, UsageError
from lab.exporting import Exportable, Input
from lab.exporting.graph import Graph
from lab.exporting.litert import LiteRT, LiteRTInt8
from lab.exporting.onnx import ONNX
from predictors import Classifier, Forecaster, Predictor, Regressor, Series, Siamese, from_arrays
from tests.contracts import columns
from tests.lab.exporting.learnt import FLOATS, run, run_all, with_weights, written
from tests.predictors.small import pictures

MLP = {"architecture": "mlp", "hidden_sizes": (16,), "batch_size": 16}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def classifier():
    return with_weights(Classifier(**{**MLP, "hidden_sizes": (128,)}), pictures(side=8))


@pytest.fixture(scope="module")
def regressor():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 3)) * (1.0, 10.0, 1e3) + (0.0, 50.0, 2e3)
    return with_weights(Regressor(hidden_sizes=(8,)), (rows, 40.0 * rows[:, 0] + 500.0))


def series(**keywords):
    steps = np.arange(90)
    values = np.exp(np.sin(steps / 2.0) + 0.1 * np.random.default_rng(5).normal(size=90))
    return Series(values, period=12, covariates=np.cos(steps / 3.0), name="waves", **keywords)


def of_numbers_and_words(spec):
    numbers, words = (keras.Input(field.shape, name=field.name) for field in spec.inputs)
    layers = keras.layers
    embedded = layers.Flatten()(layers.Embedding(len(spec.inputs[1].vocabulary), 3)(words))
    joined = layers.Concatenate()([numbers, embedded])
    return keras.Model([numbers, words], {field.name: layers.Dense(*field.shape)(joined) for field in spec.targets})


def refused(kind, experiment):
    """Return what a format says of a learner before it writes anything."""
    with pytest.raises(UsageError) as found:
        kind().check(Graph(experiment.learner.export_model(), type(experiment.learner).__name__))
    return str(found.value)


@pytest.mark.parametrize("name", FLOATS)
def test_a_file_of_a_classifier_gives_logits_of_raw_pictures(classifier, folder, name):
    rows = classifier.task.data.test.inputs["input"]
    logits = run(name, written(classifier, folder, name), input=rows)
    assert rows.dtype == np.uint8 and logits.shape == (20, 3)
    np.testing.assert_array_equal(logits.argmax(axis=1), classifier.learner.predict(rows))
    powers = np.exp(logits.astype(np.float64))
    np.testing.assert_allclose(powers / powers.sum(1, keepdims=True), classifier.learner.probabilities(rows), atol=1e-5)


@pytest.mark.parametrize("name", FLOATS)
def test_a_file_of_a_regressor_gives_numbers_in_their_own_unit(regressor, folder, name):
    rows = regressor.task.export_inputs(12, False)["input"]
    # Rows that were float64 go in as float32, which tells these apart.
    assert rows.dtype == np.float32 and regressor.task.data.test.inputs["input"].dtype == np.float64
    numbers = run(name, written(regressor, folder, name), input=rows)
    assert numbers.shape == (12,) and np.abs(numbers).max() > 300
    np.testing.assert_allclose(numbers, regressor.learner.predict(rows), rtol=1e-4)


@pytest.fixture(scope="module")
def forecaster():
    settings = {"context": 8, "horizon": 3, "log": True, "quantiles": (0.1, 0.5, 0.7, 0.9)}
    experiment = with_weights(Forecaster(**settings), series())
    # As after an update, so that intervals are widened.
    experiment.learner.optimizer.iterations.assign(1)
    return experiment


# ONNX shows besides that an array which the network computes with, its moving average, is in the file.
@pytest.mark.parametrize("name", FLOATS)
def test_a_file_of_a_forecaster_gives_widened_quantiles_in_the_series_own_unit(forecaster, folder, name):
    experiment = forecaster
    inputs = experiment.task.export_inputs(9, False)
    assert inputs["past"][..., 0].min() > 0 and inputs["past"].shape[1:] == (8, 2)
    quantiles = run(name, written(experiment, folder, name), **inputs)
    assert experiment.learner.widening != 1.0
    assert quantiles.shape == (len(inputs["past"]), 3, 1, 4) and (np.diff(quantiles, axis=-1) >= 0).all()
    np.testing.assert_allclose(quantiles[:, :, 0], experiment.learner.predict_quantiles(inputs), rtol=1e-4)


@pytest.mark.thorough
def test_a_file_of_a_siamese_gives_points_and_is_scored_by_the_nearest(tmp_path):
    experiment = with_weights(Siamese(**MLP, embedding_size=4, support=3), pictures(count=90))
    exported = experiment.export(tmp_path / "s.tflite", format="litert")
    rows = experiment.task.data.test.inputs["input"]
    points = run("litert", exported.path, input=rows)
    np.testing.assert_allclose(points, experiment.learner.embed(rows), atol=1e-5)
    own = experiment.evaluate()
    for row in exported.rows:
        assert row.scores["accuracy"] == own["accuracy"] and row.scores["pair_auroc"] == pytest.approx(
            own["pair_auroc"]
        )


def test_several_inputs_and_outputs_go_by_their_names_and_texts_are_texts(tmp_path):
    experiment = with_weights(Regressor(network=of_numbers_and_words), columns())
    inputs = experiment.task.export_inputs(6, False)
    given = run_all("saved_model", written(experiment, tmp_path, "saved_model"), **inputs)
    assert inputs["words"].dtype.kind == "U" and given["height"].shape == (6,) and given["both"].shape == (6, 2)
    for name, values in experiment.learner.predict(inputs).items():
        np.testing.assert_allclose(given[name], values, rtol=1e-4, atol=1e-4)
    assert "it takes texts, and LiteRT has no tables of words. Fix: format 'saved_model'" in refused(LiteRT, experiment)
    assert "it takes texts" in refused(ONNX, experiment)


@pytest.mark.thorough
def test_several_classes_have_their_targets_names_before_them(tmp_path):
    (rows, labels), _ = pictures()
    targets = {"bar": labels, "tall": rows.astype(float).mean(axis=(1, 2, 3))}
    experiment = with_weights(Classifier(**MLP), from_arrays({"picture": rows}, targets))
    exported = experiment.export(tmp_path / "c.tflite", format="litert")
    assert exported.inputs == {"picture": "uint8 (n, 6, 6, 1)"} and exported.main == "bar_accuracy"
    assert exported.outputs == {"bar_logits": "float32 (n, 3)", "tall": "float32 (n,)"}
    own, (ours, theirs) = experiment.evaluate(), exported.rows
    assert ours.scores["bar_accuracy"] == theirs.scores["bar_accuracy"] == own["bar_accuracy"]
    assert theirs.scores["tall_rmse"] == pytest.approx(own["tall_rmse"], rel=1e-4)


@pytest.mark.thorough
def test_the_table_has_accuracy_size_and_time_beside_the_original(classifier, tmp_path):
    exported = classifier.export(tmp_path / "c.tflite", format="litert-int8")
    own, (ours, theirs) = classifier.evaluate(), exported.rows
    assert exported.main == "accuracy" and ours.scores["accuracy"] == own["accuracy"]
    assert ours.scores["loss"] == own["loss"] and ours.scores["examples"] == 20
    assert theirs.scores["accuracy"] >= own["accuracy"] - 0.1 and theirs.scores["loss"] != own["loss"]
    assert 0 < exported.mean_difference < 0.1 * exported.greatest
    assert ours.size_bytes == 4 * classifier.learner.network.count_params()
    assert theirs.size_bytes < 0.6 * ours.size_bytes and theirs.latency[1].milliseconds > 0
    few = classifier.task.evaluate_with(classifier.learner.export_model().original, 7)
    assert few["examples"] == 7 and few["accuracy"] == classifier.evaluate(7)["accuracy"]


@pytest.mark.thorough
def test_the_weights_of_8_bits_that_training_answers_with_are_those_of_the_file(tmp_path):
    experiment = with_weights(Classifier(**MLP, quantise="int8"), pictures())
    rows = experiment.task.data.test.inputs["input"]
    logits = run("litert", written(experiment, tmp_path, "litert"), input=rows)
    expected = experiment.learner.raw_outputs({"input": rows})[0]
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    experiment.learner.compression.int8 = False
    experiment.learner.programs.clear()
    assert np.abs(experiment.learner.raw_outputs({"input": rows})[0] - expected).max() > 1e-3


def test_numbers_far_from_zero_keep_their_digits_or_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 2)) + 1e7
    experiment = with_weights(Regressor(hidden_sizes=(8,)), (rows, rows[:, 0] + 1e6))
    inputs = experiment.task.export_inputs(8, False)
    given = run("saved_model", written(experiment, tmp_path, "saved_model"), **inputs)
    assert inputs["input"].dtype == given.dtype == np.float64
    np.testing.assert_allclose(given - 1.1e7, experiment.learner.predict(inputs["input"]) - 1.1e7, rtol=1e-4, atol=1e-4)
    assert "none of them far from zero" in refused(LiteRT, experiment)


def test_inputs_are_called_what_runtimes_can_call_them(tmp_path):
    rng = np.random.default_rng(0)
    inputs = {"width (cm)": rng.normal(size=(40, 2)), "b": rng.normal(size=40)}
    source = from_arrays(inputs, {"price in EUR": rng.normal(size=40)})
    experiment = Experiment(Regressor(hidden_sizes=(4,)), source, progress=False)
    assert experiment.evaluate()["rmse"] > 0
    with pytest.raises(UsageError, match=r"name of an input received 'width \(cm\)'; expected letters of English"):
        experiment.export(tmp_path / "r.tflite", format="litert")


def test_what_litert_cannot_hold_is_said_before_it_is_tried():
    bfloat16 = with_weights(Classifier(**MLP, precision="bfloat16"), pictures())
    assert "it computes in bfloat16, which LiteRT has not. Fix: precision='float32'" in refused(LiteRT, bfloat16)
    assert "it computes in bfloat16" in refused(ONNX, bfloat16)
    recurrent = Experiment(Forecaster(context=4, horizon=2, architecture="simple_rnn"), series(), progress=False)
    assert "it goes on step by step" in refused(LiteRT, recurrent)
    spectrum = Exportable(
        lambda x: {"y": tf.abs(tf.signal.rfft(x))}, lambda x: {}, {"x": Input((8,), "float32")}, ("y",)
    )
    with pytest.raises(UsageError, match="powers of a spectrum span more .* Fix: format 'litert'"):
        LiteRTInt8().check(Graph(spectrum, "Sound"))
    LiteRT().check(Graph(spectrum, "Sound"))


def test_a_predictor_that_does_not_say_what_it_has_learnt_is_refused(tmp_path):
    class Constant(Predictor):
        """Gives the same label for everything."""

        group = "tests"

        def update(self, batch):
            return {}

        def predict(self, inputs):
            return np.zeros(len(inputs), int)

        def scores(self, part):
            return {"loss": 0.0}

    experiment = Experiment(Constant(), pictures(), progress=False)
    with pytest.raises(UsageError, match="Constant cannot be exported: .* Fix: override `export_model`"):
        experiment.export(tmp_path / "c.tflite", format="litert")
    assert not list(tmp_path.iterdir())
