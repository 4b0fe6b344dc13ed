"""Features of an asset's own past: momentum and reversal."""

from __future__ import annotations

import pandas as pd

from zoo.features.inputs import bars, check_skip, framed, log_returns, panel


def momentum(prices: pd.DataFrame, *, lookback: int, skip: int) -> pd.DataFrame:
    """Return the log return from `lookback` to `skip` bars ago (Jegadeesh and Titman 1993: 12 months and 1).

    Args:
        prices: dates × assets.
        lookback: bars from the first price to this date.
        skip: bars from the last price to this date, fewer than `lookback`.

    Returns:
        Log returns of dates × assets; NaN on the first `lookback` dates and where one of the two prices is
        missing or not positive. Prices between the two play no part.

    Raises:
        ManifestError: a parameter that is no whole number or does not fit the other.
        DataError: no frame of numbers.
    """
    long, short = check_skip(lookback, skip)
    return framed(log_returns(panel(prices), lookback=long, skip=short), prices)


def reversal(prices: pd.DataFrame, *, lookback: int) -> pd.DataFrame:
    """Return the negative log return over the last `lookback` bars (Jegadeesh 1990: one month).

    Args:
        prices: dates × assets.
        lookback: bars from the first price to this date.

    Returns:
        Negative log returns of dates × assets; NaN on the first `lookback` dates and where one of the two
        prices is missing or not positive.

    Raises:
        ManifestError: `lookback` is no whole number, or not positive.
        DataError: no frame of numbers.
    """
    return framed(-log_returns(panel(prices), lookback=bars("lookback", lookback)), prices)


__all__ = ["momentum", "reversal"]
