"""What one row of a data set is, and the one range that every generator sees: [-1, 1]."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from generative.arguments import plain_array
from generative.description import checked_description
from lab.errors import UsageError, bad_value

if TYPE_CHECKING:
    import tensorflow as tf

# Whole numbers beyond this have no float64 of their own.
LARGEST_WHOLE = 2.0**53
# Ranges farther from zero than this many times their width lose digits in float32.
FAR = 8.0


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
        label_values: The labels, whole numbers in rising order, where they are not 0, 1, 2, ...; else None.
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
    label_values: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not self.shape or any(not isinstance(n, int) or n < 1 for n in self.shape):
            raise bad_value("DataSpec", "shape", self.shape, "whole numbers > 0: (D,), (H, W) or (H, W, C)")
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise bad_value("DataSpec", "range", (self.low, self.high), "finite low < high")
        if np.dtype(self.dtype).kind not in "buif":
            raise bad_value("DataSpec", "dtype", self.dtype, "a whole, floating or boolean type")
        if np.dtype(self.dtype).kind in "iu" and max(-self.low, self.high) > LARGEST_WHOLE:
            expected = "whole numbers between -2**53 and 2**53, which float64 holds"
            raise bad_value("DataSpec", "range", (self.low, self.high), expected)
        values = self.label_values
        whole = values is None or all(isinstance(v, int) and not isinstance(v, bool) for v in values)
        if values is not None and not (whole and len(values) == self.classes and list(values) == sorted({*values})):
            raise bad_value("DataSpec", "label_values", values, f"{self.classes} whole numbers in rising order")
        if self.class_names is not None and len(self.class_names) != self.classes:
            raise bad_value("DataSpec", "class_names", self.class_names, f"{self.classes} names, one a label")
        if self.centre is not None or self.spread is not None:
            features = self.shape[-1] if len(self.shape) != 2 else 1
            centre, spread = self.centre or (), self.spread or ()
            if len(centre) != features or len(spread) != features or min(spread) <= 0.0:
                received = (self.centre, self.spread)
                raise bad_value("DataSpec", "centre and spread", received, f"{features} numbers each, spread > 0")

    def label_name(self, label: int) -> str:
        """Return what one of the data's labels stands for: its name, or its number where the classes have none."""
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
        """Return rows of the data set's range as float32 in [-1, 1], same shape.

        Where float32 cannot tell the rows apart (float64, whole numbers of 32 bits and more, ranges far from zero) the
        range is taken away in float64 first.
        """
        kind: Any = np.float64 if self.is_wide else np.float32
        values = (np.asarray(data).astype(kind) - kind(self.low)) * kind(2.0 / (self.high - self.low)) - kind(1.0)
        if self.centre is not None:
            values = (values - np.asarray(self.centre, kind)) / np.asarray(self.spread, kind)
        return values.astype(np.float32, copy=False)

    def normalise_tensor(self, data: tf.Tensor) -> tf.Tensor:
        """Do as `normalise`, in TensorFlow: float32 (B, ...) for rows (B, ...)."""
        import tensorflow as tf

        values = tf.cast(data, tf.float64 if self.is_wide else tf.float32)
        values = (values - self.low) * (2.0 / (self.high - self.low)) - 1.0
        return tf.cast(self.standardise_tensor(values), tf.float32)

    def standardise_tensor(self, data: tf.Tensor) -> tf.Tensor:
        """Return float rows (B, ...) in [-1, 1] normalised feature-wise, where the data set is, else as they are."""
        return data if self.centre is None else (data - self.centre) / self.spread

    def quantise(self, data: np.ndarray) -> np.ndarray:
        """Return float rows (N, ...) in [-1, 1] in the data set's range and dtype: clipped, and rounded if whole.

        Raises:
            UsageError: When a value is not finite.
        """
        kind: Any = np.float64 if self.is_wide else np.float32
        values = np.asarray(data, kind)
        if not np.isfinite(values).all():
            raise UsageError(
                f"{self.name}: a model returned values that are not finite. "
                "Fix: train with a lower learning_rate, or load an older checkpoint."
            )
        if self.centre is not None:
            values = values * np.asarray(self.spread, kind) + np.asarray(self.centre, kind)
        if self.bounded:
            values = np.clip(values, -1.0, 1.0)
        values = (values + kind(1.0)) * kind((self.high - self.low) / 2.0) + kind(self.low)
        return (values if self._is_float else self._whole(np.rint(values))).astype(self.dtype)

    def quantise_tensor(self, data: tf.Tensor) -> tf.Tensor:
        """Do as `quantise`, in TensorFlow and without the check: (B, ...) in the data set's dtype."""
        import tensorflow as tf

        values = tf.cast(data, tf.float64 if self.is_wide else tf.float32)
        values = values if self.centre is None else values * self.spread + self.centre
        values = tf.clip_by_value(values, -1.0, 1.0) if self.bounded else values
        values = (values + 1.0) * ((self.high - self.low) / 2.0) + self.low
        return tf.cast(values if self._is_float else tf.round(values), self.dtype)

    def denormalise(self, data: Any) -> Any:
        """Return rows in [-1, 1], NumPy or tensor, in the data set's own unit: neither clipped nor rounded."""
        values = data if self.centre is None else data * self.spread + self.centre
        return (values + 1.0) * ((self.high - self.low) / 2.0) + self.low

    def fractions(self, data: np.ndarray) -> np.ndarray:
        """Return rows as fractions of the range, float64 (N, ...): low becomes 0, high 1. Metrics are in this unit."""
        return (np.asarray(data, np.float64) - self.low) / (self.high - self.low)

    def check(self, data: Any, owner: str) -> np.ndarray:
        """Check rows that a user hands over, and return them as an array, (N, ...) in their own dtype.

        Args:
            data: (N, ...) rows in the data set's range and dtype; any floating type where its own is floating.
            owner: Who asks, for messages.

        Raises:
            UsageError: On another shape, type or range.
        """
        array = plain_array(owner, "data", data)
        if array.shape[1:] != self.shape or array.ndim != len(self.shape) + 1:
            fix = "data[None] makes a batch of one row." if array.shape == self.shape else ""
            wanted = ", ".join(map(str, ("N", *self.shape)))
            raise bad_value(owner, "data of shape", array.shape, f"({wanted})", fix)
        if array.dtype != self.dtype and not (self._is_float and array.dtype.kind == "f"):
            raise bad_value(owner, "data of type", str(array.dtype), f"{self.dtype}, as in {self.name}")
        if array.size and not np.isfinite(array).all():
            row = int(np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))[0])
            raise bad_value(owner, "data", f"values that are not finite in row {row}", "finite values")
        if array.size and self.bounded and not (self.low <= array.min() and array.max() <= self.high):
            received = f"values in [{array.min():g}, {array.max():g}]"
            raise bad_value(owner, "data", received, f"[{self.low:g}, {self.high:g}], the range of {self.name}")
        return array

    @property
    def is_wide(self) -> bool:
        """Whether float32 would lose digits of rows that lie in the range."""
        kind, far = np.dtype(self.dtype), max(abs(self.low), abs(self.high)) > FAR * (self.high - self.low)
        return (kind.kind in "iu" and kind.itemsize > 2) or (kind.kind == "f" and (kind.itemsize > 4 or far))

    def _whole(self, values: np.ndarray) -> np.ndarray:
        """Keep whole numbers within what the type holds, where the range does not: a cast would begin anew at 0."""
        if self.bounded or np.dtype(self.dtype).kind == "b":
            return values
        return np.clip(values, np.iinfo(self.dtype).min, np.iinfo(self.dtype).max)

    @property
    def _is_float(self) -> bool:
        return np.dtype(self.dtype).kind == "f"
