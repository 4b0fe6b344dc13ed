"""Is there skill in the ledger at all? One max-t test over every trial ever made.

The null is that no trial has a mean net return above zero. The largest t of all trials is held against the
largest that the stationary bootstrap gives when every trial is centred, so that the chance of calling any of
them skilled is `size` for the whole ledger, however many there are and however alike (White 2000; Romano and
Wolf 2005).

How a trial enters:

- Trials of one target, calendar and window are a set. They are drawn together, bar by bar, so that clones
  move as one: a second copy changes neither the bar nor its own chance.
- Sets have no bars in common to draw, and are taken as independent. If they are alike the test errs on the
  safe side; if they go against each other it errs by at most -ln(1 - size), 5.13% for 5%.
- A trial that failed, has a NaN, is constant, or has fewer than 30 bars cannot win. It counts all the same,
  as an independent standard normal in every draw: whatever is not known of it raises the bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from zoo.errors import DataError
from zoo.evaluation.resampling import (
    DRAWS,
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
        blocks: mean block length of each set, in bars.
        size: the chance, over the whole ledger, of a false verdict.
    """

    t: tuple[Floats, ...]
    adjusted: tuple[Floats, ...]
    critical: float
    trials: int
    unable: int
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
    for number, table in enumerate(tables):
        t, highest, block = _of_set(table, draws, seed + number)
        maxima = np.maximum(maxima, highest)
        found.append(t)
        blocks.append(block)
    total = held if trials is None else trials
    unable = total - sum(int(np.isfinite(t).sum()) for t in found)
    maxima = np.maximum(maxima, unseen_maximum(unable, draws, seed))
    return SkillTest(
        t=tuple(found),
        adjusted=tuple(adjusted_p(t, maxima) for t in found),
        critical=critical_value(maxima, size),
        trials=total,
        unable=unable,
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
    found = []
    for part in in_parts(table, drawn):
        found.append(part.t)
        highest = np.maximum(highest, part.draws.max(axis=1))
    return np.concatenate(found), highest, block


__all__ = ["SkillTest", "skill_test"]
