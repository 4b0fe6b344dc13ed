"""Targets of panels for classifiers: whether a holder of the asset earns enough."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zoo.errors import ManifestError
from zoo.targets.forward import forward_return


def forward_direction(
    prices: pd.DataFrame, *, horizon: int, threshold: float = 0.0, demean: bool = False
) -> pd.DataFrame:
    """Return whether the return over the next `horizon` bars is above a threshold.

    Args:
        prices: dates × assets.
        horizon: bars ahead, at least 1; a label uses no bar past its own date + `horizon`.
        threshold: the simple return to exceed; one that equals it does not exceed it.
        demean: subtract each date's mean over the assets that have a return first.

    Returns:
        1.0 where the return is above the threshold and 0.0 where it is not, dates × assets; NaN where
        `forward_return` is.

    Raises:
        ManifestError: `horizon` is no positive whole number, `threshold` no finite number, or `demean` no
            bool.
        DataError: no frame of numbers.
    """
    if isinstance(threshold, bool | np.bool_) or not isinstance(threshold, int | float | np.number):
        raise _wrong(threshold)
    if not np.isfinite(threshold):
        raise _wrong(threshold)
    returns = forward_return(prices, horizon=horizon, demean=demean)
    return (returns > threshold).astype(np.float64).where(returns.notna())


def _wrong(threshold: object) -> ManifestError:
    return ManifestError(
        f"threshold is {threshold!r}, a {type(threshold).__name__}", expected="a finite number, a return"
    )


__all__ = ["forward_direction"]
