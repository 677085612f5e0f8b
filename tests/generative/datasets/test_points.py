"""Points that lie where their formulas say."""

from __future__ import annotations

import numpy as np
import pytest

from generative import Dataset
from generative.datasets import load
from generative.datasets.points import component_means, gaussians, moons, swiss_roll


@pytest.mark.parametrize("name", ["moons", "swiss_roll", "gaussians"])
def test_names_load_floating_points_within_the_declared_range(name: str) -> None:
    data = load(name)
    assert data.train.shape == (10_000, 2) and data.test.shape == (2_000, 2) and data.train.dtype == np.float32
    assert not data.spec.bounded and data.spec.name == data.kind == name
    scaled = data.spec.normalise(np.concatenate([data.train, data.test]))
    assert 0.75 < abs(scaled).max() < 1.0


def test_moons_without_noise_are_half_circles() -> None:
    data = moons(200, 50, noise=0.0)
    assert data.train_labels is not None and data.spec.class_names == ("upper", "lower")
    upper, lower = data.train[data.train_labels == 0], data.train[data.train_labels == 1]
    assert len(upper) == len(lower) == 100
    np.testing.assert_allclose(np.hypot(*upper.T), 1.0, rtol=1e-5)
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1.0, lower[:, 1] - 0.5), 1.0, rtol=1e-5)
    assert upper[:, 1].min() >= 0 and lower[:, 1].max() <= 0.5


def test_the_swiss_roll_without_noise_is_a_spiral() -> None:
    rows = swiss_roll(500, 50, noise=0.0).train.astype(float)
    radius = np.hypot(*rows.T) * 4.5 * np.pi
    assert 1.5 * np.pi <= radius.min() and radius.max() <= 4.5 * np.pi + 1e-5
    # The radius is the angle: the point at that angle on the unit circle has the same direction.
    np.testing.assert_allclose(
        rows / np.hypot(*rows.T)[:, None], np.stack([np.cos(radius), np.sin(radius)], 1), atol=1e-4
    )
    assert swiss_roll(20, 20).train_labels is None


@pytest.mark.parametrize(("components", "layout"), [(8, "ring"), (25, "grid")])
def test_gaussians_have_their_means_and_deviation(components: int, layout: str) -> None:
    data = gaussians(components * 1000, 100, components=components, layout=layout, deviation=0.03)
    means = component_means(components, layout)
    for label in range(components):
        rows = data.train[data.train_labels == label]
        assert len(rows) == 1000
        np.testing.assert_allclose(rows.mean(axis=0), means[label], atol=0.005)
        np.testing.assert_allclose(rows.std(axis=0), 0.03, rtol=0.1)


def test_means_by_hand() -> None:
    np.testing.assert_allclose(component_means(4), [[1, 0], [0, 1], [-1, 0], [0, -1]], atol=1e-12)
    np.testing.assert_allclose(component_means(4, "grid"), [[-1, -1], [1, -1], [-1, 1], [1, 1]])


@pytest.mark.parametrize("make", [moons, swiss_roll, gaussians])
def test_seeds_decide_the_rows(make: object) -> None:
    first: Dataset = make(50, 20, seed=3)
    assert make(50, 20, seed=3).fingerprint() == first.fingerprint() != make(50, 20, seed=4).fingerprint()
    np.testing.assert_array_equal(make(9, 20, seed=3).test, first.test)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"layout": "line"}, "layout received 'line'; expected one of 'ring', 'grid'"),
        ({"components": 8, "layout": "grid"}, "a square number"),
        ({"components": 0}, "a whole number >= 1"),
        ({"deviation": -1.0}, "a number >= 0"),
        ({"train": 0}, "train received 0"),
    ],
)
def test_what_does_not_fit(keywords: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gaussians(**keywords)
