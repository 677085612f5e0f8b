"""Evaluation: what a learner scored, as a mapping of metric to value."""

from __future__ import annotations

import html
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from lab.errors import bad_value
from lab.results.statistics import bootstrap_interval, iqm

NEUTRAL = ("std", "episodes")
# What `Evaluation.from_episodes` gives.
EPISODE_METRICS = ("mean", "std", "iqm", "iqm_low", "iqm_high", "episodes", "min", "max", "length_mean")
ATTRIBUTES = ("step", "returns", "lengths", "left_out")


class Evaluation(Mapping[str, float]):
    """Maps metrics to values; each is an attribute too (`evaluation.mean`).

    Args:
        metrics: Numbers by name, in the order to show them.
        returns: Undiscounted return of every episode (agents).
        lengths: Steps of every episode (agents).
        step: Training step at which it was made.
        main: Metric to select checkpoints by; None for the first.
        higher: Metrics for which more is better; less is better for all others.
        left_out: Why metrics that one might expect are missing, by name.
    """

    def __init__(
        self,
        metrics: Mapping[str, float],
        *,
        returns: Iterable[float] = (),
        lengths: Iterable[int] = (),
        step: int | None = None,
        main: str | None = None,
        higher: Collection[str] = (),
        left_out: Mapping[str, str] | None = None,
    ) -> None:
        if not metrics:
            raise bad_value("Evaluation", "metrics", "none", "at least one metric")
        for name in metrics:
            if not isinstance(name, str) or hasattr(Evaluation, name) or name in ATTRIBUTES:
                raise bad_value("Evaluation", "metric", name, "a name that means nothing else here", "rename it")
        if main is not None and main not in metrics:
            raise bad_value("Evaluation", "main", main, "one of " + ", ".join(metrics))
        self._metrics = {name: _number(value) for name, value in metrics.items()}
        self.returns = tuple(float(value) for value in returns)
        self.lengths = tuple(int(value) for value in lengths)
        self.step = step
        self._main = main if main is not None else next(iter(self._metrics))
        self._higher = frozenset(higher)
        self.left_out = dict(left_out or {})

    @classmethod
    def from_episodes(
        cls,
        returns: Iterable[float],
        lengths: Iterable[int],
        extra: Mapping[str, float] | None = None,
        *,
        step: int | None = None,
    ) -> Evaluation:
        """Summarise episodes.

        Fills mean, std (of the population, as `numpy.std`), iqm with the ends of its 95 % bootstrap interval
        iqm_low and iqm_high, episodes, min, max and length_mean. The interval is over these episodes of one learner;
        what other seeds would have learnt only several runs can tell (`over_runs`). The main metric is
        mean; more is better for all but std.

        Args:
            returns: Undiscounted return of every episode.
            lengths: Steps of every episode.
            extra: More metrics, such as a success rate.
            step: Training step at which the episodes were played.

        Raises:
            ValueError: For no episode, returns that are not finite, or fewer lengths than returns.
        """
        scores, steps = np.asarray(list(returns), np.float64), list(lengths)
        if len(scores) != len(steps):
            raise bad_value("Evaluation", "lengths", f"{len(steps)} lengths", f"one for each of {len(scores)} returns")
        middle = iqm(scores)
        low, high = bootstrap_interval(scores)
        metrics = {
            "mean": float(scores.mean()),
            "std": float(scores.std()),
            "iqm": middle,
            "iqm_low": low,
            "iqm_high": high,
            "episodes": len(scores),
            "min": float(scores.min()),
            "max": float(scores.max()),
            "length_mean": float(np.mean(steps)),
            **(extra or {}),
        }
        higher = [name for name in metrics if name not in NEUTRAL]
        return cls(metrics, returns=scores, lengths=steps, step=step, main="mean", higher=higher)

    @property
    def main(self) -> str:
        """The metric to select checkpoints by."""
        return self._main

    def higher_is_better(self, name: str) -> bool:
        """Tell whether more of a metric is better."""
        return name in self._higher

    def to_dict(self) -> dict[str, Any]:
        """Return the metrics as JSON values; None stands for NaN or infinity.

        For agents returns and lengths come with them, and where metrics are missing the reasons, under `left_out`.
        """
        row: dict[str, Any] = {name: value if math.isfinite(value) else None for name, value in self._metrics.items()}
        if self.returns or self.lengths:
            row.update(returns=list(self.returns), lengths=list(self.lengths))
        if self.left_out:
            row["left_out"] = self.left_out
        return row

    def __getitem__(self, name: str) -> float:
        return self._metrics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._metrics)

    def __len__(self) -> int:
        return len(self._metrics)

    def __getattr__(self, name: str) -> float:
        # Copying and unpickling ask for attributes before __init__ has run.
        metrics = self.__dict__.get("_metrics", {})
        if name in metrics:
            return metrics[name]
        if name in self.__dict__.get("left_out", {}):
            raise AttributeError(f"Evaluation has no metric {name!r}. {self.left_out[name]}")
        raise AttributeError(f"Evaluation has no metric {name!r}; it has {', '.join(metrics)}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._metrics})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Evaluation):
            return NotImplemented
        mine, theirs = ((e.to_dict(), e.step) for e in (self, other))
        return mine == theirs

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = [] if self.step is None else [f"step={self.step}"]
        for name, value in self._metrics.items():
            if name == "iqm" and {"iqm_low", "iqm_high"} <= self.keys():
                shown.append(f"iqm={value:.6g} [{self['iqm_low']:.6g}, {self['iqm_high']:.6g}] over episodes")
            elif name not in ("iqm_low", "iqm_high"):
                shown.append(f"{name}={value:.6g}")
        return f"Evaluation({', '.join(shown)})"

    def _repr_html_(self) -> str:
        head = "" if self.step is None else f"<caption>step {self.step:,}</caption>"
        rows = "".join(
            f'<tr><th style="text-align:left">{html.escape(name)}</th>'
            f'<td style="text-align:right">{value:.6g}</td></tr>'
            for name, value in self._metrics.items()
        )
        return f"<table>{head}{rows}</table>"


def _number(value: Any) -> float:
    """Return a plain number; whole numbers such as a count of episodes stay whole."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    return float(value)
