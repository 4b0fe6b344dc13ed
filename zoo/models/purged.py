"""Cross-validation over dates whose labels look ahead: no training label shares a bar with a test label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoo.errors import DataError, ManifestError

Positions = NDArray[np.int64]


class PurgedKFold:
    """Purged and embargoed k-fold over dates (López de Prado 2018, chapter 7).

    The distinct dates are cut into contiguous blocks, each of which is the test part once. The label of the
    date at bar p spans the bars [p, p + horizon]. A date is left out of training where its span shares a bar
    with that of a test date, and where it is one of the `embargo` bars after the last test span. All rows of
    a date are on one side. It splits as scikit-learn's splitters do, with `groups` naming the rows' dates.

    Args:
        n_splits: number of blocks, at least 2.
        horizon: bars that a label looks ahead.
        embargo: bars after the last test label that are left out too.

    Raises:
        ManifestError: an argument that is no whole number, or too small.
    """

    def __init__(self, n_splits: int = 5, *, horizon: int = 0, embargo: int = 0) -> None:
        self.n_splits = whole_number("n_splits", n_splits, least=2)
        self.horizon = whole_number("horizon", horizon, least=0)
        self.embargo = whole_number("embargo", embargo, least=0)

    def __repr__(self) -> str:
        return f"PurgedKFold(n_splits={self.n_splits}, horizon={self.horizon}, embargo={self.embargo})"

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""
        return self.n_splits

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the rows of training and of test, fold by fold in the order of time.

        Args:
            X: anything with one entry a row, or None.
            y: not used.
            groups: the bar number of each row's date, in any order; rows of one date share it.

        Raises:
            DataError: no bar numbers, or not one whole number a row; fewer dates than folds; a fold whose
                training part is empty.
        """
        positions = bar_numbers(groups, None if X is None else _rows(X))
        dates = np.unique(positions)
        if len(dates) < self.n_splits:
            raise DataError(
                f"{len(dates)} dates cannot be cut into {self.n_splits} folds",
                expected=f"at least {self.n_splits} dates",
                remedy="use fewer folds or more data",
            )
        for number, block in enumerate(np.array_split(dates, self.n_splits)):
            first, last = int(block[0]), int(block[-1])
            train = np.flatnonzero(self._clear_of(positions, first, last))
            if train.size == 0:
                raise self._nothing_left(number, len(dates))
            yield train, np.flatnonzero((positions >= first) & (positions <= last))

    def _clear_of(self, positions: Positions, first: int, last: int) -> NDArray[np.bool_]:
        """Tell which rows may be trained on while the dates from `first` to `last` are tested."""
        before = positions < first - self.horizon
        after = positions > last + self.horizon + self.embargo
        return np.asarray(before | after)

    def _nothing_left(self, number: int, dates: int) -> DataError:
        return DataError(
            f"fold {number + 1} of {self.n_splits} has no date left to train on: all others of {dates} dates"
            f" are within the horizon of {self.horizon} bars or the embargo of {self.embargo}",
            expected="a date in every training part",
            remedy="use more data, a shorter horizon or another number of folds",
        )


def bar_numbers(groups: Any, rows: int | None) -> Positions:
    """Return each row's bar number.

    Args:
        groups: what a caller gave.
        rows: how many rows there are, or None where only the bar numbers say so.

    Raises:
        DataError: none were given, or not one whole number a row.
    """
    if groups is None:
        raise DataError("no bar numbers", expected="groups=, the bar number of each row's date")
    found = np.asarray(groups)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise DataError(
            f"bar numbers are {found.dtype} of shape {found.shape}", expected="one whole number a row"
        )
    if rows is not None and len(found) != rows:
        raise DataError(f"{len(found)} bar numbers for {rows} rows", expected="one a row")
    return found.astype(np.int64)


def _rows(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def whole_number(name: str, value: object, *, least: int) -> int:
    """Return `value` when it is a whole number, at least `least`.

    Raises:
        ManifestError: it is not; `name` names the argument.
    """
    wrong_type = isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer)
    if wrong_type or int(value) < least:  # type: ignore[call-overload]
        raise ManifestError(
            f"{name} is {value!r}, a {type(value).__name__}" if wrong_type else f"{name} is {value}",
            expected=f"a whole number, at least {least}",
        )
    return int(value)  # type: ignore[call-overload,no-any-return]


__all__ = ["PurgedKFold", "bar_numbers", "whole_number"]
