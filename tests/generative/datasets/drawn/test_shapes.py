"""Pictures that are what their factors say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from generative import Dataset
from generative.datasets.drawn import shapes


@pytest.fixture(scope="module")
def data() -> Dataset:
    """500 rows to train on and 100 to test on."""
    return shapes.load(train=500, test=100)


def one(shape: str, **factors: float) -> np.ndarray:
    middle = {"hue": 0.0, "size": 0.25, "x": 0.5, "y": 0.5, "rotation": 0.0, **factors}
    return shapes.draw(np.array([shapes.SHAPES.index(shape)]), {k: np.array([v]) for k, v in middle.items()})[0]


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    light = image.sum(axis=-1).astype(float)
    at = (np.arange(32) + 0.5) / 32
    return float((light.sum(axis=0) * at).sum() / light.sum()), float((light.sum(axis=1) * at).sum() / light.sum())


def test_rows_labels_and_factors_belong_together(data: Dataset) -> None:
    assert data.train.shape == (500, 32, 32, 3) and data.train.dtype == np.uint8
    assert data.train_factors is not None and data.train_labels is not None and data.test_factors is not None
    assert set(data.train_factors) == {"shape", "hue", "size", "x", "y", "rotation"}
    np.testing.assert_array_equal(data.train_factors["shape"], data.train_labels)
    np.testing.assert_array_equal(shapes.draw(data.train_labels, dict(data.train_factors)), data.train)
    for name, (low, high) in shapes.RANGES.items():
        values = data.train_factors[name]
        assert low <= values.min() < low + 0.05 * (high - low) and high - 0.05 * (high - low) < values.max() <= high
    assert data.spec.label_name(3) == "star"


def test_shapes_are_whole(data: Dataset) -> None:
    for rows in (data.train, data.test):
        assert not rows[:, [0, -1]].any() and not rows[:, :, [0, -1]].any()
        assert (rows.max(axis=(1, 2, 3)) == 255).all()


def test_a_held_out_part_keeps_its_factors(data: Dataset) -> None:
    report, selection = data.hold_out()
    for part, rows, labels, factors in (
        ("train", report.train, report.train_labels, report.train_factors),
        ("selection", selection.test, selection.test_labels, selection.test_factors),
        ("test", report.test, report.test_labels, report.test_factors),
    ):
        np.testing.assert_array_equal(shapes.draw(labels, factors), rows, err_msg=part)


def test_where_a_shape_is_and_how_large() -> None:
    for x, y in ((0.4, 0.6), (0.5, 0.5), (0.62, 0.38)):
        assert centre_of_mass(one("square", x=x, y=y)) == pytest.approx((x, y), abs=2e-3)
        assert centre_of_mass(one("ellipse", x=x, y=y)) == pytest.approx((x, y), abs=2e-3)
    # A square whose corners are at distance r has the area 2 r^2.
    for size in (0.2, 0.3):
        area = one("square", size=size)[..., 0].sum() / 255 / 32**2
        assert area == pytest.approx(2 * size**2, rel=0.02)


def test_rotation_is_anticlockwise_in_degrees() -> None:
    np.testing.assert_allclose(one("triangle", rotation=90.0), np.rot90(one("triangle")), atol=1)
    np.testing.assert_allclose(one("ellipse", rotation=90.0), np.rot90(one("ellipse")), atol=1)
    for shape in shapes.SHAPES:
        turned = [one(shape, rotation=angle).astype(int) for angle in (-30.0, 0.0, 29.0)]
        assert all(abs(a - b).sum() > 3000 for a, b in itertools.pairwise(turned)), shape


@pytest.mark.parametrize(("hue", "brightest"), [(0.0, 0), (1 / 3, 1), (2 / 3, 2)])
def test_hue_goes_round_the_colour_wheel(hue: float, brightest: int) -> None:
    colour = one("square", hue=hue)[16, 16]
    assert colour[brightest] == 255 and sorted(colour)[:2] == [38, 38]  # 255 * (1 - 0.85) = 38.25


def test_seeds_decide_the_rows(data: Dataset) -> None:
    assert shapes.load(500, 100).fingerprint() == data.fingerprint() != shapes.load(500, 100, seed=1).fingerprint()
    np.testing.assert_array_equal(shapes.load(5, 100).test, data.test)
    with pytest.raises(ValueError, match="shapes: test received 0"):
        shapes.load(test=0)
