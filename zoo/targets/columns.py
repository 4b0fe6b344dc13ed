"""Targets of tables: a column that is there already."""

from __future__ import annotations

from typing import Any, Protocol

import pandas as pd

from zoo.errors import DataError, did_you_mean


class HasFrame(Protocol):
    """What a table is to a target: something with a frame of rows × columns."""

    @property
    def frame(self) -> pd.DataFrame:
        """Rows × columns."""


def column(table: HasFrame, *, name: str = "target") -> pd.Series[Any]:
    """Return a table's column as the target; the manifest takes it out of the features.

    Args:
        table: the table, rows × columns.
        name: which column.

    Returns:
        The column as it is, in the order of the rows.

    Raises:
        DataError: there is no such column, or one of its values is missing.
    """
    frame = table.frame
    where = getattr(table, "name", None)
    if name not in frame.columns:
        names = [str(label) for label in frame.columns]
        raise DataError(
            f"no column {name!r}",
            where=where,
            expected=f"one of {', '.join(names)}",
            remedy=did_you_mean(name, names),
        )
    found = frame[name]
    missing = found.isna().to_numpy()
    if missing.any():
        raise DataError(
            f"column {name!r} has no value in row {int(missing.argmax())} ({int(missing.sum())} are missing)",
            where=where,
            expected="a label in every row",
            remedy="drop these rows",
        )
    return found


__all__ = ["column"]
