"""The data card: what a file of recorded episodes says of itself."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np

from agents import spaces
from lab.files.reading.schema import anything, check, entries, items, optional, parse, real, text, whole

FORMAT = 1

_ANY = entries({"format": anything()}, more=anything())
_CARD = entries(
    {
        "environment": optional(text()),
        "observation_space": entries({}, more=anything()),
        "action_space": entries({}, more=anything()),
        "policy": text(1 << 20, control=True),
        "seeds": items(whole(0, 2**256)),
        "episodes": whole(1),
        "steps": whole(1),
        "returns": entries({}, more=real()),
        "sha256": text(64),
        "format": whole(FORMAT, FORMAT),
    }
)


@dataclasses.dataclass(frozen=True)
class Card:
    """Where episodes come from, what they hold, and by which hash to know them again.

    Attributes:
        environment: The environment's id, or None where it has no name.
        observation_space, action_space: As `agents.spaces.to_json` writes them.
        policy: Who acted, in words.
        seeds: The seeds they were recorded with; empty where unknown.
        episodes, steps: How many.
        returns: The returns' mean, std, min and max.
        sha256: Of the card's other entries and of all arrays.
        format: The version of the file format.
    """

    environment: str | None
    observation_space: Mapping[str, Any]
    action_space: Mapping[str, Any]
    policy: str
    seeds: tuple[int, ...]
    episodes: int
    steps: int
    returns: Mapping[str, float]
    sha256: str = ""
    format: int = FORMAT

    def spaces(self) -> tuple[gymnasium.Space[Any], gymnasium.Space[Any]]:
        """Return the observation space and the action space."""
        return spaces.from_json(dict(self.observation_space)), spaces.from_json(dict(self.action_space))

    def to_json(self) -> bytes:
        """Return the card as JSON, always with the same bytes."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True, allow_nan=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Card:
        """Return the card that `to_json` wrote.

        Raises:
            ValueError: When it is no card, or one of another format or beyond the limits of a file.
        """
        found = check(parse(data), _ANY)
        if found["format"] != FORMAT:
            raise ValueError(
                f"its format is {found['format']!r}; this version reads {FORMAT}, for which the version that recorded "
                "it can save its arrays"
            )
        found = check(found, _CARD)
        return cls(**{**found, "seeds": tuple(found["seeds"])})


def describe_returns(returns: np.ndarray) -> dict[str, float]:
    """Return the mean, std, min and max of returns float64 (E,)."""
    return {name: float(getattr(returns, name)()) for name in ("mean", "std", "min", "max")}


def join_cards(cards: Sequence[Card], returns: np.ndarray) -> Card:
    """Return the card, still without its hash, of several recordings of one environment as one.

    Args:
        cards: Theirs.
        returns: float64 (E,), of all episodes.
    """
    # Each once, in the order in which they came; appending again and again must not make it longer each time.
    policies = dict.fromkeys(policy for card in cards for policy in card.policy.split(" + "))
    return dataclasses.replace(
        cards[0],
        policy=" + ".join(policies),
        seeds=tuple(dict.fromkeys(seed for card in cards for seed in card.seeds)),
        episodes=sum(card.episodes for card in cards),
        steps=sum(card.steps for card in cards),
        returns=describe_returns(returns),
        sha256="",
    )
