"""Options: what an experiment is given as numbers and words, and its files hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

from lab.errors import bad_value, check_whole
from lab.runs.opening.config import LANES
from lab.seeding import Seeds


@dataclasses.dataclass(frozen=True)
class Options:
    """The keywords of `Experiment` that a run's config.json and the plan of several runs (runs.json) hold too.

    Args:
        seed: The one seed of everything random.
        num_envs: Environments stepped together (agents).
        lane: `auto`, `host` or `compiled`.
        evaluate_every: Steps between evaluations; None for never.
        checkpoint_every: Steps between checkpoints; None for a tenth of the learner's default run.
        video_every: Steps between videos or sample grids; None for never.
        log_every: Steps between rows of the history; None for the learner's default.

    Raises:
        UsageError: On a value that none of them can have.
    """

    seed: int = 0
    num_envs: int = 1
    lane: str = "auto"
    evaluate_every: int | None = None
    checkpoint_every: int | None = None
    video_every: int | None = None
    log_every: int | None = None

    def __post_init__(self) -> None:
        if self.lane not in LANES:
            raise bad_value("Experiment", "lane", self.lane, "one of " + ", ".join(map(repr, LANES)))
        for name in (*INTERVALS, "num_envs"):
            value = getattr(self, name)
            check_whole(name, value, optional=name != "num_envs")
            # NumPy's whole numbers are none of JSON's.
            object.__setattr__(self, name, value if value is None else int(value))
        object.__setattr__(self, "seed", Seeds(self.seed).seed)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Return the options among the values of a run's file."""
        return cls(**{name: found[name] for name in NAMES if name in found})

    def to_json(self) -> dict[str, Any]:
        """Return them by name, as JSON values."""
        return dataclasses.asdict(self)

    def intervals(self) -> tuple[int | None, ...]:
        """Return the steps between events, of those that were asked for."""
        return tuple(getattr(self, name) for name in INTERVALS)


INTERVALS = ("evaluate_every", "checkpoint_every", "video_every", "log_every")
NAMES = tuple(field.name for field in dataclasses.fields(Options))
