"""Rows as they were read, which can still say where each of them came from: the file and its line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Origin:
    """One file, query or frame that gave rows.

    Args:
        where: what messages call it.
        count: how many rows it gave.
        line: the line of a row in a text file; None where there are no lines, and rows are counted from 0.
    """

    where: str
    count: int
    line: Callable[[int], int] | None = None


@dataclass(frozen=True)
class Rows:
    """Rows × columns with their origins in order."""

    frame: pd.DataFrame
    origins: tuple[Origin, ...]

    @classmethod
    def of(cls, frame: pd.DataFrame, where: str, line: Callable[[int], int] | None = None) -> Rows:
        """Return the rows of one origin, numbered anew."""
        return cls(frame.reset_index(drop=True), (Origin(where, len(frame), line),))

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Return the rows of several origins in their order; all have the same columns."""
        if len(parts) == 1:
            return parts[0]
        frame = pd.concat([part.frame for part in parts], ignore_index=True)
        return cls(frame, tuple(origin for part in parts for origin in part.origins))

    @property
    def where(self) -> str:
        """What messages call all of them."""
        first = self.origins[0].where
        more = len(self.origins) - 1
        return first if not more else f"{first} and {more} more"

    def place(self, row: int) -> str:
        """Return the origin of a row and its line (or its number from 0) there."""
        for origin in self.origins:
            if row < origin.count:
                number = f"row {row}" if origin.line is None else f"line {origin.line(row)}"
                return f"{origin.where}, {number}"
            row -= origin.count
        raise IndexError(row)


__all__ = ["Origin", "Rows"]
