"""What a generator of one's own must give, and what it is told when it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative import Batch
from generative.datasets import load
from lab import Experiment
from tests.generative.tiny import Tiny, images

DATA = load(images())


def made(cls: type[Tiny] = Tiny, data: Any = DATA, **settings: Any) -> Experiment:
    return Experiment(cls(**settings), data, seed=1)


def test_importing_brings_no_tensorflow() -> None:
    code = "import sys, generative, generative.datasets, generative.base; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_equal_seeds_give_equal_samples() -> None:
    generator = made().learner
    for seed in (None, 0, 7):
        np.testing.assert_array_equal(generator.sample(6, seed), generator.sample(6, seed))
    assert not np.array_equal(generator.sample(6, 0), generator.sample(6, 1))
    assert not np.array_equal(generator.sample(6), Experiment(Tiny(), DATA, seed=2).learner.sample(6))


@pytest.mark.parametrize("seed", [-1, 1.5, "a", True])
def test_seeds_are_whole_numbers(seed: Any) -> None:
    with pytest.raises(ValueError, match="whole number >= 0"):
        made().learner.sample(3, seed)


def test_a_generator_must_know_its_data() -> None:
    with pytest.raises(ValueError, match=r"does not know its data.*Tiny\.load"):
        Tiny().sample(3)


def test_a_built_generator_keeps_to_its_data() -> None:
    generator = made().learner
    before = generator.network
    assert Experiment(generator, DATA).learner.network is before
    with pytest.raises(ValueError, match="was built for"):
        Experiment(generator, images(20, (5, 5)))


def test_an_unbuilt_network_or_optimizer_is_named() -> None:
    class Forgetful(Tiny):
        def build(self) -> None:
            super().build()
            self.optimizer = keras.optimizers.SGD()

    class Shapeless(Tiny):
        def build(self) -> None:
            super().build()
            self.other = keras.Sequential([keras.layers.Dense(3)])

    with pytest.raises(ValueError, match=r"Forgetful\.optimizer.*optimizer\.build"):
        made(Forgetful)
    with pytest.raises(ValueError, match=r"Shapeless\.other.*keras\.Input"):
        made(Shapeless)


def test_metrics_are_scalars_and_there_is_one() -> None:
    class Silent(Tiny):
        def update(self, batch: Batch) -> dict[str, tf.Tensor]:
            return {}

    class Wide(Tiny):
        def update(self, batch: Batch) -> dict[str, tf.Tensor]:
            return {"loss": batch.data[:, 0, 0, 0]}

    with pytest.raises(ValueError, match=r"Silent\.update: metrics received 'none'"):
        made(Silent).train(2)
    with pytest.raises(ValueError, match=r"Wide\.update: metric 'loss' of shape received \(8,\)"):
        made(Wide).train(2)


def test_samples_in_another_range_are_refused() -> None:
    class Raw(Tiny):
        def sample(self, number: int, seed: int | None = None) -> np.ndarray:
            return np.zeros((number, *self.spec.shape), np.float32)

    with pytest.raises(ValueError, match=r"Raw\.sample: result received 'float32 \(8, 4, 4, 1\)'; expected .*uint8"):
        made(Raw).evaluate()


def test_labels_reach_the_update() -> None:
    class Labelled(Tiny):
        def update(self, batch: Batch) -> dict[str, tf.Tensor]:
            assert batch.labels is not None and batch.labels.dtype == tf.int32 and batch.labels.shape == (8,)
            # The images below are their labels.
            wrong = tf.cast(tf.round((batch.data[:, 0] + 1) * 127.5), tf.int32) != batch.labels
            return {"wrong": tf.reduce_sum(tf.cast(wrong, tf.float32))}

    rows = np.arange(50, dtype=np.uint8).repeat(3).reshape(50, 3)
    history = made(Labelled, (rows, np.arange(50))).train(60)
    assert [row["wrong"] for row in history.rows] == [0.0, 0.0]


def test_pictures_of_images_points_and_anything_else(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for data in (
        images(),
        images(20, (5, 5)),
        images(20, (4, 4, 3)),
        rng.normal(size=(30, 2)),
        rng.normal(size=(30, 7)),
    ):
        path = made(data=data).render(tmp_path / "samples.png")
        assert path.stat().st_size > 500
    with pytest.raises(ValueError, match="still picture only"):
        made().render(tmp_path / "samples.gif")
    assert not (tmp_path / "samples.gif").exists()
    with pytest.raises(ValueError, match="one of 'samples'"):
        made().render(tmp_path / "a.png", kind="latent")
