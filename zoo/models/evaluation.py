"""What a model's scores are worth on labelled rows: one definition for validation, test and every fold.

Scores and labels are one-dimensional. Rows of a panel carry a grid (row codes, column codes, shape) that
puts them back into dates × assets; rows of a table carry none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zoo.metrics import (
    accuracy,
    auc,
    brier,
    confusion,
    log_loss,
    mean_squared_error,
    mean_with_error,
    precision,
    r2,
    r2_against_zero,
    rank_ic_by_date,
    recall,
)

Floats = NDArray[np.float64]
#: columns of the confusion of two classes
CONFUSION: Final = ("true_negatives", "false_positives", "false_negatives", "true_positives")
Metrics = dict[str, float | int]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where one-dimensional rows lie in dates × assets.

    Attributes:
        date: index of each row's date.
        asset: index of each row's asset.
        shape: number of dates and of assets.
        lags: Newey-West lags of statistics over dates: `ceil(horizon / every) - 1`.
    """

    date: NDArray[np.intp]
    asset: NDArray[np.intp]
    shape: tuple[int, int]
    lags: int = 0

    def take(self, rows: NDArray[np.bool_]) -> Grid:
        """Return the grid of some of the rows, over the same dates and assets."""
        return Grid(self.date[rows], self.asset[rows], self.shape, self.lags)

    def spread(self, values: Floats) -> Floats:
        """Put row values back into dates × assets; NaN where there is no row."""
        panel = np.full(self.shape, np.nan)
        panel[self.date, self.asset] = values
        return panel


def evaluate_scores(y: Floats, scores: Floats, grid: Grid | None) -> Metrics:
    """Return the metrics of a regression: rows without a label are left out.

    Args:
        y: labels, NaN where there is none.
        scores: predictions of the same rows.
        grid: the rows' place in dates × assets, or None for a table.
    """
    known = np.isfinite(y)
    errors: Metrics = {"mse": mean_squared_error(y[known], scores[known]), "n_obs": int(known.sum())}
    if grid is None:
        return {"r2": r2(y[known], scores[known]), **errors}
    return {**ranking(y, scores, grid), "r2": r2_against_zero(y[known], scores[known]), **errors}


def ranking(y: Floats, scores: Floats, grid: Grid) -> Metrics:
    """Return the mean rank IC a date with its Newey-West standard error and t."""
    series = rank_ic_by_date(grid.spread(scores), grid.spread(y))
    mean, error, t = mean_with_error(series, lags=grid.lags)
    return {"rank_ic": mean, "rank_ic_se": error, "rank_ic_t": t, "n_dates": int(np.isfinite(series).sum())}


def evaluate_classes(
    y: NDArray[Any],
    predicted: NDArray[Any],
    probability: Floats | None,
    classes: Sequence[Any],
    grid: Grid | None,
) -> Metrics:
    """Return the metrics of a classification; those of probabilities need exactly two classes.

    Args:
        y: true classes.
        predicted: predicted classes.
        probability: of the second class, or None where there are more than two or none is given.
        classes: every class in the model's order; of two the second is the positive one.
        grid: the rows' place in dates × assets, or None for a table.
    """
    metrics: Metrics = {"accuracy": accuracy(y, predicted), "n_obs": len(y)}
    if probability is None:
        return metrics
    positive = classes[1]
    counts = confusion(y, predicted, positive=positive)
    metrics |= zip(CONFUSION, counts, strict=True)
    metrics["precision"] = precision(y, predicted, positive=positive)
    metrics["recall"] = recall(y, predicted, positive=positive)
    metrics["auc"] = auc(y, probability, positive=positive)
    metrics["log_loss"] = log_loss(y, probability, positive=positive)
    metrics["brier"] = brier(y, probability, positive=positive)
    hit = np.asarray(y == positive, dtype=float)
    return metrics if grid is None else {**ranking(hit, probability, grid), **metrics}


__all__ = ["CONFUSION", "Grid", "Metrics", "evaluate_classes", "evaluate_scores", "ranking"]
