"""Indicators of the range within bars: average true range."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zoo.errors import ManifestError
from zoo.features.fields import panels, positive
from zoo.features.inputs import bars, framed
from zoo.features.smoothing import wilder


def atr(
    high: pd.DataFrame,
    low: pd.DataFrame,
    close: pd.DataFrame,
    *,
    window: int = 14,
    relative: bool = False,
) -> pd.DataFrame:
    """Return the average true range, smoothed as Wilder does.

    Wilder 1978, New Concepts in Technical Trading Systems: the true range of a bar is the largest of its high
    less its low, and of the distances of both from the close before. The average is seeded with the mean of
    the first `window` true ranges and remembers every one since (see `zoo.features.smoothing`). The first bar
    has no close before it, and hence no true range.

    Args:
        high: highest prices, dates × assets.
        low: lowest prices, on the same dates and assets.
        close: closing prices, likewise.
        window: true ranges that seed the average; the weight of a new one is 1 / window.
        relative: divide by the close, which makes assets comparable.

    Returns:
        Averages in units of the price (or as a share of it) of dates × assets; NaN on the first `window`
        dates, and from a price that is missing or not positive until `window` true ranges have followed it.

    Raises:
        ManifestError: `window` is no positive whole number, or `relative` no bool.
        DataError: no frames of numbers on the same dates and assets.
    """
    length = bars("window", window)
    if not isinstance(relative, bool | np.bool_):
        raise ManifestError(
            f"relative is {relative!r}, a {type(relative).__name__}", expected="true or false"
        )
    highs, lows, closes = (positive(values) for values in panels(high=high, low=low, close=close))
    true_range = np.full_like(closes, np.nan)
    # np.maximum keeps NaN: a bar with a price missing, or the close before it, has no true range.
    true_range[1:] = np.maximum(highs[1:], closes[:-1]) - np.minimum(lows[1:], closes[:-1])
    average = wilder(true_range, length)
    with np.errstate(all="ignore"):
        return framed(average / closes if relative else average, close)


__all__ = ["atr"]
