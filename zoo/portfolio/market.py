"""Prices as a portfolio meets them: a mark for every bar, and what is known of each asset's liquidity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.errors import DataError
from zoo.portfolio.costs import Costs

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

_WINDOW = 21  # bars over which volatility and volume are taken
_FEWEST = 2  # returns that a volatility needs


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """What can be traded, at what price, on each bar.

    Attributes:
        marks: bars × assets: the price, or the last one before where there is none; 1 before the first.
        known: bars × assets: whether there is a price; None when there always is.
        impact: bars × assets: what a value of 1 pays per sqrt(value) traded, 0 where σ or V is not known;
            None when nobody asks.
    """

    marks: Floats
    known: NDArray[np.bool_] | None
    impact: Floats | None


def market_of(prices: ArrayLike, costs: Costs, volume: ArrayLike | None = None) -> Market:
    """Return prices ready to be traded on. A bar's marks follow from it and earlier bars alone.

    Args:
        prices: bars × assets, positive; NaN where there is none.
        costs: whose impact is asked for.
        volume: units traded, of the shape of `prices` and in their units (adjusted alike); NaN where unknown.

    Raises:
        DataError: other shapes, a price that is zero, negative or infinite, a negative or infinite volume.
    """
    values = _table("prices", prices)
    known = ~np.isnan(values)
    _refuse("prices", values, known & ~((values > 0) & (values < math.inf)), "positive prices, or NaN")
    traded = None if volume is None else _table("volume", volume)
    if traded is not None:
        if traded.shape != values.shape:
            raise DataError(f"volume of shape {traded.shape} and prices of shape {values.shape}")
        wrong = ~np.isnan(traded) & ~((traded >= 0) & (traded < math.inf))
        _refuse("volume", traded, wrong, "volumes of at least 0, or NaN")
    marks = np.ascontiguousarray(values) if known.all() else _carried(values, known)
    impact = None if traded is None or costs.impact_coefficient == 0 else _impact(marks, known, traded, costs)
    return Market(marks, None if known.all() else known, impact)


def _carried(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Return each price, or the last one before it; 1 where there is none yet (nothing is held there)."""
    last = np.where(known, np.arange(len(values))[:, None], 0)
    np.maximum.accumulate(last, axis=0, out=last)
    carried = np.take_along_axis(values, last, axis=0)
    return np.where(np.isnan(carried), 1.0, carried)


def _impact(marks: Floats, known: NDArray[np.bool_], volume: Floats, costs: Costs) -> Floats:
    """Return coefficient · σ · sqrt(capital / V); V is the capital where no unit was traded at all."""
    returns = np.zeros(marks.shape)
    returns[1:] = marks[1:] / marks[:-1] - 1.0
    real = np.zeros(marks.shape, dtype=bool)
    real[1:] = known[1:] & known[:-1]
    returns[~real] = 0.0
    count = _trailing(real.astype(np.float64))
    mean = _trailing(returns) / np.maximum(count, 1.0)
    spread = _trailing(returns**2) - count * mean**2
    sigma = np.sqrt(np.maximum(spread, 0.0) / np.maximum(count - 1.0, 1.0))
    told = ~np.isnan(volume) & known
    days = _trailing(told.astype(np.float64))
    value = _trailing(np.where(told, volume * marks, 0.0)) / np.maximum(days, 1.0)
    usable = (count >= _FEWEST) & (days > 0)
    with np.errstate(divide="ignore"):
        share = np.where(value > 0, np.sqrt(costs.capital / value), 1.0)
    return np.where(usable, costs.impact_coefficient * sigma * share, 0.0)


def _trailing(values: Floats) -> Floats:
    """Return sums over the last `_WINDOW` bars, this one included, by sums from the first bar on."""
    total = np.cumsum(values, axis=0)
    total[_WINDOW:] -= total[:-_WINDOW]
    return total


def _table(name: str, values: ArrayLike) -> Floats:
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name} hold something that is no number: {error}", expected="numbers and NaN"
        ) from error
    if found.ndim != 2:
        raise DataError(f"{name} of shape {found.shape}", expected="bars × assets")
    return found


def _refuse(name: str, values: Floats, wrong: NDArray[np.bool_], expected: str) -> None:
    if wrong.any():
        bar, asset = (int(place) for place in np.argwhere(wrong)[0])
        raise DataError(f"{name}: {values[bar, asset]} at bar {bar}, asset {asset}", expected=expected)


__all__ = ["Floats", "Market", "Positions", "market_of"]
