"""Sums, means and co-moments over every full window, in a handful of passes over the array.

The rows are cut into blocks as long as the window, so that a window is the tail of one block and the head of
the next; tails and heads are running sums that start afresh in every block (van Herk 1992, Gil and Werman
1993). Hence a sum only ever touches the rows of its own window: nothing later than a date can reach it, a NaN
or an outlier is forgotten once it has left the window, and rounding does not pile up along the sample, as it
does in the difference of two prefix sums. Values are taken relative to the last row of the tail's block,
which lies in the window: none is larger than the window's range then, and taking the means out of a co-moment
costs few digits, however far from zero the values are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zoo.features.inputs import Panel

_CHUNK = 16  # columns at a time: 8,000 dates of them are 1 MB, and stay in the cache


@dataclass(frozen=True)
class Span:
    """Every full window of an array of dates × columns; build it with `Span.of`.

    Args:
        window: rows per window.
        rows: full windows in the array; row i of a result is the window that ends on date i + window - 1.
        reference: the value that each block's windows are relative to, blocks × 1 × columns.
        tail: each block, relative to its reference, blocks × window × columns.
        head: each next block but its last row, relative to the same reference.
        total: sums of the windows relative to their reference, blocks × window × columns.
    """

    window: int
    rows: int
    reference: Panel
    tail: Panel
    head: Panel
    total: Panel

    @classmethod
    def of(cls, values: Panel, window: int) -> Span:
        """Cut `values` (dates × columns) into the windows of `window` rows."""
        dates, columns = values.shape
        blocks = -(-dates // window)
        padded = np.full(((blocks + 1) * window, columns), np.nan)  # the padding is in no full window
        padded[:dates] = values
        cut = padded.reshape(blocks + 1, window, columns)
        reference = cut[:-1, -1:]
        tail, head = cut[:-1] - reference, cut[1:, :-1] - reference
        return cls(window, max(dates - window + 1, 0), reference, tail, head, _window_sums(tail, head))

    def mean(self) -> Panel:
        """Return the windows' means, windows × columns."""
        return self._by_window(self.reference + self.total / self.window)

    def comoment(self, other: Span) -> Panel:
        """Return the windows' sums of products of deviations from the windows' means.

        Args:
            other: the same windows of an array with as many columns, or with one that is paired with each of
                these.
        """
        products = _window_sums(self.tail * other.tail, self.head * other.head)
        products -= self.total * other.total / self.window
        return self._by_window(products)

    def column(self, position: int) -> Span:
        """Return the windows of one column."""
        one = slice(position, position + 1)
        parts = (part[..., one] for part in (self.reference, self.tail, self.head, self.total))
        return Span(self.window, self.rows, *parts)

    def _by_window(self, blocks: Panel) -> Panel:
        return blocks.reshape(-1, blocks.shape[-1])[: self.rows]


def _window_sums(tail: Panel, head: Panel) -> Panel:
    """Return the sums of windows by the row at which they start, blocks × window × columns."""
    sums = np.empty_like(tail)
    _running_sums(tail[:, ::-1], sums[:, ::-1])
    sums[:, 1:] += _running_sums(head, np.empty_like(head))
    return sums


def _running_sums(values: Panel, out: Panel) -> Panel:
    """Write the running sums of each block into `out`, and return it."""
    # A running sum waits for every addition. Two columns side by side, taken as one complex number, are added
    # at once: the same sums to the bit, in half the time.
    kind = np.complex128 if values.shape[-1] % 2 == 0 else np.float64
    np.cumsum(values.view(kind), axis=1, out=out.view(kind))
    return out


def chunks(columns: int) -> Iterator[slice]:
    """Yield slices that cover `columns`, few enough at a time for the cache."""
    for start in range(0, columns, _CHUNK):
        yield slice(start, min(start + _CHUNK, columns))


__all__ = ["Span", "chunks"]
