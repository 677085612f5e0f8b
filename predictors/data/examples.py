"""Examples: what a predictor learns from, in parts to train, select and test on."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.errors import UsageError, bad_value
from predictors.data.field import Field

if TYPE_CHECKING:
    from generative.augmentation.augmentation import Augmentation
    from generative.spec import DataSpec

SELECTION_FRACTION = 10


@dataclasses.dataclass(frozen=True)
class ExampleSpec:
    """Describes one example: its inputs and targets in order, and the data set's name."""

    inputs: tuple[Field, ...]
    targets: tuple[Field, ...]
    name: str = "arrays"

    def __post_init__(self) -> None:
        names = [field.name for field in (*self.inputs, *self.targets)]
        if not self.inputs or not self.targets or len({*names}) < len(names):
            raise bad_value("ExampleSpec", "names", names, "at least one input and one target, no name twice")

    def to_json(self) -> dict[str, Any]:
        """Return the description as JSON values."""
        fields = {part: [field.to_json() for field in getattr(self, part)] for part in ("inputs", "targets")}
        return {**fields, "name": self.name}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ExampleSpec:
        """Build what `to_json` described.

        Raises:
            UsageError: When the values describe no examples.
        """
        parts = [values.get(part) for part in ("inputs", "targets")]
        name = values.get("name")
        if not isinstance(name, str) or any(not isinstance(p, list) or not 0 < len(p) <= 1_024 for p in parts):
            raise UsageError("ExampleSpec received what describes no examples: expected inputs, targets and a name.")
        inputs, targets = (tuple(Field.from_json(field) for field in part or ()) for part in parts)
        return cls(inputs, targets, name)


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """Some examples: the user's own values by name.

    Args:
        inputs, targets: (N, ...) arrays by the names of the fields.
        weights: float32 (N,) > 0, how much each example counts in training; None for all alike.
    """

    inputs: Mapping[str, np.ndarray]
    targets: Mapping[str, np.ndarray]
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(next(iter(self.targets.values())))

    def rows(self, chosen: np.ndarray) -> Part:
        """Return the examples of these numbers."""
        inputs, targets = ({n: v[chosen] for n, v in held.items()} for held in (self.inputs, self.targets))
        return Part(inputs, targets, None if self.weights is None else self.weights[chosen])

    def arrays(self) -> list[np.ndarray]:
        """Return all that it holds, in order."""
        weights = [] if self.weights is None else [self.weights]
        return [*self.inputs.values(), *self.targets.values(), *weights]


@dataclasses.dataclass(frozen=True, eq=False)
class Examples:
    """Examples to train, select checkpoints and test on.

    Args:
        train, test: Two parts that share no example.
        spec: What an example is.
        selection: Examples to select checkpoints by; None to take a tenth of `train`.
        kind: How the source is called in a run's config.json, where it has no name.
        notes: What was left out or converted when it was read, in words.
        picture: Where the one input is pictures of a data set that generators know, what a row of it is.
        augmentation: How training varies such pictures, or None.
        train_factors: Not read by predictors.
    """

    train: Part
    test: Part
    spec: ExampleSpec
    selection: Part | None = None
    kind: str = "arrays"
    notes: tuple[str, ...] = ()
    picture: DataSpec | None = None
    augmentation: Augmentation | None = None

    def __post_init__(self) -> None:
        for name, part in (("train", self.train), ("test", self.test)):
            if len(part) == 0:
                raise bad_value("Examples", name, "no examples", "at least one")

    def hold_out(self) -> Examples:
        """Return examples with a part to select checkpoints by, so that the score on `test` selects nothing."""
        if self.selection is not None:
            return self
        groups = same_rows(self.train)
        chosen = held_out(groups, SELECTION_FRACTION)
        if not chosen.any() or chosen.all():
            raise bad_value("Examples", "train", f"{len(self.train)} examples", "at least two that differ")
        numbers = np.arange(len(self.train))
        train, selection = self.train.rows(numbers[~chosen]), self.train.rows(numbers[chosen])
        return dataclasses.replace(self, train=train, selection=selection)

    def fingerprint(self) -> str:
        """Return a hash of every value: a resumed run must train on the same."""
        total = hashlib.blake2b(digest_size=16)
        for part in (self.train, self.test, *([self.selection] if self.selection is not None else [])):
            for array in part.arrays():
                plain = array.astype("U") if array.dtype.kind in "OUS" else array
                total.update(f"{plain.shape}{plain.dtype}".encode())
                total.update(np.ascontiguousarray(plain).tobytes())
        if self.augmentation is not None:
            total.update(self.augmentation.words.encode())
        return total.hexdigest()


def same_rows(part: Part) -> np.ndarray:
    """Return for each example the number of the first one with the same inputs, int64 (N,)."""
    hashes: dict[bytes, int] = {}
    return np.array([hashes.setdefault(key, i) for i, key in enumerate(keys(part))], np.int64)


def keys(part: Part) -> list[bytes]:
    """Return a hash of each example's inputs."""
    return [
        hashlib.blake2b(b"\0".join(plain), digest_size=16).digest()
        for plain in zip(*(_bytes(values) for values in part.inputs.values()), strict=True)
    ]


def _bytes(values: np.ndarray) -> list[bytes]:
    """Return each row as bytes that do not depend on the others; of texts arrays have room for the longest."""
    if values.dtype.kind in "OSU":
        return [str(row).encode("utf-8", "surrogatepass") for row in values.tolist()]
    plain = np.ascontiguousarray(values)
    if plain.dtype.kind == "f":
        # -0.0 equals 0.0.
        plain = plain + plain.dtype.type(0)
    return [row.tobytes() for row in plain]


def held_out(groups: np.ndarray, fraction: int, order: Sequence[int] | None = None) -> np.ndarray:
    """Choose one in `fraction` of the examples, booleans (N,); those of a group stay together.

    Args:
        groups: Of each example, int64 (N,); equal inputs are of one group, so that no test meets what was trained on.
        fraction: One in how many.
        order: Of the groups to choose from; None for a fixed permutation.
    """
    # RandomState's stream is frozen for ever, so that a split is the same under every NumPy.
    unique = np.unique(groups)
    shuffled = unique[np.random.RandomState(0).permutation(len(unique))] if order is None else np.asarray(order)
    counts = np.bincount(groups, minlength=int(groups.max()) + 1)[shuffled]
    wanted = max(1, len(groups) // fraction)
    number = int(np.searchsorted(np.cumsum(counts), wanted)) + 1
    return np.isin(groups, shuffled[:number])


def check_leaks(train: Part, test: Part, owner: str) -> None:
    """Raise `UsageError` where examples to test on stand among those to train on."""
    known = {*keys(train)}
    leaked = [i for i, key in enumerate(keys(test)) if key in known]
    if leaked:
        raise UsageError(
            f"{owner}: received {len(leaked):,} of {len(test):,} test examples whose inputs stand among the training "
            f"examples too, row {leaked[0]} first; expected none, for such a score says nothing of new examples. Fix: "
            "leave them out, or give all examples without a test part: equal ones are then kept on one side."
        )
