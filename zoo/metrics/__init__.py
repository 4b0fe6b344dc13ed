"""Pure functions over arrays that say how good predictions were, and what trading on them was worth."""

from __future__ import annotations

from zoo.metrics.classification import accuracy, auc, brier, confusion, log_loss, precision, recall
from zoo.metrics.fixed_b import MeanTest, fixed_b_critical_value, mean_test, overlap_lags
from zoo.metrics.overfitting import Overfitting, probability_of_overfitting
from zoo.metrics.performance import (
    Performance,
    annualised_mean,
    annualised_volatility,
    break_even_bps,
    cvar,
    max_drawdown,
    performance_of,
)
from zoo.metrics.phases import PhaseFigure, over_phases_of, rank_ic_over_phases
from zoo.metrics.ranking import MeanError, mean_with_error, rank_ic_by_date
from zoo.metrics.regression import mean_squared_error, r2, r2_against_zero
from zoo.metrics.series import Estimate
from zoo.metrics.sharpe import (
    Moments,
    annualisation,
    annualised_sharpe,
    ar1_autocorrelations,
    autocorrelations,
    moments,
    sharpe_ratio,
    sharpe_standard_error,
)
from zoo.metrics.significance import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    minimum_track_record,
    probabilistic_sharpe_ratio,
    trial_variance,
)

__all__ = [
    "Estimate",
    "MeanError",
    "MeanTest",
    "Moments",
    "Overfitting",
    "Performance",
    "PhaseFigure",
    "accuracy",
    "annualisation",
    "annualised_mean",
    "annualised_sharpe",
    "annualised_volatility",
    "ar1_autocorrelations",
    "auc",
    "autocorrelations",
    "break_even_bps",
    "brier",
    "confusion",
    "cvar",
    "deflated_sharpe_ratio",
    "expected_maximum_sharpe",
    "fixed_b_critical_value",
    "log_loss",
    "max_drawdown",
    "mean_squared_error",
    "mean_test",
    "mean_with_error",
    "minimum_track_record",
    "moments",
    "over_phases_of",
    "overlap_lags",
    "performance_of",
    "precision",
    "probabilistic_sharpe_ratio",
    "probability_of_overfitting",
    "r2",
    "r2_against_zero",
    "rank_ic_by_date",
    "rank_ic_over_phases",
    "recall",
    "sharpe_ratio",
    "sharpe_standard_error",
    "trial_variance",
]
