"""From rows to panels: a long layout (date, asset, fields), or a wide one (dates × assets, a field each).

Nothing is sorted, filled or dropped on the way: rows out of order are refused, since what order they have is
the source's to say, and an asset that starts late or stops early is NaN outside its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.data import parse
from zoo.data.columns import Columns, DateColumn, Roles, require
from zoo.data.content import iso
from zoo.data.dataset import Dataset
from zoo.data.names import checked_names
from zoo.data.rows import Rows
from zoo.data.table import Table
from zoo.errors import DataError

Codes = NDArray[np.intp]


def long_panel(rows: Rows, roles: Roles, name: str, factors: Rows | None = None) -> Dataset:
    """Return the panel of rows with a date, an asset and fields each; assets are sorted by name.

    Args:
        rows: each asset's rows in the order of their dates.
        roles: what each column is; without an asset column all rows belong to one asset, called `name`.
        name: what messages call the panel.
        factors: rows of factor returns, one a date, where they come from beside.

    Raises:
        DataError: no row, a date that is none, a (date, asset) that is out of order or occurs twice, text in
            a number, factor returns that differ within a date.
    """
    _check_not_empty(rows)
    moments = parse.dates(rows, roles.date)
    dates, calendar = pd.factorize(moments, sort=True)
    one = pd.Series(name, index=range(len(moments)))
    labels = one if roles.asset is None else parse.asset_names(rows, roles.asset)
    assets, names = pd.factorize(labels, sort=True)
    _check_order(dates, assets, rows, moments, labels if roles.asset is not None else None)
    grid = _Grid(dates, assets, pd.DatetimeIndex(calendar), pd.Index(names))
    fields = {field: grid.frame(parse.floats(rows, column)) for field, column in roles.fields.items()}
    if factors is None and roles.factors:
        columns = {column: _per_date(grid, rows, column) for column in roles.factors}
        return Dataset(fields, pd.DataFrame(columns, index=grid.calendar), name)
    return Dataset(fields, None if factors is None else wide_frame(factors, roles.date), name)


class _Grid:
    """Where each row lies in dates × assets."""

    def __init__(self, dates: Codes, assets: Codes, calendar: pd.DatetimeIndex, names: pd.Index[Any]) -> None:
        self.dates, self.assets, self.calendar, self.names = dates, assets, calendar, names

    def values(self, column: NDArray[np.float64]) -> NDArray[np.float64]:
        laid = np.full((len(self.calendar), len(self.names)), np.nan)
        laid[self.dates, self.assets] = column
        return laid

    def frame(self, column: NDArray[np.float64]) -> pd.DataFrame:
        return pd.DataFrame(self.values(column), index=self.calendar, columns=list(self.names))


def _check_order(
    dates: Codes, assets: Codes, rows: Rows, moments: pd.DatetimeIndex, labels: pd.Series[Any] | None
) -> None:
    """Check that each asset's dates ascend."""
    order = np.argsort(assets, kind="stable")
    step = np.diff(dates[order])
    wrong = (np.diff(assets[order]) == 0) & (step <= 0)
    if not wrong.any():
        return
    at = int(order[1:][wrong].min())
    before = int(order[np.flatnonzero(order == at)[0] - 1])
    whose = "" if labels is None else f" of asset {labels.iloc[at]!r}"
    if dates[at] == dates[before]:
        raise DataError(
            f"date {iso(moments[at])}{whose} occurs twice, first at {rows.place(before).rpartition(', ')[2]}",
            where=rows.place(at),
            expected="each date once" if labels is None else "each (date, asset) once",
        )
    raise DataError(
        f"dates{whose} are not in order: {iso(moments[at])} comes after {iso(moments[before])}",
        where=rows.place(at),
        remedy="sort the rows by date (in SQL: ORDER BY)",
    )


def _per_date(grid: _Grid, rows: Rows, column: str) -> NDArray[np.float64]:
    """Return a factor's return of each date, which all assets of the date must agree on."""
    values = parse.floats(rows, column)
    laid = grid.values(values)
    present = ~np.isnan(laid)
    found: NDArray[np.float64] = np.where(
        present.any(axis=1), laid[np.arange(len(laid)), present.argmax(axis=1)], np.nan
    )
    differs = ~np.isnan(values) & (values != found[grid.dates])
    if differs.any():
        row = int(differs.argmax())
        raise DataError(
            f"factor {column!r} is {values[row]} and {found[grid.dates[row]]} on one date, "
            f"{iso(grid.calendar[grid.dates[row]])}",
            where=rows.place(row),
            expected="one return a date, the same for every asset",
        )
    return found


def wide_panel(
    fields: Mapping[str, Rows], columns: Columns, name: str, factors: Rows | None = None
) -> Dataset:
    """Return the panel of sources that hold a field each: a column of dates, and a column an asset.

    Raises:
        DataError: as for `long_panel`; dates or assets that differ between fields.
    """
    frames = {field: wide_frame(rows, columns.date) for field, rows in fields.items()}
    beside = None if factors is None else wide_frame(factors, columns.date)
    return Dataset(frames, beside, name)


def wide_frame(rows: Rows, date: DateColumn) -> pd.DataFrame:
    """Return the columns beside the dates as a frame of floats on a calendar.

    Raises:
        DataError: no row, a date that is none, out of order or there twice, text in a number.
    """
    found = [str(column) for column in rows.frame.columns]
    require(date.name, found, rows.where)
    checked_names(rows.frame.columns, "column", rows.where)
    _check_not_empty(rows)
    moments = parse.dates(rows, date)
    codes, calendar = pd.factorize(moments, sort=True)
    _check_order(codes, np.zeros_like(codes), rows, moments, None)
    values = {column: parse.floats(rows, column) for column in found if column != date.name}
    return pd.DataFrame(values, index=pd.DatetimeIndex(calendar))


def table(rows: Rows, columns: Columns, name: str) -> Table:
    """Return the rows as a table whose label is the column `target`.

    Raises:
        DataError: no row, or a column that is missing.
    """
    found = [str(column) for column in rows.frame.columns]
    checked_names(rows.frame.columns, "column", rows.where)
    target = str(columns.target)
    kept = [column for column in found if column != target] if columns.features is None else columns.features
    for column in (target, *kept):
        require(column, found, rows.where)
    if target in kept:
        raise DataError(f"column {target!r} is both target and feature", where=rows.where, remedy="drop one")
    if "target" in kept:
        raise DataError(
            f"target is {target!r}, and there is a column 'target' too",
            where=rows.where,
            remedy="name the features to keep",
        )
    _check_not_empty(rows)
    return Table(rows.frame[[*kept, target]].rename(columns={target: "target"}), name)


def _check_not_empty(rows: Rows) -> None:
    if rows.frame.empty:
        raise DataError("no rows", where=rows.where, expected="at least one row of data")


__all__ = ["long_panel", "table", "wide_frame", "wide_panel"]
