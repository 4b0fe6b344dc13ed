"""Drawing a training span again: circular blocks of dates (Politis and Romano 1992), or a table's rows."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from zoo.manifest.cube import Sample

Draw = NDArray[np.intp]


def bootstrap_rows(train: Sample, horizon: int, every: int, seed: int) -> tuple[Iterator[Draw], int]:
    """Yield rows of the train part as often as asked, and return the block's length beside.

    Dates are drawn in circular blocks, all rows of a date together and in the order of time; a block is long
    enough to hold labels that overlap and at least the cube root of the number of dates. A table's rows are
    drawn one by one.

    Args:
        train: the train part.
        horizon: bars that a label looks ahead.
        every: bars between two cross-sections.
        seed: makes every draw.
    """
    known = np.flatnonzero(train.labelled)
    if train.grid is None:
        return _draws(known, np.arange(len(known)), 1, seed), 1
    dates, date = np.unique(train.position[known], return_inverse=True)
    block = max(math.ceil(horizon / every), shortest_block(len(dates)))
    return _draws(known, date, block, seed), block


def ordered_rows(count: int, seed: int) -> tuple[Iterator[Draw], int]:
    """Yield rows of a sequence in the order of time, of which nothing else is known; as `bootstrap_rows`."""
    block, rows = shortest_block(count), np.arange(count)
    return _draws(rows, rows, block, seed), block


def shortest_block(count: int) -> int:
    """Return the cube root of a number of dates, rounded up: the order at which a block's length grows."""
    return math.ceil(round(math.pow(count, 1 / 3), 9))


def _draws(rows: Draw, date: Draw, block: int, seed: int) -> Iterator[Draw]:
    random = np.random.RandomState(seed)  # its stream is frozen by NumPy's policy (NEP 19)
    order = np.argsort(date, kind="stable")
    counts = np.bincount(date)
    pieces = np.split(rows[order], np.cumsum(counts)[:-1])
    n = len(pieces)
    while True:
        starts = random.randint(0, n, size=-(-n // block))
        drawn = np.sort(((starts[:, None] + np.arange(block)) % n).ravel()[:n])
        yield np.concatenate([pieces[place] for place in drawn])


__all__ = ["Draw", "bootstrap_rows", "ordered_rows", "shortest_block"]
