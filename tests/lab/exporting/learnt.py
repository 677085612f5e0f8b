"""What the tests of exports share: learners trained for a moment, and each format run without the project."""

import numpy as np
import pytest
import tensorflow as tf

from lab import Experiment
from lab.exporting.exporting import write
from lab.exporting.formats import format_named
from lab.exporting.graph import Graph

# Written and run without an extra; `onnx` takes packages.
BUILT_IN = ("saved_model", "litert")
FLOATS = (*BUILT_IN, "onnx")
ALL = (*FLOATS, "litert-int8")


def skip_without_packages(name):
    for package in ("tf2onnx", "onnx", "onnxruntime") if name == "onnx" else ():
        pytest.importorskip(package)


def written(experiment, folder, name):
    """Write a format and return its path; nothing is measured."""
    skip_without_packages(name)
    kind = format_named(name)
    path = folder / kind.file_name(experiment.learner.name)
    if not path.exists():
        examples = experiment.task.export_inputs(64, True)
        few = {key: rows[:2] for key, rows in examples.items()}
        write(Graph(experiment.learner.export_model(), experiment.learner.name), path, kind, examples, few)
    return path


def run(name, path, **inputs):
    """Run a file as an outside program would, and return its one output."""
    (given,) = run_all(name, path, **inputs).values()
    return given


def run_all(name, path, **inputs):
    """Run a file as an outside program would, and return its outputs by name."""
    if name == "saved_model":
        loaded = tf.saved_model.load(str(path))
        given = loaded.signatures["serving_default"](**{k: tf.constant(v) for k, v in inputs.items()})
        return {k: v.numpy() for k, v in given.items()}
    if name == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return dict(zip([output.name for output in session.get_outputs()], session.run(None, inputs), strict=True))
    return {k: np.array(v) for k, v in interpreter(path).get_signature_runner()(**inputs).items()}


def with_weights(learner, source):
    """Give a learner weights that are none of those it begins with, at less cost than training."""
    experiment, rng = Experiment(learner, source, seed=1, progress=False), np.random.default_rng(0)
    for variable in Graph(learner.export_model(), learner.name).concrete.variables:
        variable.assign_add(rng.normal(0.0, 0.2, variable.shape).astype(np.float32))
    return experiment


def interpreter(path):
    """Open a LiteRT file: with the package where it is installed, else with TensorFlow's own."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        Interpreter = tf.lite.Interpreter  # noqa: N806
    return Interpreter(model_path=str(path))
