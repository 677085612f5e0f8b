"""What else a process has built shows neither in the names of layers nor in what they learn."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np

from lab.networks import unet
from lab.networks.names import settle_names

SCRIPT = """
import hashlib, sys
import keras
from generative import Diffusion
from lab import Experiment
from lab.networks import GroupNorm
for _ in range(int(sys.argv[1])):
    keras.layers.Dense(1), keras.layers.Conv2D(1, 1), keras.layers.Add(), keras.layers.Concatenate()
    keras.layers.Activation("relu"), GroupNorm(1)
experiment = Experiment(Diffusion(channels=(8, 16), batch_size=16), "digits", seed=1, progress=False)
experiment.train(12)
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


def learnt(others):
    """Train a U-Net in a process of its own that has made some layers before, and return its weights' hash."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(others)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()[-1]


def test_layers_that_others_have_made_change_no_bit_of_a_unets_training():
    # A fresh process counts from 0; with three more of each kind numbers of one digit and of two meet elsewhere.
    assert learnt(0) == learnt(3)
