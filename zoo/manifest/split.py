"""Splits: made on dates, expanded to rows afterwards, and purged by the label's own horizon.

Positions are bar numbers of the data (or, for a table, places in a seeded shuffle of its rows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ManifestError
from zoo.manifest.dates import SplitDates

Positions = NDArray[np.intp]
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Cuts:
    """The positions of the first usable cross-section of each part, and of the last one of all.

    Attributes:
        first: of train.
        validation: of validation; None where the split has none.
        test: of test; None where the split has none.
        last: the last usable cross-section of the last part.
    """

    first: int
    validation: int | None
    test: int | None
    last: int


def cut(usable: Positions, weights: Sequence[float], where: str | None = None) -> Cuts:
    """Cut usable cross-sections at `floor(n · cumulative / total)`, in order.

    Args:
        usable: positions of the usable cross-sections, ascending.
        weights: proportions of train, validation and test.
        where: the file to name in an error.

    Raises:
        ManifestError: a part with a weight that gets no cross-section.
    """
    shares = [Fraction(str(weight)) for weight in weights]
    edges = [0] + [int(len(usable) * sum(shares[: i + 1]) / sum(shares)) for i in range(len(shares))]
    for name, share, start, stop in zip(PARTS, shares, edges[:-1], edges[1:], strict=True):
        if share > 0 and start == stop:
            raise _empty(name, len(usable), where)
    validation, test = (int(usable[edges[i]]) if shares[i] > 0 else None for i in (1, 2))
    return Cuts(int(usable[0]), validation, test, int(usable[-1]))


def cut_at(usable: Positions, dates: pd.DatetimeIndex, split: SplitDates, where: str | None = None) -> Cuts:
    """Cut usable cross-sections where the declared dates fall.

    Args:
        usable: positions of the usable cross-sections, ascending.
        dates: of every bar.
        split: the first day of each part.
        where: the file to name in an error.

    Raises:
        ManifestError: a part that gets no cross-section.
    """
    days = dates[usable].tz_localize(None).normalize()
    inside = np.ones(len(usable), dtype=bool)
    if split.first is not None:
        inside &= days >= pd.Timestamp(split.first)
    if split.last is not None:
        inside &= days <= pd.Timestamp(split.last)
    kept, when = usable[inside], days[inside]
    if not kept.size:
        raise _empty("train", len(usable), where)

    def start(name: str, date: str | None) -> int | None:
        if date is None:
            return None
        at = int(when.searchsorted(pd.Timestamp(date)))
        if at == len(kept):
            raise _empty(name, len(usable), where)
        return int(kept[at])

    validation, test = start("validation", split.validation), start("test", split.test)
    if int(kept[0]) in (validation, test):
        raise _empty("train", len(usable), where)
    if validation is not None and validation == test:
        raise _empty("validation", len(usable), where)
    return Cuts(int(kept[0]), validation, test, int(kept[-1]))


def parts(
    usable: Positions, cuts: Cuts, horizon: int, where: str | None = None
) -> tuple[Positions, Positions, Positions]:
    """Return the usable positions of train, validation and test, purged before each boundary.

    A label at position p uses bars up to p + horizon; none may be at or after the next part's first bar.

    Raises:
        ManifestError: a part that is empty after the purge.
    """
    end = cuts.last + 1
    starts = [cuts.first, cuts.validation, cuts.test]
    found: list[Positions] = []
    for index, name in enumerate(PARTS):
        start = starts[index]
        if start is None:
            found.append(usable[:0])
            continue
        later = [s for s in starts[index + 1 :] if s is not None]
        stop = min(end, later[0] - horizon) if later else end
        part = usable[(usable >= start) & (usable < stop)]
        if part.size == 0:
            raise _empty(name, usable.size, where, horizon)
        found.append(part)
    return found[0], found[1], found[2]


def _empty(name: str, usable: int, where: str | None, horizon: int | None = None) -> ManifestError:
    purged = "" if horizon is None else f" after a purge of {horizon} bars"
    return ManifestError(
        f"split: the {name} part is empty{purged}",
        where=where,
        expected="at least one usable cross-section a part",
        remedy=f"there are {usable} usable cross-sections; use more data, a shorter window, or another split",
    )


def folds(usable: Positions, horizon: int, count: int = 5) -> list[tuple[Positions, Positions]]:
    """Return expanding walk-forward folds: train on the blocks before, purged, test on the next one.

    Args:
        usable: positions of train and validation, ascending.
        horizon: bars that a label looks ahead.
        count: number of folds; the positions are cut into `count + 1` blocks of nearly equal length.
    """
    blocks = [block for block in np.array_split(usable, count + 1) if block.size]
    pairs = [(usable[usable < block[0] - horizon], block) for block in blocks[1:]]
    return [(train, test) for train, test in pairs if train.size]


__all__ = ["PARTS", "Cuts", "cut", "cut_at", "folds", "parts"]
