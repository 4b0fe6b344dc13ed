"""Sharpe ratios with their standard errors, and how they annualise (Lo 2002).

Returns are simple, in excess of cash, one a bar, in the order of time. A series that is empty, constant, or
holds one NaN or infinity has no Sharpe ratio: NaN, never a good one.
"""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from zoo.metrics.ranking import mean_with_error
from zoo.metrics.series import UNKNOWN, Estimate, Series, complete, positive_bars, series, whole

Serial = Literal["none", "ar1"]

YEAR: Final = 252
_CONSTANT = 1e-12  # of the largest return: a spread as small is rounding, and no risk


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


def moments(returns: ArrayLike) -> Moments:
    """Return Sharpe ratio, length, skew and kurtosis per bar; NaN where all returns are the same."""
    values = series(returns)
    if not complete(values):
        return Moments(math.nan, len(values), math.nan, math.nan)
    largest = float(np.abs(values).max())
    values = values / (largest or 1.0)  # no square of the smallest numbers is lost
    mean = float(values.mean())
    deviation = values - mean
    square = deviation * deviation
    variance = float(square.mean())
    if not math.sqrt(variance) > _CONSTANT:
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
    values = series(returns)
    found = moments(values)
    if math.isnan(found.sharpe):
        return UNKNOWN
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
    values = series(returns)
    if serial == "none":
        plain, root = sharpe_ratio(values), math.sqrt(positive_bars(bars_per_year))
        return Estimate(root * plain.value, root * plain.se)
    if math.isnan(moments(values).sharpe):
        return UNKNOWN
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
    q = whole("periods", periods)
    rho = series(correlations)[: q - 1]
    variance = q + 2.0 * float(np.sum((q - np.arange(1, len(rho) + 1)) * rho))
    return q / math.sqrt(variance) if variance > 0 else math.nan


def ar1_autocorrelations(rho: float, periods: int) -> Series:
    """Return ρ, ρ², ..., ρ^(q-1): what an AR(1) gives `annualisation`."""
    return np.power(float(rho), np.arange(1, whole("periods", periods), dtype=np.float64))


def autocorrelations(returns: ArrayLike, count: int) -> Series:
    """Return the first `count` autocorrelations; NaN where the series is too short, constant or holed."""
    values = series(returns)
    found = np.full(whole("count", count), np.nan)
    if math.isnan(moments(values).sharpe):
        return found
    deviation = values - values.mean()
    for lag in range(1, min(len(found), len(values) - 1) + 1):
        found[lag - 1] = deviation[lag:] @ deviation[:-lag]
    found /= deviation @ deviation
    return found


__all__ = [
    "YEAR",
    "Moments",
    "Serial",
    "annualisation",
    "annualised_sharpe",
    "ar1_autocorrelations",
    "autocorrelations",
    "moments",
    "sharpe_ratio",
    "sharpe_standard_error",
]
