"""What a series of returns was worth, each figure with its standard error.

Returns are simple, one a bar, in the order of time. A series that is empty, or holds one NaN or infinity, has
no figure: NaN, never a good one. Bars are annualised by `bars_per_year`, which has to be the data's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.metrics.ranking import mean_with_error

Series = NDArray[np.float64]
Serial = Literal["none", "ar1"]

YEAR: Final = 252
BASIS_POINT: Final = 1e-4
_CONSTANT = 1e-12  # of the largest return: a spread as small is rounding, and no risk


class Estimate(NamedTuple):
    """A figure and its standard error; NaN where there is none."""

    value: float
    se: float


_UNKNOWN = Estimate(math.nan, math.nan)


class Moments(NamedTuple):
    """What the tests of a Sharpe ratio need, per bar.

    Attributes:
        sharpe: mean over standard deviation (ddof=1), not annualised.
        periods: how many returns.
        skew: third standardised moment.
        kurtosis: fourth standardised moment, 3 for a normal: not in excess.
    """

    sharpe: float
    periods: int
    skew: float
    kurtosis: float


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
    after, before, half = _series(net), _series(gross), _series(turnover)
    if not len(after) == len(before) == len(half):
        raise ValueError(f"net, gross and turnover have {len(after)}, {len(before)} and {len(half)} bars")
    per_bar = sharpe_ratio(after)
    root = math.sqrt(_bars(bars_per_year))
    return Performance(
        periods=len(after),
        annual_mean=annualised_mean(after, bars_per_year),
        annual_gross_mean=annualised_mean(before, bars_per_year),
        annual_volatility=annualised_volatility(after, bars_per_year),
        sharpe=per_bar,
        annual_sharpe=Estimate(root * per_bar.value, root * per_bar.se),
        max_drawdown=Estimate(max_drawdown(after), math.nan),
        cvar=cvar(after),
        annual_turnover=Estimate(float(half.mean()) * bars_per_year if len(half) else math.nan, math.nan),
        break_even_bps=break_even_bps(before, half),
    )


def annualised_mean(returns: ArrayLike, bars_per_year: float = YEAR, *, lags: int = 0) -> Estimate:
    """Return `bars_per_year` × the mean, with the error of Newey and West (1987) at `lags` lags."""
    values, year = _series(returns), _bars(bars_per_year)
    if not _complete(values):
        return _UNKNOWN
    mean = mean_with_error(values, lags)
    return Estimate(year * mean.mean, year * mean.se)


def annualised_volatility(returns: ArrayLike, bars_per_year: float = YEAR) -> Estimate:
    """Return sqrt(`bars_per_year`) × the standard deviation (ddof=1).

    Its error is that of independent returns of any distribution: σ sqrt((κ - 1) / 4T), κ the kurtosis.
    """
    values, year = _series(returns), _bars(bars_per_year)
    if not _complete(values):
        return _UNKNOWN
    spread = math.sqrt(year) * float(values.std(ddof=1))
    kurtosis = moments(values).kurtosis
    return Estimate(spread, spread * math.sqrt((kurtosis - 1.0) / (4.0 * len(values))))


def moments(returns: ArrayLike) -> Moments:
    """Return Sharpe ratio, length, skew and kurtosis per bar; NaN where all returns are the same."""
    values = _series(returns)
    if not _complete(values):
        return Moments(math.nan, len(values), math.nan, math.nan)
    mean = float(values.mean())
    deviation = values - mean
    square = deviation * deviation
    variance = float(square.mean())
    if not math.sqrt(variance) > _CONSTANT * float(np.abs(values).max()):
        return Moments(math.nan, len(values), math.nan, math.nan)
    sharpe = mean / math.sqrt(variance * len(values) / (len(values) - 1))
    skew = float(np.vecdot(square, deviation)) / len(values) / variance**1.5
    return Moments(sharpe, len(values), skew, float(np.vecdot(square, square)) / len(values) / variance**2)


def sharpe_ratio(returns: ArrayLike, *, lags: int | None = None) -> Estimate:
    """Return the Sharpe ratio per bar with the standard error of Lo (2002).

    Args:
        returns: in excess of cash, one a bar.
        lags: None takes returns as independent and normal, Lo's equation (9): sqrt((1 + SR² / 2) / T). A
            number takes them as they are, by GMM (his section on non-i.i.d. returns): the Newey-West error,
            with so many lags, of z - SR (z² - 1) / 2, where z is the standardised return.

    Returns:
        Not annualised; NaN for fewer than two returns, or when all are the same.
    """
    values = _series(returns)
    found = moments(values)
    if math.isnan(found.sharpe):
        return _UNKNOWN
    if lags is None:
        return Estimate(found.sharpe, sharpe_standard_error(found.sharpe, len(values)))
    z = (values - values.mean()) / values.std()
    return Estimate(found.sharpe, mean_with_error(z - found.sharpe / 2.0 * (z * z - 1.0), lags).se)


def sharpe_standard_error(sharpe: float, periods: int, *, skew: float = 0.0, kurtosis: float = 3.0) -> float:
    """Return sqrt((1 - skew SR + (kurtosis - 1) / 4 SR²) / T), all per period.

    That is Lo (2002), equation (9), for a normal, and Mertens (2002) for any other distribution. NaN when
    there is no period, or no distribution with such moments.
    """
    variance = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2
    return math.sqrt(variance / periods) if periods > 0 and variance > 0 else math.nan


def annualised_sharpe(returns: ArrayLike, bars_per_year: int = YEAR, *, serial: Serial = "none") -> Estimate:
    """Return the Sharpe ratio of a year and its error.

    Args:
        returns: in excess of cash, one a bar.
        bars_per_year: a whole number for `serial="ar1"`.
        serial: `none` multiplies by sqrt(bars); `ar1` by Lo's η(bars) for an AR(1) of the returns' own first
            autocorrelation, with the error at floor(4 (T / 100)^(2/9)) lags (η taken as known).

    Raises:
        ValueError: another `serial`, or `bars_per_year` not positive.
    """
    if serial not in ("none", "ar1"):
        raise ValueError(f"serial is {serial!r}; expected 'none' or 'ar1'")
    values = _series(returns)
    if serial == "none":
        plain, root = sharpe_ratio(values), math.sqrt(_bars(bars_per_year))
        return Estimate(root * plain.value, root * plain.se)
    if math.isnan(moments(values).sharpe):
        return _UNKNOWN
    first = float(autocorrelations(values, 1)[0])
    factor = annualisation(bars_per_year, ar1_autocorrelations(first, bars_per_year))
    found = sharpe_ratio(values, lags=int(4.0 * (len(values) / 100.0) ** (2.0 / 9.0)))
    return Estimate(factor * found.value, factor * found.se)


def annualisation(periods: int, correlations: ArrayLike = ()) -> float:
    """Return η(q) = q / sqrt(q + 2 Σ (q - k) ρ_k), by which q periods multiply a Sharpe ratio (Lo 2002, 20).

    Args:
        periods: q, at least 1.
        correlations: ρ_1, ρ_2, ... of returns; those past q - 1 do not matter, missing ones are zero.

    Returns:
        The factor, sqrt(q) without autocorrelation; NaN where the variance of the sum would not be positive.

    Raises:
        ValueError: `periods` is no whole number of at least 1.
    """
    q = _whole("periods", periods)
    rho = _series(correlations)[: q - 1]
    variance = q + 2.0 * float(np.sum((q - np.arange(1, len(rho) + 1)) * rho))
    return q / math.sqrt(variance) if variance > 0 else math.nan


def ar1_autocorrelations(rho: float, periods: int) -> Series:
    """Return ρ, ρ², ..., ρ^(q-1): what an AR(1) gives `annualisation`."""
    return np.power(float(rho), np.arange(1, _whole("periods", periods), dtype=np.float64))


def autocorrelations(returns: ArrayLike, count: int) -> Series:
    """Return the first `count` autocorrelations; NaN where the series is too short, constant or holed."""
    values = _series(returns)
    found = np.full(_whole("count", count), np.nan)
    if math.isnan(moments(values).sharpe):
        return found
    deviation = values - values.mean()
    for lag in range(1, min(len(found), len(values) - 1) + 1):
        found[lag - 1] = deviation[lag:] @ deviation[:-lag]
    found /= deviation @ deviation
    return found


def max_drawdown(returns: ArrayLike) -> float:
    """Return the largest loss from a peak of the compounded value, which starts at 1, as a positive share."""
    values = _series(returns)
    if not len(values) or not np.isfinite(values).all():
        return math.nan
    value = np.multiply.accumulate(1.0 + values)
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
    values = _series(returns)
    if not _complete(values):
        return _UNKNOWN
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
    before, half = _series(gross), _series(turnover)
    if len(before) != len(half):
        raise ValueError(f"gross returns of {len(before)} bars and turnover of {len(half)}")
    if not _complete(before) or not np.isfinite(half).all() or not half.sum() > 0:
        return _UNKNOWN
    traded = 2.0 * float(half.mean()) * BASIS_POINT
    error = float(before.std(ddof=1)) / math.sqrt(len(before))
    return Estimate(float(before.mean()) / traded, error / traded)


def _series(values: ArrayLike) -> Series:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1:
        raise ValueError(f"a series of shape {found.shape}; expected one dimension")
    return found


def _complete(values: Series) -> bool:
    return len(values) > 1 and bool(np.isfinite(values).all())


def _bars(bars_per_year: float) -> float:
    if not 0.0 < bars_per_year < math.inf:
        raise ValueError(f"bars_per_year is {bars_per_year!r}; expected a positive number")
    return float(bars_per_year)


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} is {value!r}; expected a whole number of at least 1")
    return int(value)


__all__ = [
    "YEAR",
    "Estimate",
    "Moments",
    "Performance",
    "Serial",
    "annualisation",
    "annualised_mean",
    "annualised_sharpe",
    "annualised_volatility",
    "ar1_autocorrelations",
    "autocorrelations",
    "break_even_bps",
    "cvar",
    "max_drawdown",
    "moments",
    "performance_of",
    "sharpe_ratio",
    "sharpe_standard_error",
]
