"""Mode collapse: a generator that makes a few rows, or a few classes of them, over and over."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from generative.base import Generator
from generative.data.dataset import Dataset
from generative.data.labels import label_codes, label_values
from generative.metrics.neighbours.neighbours import squared_distances
from generative.metrics.networks.classes import class_shares
from generative.training.task import DatasetTask
from lab.callbacks import Callback
from lab.errors import UsageError, bad_value
from lab.messages.notes import warn

if TYPE_CHECKING:
    from lab.callbacks.run import Run

# A class is found if samples have at least this part of the frequency that it has among real rows.
LEAST_SHARE = 0.2
FEWEST = 10
# Where no classifier is shipped, points bear the label of the nearest of so many real ones.
MOST_NEIGHBOURS = 2_000


@dataclasses.dataclass(frozen=True)
class Variety:
    """How varied samples are beside real rows.

    Attributes:
        distance: Their mean pairwise distance, as a part of that of real rows.
        nearest: The mean distance to the nearest other one, as a part of that of as many real rows.
        missing: Classes that samples lack, int (n,); None where classes are not known.
        classes: How many classes real rows have.
    """

    distance: float
    nearest: float
    missing: np.ndarray | None
    classes: int = 0

    @property
    def found(self) -> float:
        """The part of the classes that samples have; 1 where classes are not known."""
        return 1.0 if self.missing is None or not self.classes else 1.0 - len(self.missing) / self.classes


def variety(samples: np.ndarray, data: Dataset) -> Variety:
    """Compare samples (N, ...), in the data set's own range, with its held-out rows; classes as far as they are known.

    A shipped classifier tells the classes of images; points bear the label of the nearest real one.
    """
    count = min(len(samples), len(data.test))
    real = data.spec.fractions(data.test[:count]).reshape(count, -1)
    ours = data.spec.fractions(samples[:count]).reshape(count, -1)
    (mean, nearest), (real_mean, real_nearest) = _distances(ours), _distances(real)
    frequencies = _frequencies(samples, data)
    # A data set of equal rows has no variety that could be lost.
    distance, closest = mean / max(real_mean, 1e-12), nearest / max(real_nearest, 1e-12)
    if frequencies is None:
        return Variety(distance, closest, None)
    found, expected = frequencies
    missing = np.flatnonzero((expected > 0) & (found < LEAST_SHARE * expected))
    return Variety(distance, closest, missing, int((expected > 0).sum()))


class CollapseAlarm(Callback):
    """Warns once when a generator's samples lose their variety, which its losses do not show.

    Its readings are in the next row of the history, as `sample_distance`, `sample_nearest` and `classes_found`.

    Args:
        every: Updates between readings.
        samples: Rows drawn for one.
        least_distance: Least mean pairwise distance, as a part of that of real rows.
        least_nearest: Least mean distance to the nearest other row, as a part of that of real rows.
        least_classes: Least part of the classes that must be found among the samples.
        patience: Bad readings in a row before it warns; a generator that has just begun has little variety yet.
        stop: Whether to end training then.
    """

    not_state = ("samples", "least_distance", "least_nearest", "least_classes", "patience", "stop")

    def __init__(
        self,
        every: int = 500,
        samples: int = 500,
        least_distance: float = 0.5,
        least_nearest: float = 0.1,
        least_classes: float = 0.75,
        patience: int = 2,
        stop: bool = False,
    ) -> None:
        super().__init__(every)
        parts = {"least_distance": least_distance, "least_nearest": least_nearest, "least_classes": least_classes}
        for name, value in parts.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
                raise bad_value("CollapseAlarm", name, value, "a number from 0 to 1")
        for name, number, least in (("samples", samples, FEWEST), ("patience", patience, 1)):
            if isinstance(number, bool) or not isinstance(number, int) or number < least:
                raise bad_value("CollapseAlarm", name, number, f"a whole number >= {least}")
        self.samples = samples
        self.least_distance, self.least_nearest, self.least_classes = least_distance, least_nearest, least_classes
        self.patience = patience
        self.stop = stop
        self.bad = 0
        self.warned = False

    def on_interval(self, experiment: Run) -> None:
        task, learner = experiment.task, experiment.learner
        if not isinstance(task, DatasetTask) or not isinstance(learner, Generator):
            name = type(learner).__name__
            raise UsageError(f"CollapseAlarm watches generators; received a {name}. Fix: leave it out for agents.")
        # Other rows each time, and none that any score is made of.
        seed = experiment.seeds.integer("evaluation", 2, experiment.step)
        reading = variety(learner.sample(self.samples, seed), task.views[1])
        row = {"sample_distance": reading.distance, "sample_nearest": reading.nearest}
        task.note(row if reading.missing is None else {**row, "classes_found": reading.found})
        complaint = self._complaint(reading, task.views[1])
        self.bad = self.bad + 1 if complaint else 0
        if self.bad >= self.patience and not self.warned:
            self.warned = True
            text = f"{type(learner).__name__}, step {experiment.step}: mode collapse: {complaint}"
            fix = "Fix: RelativisticGAN or WGANGP, a larger r1, a lower learning_rate, or an older checkpoint."
            warn(f"{text}. {fix}", stacklevel=2)
            if self.stop:
                experiment.stop(f"mode collapse: {complaint}")

    def _complaint(self, reading: Variety, data: Dataset) -> str:
        found = []
        if reading.distance < self.least_distance:
            part = f"{reading.distance:.2f} of that of real rows; expected at least {self.least_distance:g}"
            found.append(f"the mean distance between samples is {part}")
        if reading.nearest < self.least_nearest:
            part = f"{reading.nearest:.2f} of that of real rows; expected at least {self.least_nearest:g}"
            found.append(f"the distance from a sample to the nearest other one is {part}")
        if reading.missing is not None and reading.found < self.least_classes:
            names = ", ".join(data.spec.label_name(label) for label in label_values(data.spec, reading.missing[:10]))
            more = ", ..." if len(reading.missing) > 10 else ""
            number = f"{reading.classes - len(reading.missing)} of {reading.classes} classes"
            found.append(f"samples have {number}, and lack {names}{more}")
        return "; ".join(found)


def _distances(rows: np.ndarray) -> tuple[float, float]:
    """Return the mean distance of all pairs of rows (N, D), and of each row to its nearest other one."""
    if len(rows) < 2:
        return 0.0, 0.0
    distances = np.sqrt(squared_distances(rows, rows))
    total = distances.sum() / (len(rows) * (len(rows) - 1))
    np.fill_diagonal(distances, np.inf)
    return float(total), float(distances.min(axis=1).mean())


def _frequencies(samples: np.ndarray, data: Dataset) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the frequencies of the classes among samples and among real rows, or None where nothing tells them."""
    if data.spec.is_image:
        from generative.metrics.networks.choice import classifier_for

        classifier = classifier_for(data.spec)
        if classifier is None:
            return None
        found, real = classifier.extract(samples).probabilities, classifier.extract(data.test).probabilities
        return None if found is None or real is None else (class_shares(found), class_shares(real))
    if data.train_labels is None or not data.spec.classes:
        return None
    known, labels = data.train[:MOST_NEIGHBOURS], label_codes(data.spec, data.train_labels[:MOST_NEIGHBOURS])
    ours, theirs = (data.spec.fractions(rows).reshape(len(rows), -1) for rows in (samples, known))
    nearest = labels[squared_distances(ours, theirs).argmin(axis=1)]
    return tuple(np.bincount(found, minlength=data.spec.classes) / len(found) for found in (nearest, labels))  # type: ignore[return-value]
