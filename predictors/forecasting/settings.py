"""The settings of a forecaster, and the windows that they ask of a series."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from lab.config import setting
from lab.errors import bad_value
from predictors.settings import TrainingSettings

if TYPE_CHECKING:
    from predictors.data.series.series import Series

ARCHITECTURES = ("linear", "conv1d", "lstm", "gru", "simple_rnn", "transformer")
MODES = ("direct", "autoregressive")
STARTS = ("last", "seasonal", "mean", "none")
SEASONS = 3
NO_SEASON = 12


@dataclasses.dataclass(frozen=True)
class ForecasterSettings(TrainingSettings):
    """The settings of a `Forecaster`."""

    horizon: int | None = setting(None, "steps ahead; none for a season, or 12 without one", at_least=1)
    context: int | None = setting(
        None, "known steps that a forecast sees; none for three seasons or horizons, whichever is more", at_least=2
    )
    architecture: str = setting("linear", "the network", choices=ARCHITECTURES)
    mode: str = setting("direct", "all steps ahead at once, or one after the other", choices=MODES)
    quantiles: tuple[float, ...] = setting(
        (0.1, 0.5, 0.9), "levels to forecast, rising, 0.5 among them", above=0, below=1
    )
    start: str = setting(
        "last",
        "what forecasts begin from: the last value, the last season, or the mean of what is seen",
        choices=STARTS,
    )
    window_scale: bool = setting(True, "whether each window is seen in units of its own deviation")
    log: bool = setting(False, "whether it learns logarithms, for values > 0 whose swings grow with them")
    dropout: float = setting(0.0, "fraction of values left out in training (all but linear)", at_least=0, below=1)
    learning_rate: float = setting(1e-2, "the optimizer's largest step size", above=0, search="1e-4:1e-1:log")
    calibrate: bool = setting(True, "whether intervals are widened to cover what they should in the selection part")
    paths: int = setting(100, "futures drawn for the quantiles of several steps (autoregressive)", at_least=10)
    origins: int = setting(
        40, "most origins of a backtest, evenly apart; ETS and ARIMA are fitted anew at each", at_least=1
    )

    def check(self) -> None:
        super().check()
        if list(self.quantiles) != sorted({*self.quantiles}) or 0.5 not in self.quantiles:
            expected = "rising levels with 0.5 among them, such as (0.1, 0.5, 0.9)"
            raise bad_value("Forecaster", "quantiles", self.quantiles, expected)

    def window(self, series: Series) -> tuple[int, int]:
        """Return the context and the horizon for a series.

        Raises:
            UsageError: When it starts from a season that the series or the context does not have.
        """
        horizon = self.horizon or series.period or NO_SEASON
        context = self.context or SEASONS * max(series.season, horizon)
        if self.start == "seasonal" and (series.period is None or context < series.period):
            received = f"{context} known steps of a series with a period of {series.period}"
            raise bad_value("Forecaster", "start='seasonal'", received, "a season of known steps", "start='last'.")
        return context, horizon
