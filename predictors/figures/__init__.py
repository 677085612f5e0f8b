"""Figures of predictions beside targets; each takes arrays and returns a `matplotlib.figure.Figure`."""

from predictors.figures.anomalies import anomalies_figure
from predictors.figures.classes.confusion import confusion_figure
from predictors.figures.classes.mistakes import mistakes, mistakes_figure
from predictors.figures.classes.reliability import reliability_figure
from predictors.figures.classes.scores import scores_figure
from predictors.figures.classes.thresholds import curves_figure
from predictors.figures.clusters import clusters_figure
from predictors.figures.comparison import comparison_figure
from predictors.figures.maps import map_figure, plane
from predictors.figures.numbers.forecast_errors import horizon_figure
from predictors.figures.numbers.forecasts import forecast_figure
from predictors.figures.numbers.regression import regression_figure

__all__ = [
    "anomalies_figure",
    "clusters_figure",
    "comparison_figure",
    "confusion_figure",
    "curves_figure",
    "forecast_figure",
    "horizon_figure",
    "map_figure",
    "mistakes",
    "mistakes_figure",
    "plane",
    "regression_figure",
    "reliability_figure",
    "scores_figure",
]
