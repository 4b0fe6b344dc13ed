"""Indicators of an asset's own prices: RSI, PPO and ROC, in percent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zoo.errors import ManifestError
from zoo.features.fields import positive
from zoo.features.inputs import bars, framed, panel
from zoo.features.smoothing import exponential, wilder


def rsi(prices: pd.DataFrame, *, window: int = 14) -> pd.DataFrame:
    """Return the relative strength index, 100 · gains / (gains + losses), each smoothed as Wilder does.

    Wilder 1978, New Concepts in Technical Trading Systems; the averages are seeded with the mean of the first
    `window` changes and remember every change since (see `zoo.features.smoothing`).

    Args:
        prices: dates × assets.
        window: changes that seed the averages; the weight of a new one is 1 / window.

    Returns:
        Indices from 0 to 100 of dates × assets; NaN on the first `window` dates, where nothing has moved yet,
        and from a price that is missing or not positive until `window` changes have followed it.

    Raises:
        ManifestError: `window` is no positive whole number.
        DataError: no frame of numbers.
    """
    length = bars("window", window)
    values = positive(panel(prices))
    changes = np.full_like(values, np.nan)
    changes[1:] = values[1:] - values[:-1]
    gains, losses = wilder(np.maximum(changes, 0.0), length), wilder(np.maximum(-changes, 0.0), length)
    with np.errstate(all="ignore"):
        return framed(100.0 * (gains / (gains + losses)), prices)


def ppo(prices: pd.DataFrame, *, fast: int = 12, slow: int = 26) -> pd.DataFrame:
    """Return the percentage price oscillator, 100 · (fast - slow) / slow of two exponential averages.

    Appel 2005, Technical Analysis: Power Tools for Active Investors (his MACD of 1979, in percent of the slow
    average); each average is seeded with the mean of its first prices.

    Args:
        prices: dates × assets.
        fast: span of the fast average; a new price has the weight 2 / (span + 1).
        slow: span of the slow one, longer than `fast`.

    Returns:
        Percentages of dates × assets; NaN on the first `slow` - 1 dates, and from a price that is missing or
        not positive until `slow` prices have followed it.

    Raises:
        ManifestError: spans that are no positive whole numbers, or `fast` not below `slow`.
        DataError: no frame of numbers.
    """
    short, long = bars("fast", fast), bars("slow", slow)
    if short >= long:
        raise ManifestError(f"fast is {short} and slow {long}", expected="fast below slow")
    values = positive(panel(prices))
    base = exponential(values, long)
    with np.errstate(all="ignore"):
        return framed(100.0 * (exponential(values, short) - base) / base, prices)


def roc(prices: pd.DataFrame, *, lookback: int) -> pd.DataFrame:
    """Return the rate of change, the simple return over `lookback` bars in percent.

    Murphy 1999, Technical Analysis of the Financial Markets.

    Args:
        prices: dates × assets.
        lookback: bars from the first price to this date.

    Returns:
        Percentages of dates × assets; NaN on the first `lookback` dates and where one of the two prices is
        missing or not positive.

    Raises:
        ManifestError: `lookback` is no positive whole number.
        DataError: no frame of numbers.
    """
    steps = bars("lookback", lookback)
    values = positive(panel(prices))
    change = np.full_like(values, np.nan)
    with np.errstate(all="ignore"):
        change[steps:] = 100.0 * (values[steps:] / values[: max(len(values) - steps, 0)] - 1.0)
    return framed(change, prices)


__all__ = ["ppo", "roc", "rsi"]
