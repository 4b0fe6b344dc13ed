"""Panels and tables from frames in memory, pandas' or polars'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from zoo.data.columns import Columns, Roles
from zoo.data.dataset import Dataset, DateLike
from zoo.data.files import clipped
from zoo.data.layouts import long_panel, table, wide_panel
from zoo.data.rows import Rows
from zoo.data.table import Table
from zoo.errors import DataError


def frame(
    frame: Any,
    *,
    columns: Mapping[str, Any] | None = None,
    factors: Any = None,
    start: DateLike | None = None,
    end: DateLike | None = None,
    freq: str | None = None,
    name: str = "frame",
) -> Dataset | Table:
    """Return the panel (or table) of a frame: pandas, or polars (lazy ones are collected).

    Args:
        frame: rows of a date, an asset and fields, or a mapping of fields to frames of dates × assets. An
            index of pandas with names, or of dates, counts as columns.
        columns: which column is what, as for `csv`.
        factors: a frame of factor returns: a date and a column a factor.
        start: the first bar to keep.
        end: the last bar to keep.
        freq: `ME` for month ends, None for the bars as they are.
        name: what messages call it, and the asset of rows without an asset column.

    Raises:
        DataError: no frame, and whatever `csv` refuses in a file.
    """
    mapped = Columns.of(columns)
    date = mapped.date.name
    beside = None if factors is None else factor_rows(rows(factors, f"{name}, factors", date), mapped)
    if isinstance(frame, Mapping):
        fields = {field: rows(one, f"{name}, field {field!r}", date) for field, one in frame.items()}
        return clipped(wide_panel(fields, mapped, name, beside), start, end, freq)
    return clipped(assembled(rows(frame, name, date), mapped, name, beside), start, end, freq)


def assembled(found: Rows, columns: Columns, name: str, factors: Rows | None = None) -> Dataset | Table:
    """Return the table or long panel of rows that hold all their columns.

    Raises:
        DataError: as for `long_panel` and `table`.
    """
    if columns.is_table:
        return table(found, columns, name)
    roles = columns.roles(list(found.frame.columns), found.where, factors=factors is None)
    return long_panel(found, roles, name, factors)


def factor_rows(found: Rows, columns: Columns) -> Rows:
    """Return the columns of factor returns that `columns` names, or all, with their dates.

    Raises:
        DataError: one is missing.
    """
    if not columns.factors:
        return found
    roles = Roles(columns.date, None, {}, columns.factors)
    roles.check(list(found.frame.columns), found.where)
    return Rows(found.frame[[*roles.text, *roles.numeric]], found.origins)


def rows(frame: Any, where: str, date: str) -> Rows:
    """Return the rows of a frame of pandas or polars, its index (if it says anything) as columns.

    Raises:
        DataError: no frame.
    """
    if hasattr(frame, "collect") and hasattr(frame, "lazy"):  # a query of polars that has not run yet
        frame = frame.collect()
    if not isinstance(frame, pd.DataFrame) and hasattr(frame, "to_arrow"):
        frame = frame.to_arrow().to_pandas(date_as_object=False)
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"a {type(frame).__name__}", where=where, expected="a DataFrame of pandas or polars")
    index = frame.index
    if isinstance(index, pd.DatetimeIndex) and date not in frame.columns:
        frame = frame.rename_axis(index=date).reset_index()
    elif any(level is not None for level in index.names):
        frame = frame.reset_index()
    return Rows.of(frame, where)


__all__ = ["assembled", "factor_rows", "frame", "rows"]
