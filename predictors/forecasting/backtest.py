"""What simple methods reach from the same origins as a forecaster."""

from __future__ import annotations

import numpy as np

from lab.errors import bad_value
from predictors.baselines.forecasting import forecasting_baselines
from predictors.data.examples import Part
from predictors.data.series.series import Series
from predictors.data.series.windows import AHEAD, Windows
from predictors.heads.quantiles import QuantileHead
from predictors.metrics.forecasting import forecasting_metrics
from predictors.metrics.table import MetricTable


def baselines(series: Series, part: Part, head: QuantileHead) -> dict[str, MetricTable]:
    """Return the scores of `forecasting_baselines` on windows, by name.

    Why one of them is missing stands with the first one.

    Args:
        series: As the windows are of it.
        part: Its windows.
        head: That of the forecaster, which knows the user's unit.
    """
    if not isinstance(part, Windows) or part.origins is None:
        raise bad_value("baselines", "origins", None, "one for each window")
    true = head.true(part.targets[AHEAD])
    values, train = head.true(series.values), head.true(series.train_values)
    columns = [
        forecasting_baselines(values[:, i], part.origins, true.shape[1], series.season) for i in range(values.shape[1])
    ]
    left_out = {name: why for column in columns for name, why in column.left_out.items()}
    tables = {}
    for name in columns[0]:
        if name not in left_out:
            ahead = np.stack([column[name] for column in columns], axis=2)
            tables[name] = forecasting_metrics(ahead, true, train, series.season)
    next(iter(tables.values())).left_out.update(left_out)
    return tables
