"""From what a source holds to dates and floats; whatever is neither is named with its line."""

from __future__ import annotations

import decimal
import numbers
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.data.columns import DateColumn
from zoo.data.rows import Rows
from zoo.errors import DataError

_UNITS: Final = ("s", "ms", "us", "ns")
_OFFSET: Final = r"[T ].*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$"


def dates(rows: Rows, spec: DateColumn) -> pd.DatetimeIndex:
    """Return the dates of the rows, without a time zone or all in one.

    Raises:
        DataError: a date that is missing or none, time zones that are mixed, an hour that a change of clocks
            skips or repeats.
    """
    values = rows.frame[spec.name]
    missing = (values.isna() | (values == "")).to_numpy(dtype=bool)
    if missing.any():
        raise DataError(
            f"column {spec.name!r} has no date", where=rows.place(int(missing.argmax())), expected="a date"
        )
    found = _parsed(values, spec, rows).rename(None)
    if spec.zone is None:
        return found
    if found.tz is not None:
        return found.tz_convert(spec.zone)
    try:
        return found.tz_localize(spec.zone)
    except ValueError as error:
        raise DataError(
            f"column {spec.name!r}: {error}",
            where=rows.where,
            expected=f"times that exist once in {spec.zone}",
            remedy="give the dates with their offset from UTC",
        ) from error


def _parsed(values: pd.Series[Any], spec: DateColumn, rows: Rows) -> pd.DatetimeIndex:
    if values.dtype.kind == "M":
        return pd.DatetimeIndex(values)
    if values.dtype.kind in "iuf" and spec.format is None:
        raise DataError(
            f"column {spec.name!r} has numbers for dates, such as {values.iloc[0]}",
            where=rows.place(0),
            expected="dates",
            remedy=f"say date: {{name: {spec.name}, format: '%Y%m%d'}}, or format: s, ms, us or ns",
        )
    if spec.format in _UNITS:
        counted = floats(rows, spec.name) if values.dtype.kind == "f" else _whole(values, spec, rows)
        return pd.DatetimeIndex(pd.to_datetime(counted, unit=spec.format))  # type: ignore[call-overload]
    text = values.astype(str) if values.dtype.kind in "iuf" else values
    return _from_text(text, spec, rows)


def _whole(values: pd.Series[Any], spec: DateColumn, rows: Rows) -> NDArray[np.int64]:
    try:
        return values.to_numpy(dtype=np.int64)
    except (TypeError, ValueError):
        for row, value in enumerate(values):
            try:
                int(value)
            except (TypeError, ValueError):
                raise _no_date(value, spec, rows, row) from None
        raise


def _from_text(values: pd.Series[Any], spec: DateColumn, rows: Rows) -> pd.DatetimeIndex:
    form = spec.format or "ISO8601"
    try:
        return pd.DatetimeIndex(pd.to_datetime(values, format=form))
    except (ValueError, TypeError, OverflowError):
        zoned = _zoned(values)
    if zoned.all() and spec.zone is not None:
        try:
            return pd.DatetimeIndex(pd.to_datetime(values, format=form, utc=True))
        except (ValueError, TypeError, OverflowError):
            pass  # no mixture of offsets, but something that is no date: found below
    raise _first_wrong(values, form, spec, rows)


def _zoned(values: pd.Series[Any]) -> pd.Series[bool]:
    """Tell which dates carry an offset from UTC."""
    if all(isinstance(value, str) for value in values):
        return values.astype(str).str.contains(_OFFSET, regex=True)
    return values.map(lambda value: getattr(value, "tzinfo", None) is not None).astype(bool)


def _first_wrong(values: pd.Series[Any], form: str, spec: DateColumn, rows: Rows) -> DataError:
    first: tuple[str, object] | None = None
    for row, value in enumerate(values):
        try:
            moment = pd.to_datetime(value, format=form)
        except (ValueError, TypeError, OverflowError):
            return _no_date(value, spec, rows, row)
        zone = "no time zone" if moment.tzinfo is None else moment.strftime("%z")
        if first is None:
            first = (zone, value)
        elif zone != first[0]:
            fixable = "no time zone" not in (zone, first[0])
            return DataError(
                f"mixed time zones in column {spec.name!r}: {first[1]} and {value}",
                where=rows.place(row),
                expected="dates without time zone, or all in one",
                remedy=f"convert them: date: {{name: {spec.name}, zone: Europe/Berlin}}" if fixable else None,
            )
    return _no_date(values.iloc[0], spec, rows, 0)


def _no_date(value: object, spec: DateColumn, rows: Rows, row: int) -> DataError:
    return DataError(
        f"{value!r} in column {spec.name!r} is no date",
        where=rows.place(row),
        expected=f"the format {spec.format!r}" if spec.format else "an ISO date such as 2017-12-29",
        remedy=None
        if spec.format
        else f"for another format: date: {{name: {spec.name}, format: '%d.%m.%Y'}}",
    )


def floats(rows: Rows, column: str) -> NDArray[np.float64]:
    """Return a column as floats, NaN where it has no value.

    Raises:
        DataError: text, a boolean or another thing that is no number.
    """
    values = rows.frame[column]
    if pd.api.types.is_numeric_dtype(values.dtype) and values.dtype.kind in "iuf":
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    found = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        if value is None or value is pd.NA or value is pd.NaT:
            continue
        if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real | decimal.Decimal):
            raise no_number(value, column, rows.place(row))
        found[row] = float(value)
    return found


def no_number(value: object, column: str, where: str) -> DataError:
    """Return the error of a value that is no number."""
    what = "text" if isinstance(value, str) else f"a {type(value).__name__}"
    return DataError(
        f"{what} {value!r} in column {column!r}",
        where=where,
        expected="a number, or nothing where there is none",
    )


def asset_names(rows: Rows, column: str) -> pd.Series[Any]:
    """Return a column of asset names as strings; whole numbers become strings.

    Raises:
        DataError: a name that is missing, or neither text nor a whole number.
    """
    values = rows.frame[column].astype(object)
    for value in pd.unique(values):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_)
        if not whole and (not isinstance(value, str) or not value):
            row = next(i for i, v in enumerate(values) if v is value or v == value)
            missing = value == "" or pd.isna(value)
            raise DataError(
                f"column {column!r} has no asset"
                if missing
                else f"asset {value!r} in column {column!r} is a {type(value).__name__}",
                where=rows.place(row),
                expected="a name",
            )
    return values.astype(str)


__all__ = ["asset_names", "dates", "floats", "no_number"]
