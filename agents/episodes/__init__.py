"""Recorded episodes: kept in files, filtered and mixed, and learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.episodes.episodes import Episodes
from agents.episodes.files.archive import EpisodesError
from agents.episodes.files.card import Card
from agents.episodes.files.columns import Episode

if TYPE_CHECKING:
    from agents.episodes.recording import record

__all__ = ["Card", "Episode", "Episodes", "EpisodesError", "record"]


def __getattr__(name: str) -> Any:
    # Whoever only reads a file needs no agents.
    if name == "record":
        from agents.episodes.recording import record

        return record
    raise AttributeError(f"module 'agents.episodes' has no attribute {name!r}")
