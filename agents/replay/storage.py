"""Where transitions lie: the newest overwrite the oldest, in host memory or as tensors inside a program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from agents.replay.holding.memory import state_memory
from agents.replay.layout import Layout
from agents.transitions import Transition
from lab.errors import CheckpointError, bad_value
from lab.runs.state import lent
from lab.runs.state_checks import FIX, check_value

if TYPE_CHECKING:
    import tensorflow as tf


def check_names(state: Any, names: frozenset[str]) -> None:
    """Check that what a checkpoint holds of a memory has the parts of this version's.

    Raises:
        CheckpointError: When it has others.
    """
    if not isinstance(state, Mapping) or state.keys() != names:
        raise CheckpointError(
            "the checkpoint's replay is not laid out as this version's. Fix: resume the run with the version of lab "
            "that its config.json names; what it has learnt can be evaluated and rendered with this one."
        )


class HostStorage:
    """Transitions in NumPy arrays.

    Args:
        layout: How they lie.
        capacity: Transitions kept.

    Attributes:
        size: Rows filled.
        cursor: Where the next row goes.
        bytes: Memory that it takes once it is full.
    """

    # What `get_state` returns.
    NAMES = frozenset(("rows", "apart", "cursor"))

    def __init__(self, layout: Layout, capacity: int) -> None:
        self.layout, self.capacity = layout, capacity
        self.size = self.cursor = 0
        self.bytes = self.bytes_needed()
        state_memory(capacity, self.bytes, self.in_words())
        self.apart: tuple[np.ndarray, ...] = ()
        # np.zeros takes memory only as rows are written, so a large capacity costs nothing at first.
        try:
            self._take_memory()
        except (MemoryError, ValueError, OverflowError) as error:
            expected = f"transitions of {layout.width} numbers, observations {layout.shape}, that fit in memory"
            raise bad_value("Replay", "replay_capacity", capacity, f"{expected} ({error})") from error

    def _take_memory(self) -> None:
        layout, shape = self.layout, (self.capacity, *self.layout.shape)
        self.rows = np.zeros((self.capacity, layout.width), np.float32)
        if layout.apart is not None:
            self.apart = (np.zeros(shape, layout.apart), np.zeros(shape, layout.apart))

    def bytes_needed(self) -> int:
        """Return how much memory it takes once it is full."""
        return self.capacity * self.layout.bytes

    def in_words(self) -> str:
        """Return how transitions lie."""
        return f"{self.layout.bytes:,} bytes each"

    def add(self, transition: Transition) -> Any:
        """Store one step of n environments, n <= capacity; return their places, as an index."""
        number, start = len(transition.reward), self.cursor
        place: Any = slice(start, start + number)
        if start + number > self.capacity:
            place = np.arange(start, start + number) % self.capacity
        self.layout.write(self.rows, self.apart, place, transition)
        self.cursor = (start + number) % self.capacity
        self.size = min(self.size + number, self.capacity)
        return place

    def cut(self, rows: np.ndarray, number: int) -> None:
        """Let the newest step of each of some environments be its episode's last: what is added next is of another.

        Args:
            rows: int64, of the environments.
            number: Environments that step together.
        """
        if self.size:
            places = (self.cursor - number + np.asarray(rows)) % self.capacity
            columns = self.layout.columns
            going = self.rows[places, columns["terminated"].start] < 0.5
            self.rows[places[going], columns["truncated"].start] = 1.0

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """Return rows float32 (*indices.shape, width) and what lies apart, (*indices.shape, ...)."""
        return self.rows.take(indices, axis=0), tuple(array.take(indices, axis=0) for array in self.apart)

    def get_state(self) -> dict[str, Any]:
        """Return the filled rows and the cursor."""
        apart = {str(i): lent(array[: self.size]) for i, array in enumerate(self.apart)}
        return {"rows": lent(self.rows[: self.size]), "apart": apart, "cursor": self.cursor}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned."""
        size = self._checked_size(state)
        apart = {str(i): array[:size] for i, array in enumerate(self.apart)}
        if not isinstance(state["apart"], Mapping) or state["apart"].keys() != apart.keys():
            raise CheckpointError("the checkpoint's replay holds observations of another kind than this one. " + FIX)
        check_value(apart, state["apart"], "Replay.apart")
        self.rows[:size] = state["rows"]
        for i, array in enumerate(self.apart):
            array[:size] = state["apart"][str(i)]
        self.size, self.cursor = size, state["cursor"]

    def _checked_size(self, state: Mapping[str, Any]) -> int:
        rows, cursor = state["rows"], state["cursor"]
        size = len(rows) if isinstance(rows, np.ndarray) and rows.ndim else -1
        if not 0 <= size <= self.capacity:
            raise CheckpointError(f"the checkpoint's replay holds {size} rows; this one has room for {self.capacity}.")
        check_value(self.rows[:size], rows, "Replay.rows")
        # Before all places are filled, the next row follows the last one.
        if type(cursor) is not int or not 0 <= cursor < self.capacity or (size < self.capacity and cursor != size):
            raise CheckpointError(f"the checkpoint's replay of {size} rows goes on at row {cursor!r:.40}.")
        return size


class Stored(NamedTuple):
    """Transitions inside a program.

    Attributes:
        rows: float32 (C, width).
        apart: (C, ...) of observations and of next observations, or ().
        cursor: int32 (), where the next rows go.
        size: int32 (), rows filled.
    """

    rows: tf.Tensor
    apart: tuple[tf.Tensor, ...]
    cursor: tf.Tensor
    size: tf.Tensor


class ProgramStorage:
    """Reads and writes `Stored`.

    Args:
        layout: How transitions lie.
        capacity: Transitions kept; rounded down to a multiple of `number`, so that a step's rows lie side by side.
        number: Environments that step together.
    """

    def __init__(self, layout: Layout, capacity: int, number: int) -> None:
        self.layout, self.number = layout, number
        self.capacity = max(1, capacity // number) * number

    def empty(self) -> Stored:
        """Return no transitions."""
        import tensorflow as tf

        state_memory(self.capacity, self.capacity * self.layout.bytes, f"{self.layout.bytes:,} bytes each")
        shape, dtype = (self.capacity, *self.layout.shape), self.layout.apart
        apart = () if dtype is None else (tf.zeros(shape, tf.as_dtype(dtype)), tf.zeros(shape, tf.as_dtype(dtype)))
        zero = tf.zeros((), tf.int32)
        return Stored(tf.zeros((self.capacity, self.layout.width)), apart, zero, zero)

    def write(self, stored: Stored, transition: Transition) -> Stored:
        """Return what is stored with one step of all environments added; compiles under XLA only."""
        import tensorflow as tf
        from tensorflow.compiler.tf2xla.python import xla

        def put(array: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
            start = [stored.cursor] + [tf.constant(0)] * (len(array.shape) - 1)
            return xla.dynamic_update_slice(array, tf.cast(rows, array.dtype), start)

        rows, apart = self.layout.packed(transition)
        return Stored(
            put(stored.rows, rows),
            tuple(put(array, part) for array, part in zip(stored.apart, apart, strict=True)),
            (stored.cursor + self.number) % self.capacity,
            tf.minimum(stored.size + self.number, self.capacity),
        )

    def take(self, stored: Stored, indices: tf.Tensor) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        """Return rows float32 (*indices.shape, width) and what lies apart, (*indices.shape, ...)."""
        import tensorflow as tf

        return tf.gather(stored.rows, indices), tuple(tf.gather(array, indices) for array in stored.apart)
