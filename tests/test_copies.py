"""Learners are copied and pickled with what they have learnt, and their networks saved as Keras files load again."""

import copy
import inspect
import json
import pickle
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from lab import Experiment, UsageError
from lab.testing.learners import uses
from lab.training.moving_average import WeightAverage
from tests import contracts
from tests.contracts import assert_same_state

ROOT = Path(__file__).parents[1]
CASES = {case.label: case for case in contracts.cases()}
# Different ways to be built; the others are built like one of these. `tests.faults` copies and saves them all.
COPIED = ["dqn", "q_learning", "autoencoder", "tiny"]
SAVED = ["ddpm", "decision_transformer", "dqn", "gan", "vqvae"]


def networks(learner):
    """Return every network that a learner holds, by its attribute's name."""
    found = {}
    for name, value in vars(learner).items():
        if isinstance(value, keras.Model):
            found[name] = value
        elif isinstance(value, WeightAverage):
            found[name] = value.network
    return found


def same_weights(first, second):
    pairs = zip(first.variables, second.variables, strict=True)
    return all(np.array_equal(a.numpy(), b.numpy()) for a, b in pairs)


@pytest.mark.parametrize("label", COPIED)
def test_a_built_learner_is_copied_and_pickled_with_what_it_has_learnt(label):
    case = CASES[label]
    experiment = case.experiment()
    experiment.train(24 if case.is_agent else 3)
    learner = experiment.learner
    state = learner.get_state()
    expected = uses(learner)
    for again in (copy.deepcopy(learner), pickle.loads(pickle.dumps(learner))):
        assert type(again) is type(learner) and again.config == learner.config and again.built
        assert_same_state(again.get_state(), state)
        assert_same_state(uses(again), expected)
        for name, network in networks(again).items():
            assert network is not networks(learner)[name]
    assert_same_state(learner.get_state(), state)


@pytest.mark.parametrize("label", ["dqn", "diffusion"])
def test_a_learner_that_is_not_built_is_copied_too(label):
    learner = CASES[label].learner()
    for again in (copy.deepcopy(learner), copy.copy(learner)):
        assert again.config == learner.config and not again.built


def test_an_experiment_is_not_copied_and_says_what_to_do():
    experiment = CASES["random"].experiment()
    for attempt in (copy.deepcopy, pickle.dumps):
        with pytest.raises(UsageError, match=r"Experiment cannot be copied.*Fix: copy its learner"):
            attempt(experiment)
    assert isinstance(experiment, Experiment)


def our_layers():
    """Return every layer and model class of ours."""
    import lab.networks  # noqa: F401

    found, seen = [keras.layers.Layer], set()
    while found:
        kind = found.pop()
        found += [k for k in kind.__subclasses__() if k not in seen]
        seen.add(kind)
    return sorted(
        (k for k in seen if k.__module__.split(".")[0] in ("lab", "agents", "generative")), key=lambda k: k.__name__
    )


def test_every_layer_of_ours_is_registered_and_says_how_it_was_made():
    arguments = {"channels": 4, "heads": 2, "groups": 2, "size": 4, "side": 2, "units": 3, "seed": 7, "rate": 0.25,
                 "data_scale": 0.5, "patch": 2, "places": 5, "filters": 4, "kernel_size": 3, "vector_seed": 3,
                 "height": 2, "width": 4, "codes": 3, "actions": 2, "layers": 1, "vocabulary": 9}  # fmt: skip
    kinds = our_layers()
    assert len(kinds) > 15
    for kind in kinds:
        registered = keras.saving.get_registered_name(kind)
        assert registered != kind.__name__, f"{kind.__name__} is not registered with keras.saving"
        if kind.__name__ in ("TrajectoryTransformer", "ImplicitNetwork"):
            continue
        needed = [
            p.name
            for p in inspect.signature(kind.__init__).parameters.values()
            if p.name != "self" and p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        ]
        if issubclass(kind, (keras.layers.Dense, keras.layers.Conv2D)):
            needed = [*needed, "units" if issubclass(kind, keras.layers.Dense) else "filters"]
            needed += ["kernel_size"] if issubclass(kind, keras.layers.Conv2D) else []
        made = kind(**{name: arguments[name] for name in needed})
        config = made.get_config()
        assert all(config[name] in (arguments[name], (3, 3)) for name in needed), kind
        assert kind.from_config(config).get_config() == config


LOADING = """
import json, sys
import numpy as np
import {modules}
import keras
for path, arrays in json.load(open(sys.argv[1])).items():
    model = keras.models.load_model(path)
    with np.load(arrays) as kept:
        for i, v in enumerate(model.variables):
            assert np.array_equal(v.numpy(), kept[f"weight{{i}}"]), (path, v.path)
        if "output" in kept:
            given = [kept[f"input{{i}}"] for i in range(len(model.inputs))]
            output = model(given if len(given) > 1 else given[0])
            parts = output if isinstance(output, list) else [output]
            output = np.concatenate([np.ravel(part) for part in parts])
            assert np.array_equal(output, kept["output"]), path
print("loaded", len(json.load(open(sys.argv[1]))))
"""


@pytest.mark.thorough
def test_networks_saved_as_keras_files_load_in_a_process_that_imported_their_package(tmp_path):
    assert saved_and_loaded(SAVED, tmp_path) > 2 * len(SAVED)


def saved_and_loaded(labels, tmp_path):
    """Save each network of some learners, load all in a fresh process, compare; return how many there were."""
    saved, rng, modules = {}, np.random.default_rng(0), set()
    for label in labels:
        learner = CASES[label].experiment().learner
        modules.add(type(learner).__module__)
        for name, network in networks(learner).items():
            path = tmp_path / f"{label}.{name}.keras"
            network.save(path)
            kept = {f"weight{i}": v.numpy() for i, v in enumerate(network.variables)}
            if isinstance(network, keras.Sequential) or type(network).__name__ == "Functional":
                given = [sample(x, rng) for x in network.inputs]
                kept.update({f"input{i}": x for i, x in enumerate(given)})
                output = network(given if len(given) > 1 else given[0])
                parts = output if isinstance(output, list) else [output]
                kept["output"] = np.concatenate([np.ravel(part) for part in parts])
            np.savez(path.with_suffix(".npz"), **kept)
            saved[str(path)] = str(path.with_suffix(".npz"))
    (tmp_path / "saved.json").write_text(json.dumps(saved))
    code = LOADING.format(modules=", ".join(sorted(modules)))
    command = [sys.executable, "-c", code, str(tmp_path / "saved.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"loaded {len(saved)}" in done.stdout
    return len(saved)


def sample(tensor, rng):
    """Return random values such as a network's input takes."""
    shape = (3, *tensor.shape[1:])
    if "int" in str(tensor.dtype):
        return rng.integers(0, 2, shape).astype("int32")
    return rng.normal(size=shape).astype("float32")
