"""Recursive averages, which remember everything since their seed; a missing value makes them start anew.

The first value of an average is the plain mean of the first `window` values, as Wilder (1978) starts his. A
NaN has no place in a recursion: it would stay for ever. So it ends the average, and the next one is seeded
from the `window` values after it, as if the series had begun there. An average thus depends on every value
since the start of the data or the last NaN, with weights that fall geometrically: where the data starts some
ten windows before the first value that is used, no digit that matters depends on where it starts.
"""

from __future__ import annotations

import numpy as np

from zoo.features.inputs import Panel


def smoothed(values: Panel, window: int, weight: float) -> Panel:
    """Return recursive averages of dates × columns: each moves from the last one by `weight` of the way.

    Args:
        values: dates × columns.
        window: values that seed the average with their mean.
        weight: the new value's, between 0 and 1: 1 / window for Wilder's, 2 / (window + 1) for an exponential
            one of that span.

    Returns:
        Averages; NaN until `window` values follow each other without one that is missing or infinite.
    """
    averages = np.full_like(values, np.nan)
    average = np.zeros(values.shape[1])
    seen = np.zeros(values.shape[1], dtype=np.int64)
    present = np.isfinite(values)
    known = np.where(present, values, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        for date, row in enumerate(known):
            seen = np.where(present[date], seen + 1, 0)
            # While it is seeded, `average` is the mean of the values so far; after that it moves by `weight`.
            step = np.where(seen <= window, 1.0 / np.maximum(seen, 1), weight)
            average = np.where(present[date], average + step * (row - average), 0.0)
            averages[date] = np.where(seen >= window, average, np.nan)
    return averages


def wilder(values: Panel, window: int) -> Panel:
    """Return Wilder's averages (1978): the new value has the weight 1 / window."""
    return smoothed(values, window, 1.0 / window)


def exponential(values: Panel, span: int) -> Panel:
    """Return exponential averages: the new value has the weight 2 / (span + 1)."""
    return smoothed(values, span, 2.0 / (span + 1.0))


__all__ = ["exponential", "smoothed", "wilder"]
