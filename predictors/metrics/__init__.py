"""Scores of predictions beside targets, in NumPy and float64."""

from predictors.metrics.anomalies import (
    anomaly_metrics,
    mahalanobis_distance,
    max_probability_score,
    neighbour_distance,
)
from predictors.metrics.calibration import ReliabilityCurve, expected_calibration_error, reliability_curve
from predictors.metrics.classification import (
    ClassScores,
    accuracy,
    class_scores,
    classification_metrics,
    confusion_matrix,
    log_loss,
    macro_auroc,
    top_k_accuracy,
)
from predictors.metrics.clustering import clustering_metrics, hierarchical, kmeans
from predictors.metrics.curves import (
    PrecisionRecallCurve,
    RocCurve,
    auroc,
    average_precision,
    precision_recall_curve,
    roc_curve,
)
from predictors.metrics.forecasting import (
    forecasting_metrics,
    mean_absolute_scaled_error,
    origins,
    seasonal_naive_error,
)
from predictors.metrics.intervals import coverage, mean_width, pinball_loss, weighted_quantile_loss
from predictors.metrics.regression import (
    mae_interval,
    mean_absolute_error,
    median_absolute_error,
    r2,
    regression_metrics,
    root_mean_squared_error,
)
from predictors.metrics.table import MetricTable, UndefinedMetric

__all__ = [
    "ClassScores",
    "MetricTable",
    "PrecisionRecallCurve",
    "ReliabilityCurve",
    "RocCurve",
    "UndefinedMetric",
    "accuracy",
    "anomaly_metrics",
    "auroc",
    "average_precision",
    "class_scores",
    "classification_metrics",
    "clustering_metrics",
    "confusion_matrix",
    "coverage",
    "expected_calibration_error",
    "forecasting_metrics",
    "hierarchical",
    "kmeans",
    "log_loss",
    "macro_auroc",
    "mae_interval",
    "mahalanobis_distance",
    "max_probability_score",
    "mean_absolute_error",
    "mean_absolute_scaled_error",
    "mean_width",
    "median_absolute_error",
    "neighbour_distance",
    "origins",
    "pinball_loss",
    "precision_recall_curve",
    "r2",
    "regression_metrics",
    "reliability_curve",
    "roc_curve",
    "root_mean_squared_error",
    "seasonal_naive_error",
    "top_k_accuracy",
    "weighted_quantile_loss",
]
