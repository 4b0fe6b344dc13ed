"""What of a panel is used: bars between dates, some of the assets, a window drawn by a seed.

A selector is applied before features and split; it takes a `Dataset` and returns one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zoo.data.dataset import Dataset, DateLike
from zoo.data.names import checked_names
from zoo.errors import DataError, did_you_mean

_SEEDS = 2**32


def between(data: Dataset, *, first: DateLike | None = None, last: DateLike | None = None) -> Dataset:
    """Return the bars from `first` to `last`, both included; None leaves that side open.

    Args:
        data: a panel.
        first: an ISO date or a timestamp; a bare date means from its first bar.
        last: likewise; a bare date means up to the last bar of that day.

    Raises:
        DataError: no panel, no date, or no bar lies between.
    """
    return _panel(data).between(first, last)


def assets(
    data: Dataset, *, names: Sequence[str] | str | None = None, without: Sequence[str] | str | None = None
) -> Dataset:
    """Return some of the assets, in the order of the data.

    Args:
        data: a panel.
        names: the assets to keep; None keeps all.
        without: the assets to leave out, after that.

    Raises:
        DataError: no panel, neither `names` nor `without`, a name that is no asset of the data or occurs
            twice, or no asset is left.
    """
    panel = _panel(data)
    if names is None and without is None:
        raise DataError(
            "assets are selected by nothing",
            where=panel.name,
            expected="names, without or both: lists of assets",
        )
    kept = set(panel.assets if names is None else _known("names", names, panel))
    kept -= set() if without is None else set(_known("without", without, panel))
    return _columns(panel, np.array([asset in kept for asset in panel.assets], dtype=bool))


def with_history(data: Dataset, *, bars: int) -> Dataset:
    """Return the assets that have at least `bars` closing prices; the bars stay as they are.

    The whole panel is counted, the dates of a later test part too. An asset that was listed late is thus kept
    only by prices that nobody knew of before: cut the panel with `between` first where that matters.

    Raises:
        DataError: no panel, `bars` is no positive whole number, or no asset has that many.
    """
    panel, least = _panel(data), _whole("bars", bars, least=1)
    counts = panel.close.notna().to_numpy().sum(axis=0)
    if not (counts >= least).any():
        raise DataError(
            f"no asset has {least} closing prices",
            where=panel.name,
            expected=f"at most {int(counts.max(initial=0))} bars, the most that one has",
        )
    return _columns(panel, counts >= least)


def random_window(data: Dataset, *, bars: int, seed: int) -> Dataset:
    """Return `bars` bars in a row, each window as likely as any other.

    Args:
        data: a panel.
        bars: length of the window, at least 1 and at most that of the data.
        seed: the same seed draws the same window of the same data.

    Raises:
        DataError: no panel, or one that is shorter; `bars` or `seed` is no whole number in its range.
    """
    panel, length = _panel(data), _whole("bars", bars, least=1)
    drawn = np.random.RandomState(_whole("seed", seed, least=0, below=_SEEDS))  # its stream never changes
    windows = len(panel.dates) - length + 1
    if windows < 1:
        raise DataError(
            f"a window of {length} bars in {len(panel.dates)}",
            where=panel.name,
            expected=f"at most {len(panel.dates)} bars",
        )
    start = int(drawn.randint(windows))
    return panel.between(panel.dates[start], panel.dates[start + length - 1])


def _panel(data: object) -> Dataset:
    if not isinstance(data, Dataset):
        raise DataError(
            f"a selector was given a {type(data).__name__}", expected="a panel: dates × assets of prices"
        )
    return data


def _columns(panel: Dataset, kept: NDArray[np.bool_]) -> Dataset:
    if not kept.any():
        raise DataError("no asset is left", where=panel.name, expected=f"some of {_some(panel.assets)}")
    fields = {name: frame.loc[:, kept] for name, frame in panel.fields.items()}
    return Dataset(fields, panel.factors, panel.name)


def _known(word: str, given: object, panel: Dataset) -> list[str]:
    where = f"{panel.name}, {word}"
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, Sequence):
        raise DataError(f"{given!r} is a {type(given).__name__}", where=where, expected="a list of assets")
    checked = checked_names(names, "asset", where)
    for name in checked:
        if name not in panel.assets:
            raise DataError(
                f"no asset {name!r}",
                where=where,
                expected=f"one of {_some(panel.assets)}",
                remedy=did_you_mean(name, panel.assets),
            )
    return checked


def _some(names: Sequence[str], shown: int = 12) -> str:
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")


def _whole(name: str, value: object, *, least: int, below: int | None = None) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least or (below is not None and value >= below):  # type: ignore[operator]
        top = "" if below is None else f" and below {below}"
        raise DataError(
            f"{name} is {value!r}, a {type(value).__name__}",
            expected=f"a whole number, at least {least}{top}",
        )
    return int(value)  # type: ignore[call-overload,no-any-return]


__all__ = ["assets", "between", "random_window", "with_history"]
