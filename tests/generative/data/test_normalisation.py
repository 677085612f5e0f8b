"""Normalised rows have the statistics that were asked for, stay in [-1, 1] and find their way back."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from generative import Dataset, DataSpec
from generative.data.updates import IndexStream, Updates
from generative.datasets import Augmentation, from_arrays
from lab import Experiment
from tests.generative.tiny import Tiny

RNG = np.random.default_rng(2)
# Channels of very different means and deviations.
COLOURS = np.clip(RNG.normal([40, 128, 200], [10, 50, 20], (200, 6, 6, 3)), 0, 255).astype(np.uint8)
POINTS = RNG.normal([100.0, -3.0], [50.0, 0.1], (200, 2))


@pytest.mark.parametrize("rows", [COLOURS, COLOURS[..., 0], POINTS], ids=["colour", "gray", "points"])
def test_features_have_mean_zero_and_one_deviation_within_the_range(rows: np.ndarray) -> None:
    data = from_arrays(rows).normalised("feature")
    features = 1 if rows.ndim == 3 else rows.shape[-1]
    seen = data.spec.normalise(data.train)
    values = seen.reshape(-1, features).astype(np.float64)
    np.testing.assert_allclose(values.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(values.std(axis=0), values.std(axis=0)[0], rtol=1e-3)
    assert abs(seen).max() <= 1.0 + 1e-6
    if not data.spec.bounded:
        assert abs(seen).max() == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(data.spec.normalise_tensor(tf.constant(data.train)).numpy(), seen, atol=1e-5)


@pytest.mark.parametrize("rows", [COLOURS, POINTS], ids=["colour", "points"])
def test_rows_find_their_way_back(rows: np.ndarray) -> None:
    data = from_arrays(rows).normalised("feature")
    assert data.train is not None and data.spec.high == from_arrays(rows).spec.high
    seen = data.spec.normalise(data.train)
    np.testing.assert_allclose(data.spec.quantise(seen), data.train, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(data.spec.quantise_tensor(tf.constant(seen)).numpy(), data.train, rtol=1e-4, atol=1e-4)
    assert DataSpec.from_json(json.loads(json.dumps(data.spec.to_json()))) == data.spec
    if data.spec.bounded:
        far = data.spec.quantise(np.full((1, 6, 6, 3), 9.0))
        assert far.dtype == np.uint8 and far.min() == 255


def test_by_hand() -> None:
    # In [-1, 1]: column 0 is -1, 1 (mean 0, deviation 1), column 1 is 0.5 for ever.
    rows = np.array([[0.0, 0.75], [1.0, 0.75]], np.float32)
    data = Dataset(rows, rows, DataSpec((2,), "float32", 0.0, 1.0, bounded=False)).normalised("feature")
    assert data.spec.centre == pytest.approx((0.0, 0.5)) and data.spec.spread == pytest.approx((1.0, 1.0))
    np.testing.assert_allclose(data.spec.normalise(rows), [[-1.0, 0.0], [1.0, 0.0]])
    # Bounded: a mean of 0.5 lies 1.5 from the range's end, which must become 1.
    images = np.array([0, 255, 255, 255], np.uint8).reshape(4, 1, 1)
    spec = Dataset(images, images, DataSpec((1, 1), "uint8", 0.0, 255.0)).normalised("feature").spec
    assert spec.centre == pytest.approx((0.5,)) and spec.spread == pytest.approx((1.5,))


def test_each_image_by_itself() -> None:
    data = from_arrays(COLOURS).normalised("sample")
    assert data.train.dtype == np.float32 and data.spec.low == -data.spec.high and data.spec.bounded
    np.testing.assert_allclose(data.train.mean(axis=(1, 2, 3)), 0.0, atol=1e-5)
    np.testing.assert_allclose(data.train.std(axis=(1, 2, 3)), 1.0, rtol=1e-4)
    assert abs(data.train).max() == pytest.approx(data.spec.high) and abs(data.test).max() <= data.spec.high


def test_an_even_image_becomes_zeros() -> None:
    rows = COLOURS.copy()
    rows[:150] = 7
    data = from_arrays(rows).normalised("sample")
    assert np.isfinite(data.train).all() and (data.train == 0).all(axis=(1, 2, 3)).sum() > 100
    with pytest.raises(ValueError, match="images that show something"):
        from_arrays(np.full((20, 4, 4), 9, np.uint8)).normalised("sample")


@pytest.mark.parametrize(
    ("by", "rows", "message"), [("z", COLOURS, "'feature', 'sample'"), ("sample", POINTS, "images")]
)
def test_what_does_not_fit(by: str, rows: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_arrays(rows).normalised(by)


def test_a_spec_checks_its_normalisation() -> None:
    for centre, spread in (((0.0,), (1.0,)), ((0.0, 0.0), (1.0, 0.0)), ((0.0, 0.0), None)):
        with pytest.raises(ValueError, match="2 numbers each, spread > 0"):
            DataSpec((2,), "float32", 0.0, 1.0, centre=centre, spread=spread)


def test_training_meets_normalised_rows_and_samples_are_in_the_data_range() -> None:
    data = from_arrays(COLOURS).normalised("feature")
    made = Experiment(Tiny(), data, seed=1, progress=False)
    made.train(5)
    assert made.learner.sample(4).dtype == np.uint8
    seen = []

    class Spy(Tiny):
        def update(self, batch):
            seen.append(batch.data)
            return {"first": batch.data[0, 0, 0, 0]}

    spy = Spy()
    spy.setup(data.spec, made.seeds)
    spy.compile = None
    for augmentation in (None, Augmentation(brightness=1e-9)):
        streams = [IndexStream(len(data.train), np.random.default_rng(0)) for _ in range(2)]
        Updates(spy, data.train, None, streams[0], False, augmentation).run(1)
        met = data.train[streams[1].take(1, spy.batch_size)[0]]
        np.testing.assert_allclose(seen[-1].numpy(), data.spec.normalise(met), atol=1e-5)


def test_the_fingerprint_knows() -> None:
    plain = from_arrays(COLOURS)
    prints = {d.fingerprint() for d in (plain, plain.normalised("feature"), plain.normalised("sample"))}
    prints.add(plain.augmented(Augmentation(noise=0.1)).fingerprint())
    assert len(prints) == 4
