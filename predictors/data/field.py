"""Field: what one named input or target of an example is, and how networks see it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.errors import UsageError, bad_value
from lab.files.reading.schema import (
    DTYPES,
    SchemaError,
    check,
    entries,
    items,
    optional,
    real,
    shape,
    text,
    whole,
)

if TYPE_CHECKING:
    import tensorflow as tf

INPUTS = ("image", "vector", "sequence", "sound", "text")
TARGETS = ("class", "number", "sequence")
TEXT = "str"
# Sides of the shape that each kind has.
RANKS = {"image": (2, 3), "vector": (1,), "sequence": (2,), "sound": (1,), "text": (1,), "class": (0,), "number": (1,)}
# The first two words of every vocabulary.
PADDING_AND_UNKNOWN = ("", "[UNK]")
# Of a file: more than any data set here has.
MOST_CLASSES = 1 << 20
MOST_WORDS = 1 << 20
# Tokens of a text of a file, which is made as long as the file says: attention takes memory by their square.
MOST_TOKENS = 1 << 12
MOST_LABEL = (1 << 63) - 1
# Values whose centre is farther from zero than this many times their scale lose digits in float32.
FAR = 1_024.0

_numbers = items(real(), 1 << 20)
_DESCRIPTION = entries(
    {
        "name": text(),
        "kind": text(choices=tuple(dict.fromkeys((*INPUTS, *TARGETS)))),
        "shape": shape(axes=4),
        "dtype": text(choices=(*DTYPES, TEXT)),
        "centre": _numbers,
        "scale": _numbers,
        "classes": optional(whole(1, MOST_CLASSES)),
        "class_names": optional(items(text(), MOST_CLASSES)),
        "label_values": optional(items(whole(0, MOST_LABEL), MOST_CLASSES)),
        "vocabulary": optional(items(text(), MOST_WORDS)),
        "rate": optional(whole(1, 1 << 24)),
        "columns": optional(items(text(), 1 << 20)),
        "period": optional(whole(2, 1 << 24)),
    }
)


@dataclasses.dataclass(frozen=True)
class Field:
    """Describes one named input or target, and converts between the user's values and what networks see.

    Networks see float32 `(x - centre) / scale`, but for texts (token numbers, 0 is padding) and classes (codes from 0).

    Args:
        name: By which inputs and targets are told apart.
        kind: Of an input image, vector, sequence (time first), sound or text; of a target class, number or sequence.
        shape: Of one example as networks see it: image (H, W) or (H, W, C), vector or number (D,), sequence (T, C),
            sound (samples,), text (tokens,), class ().
        dtype: NumPy's name of the user's type; `str` for texts and for classes with names.
        centre, scale: What is taken from each channel or column, or from all alike where there is one number only.
        classes: How many classes there are (class).
        class_names: What the codes stand for; the labels themselves where the type is `str` (class).
        label_values: The labels, whole numbers in rising order, where they are not 0, 1, 2, ... (class).
        vocabulary: What token numbers stand for (text); the first two are padding and unknown words.
        rate: Samples a second (sound).
        columns: Names of the channels or columns, where they are known.
        period: Steps a season (sequence), where there is one.

    Raises:
        UsageError: When a field does not fit.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    centre: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)
    classes: int | None = None
    class_names: tuple[str, ...] | None = None
    label_values: tuple[int, ...] | None = None
    vocabulary: tuple[str, ...] | None = None
    rate: int | None = None
    columns: tuple[str, ...] | None = None
    period: int | None = None

    def __post_init__(self) -> None:
        owner = f"Field {self.name!r}"
        if self.kind not in (*INPUTS, *TARGETS):
            raise bad_value(owner, "kind", self.kind, "one of " + ", ".join((*INPUTS, *TARGETS)))
        if any(not isinstance(n, int) or n < 1 for n in self.shape):
            raise bad_value(owner, "shape", self.shape, "whole numbers > 0")
        if len(self.shape) not in RANKS[self.kind] or (self.kind == "sound") != (self.rate is not None):
            received = f"{self.shape}, rate {self.rate}"
            raise bad_value(owner, f"shape of the kind {self.kind}", received, "see Field; a rate for sounds alone")
        widths = {1, self.shape[-1]} if self.shape else {1}
        if len(self.centre) not in widths or len(self.scale) not in widths or min(self.scale) <= 0.0:
            received = f"{len(self.centre)} and {len(self.scale)} numbers, the least scale {min(self.scale)}"
            raise bad_value(owner, "centre and scale", received, "one for all or one a column, scale > 0")
        if (self.kind == "class") != (self.classes is not None):
            raise bad_value(owner, "classes", self.classes, "a number for the kind 'class' alone")
        if (self.kind == "text") != (self.vocabulary is not None):
            raise bad_value(owner, "vocabulary", type(self.vocabulary).__name__, "words for the kind 'text' alone")
        words = PADDING_AND_UNKNOWN if self.vocabulary is None else self.vocabulary
        if words[:2] != PADDING_AND_UNKNOWN or len({*words}) < len(words):
            received = f"{len({*words})} words, first {words[:2]}"
            raise bad_value(owner, "vocabulary", received, f"{PADDING_AND_UNKNOWN} first, no word twice")
        for named in (self.class_names, self.label_values):
            if named is not None and len({*named}) != self.classes:
                raise bad_value(owner, "labels", f"{len({*named})} of them", f"{self.classes}, one a class")
        if self.kind == "class" and self.dtype == TEXT and self.class_names is None:
            raise bad_value(owner, "class_names", None, "the labels, which are texts")

    # ---------------------------------------------------------------- what networks see

    @property
    def is_raw(self) -> bool:
        """Whether values stay in the user's type until they are in the compiled update: small whole numbers."""
        return self.kind == "image" and np.dtype(self.dtype) in (np.dtype(np.uint8), np.dtype(bool))

    @property
    def held_dtype(self) -> str:
        """The type in which values are held on the device."""
        if self.kind in ("class", "text"):
            return "int32"
        return self.dtype if self.is_raw else "float32"

    def held(self, values: np.ndarray) -> np.ndarray:
        """Return checked values (N, ...) as they are held on the device; differences are taken in float64."""
        if self.kind == "class":
            return self.codes(values)
        if self.kind == "text":
            from predictors.data.tokens import tokens

            return tokens(self.vocabulary or (), self.shape[0], values)
        if self.is_raw:
            return values
        wide = (np.asarray(values, np.float64) - np.asarray(self.centre)) / np.asarray(self.scale)
        return wide.astype(np.float32)

    def seen(self, held: tf.Tensor) -> tf.Tensor:
        """Return what a network sees of held values: float32, or int32 for classes and texts."""
        import tensorflow as tf

        if not self.is_raw:
            return held
        values = tf.cast(held, tf.float32)
        return (values - tf.constant(self.centre, tf.float32)) / tf.constant(self.scale, tf.float32)

    def restored(self, seen: np.ndarray) -> np.ndarray:
        """Return numbers in the user's unit, float64, for what a network gave for this target."""
        return np.asarray(seen, np.float64) * np.asarray(self.scale) + np.asarray(self.centre)

    # ---------------------------------------------------------------- the same within a program

    @property
    def is_far(self) -> bool:
        """Whether float32 would tell the user's values apart worse than what networks see of them."""
        return not self.is_raw and bool(np.max(np.abs(self.centre) / np.asarray(self.scale)) > FAR)

    @property
    def program_dtype(self) -> str:
        """The type in which a program without this library takes the user's values: float32 if that will do."""
        if self.kind == "text":
            return "string"
        return self.dtype if np.dtype(self.dtype).kind != "f" else "float64" if self.is_far else "float32"

    def held_tensor(self, values: tf.Tensor) -> tf.Tensor:
        """Do as `held` for an input, in TensorFlow; values are of `program_dtype`."""
        import tensorflow as tf

        if self.kind == "text":
            from predictors.data.tokens import tokens_tensor

            return tokens_tensor(self.vocabulary or (), self.shape[0], values)
        if self.is_raw:
            return values
        wide = tf.cast(values, tf.float64 if self.is_far else tf.float32)
        return tf.cast((wide - tf.constant(self.centre, wide.dtype)) / tf.constant(self.scale, wide.dtype), tf.float32)

    def restored_tensor(self, seen: tf.Tensor) -> tf.Tensor:
        """Do as `restored`, in TensorFlow and in float32 if that will do."""
        import tensorflow as tf

        wide = tf.cast(seen, tf.float64 if self.is_far else tf.float32)
        return wide * tf.constant(self.scale, wide.dtype) + tf.constant(self.centre, wide.dtype)

    # ---------------------------------------------------------------- classes

    def codes(self, labels: np.ndarray) -> np.ndarray:
        """Return the codes, int32 (N,) from 0, of a user's own labels (N,).

        Raises:
            UsageError: For a label that is none of the classes.
        """
        known = np.asarray(self.class_names if self.dtype == TEXT else self.values)
        labels = np.asarray(labels)
        order = np.argsort(known, kind="stable")
        place = np.searchsorted(known, labels, sorter=order).clip(0, len(known) - 1)
        codes = order[place]
        wrong = np.flatnonzero(known[codes] != labels)
        if len(wrong):
            shown = ", ".join(map(str, known[:12].tolist()))
            raise bad_value(
                f"target {self.name!r}", f"label of row {wrong[0]}", labels[wrong[0]].item(),
                f"one of the {len(known)} classes that training has: {shown}{', ...' if len(known) > 12 else ''}",
            )  # fmt: skip
        return codes.astype(np.int32)

    def labels(self, codes: np.ndarray) -> np.ndarray:
        """Return a user's own labels, names or whole numbers, for codes from 0."""
        if self.dtype == TEXT:
            return np.asarray(self.class_names)[codes]
        return np.asarray(self.values)[codes]

    @property
    def values(self) -> tuple[int, ...]:
        """The whole numbers that labels without names are, one a class."""
        return self.label_values if self.label_values is not None else tuple(range(self.classes or 0))

    @property
    def words(self) -> tuple[str, ...]:
        """What to call the classes in tables and figures."""
        return self.class_names if self.class_names is not None else tuple(map(str, self.values))

    # ---------------------------------------------------------------- files

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Field:
        """Build what `to_json` described.

        Raises:
            UsageError: When the values describe no input or target.
        """
        try:
            found = check(values, _DESCRIPTION)
        except SchemaError as error:
            raise UsageError(f"Field received what describes no input or target: {error}.") from error
        if found["kind"] == "text" and max(found["shape"], default=0) > MOST_TOKENS:
            raise UsageError(f"Field received texts of {found['shape'][0]:,} tokens; expected at most {MOST_TOKENS:,}.")
        fields: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in found.items()}
        return cls(**fields)
