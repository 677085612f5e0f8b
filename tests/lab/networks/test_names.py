"""What else a process has built shows neither in the names of layers nor in what they learn."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest

from lab.networks import unet
from lab.networks.names import settle_names

SCRIPT = """
import hashlib, sys
import keras
from generative import Diffusion
from lab import Experiment
from lab.networks import GroupNorm
from lab.runtime.compiling.shared_programs import programs
for others in (0, 3):
    # A fresh process counts from 0; with three more of each kind numbers of one digit and of two meet elsewhere.
    keras.backend.clear_session()
    programs._values.clear()
    for _ in range(others):
        keras.layers.Dense(1), keras.layers.Conv2D(1, 1), keras.layers.Add(), keras.layers.Concatenate()
        keras.layers.Activation("relu"), GroupNorm(1)
    print(keras.layers.Dense(1).name, keras.layers.Conv2D(1, 1).name)
    experiment = Experiment(Diffusion(channels=(4,), attention=False, batch_size=4), "digits", seed=1, progress=False)
    experiment.train(3)
    assert experiment.task.updates.traces
    layers = experiment.learner.network.layers
    assert min(sum(isinstance(layer, kind) for layer in layers) for kind in (keras.layers.Conv2D, GroupNorm)) > 7
    weights = b"".join(weight.tobytes() for weight in experiment.learner.network.get_weights())
    print(hashlib.sha256(weights).hexdigest())
"""


def names(model):
    return [layer.name for layer in model._flatten_layers(include_self=False)]


def test_models_built_one_after_the_other_have_the_same_names():
    first, second = (unet((8, 8, 1), (4, 8), dropout=0.1) for _ in range(2))
    assert names(first) != names(second)
    settle_names(first)
    settle_names(second)
    assert names(first) == names(second) and len(set(names(first))) == len(names(first))
    rows, numbers = np.ones((2, 8, 8, 1), np.float32), np.ones(2, np.float32)
    assert np.isfinite(first([rows, numbers]).numpy()).all()


def test_a_name_that_somebody_gave_stays():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name="values"), keras.layers.Dense(1)])
    settle_names(model)
    assert model.layers[0].name == "values" and model.layers[1].name.startswith("layer_")
    assert model.get_layer("values") is model.layers[0]


@pytest.mark.thorough
def test_layers_that_others_have_made_change_no_bit_of_a_unets_training():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    dense, conv, alone, dense_3, conv_3, beside = done.stdout.split()[-6:]
    assert (dense, conv, dense_3, conv_3) == ("dense", "conv2d", "dense_3", "conv2d_3")
    assert alone == beside
