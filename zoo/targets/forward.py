"""Targets of panels: what a holder of the asset earns next."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zoo.errors import DataError, ManifestError


def forward_return(prices: pd.DataFrame, *, horizon: int, demean: bool = False) -> pd.DataFrame:
    """Return the simple return from this bar's price to the one `horizon` bars later.

    Args:
        prices: dates × assets.
        horizon: bars ahead, at least 1; a label uses no bar past its own date + `horizon`.
        demean: subtract each date's mean over the assets that have a return.

    Returns:
        Returns of dates × assets; NaN on the last `horizon` dates and where one of the two prices is missing,
        or the first is zero.

    Raises:
        ManifestError: `horizon` is no positive whole number, or `demean` no bool.
        DataError: no frame of numbers.
    """
    steps = _horizon(horizon)
    if not isinstance(demean, bool | np.bool_):
        raise ManifestError(f"demean is {demean!r}, a {type(demean).__name__}", expected="true or false")
    returns = _returns(prices, steps)
    if demean:
        count = np.isfinite(returns).sum(axis=1, keepdims=True)
        returns = returns - np.nansum(returns, axis=1, keepdims=True) / np.maximum(count, 1)
    return pd.DataFrame(returns, index=prices.index, columns=prices.columns)


def _horizon(horizon: object) -> int:
    if isinstance(horizon, bool | np.bool_) or not isinstance(horizon, int | np.integer) or horizon < 1:
        raise ManifestError(
            f"horizon is {horizon!r}, a {type(horizon).__name__}",
            expected="a whole number of bars, at least 1",
        )
    return int(horizon)


def _returns(prices: object, steps: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    if not isinstance(prices, pd.DataFrame):
        raise DataError(
            f"prices are a {type(prices).__name__}", expected="a pandas DataFrame of dates × assets"
        )
    try:
        values = prices.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"prices hold something that is no number: {error}", expected="numbers and NaN"
        ) from error
    returns = np.full(values.shape, np.nan)
    with np.errstate(all="ignore"):
        np.subtract(values[steps:] / values[:-steps], 1.0, out=returns[: max(len(values) - steps, 0)])
    returns[~np.isfinite(returns)] = np.nan
    return returns


__all__ = ["forward_return"]
