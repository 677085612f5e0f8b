"""The table of metrics that every generator of one kind of data is evaluated by."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from generative.data.dataset import Dataset, fixed_permutation
from generative.metrics.checks import TooFewSamples
from generative.metrics.distances.frechet import frechet_distance, frechet_estimate
from generative.metrics.distances.gaussian_mmd import gaussian_mmd
from generative.metrics.distances.kernel_distance import kernel_distance
from generative.metrics.distances.sliced_wasserstein import sliced_wasserstein
from generative.metrics.neighbours.density_coverage import density_coverage
from generative.metrics.neighbours.nearest_train import relative_to_usual, usual_distance
from generative.metrics.neighbours.precision_recall import precision_recall
from generative.metrics.networks.classes import class_distance, classifier_confidence, classifier_score
from generative.metrics.networks.features import Extracted, FeatureNetwork

# Below this many rows, fractions and means over pairs say more of chance than of the samples.
FEWEST_ROWS = 100
MOST_PAIRED = 5_000
MOST_DIMENSIONS = 3
HIGHER = ("precision", "recall", "density", "coverage", "classifier_confidence", "classifier_score")


@dataclasses.dataclass
class Table:
    """Metrics by name, and why others are not among them."""

    metrics: dict[str, float] = dataclasses.field(default_factory=dict)
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)

    def add(self, names: tuple[str, ...], compute: Callable[[], tuple[float, ...]]) -> None:
        """Add metrics, or the reason when there are too few rows for them."""
        try:
            values = compute()
        except TooFewSamples as reason:
            self.left_out.update(dict.fromkeys(names, str(reason)))
        else:
            self.metrics.update(zip(names, values, strict=True))


def standard_table(data: Dataset, samples: np.ndarray, networks: list[FeatureNetwork], full: bool = True) -> Table:
    """Evaluate samples by every metric that suits the data.

    All distances come with a floor: that of as many real training rows from the same test rows. Of images there are,
    on the features of the first network:

    - `fd`, the Fréchet distance, with the ends of its interval, and `fd_ceiling`, that of uniform noise;
    - `kid`, the kernel distance, with the ends of its interval;
    - `precision`, `recall`, `density` and `coverage` of as many samples as real rows; `..._real` of real rows;
    - where it is a classifier, `classifier_confidence` (median), `classifier_score` and `class_distance`;
    - in full tables `nearest_train`, and `random_fd` where the first network is not the random one itself.

    Points of up to three dimensions have `mmd`, and everything the sliced Wasserstein distance.

    Args:
        data: Whose `test` is what samples should be like.
        samples: (N, ...) in the data's own range and type, rounded as its rows are.
        networks: As `feature_networks` returns them.
        full: Whether to include what costs the most, such as a pass over all training rows.
    """
    table = Table()
    if networks:
        _images(table, data, samples, networks, full)
    number = len(samples)
    if len(data.spec.shape) == 1 and data.spec.shape[0] <= MOST_DIMENSIONS:
        table.add(("mmd", "mmd_low", "mmd_high"), lambda: _mmd(data, samples))
        real = _training_rows(data, number)
        table.add(("mmd_floor",), lambda: (data.once(("mmd_floor", number), lambda: _mmd(data, real)[0]),))
    table.metrics["sliced_wasserstein"] = _sliced(data, samples)
    floor = data.once(("floor", number), lambda: _sliced(data, _training_rows(data, number)))
    table.metrics["sliced_wasserstein_floor"] = floor
    return table


def _images(table: Table, data: Dataset, samples: np.ndarray, networks: list[FeatureNetwork], full: bool) -> None:
    network, number = networks[0], len(samples)
    ours, test = network.extract(samples), _test_features(data, network)
    table.add(("fd", "fd_low", "fd_high"), lambda: frechet_estimate(ours.features, test.features))
    table.add(("fd_floor", "fd_ceiling"), lambda: data.once(("fd", number), lambda: _ends(data, network, number)))

    def floors() -> Mapping[str, float]:
        return data.once(("pairs", number), lambda: _paired(_real_features(data, network, number), test))

    names = ("kid", "kid_low", "kid_high", "precision", "recall", "density", "coverage")
    real = ("kid_floor", *(f"{name}_real" for name in names[3:]))
    table.add((*names, *real), lambda: (*_pick(_paired(ours, test), names), *_pick(floors(), ("kid", *names[3:]))))
    if ours.probabilities is not None:
        known = ("classifier_confidence", "classifier_score", "class_distance", "class_distance_floor")
        table.add(known, lambda: _by_class(data, network, ours, test))
    if full:
        table.add(("nearest_train",), lambda: (_nearest(data, network, ours, test),))
        if len(networks) > 1:
            table.add(("random_fd", "random_fd_floor"), lambda: _second_opinion(data, networks[1], samples))


def _pick(values: Mapping[str, float], names: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(values[name] for name in names)


def _paired(ours: Extracted, real: Extracted) -> dict[str, float]:
    """Return what compares rows pair by pair, on as many rows of the one as of the other."""
    count = min(len(ours.features), len(real.features), MOST_PAIRED)
    _enough("kid, precision, recall, density and coverage", count)
    a, b = _some(ours.features, count), _some(real.features, count)
    kid = kernel_distance(a, b)
    values = {"kid": kid.value, "kid_low": kid.low, "kid_high": kid.high}
    return {**values, **precision_recall(b, a)._asdict(), **density_coverage(b, a)._asdict()}


def _by_class(data: Dataset, network: FeatureNetwork, ours: Extracted, test: Extracted) -> tuple[float, ...]:
    found, expected = _probabilities(ours), _probabilities(test)
    number = len(found)
    _enough("class metrics", min(number, len(expected)))

    def floor() -> float:
        return class_distance(_probabilities(_real_features(data, network, number)), expected)

    distance, least = class_distance(found, expected), data.once(("classes", number), floor)
    return classifier_confidence(found), classifier_score(found), distance, least


def _nearest(data: Dataset, network: FeatureNetwork, ours: Extracted, test: Extracted) -> float:
    _enough("nearest_train", min(len(ours.features), len(test.features)))
    train = data.once(("train features", network.name), lambda: network.extract(data.train).features)
    usual = data.once(("usual distance", network.name), lambda: usual_distance(test.features, train))
    return relative_to_usual(ours.features, train, usual)


def _second_opinion(data: Dataset, network: FeatureNetwork, samples: np.ndarray) -> tuple[float, float]:
    number, test = len(samples), _test_features(data, network).features

    def floor() -> float:
        return frechet_distance(_real_features(data, network, number).features, test)

    return frechet_distance(network.extract(samples).features, test), data.once(("random_fd", number), floor)


def _ends(data: Dataset, network: FeatureNetwork, number: int) -> tuple[float, float]:
    """Return the Fréchet distances of real training rows and of uniform noise from the test rows."""
    test = _test_features(data, network).features
    # RandomState's stream is frozen for ever.
    noise = data.spec.quantise(np.random.RandomState(0).uniform(-1.0, 1.0, (number, *data.spec.shape)))
    real = _real_features(data, network, number).features
    return frechet_distance(real, test), frechet_distance(network.extract(noise).features, test)


def _mmd(data: Dataset, samples: np.ndarray) -> tuple[float, ...]:
    count = min(len(samples), len(data.test), MOST_PAIRED)
    _enough("mmd", count)
    fractions = data.spec.fractions
    return gaussian_mmd(fractions(_some(samples, count)), fractions(_some(data.test, count)))


def _sliced(data: Dataset, rows: np.ndarray) -> float:
    return sliced_wasserstein(data.spec.fractions(rows), data.spec.fractions(data.test))


def _test_features(data: Dataset, network: FeatureNetwork) -> Extracted:
    return data.once(("test features", network.name), lambda: network.extract(data.test))


def _real_features(data: Dataset, network: FeatureNetwork, number: int) -> Extracted:
    key = ("real features", network.name, number)
    return data.once(key, lambda: network.extract(_training_rows(data, number)))


def _training_rows(data: Dataset, number: int) -> np.ndarray:
    """Return real rows of as many as there are samples: no honest sampler does better."""
    return data.train[np.random.default_rng(0).permutation(len(data.train))[:number]]


def _some(rows: np.ndarray, count: int) -> np.ndarray:
    return rows if len(rows) == count else rows[fixed_permutation(len(rows))[:count]]


def _probabilities(extracted: Extracted) -> Any:
    return extracted.probabilities


def _enough(what: str, count: int) -> None:
    if count < FEWEST_ROWS:
        raise TooFewSamples(
            f"{what}: received {count} rows of samples or of held-out data; expected at least {FEWEST_ROWS} of each. "
            "Fix: more samples (episodes=), or more data."
        )
