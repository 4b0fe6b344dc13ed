"""What a panel must be before anything is computed on it; the constructor of `Dataset` asks here, once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from zoo.data.content import iso
from zoo.data.names import checked_names
from zoo.errors import DataError


def checked_fields(fields: object, where: str) -> dict[str, pd.DataFrame]:
    """Return the fields of a panel as float64 frames on one index and one set of assets.

    Raises:
        DataError: naming the field, date or asset that is wrong.
    """
    if not isinstance(fields, Mapping):
        raise DataError(
            f"fields are a {type(fields).__name__}",
            where=where,
            expected="a mapping such as {'close': frame}",
        )
    checked_names(fields, "field", where)
    if "close" not in fields:
        raise DataError(
            "no field 'close'", where=where, expected=f"'close' beside {sorted(fields) or 'nothing'}"
        )
    checked = {"close": _checked_frame(fields["close"], "field", f"{where}, field 'close'")}
    close = checked["close"]
    if close.empty:
        raise DataError(f"no data: {close.shape[0]} dates × {close.shape[1]} assets", where=where)
    for name, frame in fields.items():
        if name != "close":
            place = f"{where}, field {name!r}"
            checked[name] = _checked_frame(frame, "field", place)
            _check_same(checked[name].index, close.index, "date", place)
            _check_same(checked[name].columns, close.columns, "asset", place)
    return {name: checked[name] for name in fields}


def checked_factors(factors: object, dates: pd.Index, where: str) -> pd.DataFrame | None:
    """Return factor returns as a float64 frame of dates × factors on the dates of the panel.

    Raises:
        DataError: naming the date or factor that is wrong.
    """
    if factors is None:
        return None
    place = f"{where}, factors"
    if isinstance(factors, pd.Series):
        factors = factors.to_frame("factor" if factors.name is None else factors.name)
    frame = _checked_frame(factors, "factor", place)
    _check_same(frame.index, dates, "date", place)
    if not len(frame.columns):
        raise DataError(
            "no factor among the factors", where=place, remedy="leave factors out or give at least one"
        )
    return frame


def _checked_frame(frame: object, kind: str, where: str) -> pd.DataFrame:
    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            f"a {type(frame).__name__}", where=where, expected="a pandas DataFrame of dates × assets"
        )
    column = "asset" if kind == "field" else kind
    checked_names(frame.columns, column, where)
    _check_dates(frame.index, where)
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        real = pd.api.types.is_numeric_dtype(dtype) and dtype.kind in "iuf"
        if not real:
            raise DataError(f"{column} {name!r} is not numeric but {dtype}", where=where, expected="numbers")
    checked = pd.DataFrame(frame.astype(np.float64))
    infinite = np.argwhere(np.isinf(checked.to_numpy()))
    if len(infinite):
        row, position = infinite[0]
        raise DataError(
            f"{column} {frame.columns[position]!r} is infinite on {iso(frame.index[row])}",
            where=where,
            expected="finite numbers, NaN where there is none",
        )
    return checked


def _check_dates(index: pd.Index, where: str) -> None:
    if not isinstance(index, pd.DatetimeIndex):
        zones = {str(getattr(label, "tzinfo", None)) for label in index} if index.dtype == object else set()
        mixed = f" with mixed time zones {', '.join(sorted(zones))}" if len(zones) > 1 else ""
        raise DataError(
            f"the index is a {type(index).__name__} of {index.dtype}{mixed}",
            where=where,
            expected="a DatetimeIndex, without time zone or in one",
            remedy="convert with pd.to_datetime",
        )
    if index.hasnans:
        raise DataError(f"the date in row {int(np.argmax(index.isna()))} is missing (NaT)", where=where)
    if index.has_duplicates:
        raise DataError(
            f"date {iso(index[index.duplicated()][0])} occurs twice", where=where, expected="each date once"
        )
    if not index.is_monotonic_increasing:
        row = int(np.argmax(index[1:] < index[:-1])) + 1
        raise DataError(
            f"dates are not in order: {iso(index[row])} comes after {iso(index[row - 1])}",
            where=where,
            remedy="sort with frame.sort_index()",
        )


def _check_same(found: pd.Index, wanted: pd.Index, kind: str, where: str) -> None:
    if found.equals(wanted):
        return
    expected = f"the same {kind}s as field 'close'"
    extra, missing = found.difference(wanted, sort=False), wanted.difference(found, sort=False)
    if len(missing):
        raise DataError(f"{kind} {_shown(missing[0])} is missing", where=where, expected=expected)
    if len(extra):
        raise DataError(f"{kind} {_shown(extra[0])} is not in field 'close'", where=where, expected=expected)
    raise DataError(f"{kind}s in another order or time zone", where=where, expected=expected)


def _shown(label: object) -> str:
    return iso(label) if isinstance(label, pd.Timestamp) else repr(label)


__all__ = ["checked_factors", "checked_fields"]
