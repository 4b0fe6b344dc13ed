"""What a series of returns was worth, each figure with its standard error.

Returns are simple, one a bar, in the order of time. A series that is empty, or holds one NaN or infinity, has
no figure: NaN, never a good one. Bars are annualised by `bars_per_year`, which has to be the data's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from zoo.metrics.ranking import mean_with_error
from zoo.metrics.series import UNKNOWN, Estimate, Series, complete, positive_bars, series
from zoo.metrics.sharpe import YEAR, moments, sharpe_standard_error

_BASIS_POINT = 1e-4


@dataclass(frozen=True, slots=True)
class Performance:
    """The figures of one track.

    Attributes:
        periods: bars of the track.
        annual_mean: of net returns.
        annual_gross_mean: of gross returns.
        annual_volatility: of net returns.
        sharpe: net, per bar.
        annual_sharpe: net, times sqrt(bars a year).
        max_drawdown: largest loss from a peak of the compounded net value, as a positive share.
        cvar: mean net loss of the worst 5% of bars, positive for a loss.
        annual_turnover: half of what is traded in a year, in multiples of the value.
        break_even_bps: cost per unit traded at which nothing is left of the gross return.
    """

    periods: int
    annual_mean: Estimate
    annual_gross_mean: Estimate
    annual_volatility: Estimate
    sharpe: Estimate
    annual_sharpe: Estimate
    max_drawdown: Estimate
    cvar: Estimate
    annual_turnover: Estimate
    break_even_bps: Estimate


def performance_of(
    net: ArrayLike, gross: ArrayLike, turnover: ArrayLike, *, bars_per_year: float = YEAR
) -> Performance:
    """Return the figures of one track.

    A drawdown and a measured turnover have no error here: theirs is NaN.

    Args:
        net: returns after costs, one a bar.
        gross: returns before costs, on the same bars.
        turnover: half the value traded on each bar over the value.
        bars_per_year: what annualises.

    Raises:
        ValueError: not one dimension, other lengths, or `bars_per_year` not positive.
    """
    after, before, half = series(net), series(gross), series(turnover)
    if not len(after) == len(before) == len(half):
        raise ValueError(f"net, gross and turnover have {len(after)}, {len(before)} and {len(half)} bars")
    found = moments(after)
    per_bar = Estimate(found.sharpe, sharpe_standard_error(found.sharpe, found.periods))
    root = math.sqrt(positive_bars(bars_per_year))
    return Performance(
        periods=len(after),
        annual_mean=annualised_mean(after, bars_per_year),
        annual_gross_mean=annualised_mean(before, bars_per_year),
        annual_volatility=_volatility(after, found.kurtosis, bars_per_year),
        sharpe=per_bar,
        annual_sharpe=Estimate(root * per_bar.value, root * per_bar.se),
        max_drawdown=Estimate(max_drawdown(after), math.nan),
        cvar=cvar(after),
        annual_turnover=Estimate(float(half.mean()) * bars_per_year if len(half) else math.nan, math.nan),
        break_even_bps=break_even_bps(before, half),
    )


def annualised_mean(returns: ArrayLike, bars_per_year: float = YEAR, *, lags: int = 0) -> Estimate:
    """Return `bars_per_year` × the mean, with the error of Newey and West (1987) at `lags` lags."""
    values, year = series(returns), positive_bars(bars_per_year)
    if not complete(values):
        return UNKNOWN
    mean = mean_with_error(values, lags)
    return Estimate(year * mean.mean, year * mean.se)


def annualised_volatility(returns: ArrayLike, bars_per_year: float = YEAR) -> Estimate:
    """Return sqrt(`bars_per_year`) × the standard deviation (ddof=1).

    Its error is that of independent returns of any distribution: σ sqrt((κ - 1) / 4T), κ the kurtosis.
    """
    values = series(returns)
    return _volatility(values, moments(values).kurtosis, positive_bars(bars_per_year))


def _volatility(values: Series, kurtosis: float, year: float) -> Estimate:
    if not complete(values):
        return UNKNOWN
    spread = math.sqrt(year) * float(values.std(ddof=1))
    excess = kurtosis - 1.0  # of two values it is 0, give or take rounding; NaN stays NaN
    return Estimate(spread, spread * math.sqrt((0.0 if excess < 0 else excess) / (4.0 * len(values))))


def max_drawdown(returns: ArrayLike) -> float:
    """Return the largest loss from a peak of the compounded value, which starts at 1, as a positive share.

    It ends where the value falls to zero or below: more than 1 for more than everything.
    """
    values = series(returns)
    if not len(values) or not np.isfinite(values).all():
        return math.nan
    value = np.multiply.accumulate(1.0 + values)
    ruin = np.flatnonzero(value <= 0)
    if len(ruin):
        value = value[: ruin[0] + 1]
    peak = np.maximum(np.maximum.accumulate(value), 1.0)
    return float(np.max(1.0 - value / peak, initial=0.0))


def cvar(returns: ArrayLike, tail: float = 0.05) -> Estimate:
    """Return the mean loss of the worst `tail` of bars, positive for a loss (Rockafellar and Uryasev 2000).

    A tail that ends within a bar takes that share of it. The error is that of independent returns: the
    spread of max(q - r, 0) / tail, with q the tail's edge, over sqrt(T).

    Raises:
        ValueError: `tail` is not within (0, 1].
    """
    if not 0.0 < tail <= 1.0:
        raise ValueError(f"tail is {tail!r}; expected a share in (0, 1]")
    values = series(returns)
    if not complete(values):
        return UNKNOWN
    last = min(math.ceil(tail * len(values) - 1e-9), len(values)) - 1
    edge = np.partition(values, last)[last]
    beyond = np.maximum(edge - values, 0.0) / tail
    return Estimate(float(beyond.mean() - edge), float(beyond.std(ddof=1)) / math.sqrt(len(values)))


def break_even_bps(gross: ArrayLike, turnover: ArrayLike) -> Estimate:
    """Return the cost in basis points per unit traded at which the mean net return is zero.

    Twice the turnover is what is traded. Negative where the gross return is; NaN where nothing was traded.
    The error is that of the mean gross return, the turnover taken as known.

    Raises:
        ValueError: the lengths differ.
    """
    before, half = series(gross), series(turnover)
    if len(before) != len(half):
        raise ValueError(f"gross returns of {len(before)} bars and turnover of {len(half)}")
    if not complete(before) or not np.isfinite(half).all() or not half.sum() > 0:
        return UNKNOWN
    traded = 2.0 * float(half.mean()) * _BASIS_POINT
    error = float(before.std(ddof=1)) / math.sqrt(len(before))
    return Estimate(float(before.mean()) / traded, error / traded)


__all__ = [
    "Performance",
    "annualised_mean",
    "annualised_volatility",
    "break_even_bps",
    "cvar",
    "max_drawdown",
    "performance_of",
]
