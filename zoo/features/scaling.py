"""Scaling by what an asset's own recent values were: causal, and hard to move by single outliers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zoo.errors import ManifestError
from zoo.features.inputs import bars, framed, panel


def rolling_robust(values: pd.DataFrame, *, window: int, min_periods: int | None = None) -> pd.DataFrame:
    """Return each asset's distance from its rolling median, in rolling interquartile ranges.

    (x_t - median) / (upper quartile - lower quartile), the quartiles taken over the `window` bars that end
    with t, interpolated linearly. It is scikit-learn's `RobustScaler` fitted anew on every bar with no bar
    that comes later.

    Args:
        values: a feature or a field, dates × assets.
        window: bars, at least 2.
        min_periods: values that a window must hold; None asks for all of its bars.

    Returns:
        Scaled values of dates × assets. NaN where the value is missing or infinite, and where the window
        holds fewer than `min_periods` values. Where the interquartile range is 0, a value that equals the
        median gives 0.0 and any other NaN: its distance has no unit.

    Raises:
        ManifestError: `window` is no whole number of bars, or `min_periods` none from 2 to `window`.
        DataError: no frame of numbers.
    """
    length = bars("window", window, least=2)
    least = length if min_periods is None else bars("min_periods", min_periods, least=2)
    if least > length:
        raise ManifestError(f"min_periods is {least} and window {length}", expected="at most the window")
    found = panel(values, "values")
    rolling = pd.DataFrame(np.where(np.isfinite(found), found, np.nan)).rolling(length, min_periods=least)
    lower, median, upper = (rolling.quantile(q).to_numpy() for q in (0.25, 0.5, 0.75))
    with np.errstate(all="ignore"):
        distance, spread = found - median, upper - lower
        scaled = np.where(spread > 0, distance / spread, np.where(distance == 0, 0.0, np.nan))
    return framed(scaled, values)


__all__ = ["rolling_robust"]
