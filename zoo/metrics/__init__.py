"""Pure functions over arrays that say how good predictions were."""

from __future__ import annotations

from zoo.metrics.classification import accuracy, auc, brier, log_loss, precision, recall
from zoo.metrics.ranking import MeanError, mean_with_error, rank_ic_by_date
from zoo.metrics.regression import mean_squared_error, r2, r2_against_zero

__all__ = [
    "MeanError",
    "accuracy",
    "auc",
    "brier",
    "log_loss",
    "mean_squared_error",
    "mean_with_error",
    "precision",
    "r2",
    "r2_against_zero",
    "rank_ic_by_date",
    "recall",
]
