"""The fields and factor returns of runs of rows: what one coarse bar makes of its fine ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zoo.data.dataset import Dataset

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

_SUMS = ("volume", "trades")


def aggregated(data: Dataset, last_rows: Positions) -> tuple[dict[str, Floats], Floats | None]:
    """Return fields (bars × assets) and factor returns (bars × factors) of adjacent runs of rows.

    Args:
        data: the rows.
        last_rows: the last row of each run, ascending; the first run starts with the data.

    Returns:
        `open` the first, `high` the maximum, `low` the minimum, `volume` and `trades` the sums, any other
        field the last of the values that are there, NaN where there is none; `vwap` the average price
        weighted by volume (a row's price is its `vwap`, or its close), wherever there is a volume; factor
        returns compounded, NaN when any of the run is.
    """
    starts = np.r_[0, last_rows[:-1] + 1]
    rows = int(last_rows[-1]) + 1
    values = {name: frame.to_numpy()[:rows] for name, frame in data.fields.items()}
    fields = {name: _aggregate(name, found, starts) for name, found in values.items()}
    if "volume" in values:
        fields["vwap"] = _vwap(values.get("vwap", values["close"]), values["volume"], starts)
    if data.factors is None:
        return fields, None
    growth = 1.0 + data.factors.to_numpy()[:rows]
    return fields, np.multiply.reduceat(growth, starts, axis=0) - 1.0


def _aggregate(name: str, values: Floats, starts: Positions) -> Floats:
    if name == "high":
        return np.fmax.reduceat(values, starts, axis=0)
    if name == "low":
        return np.fmin.reduceat(values, starts, axis=0)
    if name in _SUMS:
        return _sum(values, starts)
    return _edge(values, starts, first=name == "open")


def _sum(values: Floats, starts: Positions) -> Floats:
    there = ~np.isnan(values)
    sums: Floats = np.add.reduceat(np.where(there, values, 0.0), starts, axis=0)
    return np.where(np.logical_or.reduceat(there, starts, axis=0), sums, np.nan)


def _edge(values: Floats, starts: Positions, *, first: bool) -> Floats:
    """Return the first or the last value of each run that is there."""
    rows = len(values)
    number = np.broadcast_to(np.arange(rows)[:, None], values.shape)
    there = ~np.isnan(values)
    if first:
        at = np.minimum.reduceat(np.where(there, number, rows), starts, axis=0)
        found = at < rows
    else:
        at = np.maximum.reduceat(np.where(there, number, -1), starts, axis=0)
        found = at >= 0
    taken = np.take_along_axis(values, np.where(found, at, 0), axis=0)
    return np.where(found, taken, np.nan)


def _vwap(price: Floats, volume: Floats, starts: Positions) -> Floats:
    both = ~np.isnan(price) & ~np.isnan(volume)
    value = np.add.reduceat(np.where(both, price * volume, 0.0), starts, axis=0)
    weight = np.add.reduceat(np.where(both, volume, 0.0), starts, axis=0)
    with np.errstate(all="ignore"):
        return np.where(weight > 0, value / weight, np.nan)


__all__ = ["aggregated"]
