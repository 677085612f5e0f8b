"""What a recurrent agent remembers of the episodes that it is in, where environments step in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lab.runs.state import Stateful


class Remembered(Stateful):
    """Keeps hidden states of training's episodes, and apart from them those of episodes that are only played.

    Args:
        shapes: By name, of one episode.
        number: Environments that are trained in.
    """

    not_state = ("shapes", "playing")

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], number: int) -> None:
        self.shapes = dict(shapes)
        self.training = self._none(number)
        self.playing: dict[str, np.ndarray] | None = None

    def now(self, number: int, training: bool) -> dict[str, np.ndarray]:
        """Return what is remembered before the next actions, float32 (number, ...) by name.

        Outside of training and of episodes that were begun, each call is an episode's first.
        """
        if not self.shapes:
            return {}
        if self.playing is not None:
            return self.playing
        return self.training if training else self._none(number)

    def take(self, hidden: dict[str, np.ndarray], training: bool) -> None:
        """Remember what the policy returned with its actions, in training or an episode that was begun."""
        if self.playing is not None:
            self.playing = hidden
        elif training and self.shapes:
            self.training = hidden

    def forget(self, ended: np.ndarray) -> None:
        """Begin anew where an episode of training ended, bool (n,)."""
        if self.shapes and ended.any():
            self.training = {name: _without(part, ended) for name, part in self.training.items()}

    def begin(self, rows: np.ndarray, number: int) -> None:
        """Begin to play episodes; see `Agent.begin_episodes`."""
        if not self.shapes:
            return
        known = self._none(number) if self.playing is None else self.playing
        self.playing = {name: _without(part, rows) for name, part in known.items()}

    def end(self) -> None:
        """Forget the episodes that were played."""
        self.playing = None

    def _none(self, number: int) -> dict[str, np.ndarray]:
        return {name: np.zeros((number, *shape), np.float32) for name, shape in self.shapes.items()}


def _without(part: np.ndarray, rows: Any) -> np.ndarray:
    part = part.copy()
    part[rows] = 0.0
    return part
