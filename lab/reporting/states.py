"""What has become of a run: whether it is being trained, and if not why it ended."""

from __future__ import annotations

import re

from lab.reporting.html.formats import duration, number
from lab.reporting.records import RunRecord

RUNNING, FINISHED, STOPPED, FAILED, KILLED = "running", "finished", "stopped", "failed", "killed"
# An exception's name before its words, as a session's end is written.
ERROR = re.compile(r"[A-Za-z_]*(Error|Diverged|Exit|Interrupt)\b.*", re.DOTALL)


def state_of(record: RunRecord) -> tuple[str, str]:
    """Return a run's state in a word, and why it is in that state.

    A run is running while a process holds its lock. One whose last process left no word of its end was killed.
    """
    steps = record.config["steps"]
    if record.running:
        left = seconds_left(record)
        return RUNNING, f"about {duration(left)} left" if left is not None else "a process holds its lock"
    ended = record.sessions[-1].ended if record.sessions else None
    reached = record.step >= steps
    if ended is None:
        known = f"reached its {steps:,} steps" if reached else "no process holds its lock, and none wrote why it ended"
        # Runs of before ends were written have no session at all.
        return FINISHED if reached else KILLED if record.sessions else STOPPED, known
    if ERROR.fullmatch(ended.why):
        return FAILED, ended.why
    return FINISHED if reached else STOPPED, ended.why


def seconds_left(record: RunRecord) -> float | None:
    """Return how long the run will take at its latest pace; None where that is not known."""
    pace = number(record.metrics.last.get("time_steps_per_second"))
    left = record.config["steps"] - record.metrics.last.get("step", 0)
    return left / pace if pace and pace > 0 and left > 0 else None
