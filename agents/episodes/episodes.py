"""Episodes: recorded episodes as flat arrays, from a file mapped into memory or in memory."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from agents import spaces
from agents.episodes.files import archive
from agents.episodes.files.card import Card, describe_returns, join_cards
from agents.episodes.files.columns import Columns, columns, divided, joined, returns_of, taken
from agents.episodes.files.reading import Recording
from agents.episodes.selection import best, check_alike, statistics
from lab.errors import UsageError, bad_value, printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Episodes(Recording):
    """N steps of E episodes, one after the other; made by `load`, `from_arrays` and `agents.episodes.record`.

    The final observations stand apart, so that `observations` has a row for each action: `next_observations` gives
    the true successors. Arrays of a loaded file are mapped: only what is read comes into memory.

    Args:
        card: What they are; its hash may be missing and is then computed when asked for.
        parts: The arrays.
        path: The file that they are mapped from, if any.
        environment: Makes the environment to play in, in place of the card's id.

    Attributes:
        observations: (N, ...), what each action was chosen from.
        final_observations: (E, ...), what followed each episode's last action.
        actions: (N, ...); for Discrete spaces int64 from 0.
        rewards: float32 or float64 (N,).
        terminated, truncated: bool (E,), how each episode ended.
        lengths, starts: int64 (E,), steps and first row of each episode.
        returns: float64 (E,), undiscounted.
        observation_space, action_space: Of the environment.
        path: The file that they are mapped from, or None.
        environment: What to make the environment from: a factory, the card's id, or None.
    """

    # ---------------------------------------------------------------- making and keeping

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Episodes:
        """Open a file of recorded episodes, mapping its arrays.

        Raises:
            EpisodesError: When there is none, or it is damaged or of another version.
        """
        place = Path(path)
        card, found = archive.read(place)
        return cls(card, found, place)

    @classmethod
    def from_arrays(
        cls,
        *,
        observations: Any,
        actions: Any,
        rewards: Any,
        terminated: Any,
        truncated: Any,
        observation_space: Any = None,
        action_space: Any = None,
        lengths: Any = None,
        final_observations: Any = None,
        next_observations: Any = None,
        environment: str | None = None,
        policy: str = "unknown",
        seeds: Sequence[int] = (),
    ) -> Episodes:
        """Make episodes of plain arrays.

        Args:
            observations, actions, rewards: (N, ...), one row a step; Discrete actions from 0.
            terminated, truncated: (E,) with `lengths`; without it (N,), True at each episode's last step. Steps after
                the last end are then an episode that neither terminated nor was truncated.
            observation_space, action_space: Of the environment.
            lengths: Steps of each episode, (E,).
            final_observations: (E, ...); or instead of them
            next_observations: (N, ...), what followed each action.
            environment: The environment's id, if it has one.
            policy: Who acted, in words.
            seeds: Seeds of the recording.

        Raises:
            UsageError: When arrays do not fit the spaces or one another, or there is no step.
        """
        for name, space in (("observation_space", observation_space), ("action_space", action_space)):
            if not isinstance(space, gymnasium.Space):
                fix = "give the environment's, such as Box(-np.inf, np.inf, (4,), np.float32) or Discrete(2)."
                raise bad_value("Episodes.from_arrays", name, space, "a gymnasium.Space", fix)
        if lengths is None:
            lengths, terminated, truncated = divided(np.asarray(terminated, bool), np.asarray(truncated, bool))
        if (final_observations is None) == (next_observations is None):
            raise UsageError("Episodes.from_arrays: give either final_observations (E, ...) or next_observations.")
        if final_observations is None:
            final_observations = np.asarray(next_observations)[np.cumsum(lengths) - 1]
        parts = columns(
            observation_space,
            action_space,
            observations,
            actions,
            rewards,
            terminated,
            truncated,
            lengths,
            final_observations,
        )
        card = Card(
            environment=environment,
            observation_space=spaces.to_json(observation_space),
            action_space=spaces.to_json(action_space),
            policy=policy,
            seeds=tuple(int(seed) for seed in seeds),
            episodes=len(parts.lengths),
            steps=len(parts.rewards),
            returns=describe_returns(parts.returns),
        )
        return cls(card, parts)

    @classmethod
    def from_minari(cls, dataset: Any) -> Episodes:
        """Return a Minari data set's episodes; see `agents.episodes.files.minari.from_minari`."""
        from agents.episodes.files.minari import from_minari

        return cls.from_arrays(**from_minari(dataset))

    def to_minari(self, dataset_id: str, **notes: Any) -> Any:
        """Write the episodes as a new Minari data set; see `agents.episodes.files.minari.to_minari`."""
        from agents.episodes.files.minari import to_minari

        return to_minari(self, dataset_id, **notes)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the episodes as one .npz, whole or not at all; return its path."""
        place = Path(path)
        if place.suffix != ".npz":
            raise bad_value("Episodes.save", "path", str(path), "a file name that ends in .npz")
        archive.write(place, self.card, [self.columns])
        return place

    def append(self, path: str | os.PathLike[str]) -> Path:
        """Write the episodes after those of a file, or as a new file where there is none; return its path.

        The file is written anew beside the old one and takes its place in one step: whoever kills the process finds
        the old or the new one. Of two processes that append at once the later one wins.

        Raises:
            UsageError: When the file's episodes have other spaces or are from another environment.
        """
        place = Path(path)
        if not place.exists():
            return self.save(place)
        both = [Episodes.load(place), self]
        check_alike(both)
        parts = [episodes.columns for episodes in both]
        archive.write(place, _hashed(_joined_card(both), parts), parts)
        return place

    append_to = append

    def verify(self) -> None:
        """Read all arrays and check them against the card's hash, and the returns against the rewards.

        Raises:
            EpisodesError: When a single bit differs.
        """
        same = np.allclose(returns_of(self.rewards, self.starts), self.returns)
        if archive.hashed(self.card, [self.columns]) != self.card.sha256 or not same:
            where = self.path if self.path is not None else "the episodes"
            raise archive.EpisodesError(
                f"{where} changed since it was written: its contents do not have the hash {self.card.sha256[:12]}... "
                "of its card. Fix: copy or record it again."
            )

    # ---------------------------------------------------------------- reading

    @property
    def card(self) -> Card:
        """What the episodes are, with their hash."""
        if not self._card.sha256:
            self._card = _hashed(self._card, [self.columns])
        return self._card

    @property
    def source_name(self) -> str | None:
        """The file's name, by which a run finds them again; None where they are not all that the file says."""
        named = self.path is not None and self.environment == self._card.environment
        return str(self.path) if named else None

    def __repr__(self) -> str:
        c = self._card
        where = c.environment or "an unnamed environment"
        return printable(f"Episodes({len(self)} of {where}, {self.steps:,} steps, {c.policy})")

    # ---------------------------------------------------------------- choosing

    def with_environment(self, environment: Callable[..., gymnasium.Env[Any, Any]]) -> Episodes:
        """Return the same episodes with a factory of the environment that they are from, to evaluate agents in it.

        Args:
            environment: Without arguments, or with `render_mode`; for environments that have no id.
        """
        return Episodes(self._card, self.columns, self.path, environment)

    def take(self, chosen: Any, words: str = "chosen episodes") -> Episodes:
        """Return some episodes, copied into memory, in the order named.

        Args:
            chosen: Numbers of episodes, or a bool for each.
            words: What to add to the card's policy.
        """
        chosen = np.asarray(chosen)
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        if not len(chosen):
            least, most = self.returns.min(), self.returns.max()
            raise UsageError(
                f"no episode was chosen ({words}): the {len(self)} episodes' returns lie from {least:g} to {most:g}. "
                "Fix: choose within them."
            )
        parts, about = taken(self.columns, self.starts, chosen), self._card
        card = dataclasses.replace(
            about,
            policy=f"{about.policy}: {words}",
            episodes=len(chosen),
            steps=len(parts.rewards),
            returns=describe_returns(parts.returns),
            sha256="",
        )
        return Episodes(card, parts, environment=self.environment)

    def filter(self, *, min_return: float | None = None, top: float | None = None) -> Episodes:
        """Return the episodes with at least a return, or the best fraction of them, or the best of the former.

        Args:
            min_return: The least return.
            top: A fraction in (0, 1]; at least one episode is kept, of equal returns the earlier ones.
        """
        words = [f"return at least {min_return:g}"] if min_return is not None else []
        chosen = np.arange(len(self)) if min_return is None else np.flatnonzero(self.returns >= min_return)
        if top is not None:
            words.append(f"best {top:.3g} by return")
            chosen = chosen[best(self.returns[chosen], top)] if len(chosen) else chosen
        return self.take(chosen, " and ".join(words) or "all")

    @classmethod
    def mix(cls, several: Sequence[Episodes], seed: int | None = None) -> Episodes:
        """Return the episodes of several recordings as one, in memory.

        Args:
            several: Of one environment.
            seed: Of the order in which the episodes stand; None for one recording after the other.
        """
        several = list(several)
        check_alike(several)
        whole = cls(_joined_card(several), joined([e.columns for e in several]), environment=several[0].environment)
        if seed is None:
            return whole
        order = np.random.default_rng(seed).permutation(len(whole))
        return whole.take(order, f"mixed with seed {seed}")

    def statistics(self) -> dict[str, float]:
        """Return numbers that describe the recording: counts, and spreads of returns and lengths."""
        return statistics(self)

    def plot(self) -> Figure:
        """Draw how returns and lengths are spread, as a `matplotlib.figure.Figure`."""
        from agents.episodes.figures import plot

        return plot(self.returns, self.lengths)


def _joined_card(several: Sequence[Episodes]) -> Card:
    return join_cards([e._card for e in several], np.concatenate([e.returns for e in several]))


def _hashed(card: Card, parts: Sequence[Columns]) -> Card:
    return dataclasses.replace(card, sha256=archive.hashed(card, parts))
