"""What an acting Decision Transformer remembers of the episodes in progress."""

from __future__ import annotations

import numpy as np

from agents.decision_transformer.data.windows import Steps


class Context:
    """The last steps of n episodes, and what each has obtained so far.

    All streams slide together. A full context loses its `slide` oldest steps at once before the next step comes in:
    with 1 it always holds the last steps, as in Chen et al. 2021 (algorithm 1). With more it holds `steps` down to
    `steps - slide + 1` of them, all lengths that the causal network was trained with, and what was computed for steps
    that stay can be used for the next `slide` steps.

    Args:
        rows: n.
        steps: The most steps held.
        slide: The oldest ones dropped at once.
        observation, action: An array like one of each.
        target: The return asked for.

    Attributes:
        steps: The streams, (n, steps, ...), from the left; in the newest step of each row the action is chosen last.
        count: int32 (n,), steps held.
        timestep: int32 (n,), steps since the episode's start.
        target, obtained: float64 (n,), the return asked for, and the sum of rewards so far.
    """

    def __init__(
        self, rows: int, steps: int, slide: int, observation: np.ndarray, action: np.ndarray, target: float
    ) -> None:
        self.slide = slide
        self.steps = Steps(
            np.zeros((rows, steps), np.float32),
            np.zeros((rows, steps, *observation.shape), observation.dtype),
            np.zeros((rows, steps, *action.shape), action.dtype),
            np.zeros((rows, steps), np.int32),
            np.zeros((rows, steps), bool),
        )
        self.count = np.zeros(rows, np.int32)
        self.timestep = np.zeros(rows, np.int32)
        self.target = np.full(rows, target, np.float64)
        self.obtained = np.zeros(rows, np.float64)

    @property
    def rows(self) -> int:
        """How many episodes."""
        return len(self.count)

    @property
    def remaining(self) -> np.ndarray:
        """What is still asked for, float64 (n,): the return asked for less what has been obtained."""
        return self.target - self.obtained

    def begin(self, rows: np.ndarray, target: float) -> None:
        """Forget the episodes of some rows, and ask new ones for a return."""
        self.count[rows] = self.timestep[rows] = 0
        self.steps.present[rows] = False
        self.target[rows], self.obtained[rows] = target, 0.0

    def make_room(self) -> np.ndarray:
        """Drop the oldest steps of rows that are full; return those rows."""
        rows = np.flatnonzero(self.count == self.steps.returns.shape[1])
        if len(rows):
            left = self.steps.returns.shape[1] - self.slide
            for stream in self.steps:
                stream[rows, :left] = stream[rows, self.slide :]
            self.steps.present[rows, left:] = False
            self.count[rows] = left
        return rows

    def add(self, observations: np.ndarray, scale: float, last: int) -> None:
        """Add a step to each row; its action is not chosen yet.

        Args:
            observations: (n, ...).
            scale: What returns are divided by.
            last: The last timestep that has a position.
        """
        place = np.arange(self.rows), self.count
        self.steps.returns[place] = self.remaining / scale
        self.steps.observations[place] = observations
        self.steps.timesteps[place] = np.minimum(self.timestep, last)
        self.steps.present[place] = True
        self.count += 1
        self.timestep += 1

    def act(self, actions: np.ndarray) -> None:
        """Note the actions chosen in the newest steps, (n, ...)."""
        self.steps.actions[np.arange(self.rows), self.count - 1] = actions

    def pay(self, rewards: np.ndarray) -> None:
        """Count what the newest actions obtained, float64 (n,)."""
        self.obtained += rewards
