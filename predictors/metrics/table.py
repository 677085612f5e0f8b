"""Metrics by name, and why others are not among them."""

from __future__ import annotations

from collections.abc import Callable

from lab.errors import UsageError


class UndefinedMetric(UsageError):  # noqa: N818 - it names what is wrong, as UsageError's other kinds do
    """A metric that has no value for these rows, such as an area under the curve of one class."""


class MetricTable(dict[str, float]):
    """Map metrics to finite values; what has no value is left out, never 0.

    Attributes:
        left_out: Why metrics that one might expect are missing, by name.
    """

    def __init__(self, **metrics: float) -> None:
        super().__init__({name: float(value) for name, value in metrics.items()})
        self.left_out: dict[str, str] = {}

    def add(self, name: str, compute: Callable[[], float]) -> None:
        """Add a metric, or the reason why it has no value."""
        try:
            self[name] = float(compute())
        except UndefinedMetric as reason:
            self.left_out[name] = str(reason)
