"""Is a version better than the champion, and which others might be as good as the best?

`superiority_test` gates; the confidence set is for reading.

The draws are those of `arch`, and what is done with them is not: its StepM compares raw means, whatever
`studentize` says, so that one wild version raises the bar for all others; it gives no p value; and it and its
confidence set take over a minute for 1,000 versions of 2,500 bars. On equal draws our confidence set is
theirs to the digit; our StepM finds the versions that theirs finds where all are equally risky.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.errors import DataError
from zoo.evaluation.resampling import (
    DRAWS,
    FEWEST,
    SIZE,
    Floats,
    Resamples,
    adjusted_p,
    against,
    block_length,
    check_size,
    critical_value,
    differences_of,
    in_parts,
    resamples,
    table_of,
    unseen_maximum,
)


@dataclass(frozen=True, slots=True, eq=False)
class SuperiorityTest:
    """Which versions beat the champion, all considered at once.

    Attributes:
        t: of each version's net return less the champion's; NaN for one that cannot be tested.
        adjusted: family-wise p value by step-down; NaN for one that cannot be tested.
        superior: those whose adjusted p value is at most `size`.
        critical: what the highest t has to exceed; later steps ask for less.
        shadowed: all versions that were counted.
        unable: how many of them could not be tested.
        block: mean block length, in bars.
        size: the chance of calling any version better that is not.
    """

    t: Floats
    adjusted: Floats
    superior: NDArray[np.bool_]
    critical: float
    shadowed: int
    unable: int
    block: float
    size: float


@dataclass(frozen=True, slots=True, eq=False)
class ConfidenceSet:
    """The versions among which the best one is, with confidence 1 - `size` (Hansen, Lunde and Nason 2011).

    Attributes:
        adjusted: the smallest size at which each version leaves the set; NaN for one without a full record.
        included: whether it is in the set.
        size: what was asked for.
    """

    adjusted: Floats
    included: NDArray[np.bool_]
    size: float


def superiority_test(
    versions: ArrayLike,
    champion: ArrayLike,
    *,
    shadowed: int | None = None,
    size: float = SIZE,
    draws: int = DRAWS,
    seed: int = 0,
) -> SuperiorityTest:
    """Find the versions that are better than the champion: StepM (Romano and Wolf 2005, algorithm 4.1).

    Every version ever shadowed belongs in, retired ones too: who leaves losers out tests fewer than were
    tried. A version has a record from its first bar to its last, and is NaN outside of it; a hole within, one
    where the champion has none included, makes it untestable. It is then never superior, and counts as an
    independent standard normal. All versions are drawn on the same bars, whichever of them each has.

    Args:
        versions: bars × versions, net returns; the champion is none of them.
        champion: its net returns on the same bars.
        shadowed: how many versions were ever shadowed, those without a column included.
        size: family-wise, one-sided.
        draws: of the bootstrap.
        seed: of the draws.

    Raises:
        DataError: arrays that do not fit, fewer `shadowed` than columns, or another size.
    """
    check_size(size)
    table, own = against(versions, champion)
    count = table.shape[1] if shadowed is None else shadowed
    if count < table.shape[1]:
        raise DataError(f"{count} versions ever shadowed", expected=f"at least the {table.shape[1]} given")
    differences = differences_of(table, own)
    block = block_length(differences)
    t, centred = np.full(table.shape[1], np.nan), np.empty((draws, 0))
    if table.size:
        parts = list(in_parts(differences, resamples(len(table), block=block, draws=draws, seed=seed)))
        t, centred = np.concatenate([part.t for part in parts]), np.hstack([part.draws for part in parts])
    unable = count - int(np.isfinite(t).sum())
    unseen = unseen_maximum(unable, draws, seed)
    adjusted, first = _step_down(t, centred, unseen)
    return SuperiorityTest(
        t=t,
        adjusted=adjusted,
        superior=adjusted <= size,
        critical=critical_value(first, size),
        shadowed=count,
        unable=unable,
        block=block,
        size=size,
    )


def _step_down(t: Floats, centred: Floats, unseen: Floats) -> tuple[Floats, Floats]:
    """Return the adjusted p values, and the maxima of the first step (Romano and Wolf 2016, algorithm 4.2).

    The version with the highest t is held against all; each next one against those not above it.
    """
    adjusted, maxima, smallest = np.full(len(t), np.nan), unseen, 0.0
    order = [series for series in np.argsort(-t) if not np.isnan(t[series])]
    running = []
    for series in reversed(order):
        maxima = np.maximum(maxima, centred[:, series])
        running.append(float(adjusted_p(t[series : series + 1], maxima)[0]))
    for series, p in zip(order, reversed(running), strict=True):
        smallest = max(smallest, p)
        adjusted[series] = smallest
    return adjusted, maxima


def confidence_set(
    returns: ArrayLike, *, size: float = SIZE, draws: int = DRAWS, seed: int = 0
) -> ConfidenceSet:
    """Return the model confidence set of versions on the same bars, by the statistic T_max.

    The version that is worst against the mean of those left is dropped while it is worse than chance allows
    (Hansen, Lunde and Nason 2011, section 3.1.2). Copies leave together. For display: it gates nothing.

    Args:
        returns: bars × versions, net; higher is better. With a NaN, or less than 30 bars, it is left out.
        size: 0.05 for a set with confidence 95%.
        draws: of the bootstrap.
        seed: of the draws.

    Raises:
        DataError: no table, or another size.
    """
    check_size(size)
    table = table_of(returns)
    adjusted = np.full(table.shape[1], np.nan)
    able = np.isfinite(table).all(axis=0) & (len(table) >= FEWEST)
    if able.any():
        distinct, copy_of = np.unique(table[:, able], axis=1, return_inverse=True)
        drawn = resamples(len(table), block=block_length(distinct), draws=draws, seed=seed)
        adjusted[able] = _elimination(distinct, drawn)[copy_of.reshape(-1)]
    return ConfidenceSet(adjusted=adjusted, included=adjusted > size, size=size)


def _elimination(table: Floats, drawn: Resamples) -> Floats:
    """Return each version's p value; the last one's is 1."""
    loss = -table.mean(axis=0)
    moved = -(drawn.counts @ (table - table.mean(axis=0))) / len(table)  # draws × versions
    adjusted, smallest = np.ones(table.shape[1]), 0.0
    left = np.arange(table.shape[1])
    while len(left) > 1:
        centred = moved - moved.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=0))
        spread = np.where(spread > 0, spread, np.inf)
        t = (loss - loss.mean()) / spread
        worst = int(np.argmax(t))
        smallest = max(smallest, float(((centred / spread).max(axis=1) > t[worst]).mean()))
        adjusted[left[worst]] = smallest
        left, loss = np.delete(left, worst), np.delete(loss, worst)
        moved = np.delete(moved, worst, axis=1)
    return adjusted


__all__ = [
    "ConfidenceSet",
    "SuperiorityTest",
    "confidence_set",
    "superiority_test",
]
