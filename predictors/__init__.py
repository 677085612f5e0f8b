"""Predictors: learners that map inputs to targets. Names load on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.registry import tasks
from lab.runtime.loading import load

if TYPE_CHECKING:
    from predictors.base import Predictor
    from predictors.classifier import Classifier, ClassifierSettings
    from predictors.data.arrays import from_arrays
    from predictors.data.series.series import Series
    from predictors.data.updates import Batch
    from predictors.features.convnet import FeatureConvnet
    from predictors.features.writing import write_features
    from predictors.forecaster import Forecast, Forecaster
    from predictors.forecasting.settings import ForecasterSettings
    from predictors.metrics.table import MetricTable
    from predictors.network_predictor import NetworkPredictor
    from predictors.regressor import Regressor, RegressorSettings
    from predictors.siamese import Siamese, SiameseSettings

_HOMES = {
    "Batch": "predictors.data.updates",
    "Classifier": "predictors.classifier",
    "ClassifierSettings": "predictors.classifier",
    "FeatureConvnet": "predictors.features.convnet",
    "Forecast": "predictors.forecaster",
    "Forecaster": "predictors.forecaster",
    "ForecasterSettings": "predictors.forecasting.settings",
    "NetworkPredictor": "predictors.network_predictor",
    "Predictor": "predictors.base",
    "Regressor": "predictors.regressor",
    "RegressorSettings": "predictors.regressor",
    "Series": "predictors.data.series.series",
    "Siamese": "predictors.siamese",
    "SiameseSettings": "predictors.siamese",
    "MetricTable": "predictors.metrics.table",
    "from_arrays": "predictors.data.arrays",
    "write_features": "predictors.features.writing",
}

# What feeds predictors, by name, so that a predictor loads nothing of it before it is trained.
tasks.register("predictors.base:Predictor", "predictors.training.task:PredictionTask")

__all__ = [
    "Batch",
    "Classifier",
    "ClassifierSettings",
    "FeatureConvnet",
    "Forecast",
    "Forecaster",
    "ForecasterSettings",
    "MetricTable",
    "NetworkPredictor",
    "Predictor",
    "Regressor",
    "RegressorSettings",
    "Series",
    "Siamese",
    "SiameseSettings",
    "from_arrays",
    "write_features",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(load(_HOMES[name]), name)
    raise AttributeError(f"module 'predictors' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
