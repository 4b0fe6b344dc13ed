"""Metrics of predicted numbers, over the pairs of which both sides are finite."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def mean_squared_error(y: ArrayLike, pred: ArrayLike) -> float:
    """Return the mean squared error, in squared units of `y`; NaN without a pair.

    Raises:
        ValueError: the shapes differ.
    """
    actual, predicted = _pairs(y, pred)
    return float(np.mean((actual - predicted) ** 2)) if len(actual) else float("nan")


def r2(y: ArrayLike, pred: ArrayLike) -> float:
    """Return 1 - Σ(y - pred)² / Σ(y - mean(y))²; NaN without a pair or when `y` does not vary.

    Raises:
        ValueError: the shapes differ.
    """
    actual, predicted = _pairs(y, pred)
    return _explained(actual, predicted, float(actual.mean())) if len(actual) else float("nan")


def r2_against_zero(y: ArrayLike, pred: ArrayLike) -> float:
    """Return 1 - Σ(y - pred)² / Σy² (Gu, Kelly and Xiu 2020, equation 19): the forecast to beat is zero.

    NaN without a pair or when every `y` is zero.

    Raises:
        ValueError: the shapes differ.
    """
    return _explained(*_pairs(y, pred), 0.0)


def _explained(actual: NDArray[np.float64], predicted: NDArray[np.float64], naive: float) -> float:
    total = float(np.sum((actual - naive) ** 2))
    return 1.0 - float(np.sum((actual - predicted) ** 2)) / total if total > 0 else float("nan")


def _pairs(y: ArrayLike, pred: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    actual, predicted = np.asarray(y, dtype=np.float64), np.asarray(pred, dtype=np.float64)
    if actual.shape != predicted.shape:
        raise ValueError(f"y of shape {actual.shape} and predictions of shape {predicted.shape}")
    both = np.isfinite(actual) & np.isfinite(predicted)
    return actual[both], predicted[both]


__all__ = ["mean_squared_error", "r2", "r2_against_zero"]
