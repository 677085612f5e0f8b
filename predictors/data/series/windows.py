"""From a series to examples: what was known at an origin, and what came."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lab.errors import UsageError, bad_value
from predictors.data.arrays import standard
from predictors.data.examples import Examples, ExampleSpec, Part
from predictors.data.field import Field
from predictors.data.series.series import Series

PAST, FUTURE, AHEAD = "past", "future", "ahead"
# More windows than that select no better: neighbours are nearly the same.
MOST_SELECTING = 200


@dataclasses.dataclass(frozen=True, eq=False)
class Windows(Part):
    """Some windows of a series, each at an origin: the first point that is not known.

    Args:
        series: The whole series.
        origins: Rising, (N,).
    """

    series: Series | None = None
    origins: NDArray[np.int64] | None = None

    def rows(self, chosen: np.ndarray) -> Windows:
        if self.origins is None:
            raise bad_value("Windows", "origins", None, "one for each window")
        part = super().rows(chosen)
        return Windows(part.inputs, part.targets, part.weights, self.series, self.origins[chosen])


def windows(series: Series, context: int, horizon: int, most_origins: int) -> Examples:
    """Return the windows of a series' parts; no target of one part lies in another.

    Training windows lie within the training part. What selects and tests may look back into earlier parts, for that is
    known by then. Scales are of the training part alone.

    Args:
        series: What to cut up.
        context, horizon: Points that a window knows, and points ahead.
        most_origins: Of the test part, evenly apart and with the last window at the series' end.

    Raises:
        UsageError: When the window is longer than the training part, or the horizon than another part.
    """
    length = len(series)
    if context + horizon > series.train_end:
        raise UsageError(
            f"{series.name}: received a window of {context} + {horizon} points (context and horizon), but the training "
            f"part has {series.train_end} of {length} points; expected at most those. Fix: a shorter context= or "
            "horizon=, a longer series, or smaller parts to test and select by."
        )
    bounds = {
        "selection": (max(context, series.train_end), series.selection_end),
        "test": (series.selection_end, length),
    }
    for name, (start, end) in bounds.items():
        if end - start < horizon:
            least = (horizon + 0.5) / length
            raise bad_value(
                series.name, f"horizon of {horizon} points", f"{end - start} points in the {name} part",
                "a horizon within it", f"Series(..., {name}_fraction={least:.3f}) or a horizon of {end - start}.",
            )  # fmt: skip
    train = _part(series, np.arange(context, series.train_end - horizon + 1), context, horizon)
    mosts = (MOST_SELECTING, most_origins)
    selection, test = (
        _part(series, _thinned(start, end - horizon, most), context, horizon)
        for (start, end), most in zip(bounds.values(), mosts, strict=True)
    )
    return Examples(train, test, _spec(series, context, horizon), selection, kind="series", notes=series.notes)


def _thinned(first: int, last: int, most: int) -> NDArray[np.int64]:
    stride = -(-(last - first + 1) // most)
    return np.arange(last, first - 1, -stride, dtype=np.int64)[::-1].copy()


def _part(series: Series, origins: NDArray[np.int64], context: int, horizon: int) -> Windows:
    whole = np.concatenate([series.values, series.covariates], axis=1)
    past = sliding_window_view(whole, context, axis=0)[origins - context].transpose(0, 2, 1)
    inputs = {PAST: np.ascontiguousarray(past)}
    if series.covariates.shape[1]:
        inputs[FUTURE] = _ahead(series.covariates, origins, horizon)
    return Windows(inputs, {AHEAD: _ahead(series.values, origins, horizon)}, None, series, origins)


def _ahead(values: NDArray[np.float64], origins: NDArray[np.int64], horizon: int) -> NDArray[np.float64]:
    return np.ascontiguousarray(sliding_window_view(values, horizon, axis=0)[origins].transpose(0, 2, 1))


def _spec(series: Series, context: int, horizon: int) -> ExampleSpec:
    targets = series.values.shape[1]
    centre, scale = standard(np.concatenate([series.values, series.covariates], axis=1)[: series.train_end])
    if not np.isfinite([*centre, *scale]).all():
        largest = np.abs(series.values).max()
        raise bad_value(series.name, "values", f"up to {largest:g}", "numbers that can be squared", "scale them.")
    names = series.columns

    def field(name: str, steps: int, of: slice) -> Field:
        shape = (steps, len(names[of]))
        return Field(name, "sequence", shape, "float64", centre[of], scale[of], columns=names[of], period=series.period)

    past = field(PAST, context, slice(None))
    known = (field(FUTURE, horizon, slice(targets, None)),) if series.covariates.shape[1] else ()
    return ExampleSpec((past, *known), (field(AHEAD, horizon, slice(targets)),), series.name)
