"""What a data set holds, and the one range that every generator sees: [-1, 1]."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from generative.description import checked_description
from lab.errors import UsageError, bad_value

if TYPE_CHECKING:
    import tensorflow as tf

    from generative.datasets.augmentation import Augmentation

T = TypeVar("T")
VALIDATION_FRACTION = 10


@dataclasses.dataclass(frozen=True)
class DataSpec:
    """Describes one row of a data set, and converts between its own range and [-1, 1].

    Args:
        shape: Of one row: (D,), (H, W) or (H, W, C).
        dtype: NumPy's name of the rows' type; a whole, floating or boolean one.
        low, high: Values that become -1 and 1.
        classes: How many labels there are, or None without labels.
        name: For messages and titles.
        bounded: Whether nothing lies outside [low, high], as in images; points may.
        class_names: What the labels stand for, one a label, for pictures; None where the numbers say enough.

        centre, spread: Where a data set is normalised feature-wise, what is taken from each channel or column in
            [-1, 1], and what it is then divided by; else None. `Dataset.normalised` finds them.

    Raises:
        UsageError: When a field does not fit.
    """

    shape: tuple[int, ...]
    dtype: str
    low: float
    high: float
    classes: int | None = None
    name: str = "array"
    bounded: bool = True
    class_names: tuple[str, ...] | None = None
    centre: tuple[float, ...] | None = None
    spread: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not self.shape or any(not isinstance(n, int) or n < 1 for n in self.shape):
            raise bad_value("DataSpec", "shape", self.shape, "whole numbers > 0: (D,), (H, W) or (H, W, C)")
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise bad_value("DataSpec", "range", (self.low, self.high), "finite low < high")
        if np.dtype(self.dtype).kind not in "buif":
            raise bad_value("DataSpec", "dtype", self.dtype, "a whole, floating or boolean type")
        if self.class_names is not None and len(self.class_names) != self.classes:
            raise bad_value("DataSpec", "class_names", self.class_names, f"{self.classes} names, one a label")
        if self.centre is not None or self.spread is not None:
            features = self.shape[-1] if len(self.shape) != 2 else 1
            centre, spread = self.centre or (), self.spread or ()
            if len(centre) != features or len(spread) != features or min(spread) <= 0.0:
                received = (self.centre, self.spread)
                raise bad_value("DataSpec", "centre and spread", received, f"{features} numbers each, spread > 0")

    def label_name(self, label: int) -> str:
        """Return what a label stands for: its name, or its number where the classes have none."""
        return str(int(label)) if self.class_names is None else self.class_names[int(label)]

    @property
    def is_image(self) -> bool:
        """Whether a row can be shown as a picture."""
        return len(self.shape) == 2 or (len(self.shape) == 3 and self.shape[-1] in (1, 3))

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}

    def differing(self, other: DataSpec) -> dict[str, tuple[Any, Any]]:
        """Return the fields in which another description differs, as JSON values: this one's, and the other's."""
        theirs = other.to_json()
        return {field: (ours, theirs[field]) for field, ours in self.to_json().items() if ours != theirs[field]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DataSpec:
        """Build what `to_json` described.

        Raises:
            UsageError: When the values describe no data.
        """
        found = checked_description(values)
        try:
            return cls(**found)
        except TypeError as error:
            raise UsageError(f"DataSpec received {dict(values)!r}, which describes no data: {error}.") from error

    def normalise(self, data: np.ndarray) -> np.ndarray:
        """Return rows of the data set's range as float32 in [-1, 1], same shape."""
        scale = np.float32(2.0 / (self.high - self.low))
        values = (np.asarray(data).astype(np.float32) - np.float32(self.low)) * scale - np.float32(1.0)
        if self.centre is None:
            return values
        return (values - np.asarray(self.centre, np.float32)) / np.asarray(self.spread, np.float32)

    def normalise_tensor(self, data: tf.Tensor) -> tf.Tensor:
        """Do as `normalise`, in TensorFlow."""
        import tensorflow as tf

        return self.standardise_tensor((tf.cast(data, tf.float32) - self.low) * (2.0 / (self.high - self.low)) - 1.0)

    def standardise_tensor(self, data: tf.Tensor) -> tf.Tensor:
        """Return rows in [-1, 1] normalised feature-wise, where the data set is, else as they are."""
        return data if self.centre is None else (data - self.centre) / self.spread

    def quantise(self, data: np.ndarray) -> np.ndarray:
        """Return float rows in [-1, 1] in the data set's own range and type: clipped, and rounded where it is whole.

        Raises:
            UsageError: When a value is not finite.
        """
        values = np.asarray(data, np.float32)
        if not np.isfinite(values).all():
            raise UsageError(
                f"{self.name}: a model returned values that are not finite. "
                "Fix: train with a lower learning_rate, or load an older checkpoint."
            )
        if self.centre is not None:
            values = values * np.asarray(self.spread, np.float32) + np.asarray(self.centre, np.float32)
        if self.bounded:
            values = np.clip(values, -1.0, 1.0)
        values = (values + np.float32(1.0)) * np.float32((self.high - self.low) / 2.0) + np.float32(self.low)
        return (values if self._is_float else np.rint(values)).astype(self.dtype)

    def quantise_tensor(self, data: tf.Tensor) -> tf.Tensor:
        """Do as `quantise`, in TensorFlow and without the check."""
        import tensorflow as tf

        values = data if self.centre is None else data * self.spread + self.centre
        values = tf.clip_by_value(values, -1.0, 1.0) if self.bounded else values
        values = (values + 1.0) * ((self.high - self.low) / 2.0) + self.low
        return tf.cast(values if self._is_float else tf.round(values), self.dtype)

    def fractions(self, data: np.ndarray) -> np.ndarray:
        """Return rows as float64 fractions of the range: low becomes 0, high 1. Metrics are in this unit."""
        return (np.asarray(data, np.float64) - self.low) / (self.high - self.low)

    def check(self, data: Any, owner: str) -> np.ndarray:
        """Check rows that a user hands over, and return them as an array.

        Args:
            data: (N, ...) rows in the data set's range and type; any floating type where its own is floating.
            owner: Who asks, for messages.

        Raises:
            UsageError: On another shape, type or range.
        """
        array = np.asarray(data)
        if array.shape[1:] != self.shape or array.ndim != len(self.shape) + 1:
            fix = "data[None] makes a batch of one row." if array.shape == self.shape else ""
            wanted = ", ".join(map(str, ("N", *self.shape)))
            raise bad_value(owner, "data of shape", array.shape, f"({wanted})", fix)
        if array.dtype != self.dtype and not (self._is_float and array.dtype.kind == "f"):
            raise bad_value(owner, "data of type", str(array.dtype), f"{self.dtype}, as in {self.name}")
        if array.size and not np.isfinite(array).all():
            raise bad_value(owner, "data", "values that are not finite", "finite values")
        if array.size and self.bounded and not (self.low <= array.min() and array.max() <= self.high):
            received = f"values in [{array.min():g}, {array.max():g}]"
            raise bad_value(owner, "data", received, f"[{self.low:g}, {self.high:g}], the range of {self.name}")
        return array

    @property
    def _is_float(self) -> bool:
        return np.dtype(self.dtype).kind == "f"


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """Rows to train on, rows held out, and what they are.

    Args:
        train, test: (N, ...) rows in the range, shape and type of `spec`.
        train_labels, test_labels: int32 (N,) from 0, or None.
        spec: What a row is.
        kind: How the source is called in a run's config.json, where it has no name.
        augmentation: How training varies the rows, or None.
        train_factors, test_factors: What made each row, float32 (N,) by name, where that is known.
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
    results: dict[Any, Any] = dataclasses.field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name, rows, labels in (("train", self.train, self.train_labels), ("test", self.test, self.test_labels)):
            if len(rows) == 0:
                raise bad_value("Dataset", name, "no rows", "at least one")
            self.spec.check(rows, f"Dataset {name}")
            if labels is not None and labels.shape != (len(rows),):
                raise bad_value("Dataset", f"{name}_labels of shape", labels.shape, f"({len(rows)},), one a row")
            if labels is not None and self.spec.classes and not (0 <= labels.min() <= labels.max() < self.spec.classes):
                received = f"{labels.min()} to {labels.max()}"
                raise bad_value("Dataset", f"{name}_labels", received, f"0 to {self.spec.classes - 1}")

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
        """Return a data set normalised by "feature" or "sample"; see `generative.datasets.normalisation`."""
        from generative.datasets.normalisation import normalised

        return normalised(self, by)

    def once(self, key: Any, compute: Callable[[], T]) -> T:
        """Return what depends on the data alone, such as a baseline's score, computed at most once a `key`."""
        if key not in self.results:
            self.results[key] = compute()
        return self.results[key]


def fixed_permutation(count: int) -> np.ndarray:
    """Return the permutation of `count` rows that all splits use."""
    # RandomState's stream is frozen for ever, so that a split is the same under every NumPy.
    return np.random.RandomState(0).permutation(count)
