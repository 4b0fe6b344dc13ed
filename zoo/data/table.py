"""Rows without a time axis: the data of tabular experiments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from zoo.data.content import ContentHash, first_and_last
from zoo.data.fingerprint import Fingerprint
from zoo.data.names import checked_names
from zoo.errors import DataError


@dataclass(frozen=True, eq=False)
class Table:
    """A frame of rows × columns, features and target together, in any dtypes.

    Args:
        frame: the rows; column names are unique strings.
        name: what messages call it; no part of the fingerprint.

    Raises:
        DataError: no frame, no rows, or column names that are not unique strings.
    """

    kind: ClassVar[str] = "table"

    frame: pd.DataFrame
    name: str = "table"

    def __post_init__(self) -> None:
        given: object = self.frame
        if not isinstance(given, pd.DataFrame):
            raise DataError(f"a {type(given).__name__}", where=self.name, expected="a pandas DataFrame")
        checked_names(given.columns, "column", self.name)
        if given.empty:
            raise DataError(f"no data: {given.shape[0]} rows × {given.shape[1]} columns", where=self.name)
        object.__setattr__(self, "frame", given.copy(deep=False))

    def fingerprint(self) -> Fingerprint:
        """Return rows, column names, and the hash of every value, name and index label, in order."""
        content = ContentHash()
        content.names("columns", self.frame.columns)
        content.column(self.frame.index, "index")
        for position, name in enumerate(self.frame.columns):
            content.column(self.frame.iloc[:, position], name)
        first, last = first_and_last(self.frame.index)
        return Fingerprint(len(self.frame), tuple(self.frame.columns), first, last, content.hexdigest())


__all__ = ["Table"]
