"""What a recording must be before anybody learns from it."""

from __future__ import annotations

import numpy as np

from agents.episodes.episodes import Episodes
from lab.errors import bad_value

# Rows read at once: a recording may be larger than memory.
BLOCK = 100_000


def check_finite(owner: str, episodes: Episodes) -> None:
    """Raise `UsageError` where a recorded observation or action is not finite; rewards are checked when it is opened.

    Args:
        owner: Who is to learn from it.
        episodes: The recording.
    """
    for name in ("observations", "final_observations", "actions"):
        rows = getattr(episodes, name)
        if rows.dtype.kind != "f":
            continue
        for start in range(0, len(rows), BLOCK):
            finite = np.isfinite(rows[start : start + BLOCK])
            if not finite.all():
                at = np.argwhere(~finite)[0]
                at[0] += start
                raise bad_value(
                    owner, f"the recording's {name}, in row {at[0]},", float(rows[tuple(at)]), "finite numbers",
                    "record again, or leave its episode out: episodes.take(...).",
                )  # fmt: skip
