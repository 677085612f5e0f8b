"""What a data set holds: rows to train on, rows held out, their labels, and what they are."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from generative.data.labels import known_labels
from generative.data.normalisation import normalised
from generative.spec import DataSpec
from lab.errors import bad_value

if TYPE_CHECKING:
    from generative.augmentation.augmentation import Augmentation

__all__ = ["DataSpec", "Dataset", "fixed_permutation"]

T = TypeVar("T")
VALIDATION_FRACTION = 10


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """Rows to train on, rows held out, and what they are.

    Args:
        train, test: (N, ...) rows in the range, shape and type of `spec`.
        train_labels, test_labels: Whole numbers (N,), one of the labels of `spec` each, or None.
        spec: What a row is.
        kind: How the source is called in a run's config.json, where it has no name.
        augmentation: How training varies the rows, or None.
        train_factors, test_factors: What made each row, float32 (N,) by name, where that is known.
        notes: What was left out or converted when it was read, in words.
    """

    train: np.ndarray
    test: np.ndarray
    spec: DataSpec
    train_labels: np.ndarray | None = None
    test_labels: np.ndarray | None = None
    kind: str = "array"
    augmentation: Augmentation | None = None
    train_factors: Mapping[str, np.ndarray] | None = None
    test_factors: Mapping[str, np.ndarray] | None = None
    notes: tuple[str, ...] = ()
    results: dict[Any, Any] = dataclasses.field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name, rows, labels in (("train", self.train, self.train_labels), ("test", self.test, self.test_labels)):
            if len(rows) == 0:
                raise bad_value("Dataset", name, "no rows", "at least one")
            self.spec.check(rows, f"Dataset {name}")
            if labels is not None and labels.shape != (len(rows),):
                raise bad_value("Dataset", f"{name}_labels of shape", labels.shape, f"({len(rows)},), one a row")
            if labels is not None and self.spec.classes and not known_labels(self.spec, labels).all():
                received = f"{labels.min()} to {labels.max()}"
                expected = self.spec.label_values or f"0 to {self.spec.classes - 1}"
                raise bad_value("Dataset", f"{name}_labels", received, str(expected))

    def hold_out(self) -> tuple[Dataset, Dataset]:
        """Return two data sets that train on the same rows: one tests on `test`, one on rows taken from `train`.

        A tenth of the training rows serve to select checkpoints, so that the score reported on `test` is not the
        one a checkpoint was chosen by. They are the first of a fixed permutation.
        """
        count = max(1, len(self.train) // VALIDATION_FRACTION)
        order = fixed_permutation(len(self.train))
        chosen, rest = np.sort(order[:count]), np.sort(order[count:])
        part = dataclasses.replace(self, results={}, **self._training(rest, "train"))
        return part, dataclasses.replace(part, results={}, **self._training(chosen, "test"))

    def _training(self, rows: np.ndarray, part: str) -> dict[str, Any]:
        labels, factors = self.train_labels, self.train_factors
        return {
            part: self.train[rows],
            f"{part}_labels": None if labels is None else labels[rows],
            f"{part}_factors": None if factors is None else {name: values[rows] for name, values in factors.items()},
        }

    def fingerprint(self) -> str:
        """Return a hash of every row and label, and of what is done to them: a resumed run must train on the same."""
        total = hashlib.blake2b(digest_size=16)
        for array in (self.train, self.test, self.train_labels, self.test_labels):
            if array is not None:
                total.update(f"{array.shape}{array.dtype}".encode())
                total.update(np.ascontiguousarray(array).data)
        for extra in (self.spec.centre, self.spec.spread, self.augmentation):
            if extra is not None:
                total.update(getattr(extra, "words", str(extra)).encode())
        return total.hexdigest()

    def augmented(self, augmentation: Augmentation) -> Dataset:
        """Return a data set whose training rows are varied at random each time they are met.

        Raises:
            UsageError: When the augmentation does not fit these rows.
        """
        augmentation.check_fits(self.spec)
        return dataclasses.replace(self, augmentation=augmentation, results={})

    def normalised(self, by: str) -> Dataset:
        """Return a data set normalised by "feature" or "sample"; see `generative.data.normalisation`."""
        return dataclasses.replace(self, **normalised(self.train, self.test, self.spec, by)._asdict(), results={})

    def once(self, key: Any, compute: Callable[[], T]) -> T:
        """Return what depends on the data alone, such as a baseline's score, computed at most once a `key`."""
        if key not in self.results:
            self.results[key] = compute()
        return self.results[key]


def fixed_permutation(count: int) -> np.ndarray:
    """Return the permutation of `count` rows that all splits use."""
    # RandomState's stream is frozen for ever, so that a split is the same under every NumPy.
    return np.random.RandomState(0).permutation(count)
