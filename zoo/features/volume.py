"""Indicators of what was traded: the average price by volume, and who was in a hurry."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr

from zoo.errors import ManifestError
from zoo.features.fields import panels
from zoo.features.inputs import Panel, bars, framed, log_returns
from zoo.features.risk import realised_volatility
from zoo.features.rolling import Span, chunks


def vwap(
    close: pd.DataFrame,
    volume: pd.DataFrame,
    high: pd.DataFrame | None = None,
    low: pd.DataFrame | None = None,
    *,
    window: int,
    relative: bool = False,
) -> pd.DataFrame:
    """Return the average price of the last `window` bars, weighted by their volumes.

    Berkowitz, Logue and Noser 1988, The Total Cost of Transactions on the NYSE, Journal of Finance 43. A
    bar's price is (high + low + close) / 3, or its close where the data has no highs and lows.

    Args:
        close: closing prices, dates × assets.
        volume: volumes, on the same dates and assets.
        high: highest prices, likewise; with `low` or not at all.
        low: lowest prices, likewise.
        window: bars in the average.
        relative: return close / average - 1, which makes assets comparable.

    Returns:
        Average prices (or the close's distance from them) of dates × assets; NaN before a full window, where
        a price or a volume within it is missing, and where nothing was traded in it.

    Raises:
        ManifestError: `window` is no positive whole number, or `relative` no bool.
        DataError: no frames of numbers on the same dates and assets.
    """
    length = bars("window", window)
    if not isinstance(relative, bool | np.bool_):
        raise ManifestError(
            f"relative is {relative!r}, a {type(relative).__name__}", expected="true or false"
        )
    if high is None or low is None:
        closes, volumes = panels(close=close, volume=volume)
        prices = closes
    else:
        closes, volumes, highs, lows = panels(close=close, volume=volume, high=high, low=low)
        with np.errstate(all="ignore"):
            prices = (highs + lows + closes) / 3.0
    average = _weighted_mean(prices, volumes, length)
    with np.errstate(all="ignore"):
        return framed(closes / average - 1.0 if relative else average, close)


def volume_imbalance(close: pd.DataFrame, volume: pd.DataFrame, *, window: int) -> pd.DataFrame:
    """Return bought less sold volume as a share of all, over the last `window` bars.

    Easley, López de Prado and O'Hara 2012, Flow Toxicity and Liquidity in a High-frequency World, Review of
    Financial Studies 25, bulk volume classification: of a bar's volume the share Φ(return / deviation) was
    bought. Returns are log returns, and the deviation is theirs over the `window` bars that end with the bar,
    so that each bar is classified with what was known when it ended.

    Args:
        close: closing prices, dates × assets.
        volume: volumes, on the same dates and assets.
        window: bars in the sums, and returns in the deviation, at least 2.

    Returns:
        Shares from -1 (all sold) to 1 (all bought) of dates × assets; NaN on the first 2 · window - 1 dates,
        where a price that is used (of 2 · window bars) or a volume is missing, where nothing was traded, and
        where the price stood still.

    Raises:
        ManifestError: `window` is no whole number of at least 2.
        DataError: no frames of numbers on the same dates and assets.
    """
    length = bars("window", window, least=2)
    closes, volumes = panels(close=close, volume=volume)
    returns = log_returns(closes, lookback=1)
    deviations = realised_volatility(close, window=length).to_numpy()
    with np.errstate(all="ignore"):
        bought = 2.0 * ndtr(returns / deviations) - 1.0
    return framed(_weighted_mean(bought, volumes, length), close)


def _weighted_mean(values: Panel, weights: Panel, length: int) -> Panel:
    """Return the means of each window's values, NaN where their weights sum to nothing."""
    found = np.full_like(values, np.nan)
    with np.errstate(all="ignore"):
        weights = np.where(weights >= 0, weights, np.nan)
        for some in chunks(values.shape[1]) if length <= len(values) else ():
            some_weights = np.ascontiguousarray(weights[:, some])
            total = Span.of(some_weights, length).mean()
            product = Span.of(np.ascontiguousarray(values[:, some]) * some_weights, length).mean()
            found[length - 1 :, some] = product / total
    return found


__all__ = ["volume_imbalance", "vwap"]
