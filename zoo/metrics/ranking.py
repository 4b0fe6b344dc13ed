"""How well scores rank what followed: rank IC by date, and its mean with an honest error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

_FEWEST = 3  # pairs: the rank correlation of two is always 1 or -1


class MeanError(NamedTuple):
    """A mean, its standard error, and their ratio; NaN where a series is too short to tell."""

    mean: float
    se: float
    t: float


def rank_ic_by_date(scores: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    """Return Spearman's rank correlation across assets on each date, ties by average ranks.

    Args:
        scores: dates × assets (or one date's assets); NaN where nothing was predicted.
        labels: what followed, of the same shape; NaN where it is unknown.

    Returns:
        One correlation a date, over the assets whose score and label are both finite; NaN with fewer than
        three of them, or when all their scores or all their labels are equal.

    Raises:
        ValueError: the shapes differ, or have more than two dimensions.
    """
    x, y = (
        np.atleast_2d(np.asarray(scores, dtype=np.float64)),
        np.atleast_2d(np.asarray(labels, dtype=np.float64)),
    )
    if x.shape != y.shape or x.ndim != 2:
        raise ValueError(
            f"scores of shape {x.shape} and labels of shape {y.shape}; expected the same dates × assets"
        )
    both = np.isfinite(x) & np.isfinite(y)
    count = both.sum(axis=1)
    # Ranks minus their known mean are multiples of 1/2, so the three sums below are exact.
    rank_x, rank_y = (_centred_ranks(side, both, count) for side in (x, y))
    product = (rank_x * rank_y).sum(axis=1)
    scale = np.sqrt((rank_x**2).sum(axis=1) * (rank_y**2).sum(axis=1))
    known = (count >= _FEWEST) & (scale > 0)
    correlations = np.full(len(x), np.nan)
    correlations[known] = product[known] / scale[known]
    return correlations


def _centred_ranks(
    values: NDArray[np.float64], both: NDArray[np.bool_], count: NDArray[np.int_]
) -> NDArray[np.float64]:
    """Return average ranks among the marked entries minus their mean (count + 1) / 2; 0 elsewhere."""
    masked = np.where(both, values, np.inf)  # after everything finite
    order = np.argsort(masked, axis=1, kind="stable")
    ordered = np.take_along_axis(masked, order, axis=1)
    starts = np.ones(values.shape, dtype=bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    tie = np.cumsum(starts.ravel()) - 1  # a tie never runs over a row's end: each row starts one
    first = np.flatnonzero(starts.ravel())
    size = np.diff(first, append=starts.size)
    position = first % values.shape[1] if values.shape[1] else first
    average = position + (size + 1) / 2
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, average[tie].reshape(values.shape), axis=1)
    return np.where(both, ranks - (count[:, None] + 1) / 2, 0.0)


def mean_with_error(series: ArrayLike, lags: int) -> MeanError:
    """Return a series' mean with its standard error after Newey and West (1987), Bartlett weights.

    The long-run variance is (γ0 + 2 Σ (1 - l / (lags + 1)) γl), with γl = Σ (x_t - m)(x_{t-l} - m) / n over
    the n values there are, and the standard error sqrt(long-run variance / n). A missing value keeps its
    place in time and adds nothing, so that the variance stays non-negative.

    Args:
        series: values in the order of time; NaN where there is none.
        lags: autocovariances to count, 0 for none: `ceil(horizon / every) - 1` for overlapping labels.

    Returns:
        Mean, standard error and their ratio; all NaN without a value, the last two with fewer than two, t
        when the error is zero.

    Raises:
        ValueError: `series` is no series, or `lags` no whole number of at least 0.
    """
    values = np.asarray(series, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"series of shape {values.shape}; expected one dimension")
    if isinstance(lags, bool | np.bool_) or not isinstance(lags, int | np.integer) or lags < 0:
        raise ValueError(f"lags is {lags!r}; expected a whole number of at least 0")
    present = np.isfinite(values)
    n = int(present.sum())
    if n == 0:
        return MeanError(np.nan, np.nan, np.nan)
    mean = float(values[present].mean())
    if n == 1:
        return MeanError(mean, np.nan, np.nan)
    deviation = np.where(present, values - mean, 0.0)
    variance = float(deviation @ deviation) / n
    longest = int(lags)
    for lag in range(1, min(longest, len(values) - 1) + 1):
        weight = 1.0 - lag / (longest + 1)
        variance += 2.0 * weight * float(deviation[lag:] @ deviation[:-lag]) / n
    error = float(np.sqrt(max(variance, 0.0) / n))
    return MeanError(mean, error, mean / error if error > 0 else np.nan)


__all__ = ["MeanError", "mean_with_error", "rank_ic_by_date"]
