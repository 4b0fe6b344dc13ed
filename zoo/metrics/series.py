"""What figures of a series share: a value with its error, and the checks of what comes in."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Series = NDArray[np.float64]


class Estimate(NamedTuple):
    """A figure and its standard error; NaN where there is none."""

    value: float
    se: float


UNKNOWN = Estimate(math.nan, math.nan)


def series(values: ArrayLike) -> Series:
    """Return values as one dimension of floats.

    Raises:
        ValueError: they have another number of dimensions.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1:
        raise ValueError(f"a series of shape {found.shape}; expected one dimension")
    return found


def complete(values: Series) -> bool:
    """Tell whether there are at least two values, none of them NaN or infinite."""
    return len(values) > 1 and bool(np.isfinite(values).all())


def positive_bars(bars_per_year: float) -> float:
    """Return bars a year as a float.

    Raises:
        ValueError: not a positive number.
    """
    if not 0.0 < bars_per_year < math.inf:
        raise ValueError(f"bars_per_year is {bars_per_year!r}; expected a positive number")
    return float(bars_per_year)


def whole(name: str, value: object) -> int:
    """Return `value` when it is a whole number of at least 1.

    Raises:
        ValueError: it is not; `name` names it.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} is {value!r}; expected a whole number of at least 1")
    return int(value)


__all__ = ["UNKNOWN", "Estimate", "Series", "complete", "positive_bars", "series", "whole"]
