"""Coarser bars from finer ones or from trades: by time, volume, count of trades, or dollars.

A bar is a run of rows. It carries the time at which it was complete, and it is complete once nothing that
comes later can change it; the last, unfinished one is dropped. Hence cutting the data and then forming bars
gives the first of the bars that the whole data gives. Nothing is split: the row that reaches a threshold
belongs to the bar that it completes, and the next bar starts from nothing (López de Prado 2018, Advances in
Financial Machine Learning).

The dates of the rows must be when each was complete. Vendors often stamp a bar with its start: move it with
`completed` first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.data.content import iso
from zoo.data.dataset import Dataset
from zoo.data.spans import aggregated
from zoo.errors import DataError, did_you_mean

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

#: ten trades of 0.1 are a volume of 1, whatever floats make of it
_ROUNDING: Final = 1e-9
_DAY: Final = pd.Timedelta(days=1)


def time_bars(data: Dataset, *, every: str | pd.Timedelta, required: Sequence[str] = ()) -> Dataset:
    """Return one bar for each stretch of time in which something happened, counted from midnight.

    A bar holds what was complete after its start, up to and including its end, which is its date. Each asset
    of a panel is aggregated for itself, NaN where it has no row; a stretch without any row has no bar.

    Args:
        data: finer bars, or `trades`.
        every: a length that divides a day, such as `5min`, `1h` or `1D`.
        required: fields that the bars must have.

    Returns:
        `open` the first, `high` the maximum, `low` the minimum, `close` the last, `volume` and `trades` the
        sums, `vwap` weighted by volume, any other field its last value; factor returns compounded.

    Raises:
        DataError: another `every`, no bar that is finished, a required field that there is not.
    """
    length = _length(every)
    ends = _ends_of_stretches(data.dates, length)
    last_rows = np.flatnonzero(np.r_[ends[1:] != ends[:-1], True])
    if data.dates[-1] != ends[-1]:
        last_rows = last_rows[:-1]
    return _formed(data, last_rows, ends[last_rows], required, f"{every} long")


def volume_bars(
    data: Dataset, *, volume: float, clock: str | None = None, required: Sequence[str] = ()
) -> Dataset:
    """Return a bar for each `volume` that was traded; fields are those of `time_bars`.

    Args:
        data: finer bars with `volume`, or `trades`.
        volume: how much a bar holds at least.
        clock: the asset whose volume completes the bars of all. By volume each asset would have a calendar of
            its own, and a panel has one: without a clock there is but one asset.
        required: fields that the bars must have.

    Raises:
        DataError: no positive number; several assets without a clock; no `volume`, or one that is missing or
            negative where there is a close; no bar that is finished; a required field that there is not.
    """
    return _by_activity(data, "volume", volume, clock, required)


def trade_count_bars(
    data: Dataset, *, count: int, clock: str | None = None, required: Sequence[str] = ()
) -> Dataset:
    """Return a bar for every `count` trades; like `volume_bars`, of a field `trades`."""
    return _by_activity(data, "trades", count, clock, required)


def dollar_bars(
    data: Dataset, *, dollars: float, clock: str | None = None, required: Sequence[str] = ()
) -> Dataset:
    """Return a bar for each `dollars` of value traded; like `volume_bars`.

    The value of a row is its volume at its `vwap`, or at its close where there is no such field.
    """
    return _by_activity(data, "dollars", dollars, clock, required)


def completed(data: Dataset, *, length: str | pd.Timedelta) -> Dataset:
    """Return bars that were stamped with their start, stamped with their end.

    Args:
        data: bars that all take the same time.
        length: how long one takes.

    Raises:
        DataError: no positive length.
    """
    moved = data.dates + _timedelta(length, "length")
    fields = {name: frame.set_axis(moved, axis=0) for name, frame in data.fields.items()}
    factors = None if data.factors is None else data.factors.set_axis(moved, axis=0)
    return Dataset(fields, factors, data.name)


def _by_activity(
    data: Dataset, kind: str, threshold: float, clock: str | None, required: Sequence[str]
) -> Dataset:
    name = "count" if kind == "trades" else kind
    number = isinstance(threshold, int | float | np.number) and not isinstance(threshold, bool | np.bool_)
    if not number or not math.isfinite(threshold) or not threshold > 0:
        raise DataError(f"{name} is {threshold!r}", where=data.name, expected="a positive number")
    activity = _activity(data, kind, _clock(data, kind, clock))
    last_rows = _last_rows(activity, float(threshold))
    what = f"of {kind} {threshold:g} (there are {activity.sum():g} in all)"
    return _formed(data, last_rows, data.dates[last_rows], required, what)


def _clock(data: Dataset, kind: str, clock: str | None) -> int:
    if clock is None and len(data.assets) == 1:
        return 0
    if clock is None:
        raise DataError(
            f"bars by {kind} of {len(data.assets)} assets, which would have a calendar each",
            where=data.name,
            expected="one asset, or a clock: the asset whose activity completes the bars of all",
            remedy="form the bars one asset at a time, name a clock, or use time_bars",
        )
    if clock not in data.assets:
        raise DataError(
            f"no asset {clock!r} for a clock",
            where=data.name,
            expected=f"one of {', '.join(data.assets[:12])}",
            remedy=did_you_mean(clock, data.assets),
        )
    return data.assets.index(clock)


def _activity(data: Dataset, kind: str, asset: int) -> Floats:
    """Return what the clock asset traded in each row, 0 where it has neither price nor trade."""
    values = data.field("volume" if kind == "dollars" else kind).to_numpy()[:, asset]
    close = data.close.to_numpy()[:, asset]
    if kind == "dollars":
        price = data.fields["vwap"].to_numpy()[:, asset] if "vwap" in data.fields else close
        values = values * np.where(np.isnan(price), close, price)
    idle = np.isnan(close) & np.isnan(values)
    wrong = ~idle & ~(values >= 0)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"asset {data.assets[asset]!r} has {kind} {values[row]} on {iso(data.dates[row])}",
            where=data.name,
            expected=f"{kind} of 0 or more wherever there is a close",
        )
    return np.where(idle, 0.0, values)


def _last_rows(activity: Floats, threshold: float) -> Positions:
    """Return the row that completes each bar; each sum starts afresh, so that rounding does not pile up."""
    enough, rows = threshold * (1.0 - _ROUNDING), len(activity)
    found, start, width = [], 0, 64
    while start < rows:
        reached = np.cumsum(activity[start : start + width])
        at = int(np.searchsorted(reached, enough))
        if at == len(reached):
            if start + width >= rows:
                break
            width *= 2
            continue
        found.append(start + at)
        start, width = start + at + 1, max(2 * (at + 1), 16)
    return np.array(found, dtype=np.intp)


def _formed(
    data: Dataset, last_rows: Positions, labels: pd.DatetimeIndex, required: Sequence[str], what: str
) -> Dataset:
    if not len(last_rows):
        raise DataError(
            f"no finished bar {what} from {iso(data.dates[0])} to {iso(data.dates[-1])}",
            where=data.name,
            remedy="use more data or shorter bars",
        )
    fields, factors = aggregated(data, last_rows)
    formed = Dataset(
        {name: pd.DataFrame(values, labels, data.assets) for name, values in fields.items()},
        None if factors is None else pd.DataFrame(factors, labels, _factor_names(data)),
        data.name,
    )
    for name in required:
        formed.field(name)
    return formed


def _factor_names(data: Dataset) -> list[str]:
    return [] if data.factors is None else list(data.factors.columns)


def _ends_of_stretches(dates: pd.DatetimeIndex, length: pd.Timedelta) -> pd.DatetimeIndex:
    """Return the end of the stretch that each date lies in; a change of clocks cuts the day's last one."""
    # What is complete at midnight belongs to the day that ends there.
    tick = pd.Timedelta(1, "ns")
    day = (dates.as_unit("ns") - tick).normalize()
    following = day + pd.DateOffset(days=1)
    if length == _DAY:  # which may have 23 hours, or 25
        return following
    passed = (dates.as_unit("ns") - day) // tick
    steps = -(-np.asarray(passed) // length.value)
    ends = day + pd.to_timedelta(steps * length.value, unit="ns")
    return ends.where(ends <= following, following)


def _length(every: object) -> pd.Timedelta:
    length = _timedelta(every, "every")
    if length > _DAY or _DAY % length != pd.Timedelta(0):
        raise DataError(f"every is {every!r}", expected="a length that divides a day, such as 5min, 1h or 1D")
    return length


def _timedelta(given: Any, name: str) -> pd.Timedelta:
    try:
        length = pd.Timedelta(given) if isinstance(given, str | pd.Timedelta) else None
    except ValueError:
        length = None
    if length is None or not length > pd.Timedelta(0):
        raise DataError(f"{name} is {given!r}", expected="a length of time such as 5min")
    return length.as_unit("ns")


__all__ = ["completed", "dollar_bars", "time_bars", "trade_count_bars", "volume_bars"]
