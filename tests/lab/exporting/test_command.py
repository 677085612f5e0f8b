"""`lab export` from end to end, and what bad input gets before anything is written."""

import builtins
import importlib.util
import json

import numpy as np
import pytest
import tensorflow as tf

from agents import DQN
from lab import Experiment, UsageError
from lab.errors import MissingPackageError
from lab.exporting import Exportable, Input
from lab.exporting.exporting import write
from lab.exporting.format import Format, Runtime
from lab.exporting.graph import Graph
from lab.exporting.saved_model import SavedModel
from tests.lab.exporting.learnt import run


@pytest.fixture
def lab(command, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return command


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run"
    # The settings and the lane of the agents' tests, with which it shares compiled calls in one process.
    learner = DQN(hidden_sizes=(32, 32), learning_starts=200)
    Experiment(learner, "CartPole-v1", seed=3, lane="host", run_dir=path, progress=False).train(300)
    return path


@pytest.mark.thorough
def test_the_best_checkpoint_becomes_a_file_in_the_run(lab, trained):
    status, out, err = lab("export", trained, "--format", "litert", "--episodes", 2)
    path = trained / "exports" / "dqn.tflite"
    assert status == 0 and out.splitlines()[0] == str(path) and "original" in out and "litert" in out, err
    rows = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    values = run("litert", path, observations=rows)
    np.testing.assert_array_equal(values.argmax(axis=1), DQN.load(trained).act(rows))
    before = path.read_bytes()
    status, _, err = lab("export", trained, "--format", "litert", "--episodes", 2)
    assert status == 2 and "exists, and nothing is overwritten" in err and path.read_bytes() == before


def test_one_json_object_holds_the_table(lab, trained, tmp_path):
    status, out, err = lab(
        "export", trained, "--format", "saved_model", "-o", tmp_path / "m", "--episodes", 2, "--json"
    )
    found = json.loads(out)
    assert status == 0 and found["format"] == "saved_model" and found["path"] == str(tmp_path / "m"), err
    assert [row["name"] for row in found["rows"]] == ["original", "saved_model"]
    wanted = {"size_bytes", "latency_ms_1", "latency_ms_64", "calls_1", "calls_64", "threads", "runtime", "mean"}
    assert all(wanted <= row.keys() for row in found["rows"])
    assert found["rows"][0]["mean"] == found["rows"][1]["mean"] and found["difference"] < 1e-4


def test_bad_input_is_said_before_anything_is_written(lab, trained, tmp_path):
    status, _, err = lab("export", trained, "--format", "pickle", "-o", "a")
    assert status == 2 and "invalid choice: 'pickle'" in err
    status, _, err = lab("export", tmp_path / "nothing", "--format", "litert")
    assert status == 2 and "nothing" in err
    status, _, err = lab("export", trained, "--format", "litert", "-o", "a.onnx")
    assert status == 2 and "expected a name that ends in .tflite for format 'litert'" in err
    (tmp_path / "taken").mkdir()
    status, _, err = lab("export", trained, "--format", "saved_model", "-o", "taken")
    assert status == 2 and "taken exists" in err
    (tmp_path / "link.tflite").symlink_to(tmp_path / "elsewhere")
    status, _, err = lab("export", trained, "--format", "litert", "-o", "link.tflite")
    assert status == 2 and "link.tflite exists" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.tflite", "taken"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (tf.errors.ResourceExhaustedError, "No space left on device.*Fix: free some space"),
        (tf.errors.UnknownError, "Input/output error"),
    ],
)
def test_a_disk_that_refuses_a_saved_model_is_one_line(tmp_path, monkeypatch, kind, said):
    def fail(module, path, signatures):
        (tmp_path / path).mkdir()
        raise kind(None, None, "as TensorFlow words it")

    monkeypatch.setattr(tf.saved_model, "save", fail)
    function = Exportable(lambda x: {"y": 2.0 * x}, lambda x: {"y": 2.0 * x}, {"x": Input((), "float32")}, ("y",))
    with pytest.raises(UsageError, match=f"{tmp_path / 'm'} cannot be written: {said}"):
        write(Graph(function, "Doubler"), tmp_path / "m", SavedModel(), {}, {"x": np.float32([1.0])})
    assert not list(tmp_path.iterdir())


def test_a_run_without_a_checkpoint_is_refused(lab, trained, tmp_path):
    run_dir = tmp_path / "begun"
    run_dir.mkdir()
    (run_dir / "config.json").write_bytes((trained / "config.json").read_bytes())
    status, _, err = lab("export", run_dir, "--format", "litert")
    assert status == 2 and "has no checkpoint yet. Fix: train it" in err


def test_an_unknown_format_is_one_line(trained):
    with pytest.raises(UsageError, match="export: format received 'torch'; expected one of 'saved_model', 'litert'"):
        Experiment.open(trained).export("a", format="torch")


def test_a_missing_package_is_named_with_the_extra(lab, trained, monkeypatch, tmp_path):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "onnxruntime" else find(name, *a))
    status, _, err = lab("export", trained, "--format", "onnx", "-o", "a.onnx")
    assert status == 2 and "onnxruntime" in err and 'pip install "keras-lab[export]"' in err
    with pytest.raises(MissingPackageError):
        Experiment.open(trained).export(tmp_path / "a.onnx", format="onnx")


@pytest.mark.thorough
def test_litert_runs_without_its_own_package(trained, monkeypatch, tmp_path):
    find, load = importlib.util.find_spec, builtins.__import__
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *a: None if n == "ai_edge_litert" else find(n, *a))

    def without(name, *arguments, **keywords):
        assert not name.startswith("ai_edge_litert")
        return load(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    exported = Experiment.open(trained).export(tmp_path / "a.tflite", format="litert", episodes=2)
    assert exported.rows[1].runtime.startswith("tf.lite of tensorflow") and exported.difference < 1e-4


class Wrong(Format):
    """Writes a file whose runtime answers what it is told to."""

    name = "wrong"

    def __init__(self, answer):
        self.answer = answer

    def write(self, graph, path, examples):
        path.write_text("file")

    def open(self, path):
        def call(**arrays):
            if self.answer is None:
                raise RuntimeError("no such operator")
            return {"y": np.float32([self.answer])}

        return Runtime(call, "wrong 1", "1")


@pytest.mark.parametrize(("answer", "said"), [(None, "does not run: no such operator"), (np.nan, "gives y not finite")])
def test_a_file_that_its_runtime_cannot_run_gets_no_name(tmp_path, answer, said):
    function = Exportable(lambda x: {"y": 2.0 * x}, lambda x: {"y": 2.0 * x}, {"x": Input((), "float32")}, ("y",))
    graph, rows = Graph(function, "Doubler"), {"x": np.float32([1.0])}
    with pytest.raises(UsageError, match=said):
        write(graph, tmp_path / "a", Wrong(answer), rows, rows)
    assert not list(tmp_path.iterdir())
    write(graph, tmp_path / "a", Wrong(2.0), rows, rows)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_function_that_loses_the_rows_or_names_others_is_refused():
    inputs = {"x": Input((2,), "float32")}
    with pytest.raises(UsageError, match=r"y has the shape \(\); expected \(None, ...\)"):
        Graph(Exportable(lambda x: {"y": tf.reduce_sum(x)}, lambda x: {}, inputs, ("y",)), "Sum")
    with pytest.raises(UsageError, match=r"function received \"\['z'\]\"; expected \['y'\], its `outputs`"):
        Graph(Exportable(lambda x: {"z": x}, lambda x: {}, inputs, ("y",)), "Sum")
