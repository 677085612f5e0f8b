"""Transitions of stacked frames in host memory, each frame once (as in Mnih et al. 2015, who kept a million)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from agents.replay.holding.memory import in_words, state_memory
from agents.replay.layout import Layout
from agents.replay.storage import HostStorage
from agents.transitions import Transition
from lab.errors import CheckpointError
from lab.messages.notes import warn
from lab.runs.state import lent
from lab.runs.state_checks import check_value

# Of transitions, how many frames there is room for beyond one each: for the first ones of episodes.
SPARE = 16
# Frames that there may have been.
LARGEST = 1 << 53


class Stack(NamedTuple):
    """How frames lie in an observation.

    Attributes:
        number: Frames, the oldest first.
        axis: On which they are stacked: 0 or -1.
    """

    number: int
    axis: int = 0

    def frames(self, observations: np.ndarray) -> np.ndarray:
        """Return observations (n, ...) as frames (n, K, ...)."""
        return observations if self.axis == 0 else np.moveaxis(observations, -1, 1)

    def observations(self, frames: np.ndarray, lead: int) -> np.ndarray:
        """Return frames, behind `lead` axes, as observations."""
        return frames if self.axis == 0 else np.moveaxis(frames, lead, -1)


class NotStackedError(Exception):
    """An observation whose older frames are not those of the one before."""


class FrameStorage(HostStorage):
    """Keeps each frame once, and for each transition where its K + 1 frames lie: `HostStorage` for stacked frames.

    Every observation is stored as it came, whatever it is: a frame is shared only where it equals, byte for byte, the
    one that lies there already. So episodes may begin with frames repeated or of zeros, and end in either way. That
    what follows an observation is it, moved on by one frame, is checked at every step.

    Args:
        layout: How the rest of a transition lies.
        capacity: Transitions kept.
        number: Environments that step together.
        stack: How frames lie in an observation.
    """

    NAMES = frozenset(("rows", "windows", "frames", "present", "cursor", "next", "room"))

    def __init__(self, layout: Layout, capacity: int, number: int, stack: Stack) -> None:
        self.stack, self.number = stack, number
        super().__init__(layout, capacity)
        self.windows = np.zeros((capacity, stack.number + 1), np.int64)
        self.frames = np.zeros((self._room(), *self._frame_shape()), layout.apart)
        # Where the next frame goes, counted without end: it lies at that number, modulo the room.
        self.next = 0
        # The present observation of each environment; below 0 where there is none.
        self.present = np.full((number, stack.number), -1, np.int64)

    def _take_memory(self) -> None:
        self.rows = np.zeros((self.capacity, self.layout.width), np.float32)
        self.apart = ()

    def bytes_needed(self) -> int:
        frame = int(np.prod(self._frame_shape())) * self.layout.apart.itemsize  # type: ignore[union-attr]
        row = 4 * self.layout.width + 8 * (self.stack.number + 1)
        return self.capacity * row + self._room() * frame

    def in_words(self) -> str:
        return f"each of {self.stack.number} stacked frames once"

    def _frame_shape(self) -> tuple[int, ...]:
        return self.layout.shape[1:] if self.stack.axis == 0 else self.layout.shape[:-1]

    def _room(self) -> int:
        return self.capacity + self.capacity // SPARE + 2 * (self.stack.number + 1) * self.number

    def add(self, transition: Transition) -> Any:
        """Store one step of n environments; return their places.

        Raises:
            NotStackedError: When what follows is not the observation moved on by a frame; then nothing was stored.
        """
        if len(transition.reward) != len(self.present):
            self.resize(len(transition.reward))
        before, after = self.stack.frames(transition.observation), self.stack.frames(transition.next_observation)
        if not np.array_equal(before[:, 1:], after[:, :-1]):
            raise NotStackedError
        number, start = len(before), self.cursor
        place: Any = (start + np.arange(number)) % self.capacity
        self.size, self.cursor = min(self.size + number, self.capacity), (start + number) % self.capacity
        for env in range(number):
            window = self._window(env, before[env])
            self._keep_room(place[env])
            last = self._put(after[env, -1])
            self.windows[place[env], :-1], self.windows[place[env], -1] = window, last
            self.present[env, :-1], self.present[env, -1] = window[1:], last
        self.layout.write_numbers(self.rows, place, transition)
        return place

    def _window(self, env: int, frames: np.ndarray) -> np.ndarray:
        window = self.present[env]
        if window[0] >= 0 and np.array_equal(self.frames[window % len(self.frames)], frames):
            return window.copy()
        # An episode's first observation, or that of another than the last step led to.
        window = np.empty(len(frames), np.int64)
        for i, frame in enumerate(frames):
            same = i and np.array_equal(frame, frames[i - 1])
            window[i] = window[i - 1] if same else self._put(frame)
        return window

    def _put(self, frame: np.ndarray) -> int:
        self.frames[self.next % len(self.frames)] = frame
        self.next += 1
        return self.next - 1

    def _keep_room(self, place: int) -> None:
        # The oldest frames that a row still needs are those of one of the oldest rows: environments take turns.
        if self.size < self.capacity and self.next + self.stack.number + 1 < len(self.frames):
            return
        oldest = np.arange(min(2 * self.number, self.capacity))
        if self.size == self.capacity:
            oldest = (place + 1 + oldest) % self.capacity
        low = min(int(self.windows[oldest, 0].min()), self._lowest_present())
        if self.next - low + 2 * (self.stack.number + 1) * self.number <= len(self.frames):
            return
        larger = np.zeros((len(self.frames) + len(self.frames) // 4 + 1, *self.frames.shape[1:]), self.frames.dtype)
        kept = np.arange(low, self.next)
        larger[kept % len(larger)] = self.frames[kept % len(self.frames)]
        self.frames = larger
        warn(f"many short episodes: the replay's frames take {in_words(larger.nbytes)} now.", stacklevel=4)

    def _lowest_present(self) -> int:
        known = self.present[self.present[:, 0] >= 0, 0]
        return int(known.min(initial=self.next))

    def resize(self, number: int) -> None:
        """Take over another number of environments, whose next steps begin episodes."""
        # Room is kept for as many as there ever were: their transitions are still there.
        self.number = max(self.number, number)
        self.present = np.full((number, self.stack.number), -1, np.int64)

    def take(self, indices: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        lead, number = indices.ndim, self.stack.number
        found = self.frames.take(self.windows.take(indices, axis=0) % len(self.frames), axis=0)
        parts = np.split(found, [0, number], axis=lead)[1], np.split(found, [1], axis=lead)[1]
        return self.rows.take(indices, axis=0), tuple(self.stack.observations(part, lead) for part in parts)

    def whole(self) -> HostStorage:
        """Return the same transitions with all frames of each."""
        made = HostStorage(self.layout, self.capacity)
        made.size, made.cursor = self.size, self.cursor
        for begin in range(0, self.size, 256):
            some = np.arange(begin, min(begin + 256, self.size))
            made.rows[some], (made.apart[0][some], made.apart[1][some]) = self.take(some)
        return made

    def get_state(self) -> dict[str, Any]:
        """Return the filled places, and where things lie.

        Places stay what they are from one checkpoint to the next, so that only what is new has to be written.
        """
        return {
            "rows": lent(self.rows[: self.size]),
            "windows": lent(self.windows[: self.size]),
            "frames": lent(self.frames[: self.next]),
            "present": self.present.copy(),
            "cursor": self.cursor,
            "next": self.next,
            "room": len(self.frames),
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        size = self._checked_size(state)
        frames, windows, present = state["frames"], state["windows"], state["present"]
        check_value(self.windows[:size], windows, "Replay.windows")
        check_value(self.present, present, "Replay.present")
        shaped = isinstance(frames, np.ndarray) and frames.shape[1:] == self.frames.shape[1:]
        if not shaped or frames.dtype != self.frames.dtype:
            raise CheckpointError("the checkpoint's replay holds frames of another kind than this one.")
        following, room = state["next"], state["room"]
        fits = type(following) is type(room) is int and 0 <= following < LARGEST and 0 < room < LARGEST
        if not fits or len(frames) != min(following, room):
            raise CheckpointError("the checkpoint's replay holds another number of frames than it says.")
        # What a row or an environment needs must lie there still.
        low = max(0, following - room)
        known = present[present[:, 0] >= 0]
        if any(part.min(initial=low) < low or part.max(initial=-1) >= following for part in (windows, known)):
            raise CheckpointError("the checkpoint's replay holds frames that its transitions do not know.")
        if room != len(self.frames):
            # As many as it had come to have, by short episodes or other numbers of environments.
            state_memory(self.capacity, room * int(np.prod(self._frame_shape())), self.in_words())
            self.frames = np.zeros((room, *self.frames.shape[1:]), self.frames.dtype)
        self.frames[: len(frames)], self.next = frames, following
        self.rows[:size], self.windows[:size], self.present[...] = state["rows"], windows, present
        self.size, self.cursor = size, state["cursor"]
