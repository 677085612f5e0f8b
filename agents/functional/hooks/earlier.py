"""What checkpoints of 0.2.0 and before called an agent's attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.errors import CheckpointError


def renamed(names: Mapping[str, str], state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an earlier version wrote, under today's names; what is gone is left out.

    Args:
        names: Today's by the earlier ones; empty for what is gone.
        state: As a checkpoint holds it.
    """
    found = {names.get(name, name): value for name, value in state.items()}
    found.pop("", None)
    return found


def check_not_earlier(owner: str, names: Mapping[str, str], state: Mapping[str, Any]) -> None:
    """Raise `CheckpointError` where training would go on from what an earlier version wrote."""
    earlier = sorted(state.keys() & names.keys())
    if earlier:
        raise CheckpointError(
            f"{owner}: the checkpoint was written by lab 0.2.0 or earlier (it holds {earlier[0]!r}), "
            "whose training cannot be gone on with here. Fix: resume the run with that version; what it has "
            "learnt can be evaluated, rendered and reported with this one."
        )
