"""How likely a Sharpe ratio is skill: probabilistic and deflated, and how long a record has to be.

Every figure is per period, never annualised, and kurtosis is not in excess (3 for a normal). NaN in gives NaN
out. The formulas take moments, so that published values can be put in; `moments` gives those of a series.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

_NORMAL = NormalDist()
_DUPLICATE = 0.95  # correlation above which two trials are one
_BLOCK = 512  # trials that are compared at once
_FEWEST = 3  # periods: with fewer there is no skew


def probabilistic_sharpe_ratio(
    sharpe: float, periods: int, *, benchmark: float = 0.0, skew: float = 0.0, kurtosis: float = 3.0
) -> float:
    """Return the probability that the true Sharpe ratio is above `benchmark`.

    Φ((SR - SR*) sqrt(T - 1) / sqrt(1 - skew SR + (kurtosis - 1) / 4 SR²)), Bailey and López de Prado (2012).

    Args:
        sharpe: observed, per period.
        periods: how many returns it was observed on.
        benchmark: the Sharpe ratio to beat, per period.
        skew: of the returns.
        kurtosis: of the returns, 3 for a normal.

    Returns:
        A probability; NaN with fewer than three periods, or moments that no distribution has.
    """
    variance = _variance(sharpe, skew, kurtosis)
    if periods < _FEWEST or not variance > 0 or not math.isfinite(sharpe) or math.isnan(benchmark):
        return math.nan
    return _NORMAL.cdf((sharpe - benchmark) * math.sqrt(periods - 1) / math.sqrt(variance))


def expected_maximum_sharpe(trials: int, variance: float) -> float:
    """Return the Sharpe ratio that the best of `trials` without skill is expected to have.

    sqrt(V) ((1 - γ) Φ⁻¹(1 - 1/N) + γ Φ⁻¹(1 - 1/(N e))), Bailey and López de Prado (2014).

    Args:
        trials: N, every trial ever made, failed ones and duplicates included.
        variance: V, of the trials' Sharpe ratios; `trial_variance`.

    Raises:
        ValueError: fewer than one trial, or a negative variance.
    """
    if trials < 1:
        raise ValueError(f"{trials} trials; expected at least 1")
    if variance < 0:
        raise ValueError(f"variance is {variance!r}; expected at least 0")
    if trials == 1 or math.isnan(variance):
        return 0.0 if trials == 1 else math.nan
    gamma = float(np.euler_gamma)
    first, second = _NORMAL.inv_cdf(1.0 - 1.0 / trials), _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return math.sqrt(variance) * ((1.0 - gamma) * first + gamma * second)


def deflated_sharpe_ratio(
    sharpe: float,
    periods: int,
    *,
    trials: int,
    variance: float,
    skew: float = 0.0,
    kurtosis: float = 3.0,
) -> float:
    """Return the probability that the best of many trials has skill (Bailey and López de Prado 2014).

    That is `probabilistic_sharpe_ratio` against `expected_maximum_sharpe`. For display: it gates nothing.

    Raises:
        ValueError: fewer than one trial, or a negative variance.
    """
    benchmark = expected_maximum_sharpe(trials, variance)
    return probabilistic_sharpe_ratio(sharpe, periods, benchmark=benchmark, skew=skew, kurtosis=kurtosis)


def minimum_track_record(
    sharpe: float,
    *,
    benchmark: float = 0.0,
    skew: float = 0.0,
    kurtosis: float = 3.0,
    confidence: float = 0.95,
) -> float:
    """Return after how many periods the Sharpe ratio is above `benchmark` with `confidence`.

    1 + (1 - skew SR + (kurtosis - 1) / 4 SR²) (Φ⁻¹(confidence) / (SR - SR*))², Bailey and López de Prado
    (2012).

    Returns:
        Periods, not rounded; infinite where `sharpe` is not above `benchmark`; NaN for NaN.

    Raises:
        ValueError: `confidence` is not within (0.5, 1).
    """
    if not 0.5 < confidence < 1.0:
        raise ValueError(f"confidence is {confidence!r}; expected a share in (0.5, 1)")
    variance = _variance(sharpe, skew, kurtosis)
    if not variance > 0 or math.isnan(benchmark):
        return math.nan
    if not sharpe > benchmark:
        return math.inf
    return 1.0 + variance * (_NORMAL.inv_cdf(confidence) / (sharpe - benchmark)) ** 2


def trial_variance(returns: ArrayLike) -> float:
    """Return V, the variance of the Sharpe ratios of trials on one target, calendar and window.

    A trial whose correlation with an earlier one is above 0.95 is that one again, and counts once: cloning a
    trial cannot shrink V. It is at least (1 - mean correlation) / T, what trials without skill have. A trial
    with a NaN, or without any spread, has no Sharpe ratio; it belongs in N all the same.

    Args:
        returns: periods × trials, net.

    Returns:
        V per period; 0 for a single trial, NaN without one.

    Raises:
        ValueError: not two dimensions.
    """
    table = np.asarray(returns, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"returns of shape {table.shape}; expected periods × trials")
    table = table[:, np.isfinite(table).all(axis=0)]
    if len(table) < _FEWEST or not table.shape[1]:
        return math.nan
    spread = table.std(axis=0, ddof=1)
    real = spread > 1e-12 * np.abs(table).max(axis=0)
    table, spread = table[:, real], spread[real]
    if not table.shape[1]:
        return math.nan
    average = table.mean(axis=0)
    table -= average
    table /= np.linalg.norm(table, axis=0)  # a correlation is a product of two columns now
    kept = _distinct(table)
    if len(kept) == 1:
        return 0.0
    sharpe = average[kept] / spread[kept]
    total = table[:, kept].sum(axis=1)  # its square is the sum of all correlations, each trial's own too
    mean = (total @ total - len(kept)) / (len(kept) * (len(kept) - 1))
    return float(max(sharpe.var(ddof=1), (1.0 - mean) / len(table)))


def _distinct(units: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the trials that are near-duplicates of no earlier one that was kept.

    Blocks of trials are compared with those kept so far: ten thousand need no matrix of all pairs.

    Args:
        units: periods × trials, each of mean 0 and length 1.
    """
    kept, found = np.empty_like(units, order="F"), list[int]()
    for start in range(0, units.shape[1], _BLOCK):
        block = units[:, start : start + _BLOCK]
        alike = kept[:, : len(found)].T @ block > _DUPLICATE
        again: NDArray[np.bool_] = np.any(alike, axis=0)
        for trial, row in enumerate(block.T @ block):
            if not again[trial]:
                again[trial + 1 :] |= row[trial + 1 :] > _DUPLICATE
        fresh = np.flatnonzero(~again)
        kept[:, len(found) : len(found) + len(fresh)] = block[:, fresh]
        found += (start + fresh).tolist()
    return np.array(found, dtype=np.intp)


def _variance(sharpe: float, skew: float, kurtosis: float) -> float:
    return 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2


__all__ = [
    "deflated_sharpe_ratio",
    "expected_maximum_sharpe",
    "minimum_track_record",
    "probabilistic_sharpe_ratio",
    "trial_variance",
]
