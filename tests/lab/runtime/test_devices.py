"""Rows shared out among devices teach what one device would learn, and again after a resume to the bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from generative import GAN, VAE, Diffusion
from lab import Experiment
from lab.runtime.devices import differentiated
from tests.generative.tiny import images

# A process of its own, because devices are cut before TensorFlow's first operation.
SCRIPT = """
import shutil
import sys
import keras
import numpy as np
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from generative import VAE, ConditionalGAN, Diffusion
from lab import Experiment
from lab.runtime.devices import differentiated
from tests.contracts import assert_same_state
from tests.generative.tiny import images

data = (images(), np.arange(40) % 3)
small = {"hidden_sizes": (8,), "batch_size": 8}
mlp = {"network": "mlp", "hidden_sizes": (8,), "batch_size": 8, "average_decay": 0.9}

def made(kind, devices, settings, run=None, compiled=False):
    one = Experiment(kind(devices=devices, **settings), data, seed=1, progress=False, log_every=3, run_dir=run)
    if not compiled:
        one.learner.compile = None
    return one

def weights(experiment):
    networks = [m for m in vars(experiment.learner).values() if isinstance(m, keras.Model)]
    return [variable.numpy() for network in networks for variable in network.variables]

def close(first, second):
    # Adam's first steps have the size of the learning rate whatever the gradient's, so rounding shows a little.
    for a, b in zip(weights(first), weights(second), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=2e-4)

for kind, settings in (
    (ConditionalGAN, {**small, "network": "dense", "latent_size": 3, "r2": 0.1, "gradient_penalty": 1.0,
                      "augment": ("brightness",)}),
    (VAE, {**small, "latent_size": 2}),
):
    pair = [made(kind, devices, settings) for devices in (1, 2)]
    for experiment in pair:
        experiment.train(2)
    close(*pair)

where = []
def objective(rows):
    loss = tf.reduce_mean(rows * weight)
    where.append(loss.device)
    return loss, ()
weight = tf.Variable(1.0)
differentiated(objective, (tf.ones((4, 2)),), [weight], 2)
assert [name[-1] for name in where] == ["0", "1"], where

one, two = made(Diffusion, 1, mlp), made(Diffusion, 2, mlp, sys.argv[1], compiled=True)
assert two.learner.compile == "graph"
for experiment in (one, two):
    experiment.train(7)
close(one, two)
copy = sys.argv[1] + "-copy"
shutil.copytree(sys.argv[1], copy)
resumed = Experiment.resume(copy, source=data, progress=False)
two.train(4)
first = two.learner.get_state()
two.close()
resumed.train(4)
assert_same_state(resumed.learner.get_state(), first)
print("done")
"""


@pytest.mark.thorough
def test_two_devices_learn_what_one_does_and_resume_exactly(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "run")], capture_output=True, text=True, check=False
    )
    assert done.stdout.endswith("done\n"), done.stderr[-3000:]


def test_gradients_are_means_over_rows_by_hand() -> None:
    weight, rows = tf.Variable([1.0, 2.0]), tf.constant([[1.0, 2.0], [3.0, 4.0]])

    def objective(rows: tf.Tensor, none: None) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        return tf.reduce_mean(tf.linalg.matvec(rows, weight)), {"rows": rows}

    loss, more, gradients = differentiated(objective, (rows, None), [weight])
    # (5 + 11) / 2, and the mean row.
    assert float(loss) == 8.0 and gradients[0].numpy().tolist() == [2.0, 3.0]
    np.testing.assert_array_equal(more["rows"], rows)


@pytest.mark.parametrize("kind", [Diffusion, GAN, VAE])
def test_devices_that_do_not_fit_are_named_before_anything_is_written(kind: type, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"devices received 3; expected a number that divides batch_size, 8.*batch_size=6"
    ):
        kind(devices=3, batch_size=8)
    made = Experiment(kind(devices=64, batch_size=64), images(), run_dir=tmp_path / "run", progress=False)
    with pytest.raises(
        ValueError, match=r"64, and this machine has \d+ logical CPUs?'; expected at most .*LogicalDevice"
    ):
        made.train(1)
    assert not (tmp_path / "run").exists()


def test_an_unknown_precision_is_named() -> None:
    with pytest.raises(ValueError, match="precision received 'float16'; expected one of 'float32', 'bfloat16'"):
        VAE(precision="float16")
