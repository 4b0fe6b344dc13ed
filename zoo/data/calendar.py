"""Cutting a panel by dates, and its bars at month ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from zoo.data.content import iso
from zoo.errors import DataError

_BARE = len("2017-12-29")


def bounds(dates: pd.DatetimeIndex, first: object, last: object, where: str) -> slice:
    """Return the rows of the bars from `first` to `last`, both included; None leaves that side open.

    Raises:
        DataError: a bound is no date, or no bar lies between.
    """
    start, stop = 0, len(dates)
    if first is not None:
        start = int(dates.searchsorted(_moment(first, dates.tz, where)[0], side="left"))
    if last is not None:
        moment, whole_day = _moment(last, dates.tz, where)
        end = moment + pd.DateOffset(days=1) if whole_day else moment
        stop = int(dates.searchsorted(end, side="left" if whole_day else "right"))
    if start >= stop:
        since = "" if first is None else f" from {first}"
        raise DataError(
            f"no bar{since}" + ("" if last is None else f" until {last}"),
            where=where,
            expected=f"dates from {iso(dates[0])} to {iso(dates[-1])}",
        )
    return slice(start, stop)


def _moment(date: object, zone: dt.tzinfo | None, where: str) -> tuple[pd.Timestamp, bool]:
    """Return a date as a timestamp in the data's zone, and whether it means the whole day."""
    parsed = _parsed(date)
    if parsed is None or (zone is None and getattr(parsed, "tzinfo", None) is not None):
        raise DataError(
            f"{date!r} is no date of this data",
            where=where,
            expected=f"an ISO date such as 2017-12-29{', without a time zone' if zone is None else ''}",
        )
    moment = pd.Timestamp(parsed)
    if zone is not None:
        moment = moment.tz_localize(zone) if moment.tz is None else moment.tz_convert(zone)
    bare = not isinstance(parsed, dt.datetime) or (isinstance(date, str) and len(date.strip()) <= _BARE)
    return moment, bare


def _parsed(date: object) -> dt.date | None:
    if isinstance(date, str):
        try:
            return dt.datetime.fromisoformat(date.strip())
        except ValueError:
            return None
    return date if isinstance(date, dt.date) and not pd.isna(date) else None


def month_ends(
    fields: Mapping[str, pd.DataFrame], factors: pd.DataFrame | None, freq: str, where: str
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame | None]:
    """Return fields and factors with one bar a finished month; `Dataset.resample` has the rules.

    Raises:
        DataError: `freq` is not `ME`, or no month is finished.
    """
    if freq != "ME":
        raise DataError(f"cannot resample to {freq!r}", where=where, expected="'ME', month ends")
    dates = pd.DatetimeIndex(fields["close"].index)
    starts, labels = _finished_months(dates)
    if not len(labels):
        raise DataError(
            f"no finished month from {iso(dates[0])} to {iso(dates[-1])}",
            where=where,
            expected="a month whose last weekday, or any later bar, is in the data",
        )
    months = np.searchsorted(starts, np.arange(len(dates)), side="right") - 1
    monthly = {
        name: _aggregate(frame, name, months).iloc[: len(labels)].set_axis(labels, axis=0)
        for name, frame in fields.items()
    }
    if factors is None:
        return monthly, None
    # A product over rows starts[i] to starts[i + 1]; NaN anywhere in the month makes its return unknown.
    compounded = np.multiply.reduceat(1.0 + factors.to_numpy(), starts, axis=0)[: len(labels)] - 1.0
    return monthly, pd.DataFrame(compounded, index=labels, columns=factors.columns)


def _finished_months(dates: pd.DatetimeIndex) -> tuple[np.ndarray[Any, Any], pd.DatetimeIndex]:
    """Return the first row of every month, and the last bar's date of every finished one."""
    month = np.asarray(dates.year * 12 + dates.month)
    starts = np.flatnonzero(np.diff(month, prepend=month[0] - 1))
    last_rows = np.append(starts[1:], len(dates)) - 1
    newest = dates[-1].tz_localize(None).normalize()
    weekdays = pd.offsets.BMonthEnd()
    finished = newest >= weekdays.rollforward(newest.replace(day=1))
    return starts, dates[last_rows if finished else last_rows[:-1]]


def _aggregate(frame: pd.DataFrame, name: str, months: np.ndarray[Any, Any]) -> pd.DataFrame:
    groups = frame.groupby(months)
    if name == "open":
        return groups.first()
    if name == "high":
        return groups.max()
    if name == "low":
        return groups.min()
    return groups.sum(min_count=1) if name == "volume" else groups.last()


__all__ = ["bounds", "month_ends"]
