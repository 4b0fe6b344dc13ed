"""Is there skill in the ledger at all? One max-t test over every trial ever made.

The null is that no trial has a mean net return above zero. The largest t of all trials is held against the
largest that the stationary bootstrap gives when every trial is centred, so that the chance of calling any of
them skilled is `size` for the whole ledger, however many there are and however alike (White 2000; Romano and
Wolf 2005).

A trial that clearly loses cannot be the lucky one, so it does not raise the bar for others: one whose t lies
below -sqrt(2 log log bars) is set aside (Hansen 2005, section 2.3). Chance does that to a trial without any
mean too, with probability q, the normal distribution's below that point; what it would cost is given back
by testing at `size` · (1 - q), so that the chance of a false verdict stays at `size` (for independent trials
exactly so: the bar of the 1 - q of them that are left, at a level as much lower). The best of a set always
stays, and so does what cannot win.

How a trial enters:

- Trials of one target, calendar and window are a set. They are drawn together, bar by bar, so that clones
  move as one: a second copy changes neither the bar nor its own chance.
- Sets have no bars in common to draw, and are taken as independent. If they are alike the test errs on the
  safe side; if they go against each other it errs by at most -ln(1 - size), 5.13% for 5%.
- A trial that failed, has a NaN, is constant, or has fewer than 30 bars cannot win. It counts all the same,
  as an independent standard normal in every draw: whatever is not known of it raises the bar.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.errors import DataError
from zoo.evaluation.resampling import (
    DRAWS,
    FEWEST,
    SIZE,
    Floats,
    adjusted_p,
    block_length,
    check_size,
    critical_value,
    in_parts,
    resamples,
    table_of,
    unseen_maximum,
)


@dataclass(frozen=True, slots=True, eq=False)
class SkillTest:
    """What the one test of a ledger came to.

    Attributes:
        t: one array a set, one entry a trial; NaN for one that cannot win.
        adjusted: the family-wise p value of each, in the same places; NaN for one that cannot win.
        critical: what a t has to exceed, the same for all.
        trials: N, all that were counted.
        unable: how many of them could not win.
        aside: how many of them lose too clearly to be lucky, and raise no bar.
        blocks: mean block length of each set, in bars.
        size: the chance, over the whole ledger, of a false verdict.
    """

    t: tuple[Floats, ...]
    adjusted: tuple[Floats, ...]
    critical: float
    trials: int
    unable: int
    aside: int
    blocks: tuple[float, ...]
    size: float

    def passes(self, trial: int, *, within: int = 0) -> bool:
        """Tell whether a trial of the set `within` has skill; one that cannot win has not."""
        return bool(self.t[within][trial] > self.critical)


def skill_test(
    sets: Sequence[ArrayLike],
    *,
    trials: int | None = None,
    size: float = SIZE,
    draws: int = DRAWS,
    seed: int = 0,
) -> SkillTest:
    """Test every trial of a ledger at once.

    Args:
        sets: one table a set, bars × trials of held-out net returns (those of a long-only policy less equal
            weight's); a trial that failed may be a column of NaN, or missing.
        trials: N of the ledger, what is missing from `sets` included; None for what the sets hold.
        size: family-wise, one-sided.
        draws: of the bootstrap.
        seed: of the draws.

    Raises:
        DataError: a table that is none, fewer `trials` than columns, or another size.
    """
    check_size(size)
    tables = [_complete_only(table_of(returns)) for returns in sets]
    held = sum(table.shape[1] for table in tables)
    if trials is not None and trials < held:
        raise DataError(f"{trials} trials", expected=f"at least the {held} whose returns are given")
    maxima = np.full(draws, -np.inf)
    found: list[Floats] = []
    blocks: list[float] = []
    aside, by_chance = 0, 0.0
    for number, table in enumerate(tables):
        t, highest, block = _of_set(table, draws, seed + number)
        maxima = np.maximum(maxima, highest)
        found.append(t)
        blocks.append(block)
        aside += int((~_stays(t, len(table)) & np.isfinite(t)).sum())
        by_chance = max(by_chance, NormalDist().cdf(clear_loss(len(table))))
    total = held if trials is None else trials
    unable = total - sum(int(np.isfinite(t).sum()) for t in found)
    maxima = np.maximum(maxima, unseen_maximum(unable, draws, seed))
    return SkillTest(
        t=tuple(found),
        adjusted=tuple(np.minimum(adjusted_p(t, maxima) / (1.0 - by_chance), 1.0) for t in found),
        critical=critical_value(maxima, size * (1.0 - by_chance)),
        trials=total,
        unable=unable,
        aside=aside,
        blocks=tuple(blocks),
        size=size,
    )


def _complete_only(table: Floats) -> Floats:
    """Return the table with a trial that has any NaN as NaN all through: a set has one window for all."""
    return np.where(np.isfinite(table).all(axis=0), table, np.nan)


def _of_set(table: Floats, draws: int, seed: int) -> tuple[Floats, Floats, float]:
    """Return each trial's t, the maximum of each draw, and the block length."""
    highest = np.full(draws, -np.inf)
    if not table.size:
        return np.full(table.shape[1], np.nan), highest, 1.0
    block = block_length(table)
    drawn = resamples(len(table), block=block, draws=draws, seed=seed)
    best, found = (-math.inf, highest), []
    for part in in_parts(table, drawn):
        found.append(part.t)
        draws_of = np.where(part.t >= clear_loss(len(table)), part.draws, -np.inf)
        highest = np.maximum(highest, draws_of.max(axis=1))
        if np.isfinite(part.t).any() and np.nanmax(part.t) > best[0]:
            best = (float(np.nanmax(part.t)), part.draws[:, np.nanargmax(part.t)])
    return np.concatenate(found), np.maximum(highest, best[1]), block


def _stays(t: Floats, bars: int) -> NDArray[np.bool_]:
    """Tell which trials raise the bar: all but clear losers, and the best one in any case."""
    able = np.isfinite(t)
    return np.asarray(able & ((t >= clear_loss(bars)) | (t == t[able].max(initial=-math.inf))))


def clear_loss(bars: int) -> float:
    """Return the t below which a trial of so many bars is set aside: -sqrt(2 log log bars)."""
    return -math.sqrt(2.0 * math.log(math.log(max(bars, FEWEST))))


__all__ = ["SkillTest", "clear_loss", "skill_test"]
