"""Features of risk: volatility, and sensitivity to a factor."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zoo.errors import DataError, did_you_mean
from zoo.features.inputs import bars, factor_returns, framed, log_returns, panel, simple_returns
from zoo.features.rolling import Span, chunks


def realised_volatility(prices: pd.DataFrame, *, window: int) -> pd.DataFrame:
    """Return the standard deviation (ddof=1) of the log returns of the last `window` bars, per bar.

    Args:
        prices: dates × assets.
        window: returns in the window, at least 2.

    Returns:
        Volatilities per bar (not annualised) of dates × assets; NaN before a full window and where one of its
        returns is missing.

    Raises:
        ManifestError: `window` is no whole number of at least 2.
        DataError: no frame of numbers.
    """
    length = bars("window", window, least=2)
    returns = log_returns(panel(prices), lookback=1)
    volatility = np.full_like(returns, np.nan)
    with np.errstate(all="ignore"):
        for some in chunks(returns.shape[1]) if length <= len(returns) else ():
            span = Span.of(np.ascontiguousarray(returns[:, some]), length)
            volatility[length - 1 :, some] = np.sqrt(np.maximum(span.comoment(span), 0.0) / (length - 1))
    return framed(volatility, prices)


def beta(
    prices: pd.DataFrame, factors: pd.DataFrame | pd.Series[float], *, window: int, factor: str | None = None
) -> pd.DataFrame:
    """Return the slope of a regression with intercept of simple returns on one factor's, over `window` bars.

    Args:
        prices: dates × assets.
        factors: factor returns per bar, dates × factors (or a series) on the dates of `prices`.
        window: returns in the regression, at least 2.
        factor: which of several factors; None when there is one.

    Returns:
        Slopes of dates × assets; NaN before a full window, where a return within it is missing, and where the
        factor does not vary.

    Raises:
        ManifestError: `window` is no whole number of at least 2.
        DataError: frames that are none, factors on other dates, an unknown factor, or several and none named.
    """
    length = bars("window", window, least=2)
    returns = simple_returns(panel(prices))
    market = factor_returns(_one(factors, factor), prices)
    slope = np.full_like(returns, np.nan)
    if length <= len(returns):
        with np.errstate(all="ignore"):
            span = Span.of(market, length)
            variance = span.comoment(span)
            for some in chunks(returns.shape[1]):
                product = Span.of(np.ascontiguousarray(returns[:, some]), length).comoment(span)
                slope[length - 1 :, some] = product / variance
    return framed(slope, prices)


def _one(factors: object, factor: str | None) -> object:
    if not isinstance(factors, pd.DataFrame):
        return factors
    names = [str(name) for name in factors.columns]
    if factor is None and len(names) > 1:
        raise DataError("beta to which factor?", expected=f"factor: one of {', '.join(names)}")
    if factor is not None and factor not in names:
        raise DataError(
            f"no factor {factor!r}", expected=f"one of {', '.join(names)}", remedy=did_you_mean(factor, names)
        )
    return factors if factor is None else factors.iloc[:, [names.index(factor)]]


__all__ = ["beta", "realised_volatility"]
