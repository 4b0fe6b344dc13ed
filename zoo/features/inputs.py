"""What features accept: frames of dates × assets, and whole numbers of bars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import DataError, ManifestError

Panel = NDArray[np.float64]
"""An array of dates × assets."""


def bars(name: str, value: object, *, least: int = 1) -> int:
    """Return `value` when it is a whole number of bars, at least `least`.

    Raises:
        ManifestError: a bool, a float, or too small; `name` names the parameter.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise ManifestError(
            f"{name} is {value!r}, a {type(value).__name__}",
            expected=f"a whole number of bars, at least {least}",
        )
    if value < least:
        raise ManifestError(f"{name} is {value}", expected=f"a whole number of bars, at least {least}")
    return int(value)


def check_skip(lookback: object, skip: object, *, periods: int = 1) -> tuple[int, int]:
    """Return `lookback` and `skip` when at least `periods` bars remain between them.

    Raises:
        ManifestError: naming the parameter that is wrong.
    """
    long, short = bars("lookback", lookback), bars("skip", skip, least=0)
    if long - short < periods:
        raise ManifestError(
            f"skip is {short} and lookback {long}",
            expected=f"skip at most lookback - {periods}",
        )
    return long, short


def panel(prices: object, name: str = "prices") -> Panel:
    """Return the values of a frame of dates × assets as floats.

    Raises:
        DataError: no frame, or values that are not numbers.
    """
    if not isinstance(prices, pd.DataFrame):
        raise DataError(
            f"{name} are a {type(prices).__name__}", expected="a pandas DataFrame of dates × assets"
        )
    try:
        return prices.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name} hold something that is no number: {error}", expected="numbers and NaN"
        ) from error


def factor_returns(factors: object, prices: pd.DataFrame) -> Panel:
    """Return factor returns as an array of dates × factors.

    Raises:
        DataError: no factor, or other dates than those of `prices`.
    """
    if isinstance(factors, pd.Series):
        factors = factors.to_frame()
    if factors is None or not isinstance(factors, pd.DataFrame) or not len(factors.columns):
        raise DataError(
            "no factor returns"
            if factors is None
            else f"factors are a {type(factors).__name__} without columns",
            expected="a frame (dates × factors) or series of factor returns on the dates of the prices",
            remedy="give the dataset factors",
        )
    if not factors.index.equals(prices.index):
        raise DataError(
            _first_difference(factors.index, prices.index), expected="factor returns on the prices' dates"
        )
    return panel(factors, "factors")


def _first_difference(found: pd.Index[Any], wanted: pd.Index[Any]) -> str:
    for ours, theirs in zip(found, wanted, strict=False):
        if ours != theirs:
            return f"factors have {ours} where prices have {theirs}"
    return f"factors have {len(found)} dates and prices {len(wanted)}"


def simple_returns(prices: Panel) -> Panel:
    """Return the simple returns per bar, dates × assets; NaN where there is none."""
    returns = np.full_like(prices, np.nan)
    with np.errstate(all="ignore"):
        np.divide(prices[1:], prices[:-1], out=returns[1:])
        returns[1:] -= 1.0
    return returns


def log_returns(prices: Panel, *, lookback: int, skip: int = 0) -> Panel:
    """Return log(price `skip` bars ago / price `lookback` bars ago), NaN unless both are positive."""
    returns = np.full_like(prices, np.nan)
    if lookback < len(prices):
        earlier = prices[: len(prices) - lookback]
        later = prices[lookback - skip : len(prices) - skip]
        with np.errstate(all="ignore"):
            positive = (earlier > 0) & (later > 0)
            np.log(later / earlier, out=returns[lookback:], where=positive)
    return returns


def framed(values: Panel, like: pd.DataFrame) -> pd.DataFrame:
    """Return `values` on the dates and assets of `like`; whatever is not finite becomes NaN."""
    return pd.DataFrame(np.where(np.isfinite(values), values, np.nan), index=like.index, columns=like.columns)


__all__ = [
    "Panel",
    "bars",
    "check_skip",
    "factor_returns",
    "framed",
    "log_returns",
    "panel",
    "simple_returns",
]
