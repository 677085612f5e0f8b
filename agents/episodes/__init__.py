"""Recorded episodes: kept in files, filtered and mixed, and learnt from."""

from agents.episodes.archive import EpisodesError
from agents.episodes.card import Card
from agents.episodes.columns import Episode
from agents.episodes.episodes import Episodes

__all__ = ["Card", "Episode", "Episodes", "EpisodesError"]
