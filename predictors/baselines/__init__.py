"""What simple methods reach on the same rows, to set beside a learner."""

from predictors.baselines.answers import Baselines
from predictors.baselines.classification import classification_baselines
from predictors.baselines.forecasting import drift, forecasting_baselines, naive, seasonal_naive
from predictors.baselines.regression import regression_baselines

__all__ = [
    "Baselines",
    "classification_baselines",
    "drift",
    "forecasting_baselines",
    "naive",
    "regression_baselines",
    "seasonal_naive",
]
