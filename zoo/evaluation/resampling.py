"""The stationary bootstrap as a matrix of counts, and t statistics with their distribution under no edge.

A draw repeats some bars and leaves others out. What a test needs of it are sums over bars, and those of all
draws and all series are one product of matrices: counts (draws × bars) by values (bars × series). Every
series is drawn with the same bars, so that their dependence is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.errors import DataError

Floats = NDArray[np.float64]

FEWEST: Final = 30
"""Bars below which nothing is tested: a bootstrap of fewer tells nothing of what was not seen."""

DRAWS: Final = 2_000
SIZE: Final = 0.05

_LENGTHS: Final = 64  # series whose block lengths are looked at
_SERIES: Final = 512  # at once: with 2,000 draws 8 MB a table
_CONSTANT: Final = 1e-12  # of the largest value: a spread as small is rounding


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """How often each draw takes each bar.

    Attributes:
        counts: draws × bars; each row adds up to the number of bars.
        block: the mean length of a block, in bars.
    """

    counts: Floats
    block: float


@dataclass(frozen=True, slots=True, eq=False)
class Studentised:
    """Means over their standard errors, and the same of each draw, centred: what no edge would look like.

    Attributes:
        t: one a series; NaN for a series that cannot be tested.
        draws: draws × series; minus infinity for a series that cannot be tested.
    """

    t: Floats
    draws: Floats


def resamples(bars: int, *, block: float, draws: int = DRAWS, seed: int = 0) -> Resamples:
    """Return draws of the stationary bootstrap (Politis and Romano 1994), equal for equal seeds.

    Args:
        bars: how many there are to draw from.
        block: mean length of a block; `block_length`.
        draws: how many.
        seed: of the draws.

    Raises:
        DataError: fewer than one bar or draw, or a block shorter than one bar.
    """
    if bars < 1 or draws < 1 or not 1.0 <= block < math.inf:
        raise DataError(f"{draws} draws of {bars} bars in blocks of {block}", expected="at least 1 of each")
    from arch.bootstrap import StationaryBootstrap

    source = StationaryBootstrap(block, np.arange(bars), seed=seed)  # type: ignore[arg-type]  # p = 1 / block
    counts = np.empty((draws, bars))
    for row, (positions, _) in zip(counts, source.bootstrap(draws), strict=True):
        row[:] = np.bincount(positions[0], minlength=bars)
    return Resamples(counts, float(block))


def block_length(values: ArrayLike) -> float:
    """Return the mean block length that suits the series: the median of their optimal ones, at least 1.

    Politis and White (2004), corrected by Patton, Politis and White (2009). No more than a third of the bars,
    so that a draw is made of some blocks. Copies count once; of many series 64 are looked at, evenly spread.

    Args:
        values: bars × series; NaN outside a series' own record.
    """
    table = table_of(values)
    most = max(len(table) / 3.0, 1.0)
    usable = np.flatnonzero(can_be_tested(table))
    if not len(usable):
        return 1.0
    from arch.bootstrap import optimal_block_length

    usable = usable[np.sort(np.unique(np.nansum(table[:, usable], axis=0), return_index=True)[1])]
    chosen = usable[np.unique(np.linspace(0, len(usable) - 1, _LENGTHS).astype(np.intp))]
    found = [_optimal(optimal_block_length, table[:, series]) for series in chosen]
    return float(np.clip(np.median(found), 1.0, most))


def _optimal(length_of: object, values: Floats) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        frame = length_of(values[np.isfinite(values)])  # type: ignore[operator]
    found = float(frame["stationary"].iloc[0])
    return found if math.isfinite(found) else 1.0


def table_of(values: ArrayLike) -> Floats:
    """Return values as bars × series.

    Raises:
        DataError: they have another number of dimensions.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2:
        raise DataError(f"returns of shape {table.shape}", expected="bars × series")
    return table


def against(versions: ArrayLike, champion: ArrayLike) -> tuple[Floats, Floats]:
    """Return versions as bars × versions, and the champion's returns on the same bars.

    Raises:
        DataError: they do not fit.
    """
    table, own = table_of(versions), np.asarray(champion, dtype=np.float64)
    if own.shape != table.shape[:1]:
        raise DataError(
            f"a champion of shape {own.shape}", expected=f"{len(table)} bars, as the versions have"
        )
    return table, own


def differences_of(versions: Floats, champion: Floats) -> Floats:
    """Return versions less champion, and infinity, which nothing passes, where only its return is missing."""
    found = versions - champion[:, None]
    found[~np.isnan(versions) & ~np.isfinite(champion)[:, None]] = np.inf
    return found


def can_be_tested(values: Floats) -> NDArray[np.bool_]:
    """Tell of each series whether its mean can be tested.

    It can with at least `FEWEST` bars, all finite from its first to its last, that are not all the same. NaN
    before the first and after the last is no record yet, and no record any more.
    """
    if not values.size:
        return np.zeros(values.shape[1], dtype=bool)
    known = np.isfinite(values)
    count = known.sum(axis=0)
    absent = np.isnan(values)
    first, last = np.argmin(absent, axis=0), len(values) - 1 - np.argmin(absent[::-1], axis=0)
    whole = (count == last - first + 1) & (count >= FEWEST)
    filled = np.where(known, values, 0.0)
    largest = np.abs(filled).max(axis=0)
    lowest = np.where(known, values, np.inf).min(axis=0)
    highest = np.where(known, values, -np.inf).max(axis=0)
    found: NDArray[np.bool_] = whole & (highest - lowest > _CONSTANT * largest)
    return found


def studentised(values: Floats, drawn: Resamples) -> Studentised:
    """Return each series' t, and those of the draws around its own mean.

    The standard error is the long-run one that the blocks imply; each draw has its own spread as well, which
    keeps the size under skew (Romano and Wolf 2005, section 4.2; Götze and Künsch 1996). Autocorrelation in
    short records is not fully seen, by this or any bootstrap of blocks: of 20 series without edge that have
    0.2 of it, some exceed the 5% bar in 12% of records of 252 bars, and in 7% of those of 1,000.

    Args:
        values: bars × series; NaN outside a series' own record.
        drawn: of the same bars.
    """
    able = can_be_tested(values)
    t = np.full(values.shape[1], np.nan)
    draws = np.full((len(drawn.counts), values.shape[1]), -np.inf)
    t[able], draws[:, able] = _of_testable(values[:, able], drawn.counts)
    return Studentised(t, draws)


def in_parts(values: Floats, drawn: Resamples) -> Iterator[Studentised]:
    """Give `studentised` of some series after the others, so that thousands fit into memory."""
    for start in range(0, values.shape[1], _SERIES):
        yield studentised(values[:, start : start + _SERIES], drawn)


def _of_testable(values: Floats, counts: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(values)
    bars = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=0) / bars
    deviation = np.where(known, values - mean, 0.0)
    squares = (deviation**2).sum(axis=0)
    total = counts @ deviation
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.sqrt(counts @ deviation**2 - total**2 / (counts @ known.astype(np.float64)))
        inflation = np.sqrt((total**2).mean(axis=0) / squares)  # long-run over plain standard error
        t = mean * bars / np.sqrt(squares * bars / (bars - 1)) / inflation
        draws = total / own / inflation
    return t, np.where(np.isfinite(draws), draws, np.inf)  # a draw without any spread speaks against


def unseen_maximum(count: int, draws: int, seed: int) -> Floats:
    """Return the maximum, in each draw, over `count` independent standard normals; minus infinity for none.

    That is how a trial without returns takes part: it can never win, and what it might have been raises the
    bar for all others, as much as one more independent trial would.
    """
    if count < 1:
        return np.full(draws, -np.inf)
    from scipy.special import ndtri_exp

    uniform = np.random.default_rng(np.random.SeedSequence((seed, 1))).uniform(size=draws)
    found: Floats = ndtri_exp(np.log(uniform) / count)
    return found


def critical_value(maxima: Floats, size: float) -> float:
    """Return the value that a t has to exceed for `adjusted_p` to be at most `size`; infinite for too few."""
    allowed = math.floor(size * (len(maxima) + 1) * (1.0 + 1e-12))
    return math.inf if allowed < 1 else float(np.sort(maxima)[-allowed])


def adjusted_p(t: Floats, maxima: Floats) -> Floats:
    """Return (1 + draws whose maximum is at least t) / (1 + draws); NaN for NaN."""
    at_least = len(maxima) - np.searchsorted(np.sort(maxima), t, side="left")
    return np.where(np.isnan(t), np.nan, (1.0 + at_least) / (1.0 + len(maxima)))


def check_size(size: float) -> None:
    """Raise `DataError` unless `size` is a share in (0, 0.5)."""
    if not 0.0 < size < 0.5:
        raise DataError(f"size is {size!r}", expected="a share in (0, 0.5), such as 0.05")


__all__ = [
    "DRAWS",
    "FEWEST",
    "SIZE",
    "Floats",
    "Resamples",
    "Studentised",
    "adjusted_p",
    "against",
    "block_length",
    "can_be_tested",
    "check_size",
    "critical_value",
    "differences_of",
    "in_parts",
    "resamples",
    "studentised",
    "table_of",
    "unseen_maximum",
]
