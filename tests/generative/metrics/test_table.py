"""The standard table: what is in it for which data, what moves which number, and what too few rows leave out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.ndimage

from generative import Dataset, DataSpec
from generative.data import batching
from generative.datasets import load
from generative.metrics.networks.choice import feature_networks
from generative.metrics.table import HIGHER, Table, standard_table
from tests.generative.tiny import images

RNG = np.random.default_rng(0)
NUMBER = 360


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits").hold_out()[0]


@pytest.fixture(scope="module")
def real(digits: Dataset) -> np.ndarray:
    return digits.train[np.random.default_rng(7).permutation(len(digits.train))[:NUMBER]]


def judged(data: Dataset, samples: np.ndarray, **options: Any) -> Table:
    return standard_table(data, samples, feature_networks(data.spec), **options)


def test_what_a_known_image_data_set_is_judged_by(digits: Dataset, real: np.ndarray) -> None:
    table = judged(digits, real)
    assert not table.left_out
    assert list(table.metrics) == [
        *("fd", "fd_low", "fd_high", "fd_floor", "fd_ceiling", "kid", "kid_low", "kid_high"),
        *("precision", "recall", "density", "coverage"),
        *("kid_floor", "precision_real", "recall_real", "density_real", "coverage_real"),
        *("classifier_confidence", "classifier_score", "class_distance", "class_distance_floor"),
        *("nearest_train", "random_fd", "random_fd_floor", "sliced_wasserstein", "sliced_wasserstein_floor"),
    ]
    assert set(HIGHER) <= set(table.metrics)
    short = judged(digits, real, full=False)
    assert set(table.metrics) - set(short.metrics) == {"nearest_train", "random_fd", "random_fd_floor"}
    assert all(table.metrics[name] == value for name, value in short.metrics.items())


def test_real_rows_reach_the_floor_and_noise_the_ceiling(digits: Dataset, real: np.ndarray) -> None:
    m = judged(digits, real).metrics
    assert m["fd"] < 2 * m["fd_floor"] < 0.1 * m["fd_ceiling"] and m["fd_low"] < m["fd"] < m["fd_high"]
    assert m["kid_low"] < 0 < m["kid_high"] and m["random_fd"] < 2 * m["random_fd_floor"]
    assert min(m["precision"], m["recall"], m["density"], m["coverage"]) > 0.85
    assert m["classifier_confidence"] > 0.99 and m["classifier_score"] > 9.5 and m["class_distance"] < 0.1
    # Rows of the training set are what a generator that memorises gives.
    assert m["nearest_train"] == 0.0
    noise = digits.spec.quantise(RNG.uniform(-1, 1, (NUMBER, 8, 8, 1)))
    n = judged(digits, noise).metrics
    assert n["fd"] == pytest.approx(m["fd_ceiling"], rel=0.15) and n["coverage"] < 0.3 and n["nearest_train"] > 1.3


def test_test_rows_are_at_no_distance_of_themselves(digits: Dataset) -> None:
    m = judged(digits, digits.test).metrics
    assert abs(m["fd"]) < 1e-5 and m["kid"] < m["kid_floor"] + 0.01 and abs(m["random_fd"]) < 1e-5
    assert (m["precision"], m["recall"], m["coverage"]) == (1.0, 1.0, 1.0) and m["class_distance"] == 0.0
    assert m["sliced_wasserstein"] == 0.0 and m["nearest_train"] == pytest.approx(1.0)


@pytest.mark.parametrize("spoil", ["noise", "blur", "dropped"])
def test_distances_rise_as_samples_get_worse(spoil: str, digits: Dataset, real: np.ndarray) -> None:
    spec, values = digits.spec, digits.spec.normalise(real)
    rng = np.random.default_rng(1)
    if spoil == "noise":
        worse = [spec.quantise(values + s * rng.normal(size=values.shape)) for s in (0.3, 0.6, 1.2)]
    elif spoil == "blur":
        worse = [spec.quantise(scipy.ndimage.gaussian_filter(values, (0, s, s, 0))) for s in (0.5, 0.7, 1.0)]
    else:
        kept = [np.flatnonzero(digits.train_labels >= dropped) for dropped in (2, 5, 8)]
        worse = [digits.train[rng.choice(rows, NUMBER)] for rows in kept]
    rows = [judged(digits, samples).metrics for samples in (real, *worse)]
    for name in ("fd", "kid", "random_fd", "sliced_wasserstein"):
        found = [row[name] for row in rows]
        assert found == sorted(found), (name, found)
    recall, coverage = ([row[name] for row in rows] for name in ("recall", "coverage"))
    assert coverage == sorted(coverage, reverse=True)
    if spoil == "noise":
        assert rows[0]["precision"] > rows[2]["precision"] > rows[3]["precision"]
        assert rows[0]["classifier_score"] > rows[3]["classifier_score"]
    if spoil == "dropped":
        assert recall == sorted(recall, reverse=True)
        assert [row["class_distance"] for row in rows[1:]] == pytest.approx([0.2, 0.5, 0.8], abs=0.04)


def test_nothing_depends_on_the_batch(real: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    first = judged(load("digits").hold_out()[0], real).metrics
    monkeypatch.setattr(batching, "LARGEST", 32)
    second = judged(load("digits").hold_out()[0], real).metrics
    assert second == pytest.approx(first, rel=1e-5, abs=1e-6)


def test_the_floors_are_computed_once(digits: Dataset, real: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    first = judged(digits, real).metrics
    networks = feature_networks(digits.spec)
    seen = []
    for network in networks:
        extract = network.extract
        monkeypatch.setattr(network, "extract", lambda rows, e=extract: seen.append(len(rows)) or e(rows))
    assert standard_table(digits, real, networks).metrics == first and seen == [NUMBER, NUMBER]


def test_too_few_samples_leave_metrics_out_and_say_why(digits: Dataset, real: np.ndarray) -> None:
    table = judged(digits, real[:120])
    assert table.left_out["fd"] == (
        "frechet_distance: first received 120 rows; expected at least 128, 4 for each of 32 features. "
        "Fix: more samples, or another metric."
    )
    assert "kid" in table.metrics and "fd" not in table.metrics and "fd_ceiling" in table.left_out
    table = judged(digits, real[:30])
    assert set(table.metrics) == {"sliced_wasserstein", "sliced_wasserstein_floor"}
    assert "received 30 rows of samples or of held-out data; expected at least 100" in table.left_out["coverage"]
    assert {"kid", "nearest_train", "classifier_score", "random_fd"} < set(table.left_out)


def test_unknown_images_are_judged_by_the_random_network() -> None:
    rows = images(1000, (6, 6, 3))
    data = Dataset(rows[:600], rows[600:], DataSpec((6, 6, 3), "uint8", 0.0, 255.0))
    networks = feature_networks(data.spec)
    assert [network.name for network in networks] == ["FD-random-v1"]
    found = standard_table(data, data.test[::-1], networks).metrics
    assert abs(found["fd"]) < 1e-4 and found["precision"] == 1.0 and "nearest_train" in found
    assert not {"random_fd", "classifier_score", "class_distance"} & set(found)


def test_rows_that_training_has_seen_cannot_show_memorising() -> None:
    rows = images(300, (6, 6))
    data = Dataset(rows, rows[:150], DataSpec((6, 6), "uint8", 0.0, 255.0))
    assert "no row that is not among the training rows" in judged(data, rows[150:]).left_out["nearest_train"]


@pytest.mark.parametrize("width", [1, 2, 3])
def test_points_have_the_discrepancy_of_means(width: int) -> None:
    train, test = RNG.normal(size=(900, width)), RNG.normal(size=(300, width))
    data = Dataset(train, test, DataSpec((width,), "float64", -4.0, 4.0, bounded=False))
    found = [judged(data, RNG.normal(shift, 1.0, size=(250, width))).metrics for shift in (0.0, 0.5, 1.0)]
    assert list(found[0]) == [
        *("mmd", "mmd_low", "mmd_high", "mmd_floor", "sliced_wasserstein", "sliced_wasserstein_floor")
    ]
    assert found[0]["mmd_low"] < 0.005 and found[0]["mmd"] < found[1]["mmd"] < found[2]["mmd"]
    few = judged(data, train[:50])
    assert "mmd" in few.left_out and "sliced_wasserstein" in few.metrics


def test_other_rows_have_the_sliced_distance_alone() -> None:
    spec = DataSpec((7,), "float64", -4.0, 4.0, bounded=False)
    data = Dataset(RNG.normal(size=(300, 7)), RNG.normal(size=(300, 7)), spec)
    assert list(judged(data, data.train).metrics) == ["sliced_wasserstein", "sliced_wasserstein_floor"]
