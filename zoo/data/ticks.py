"""Trades of one asset, as bars of single instants: what bar formation starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.data import parse
from zoo.data.columns import Columns, Roles
from zoo.data.content import iso
from zoo.data.dataset import Dataset
from zoo.data.files import CSV, PARQUET, expand
from zoo.data.memory import rows
from zoo.data.reading import read
from zoo.data.rows import Rows
from zoo.errors import DataError

Floats = NDArray[np.float64]


def trades(source: Any, *, columns: Mapping[str, Any] | None = None, name: str = "trades") -> Dataset:
    """Return one asset's trades as a panel with a bar an instant at which something was traded.

    Trades of one instant become one bar, since nobody could act between them.

    Args:
        source: CSV or Parquet files (a path, a pattern or a list), or a frame of pandas or polars.
        columns: which column is what: `date` (its name, or `{name, format, zone}`), `price` and `size`, where
            they are not called so.
        name: the asset.

    Returns:
        Fields `open, high, low, close, volume, trades` (how many) and `vwap` of instants × 1 asset.

    Raises:
        DataError: as for `csv`; instants that are out of order, a price that is missing or not positive, a
            size that is missing or negative.
    """
    mapped = Columns.of({"price": "price", "size": "size", "asset": None, **(columns or {})})
    found, roles = _rows(source, mapped, name)
    if found.frame.empty:
        raise DataError("no rows", where=found.where, expected="at least one trade")
    moments = parse.dates(found, roles.date)
    _check_order(moments, found)
    price = _checked(found, roles.fields["price"], "positive", lambda value: value > 0)
    size = _checked(found, roles.fields["size"], "not negative", lambda value: value >= 0)
    return _instants(moments, price, size, name)


def _rows(source: Any, columns: Columns, name: str) -> tuple[Rows, Roles]:
    if not (isinstance(source, str | Path) or (isinstance(source, Sequence) and len(source))):
        found = rows(source, name, columns.date.name)
        return found, columns.roles(list(found.frame.columns), name)
    roles: list[Roles] = []

    def choose(names: list[str], where: str) -> tuple[Sequence[str], Sequence[str]]:
        roles.append(columns.roles(names, where))
        return roles[0].text, roles[0].numeric

    files = expand(source)
    parts = [read(f, choose, PARQUET if f.name.lower().endswith(PARQUET) else CSV) for f in files]
    return Rows.joined(parts), roles[0]


def _check_order(moments: pd.DatetimeIndex, found: Rows) -> None:
    if moments.is_monotonic_increasing:
        return
    row = int(np.argmax(moments[1:] < moments[:-1])) + 1
    raise DataError(
        f"dates are not in order: {iso(moments[row])} comes after {iso(moments[row - 1])}",
        where=found.place(row),
        remedy="sort the trades by date",
    )


def _checked(found: Rows, column: str, wanted: str, holds: Any) -> Floats:
    values = parse.floats(found, column)
    wrong = ~(np.isfinite(values) & holds(values))
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"column {column!r} is {values[row]}", where=found.place(row), expected=f"a number, {wanted}"
        )
    return values


def _instants(moments: pd.DatetimeIndex, price: Floats, size: Floats, name: str) -> Dataset:
    first = np.flatnonzero(np.r_[True, moments[1:] != moments[:-1]])
    last = np.r_[first[1:], len(moments)] - 1
    volume = np.add.reduceat(size, first)
    with np.errstate(invalid="ignore"):
        vwap = np.add.reduceat(price * size, first) / volume
    columns = {
        "open": price[first],
        "high": np.maximum.reduceat(price, first),
        "low": np.minimum.reduceat(price, first),
        "close": price[last],
        "volume": volume,
        "trades": (last - first + 1).astype(np.float64),
        "vwap": vwap,
    }
    calendar = moments[first]
    fields = {field: pd.DataFrame({name: values}, index=calendar) for field, values in columns.items()}
    return Dataset(fields, None, name)


__all__ = ["trades"]
