"""Does choosing the best in one half of the record choose well in the other?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_CHUNK = 2_000_000  # entries of splits × trials that are worked on at once
_DIGITS = 12  # clones that rounding set apart are ties again


@dataclass(frozen=True, slots=True, eq=False)
class Overfitting:
    """The probability of backtest overfitting, and what it was counted on.

    Attributes:
        probability: the share of splits whose best trial is at most the median out of sample; NaN where it is
            not defined.
        logits: of that trial's relative rank out of sample, one a split.
        trials: how many trials were compared.
        failed: how many were left out, being NaN all through.
    """

    probability: float
    logits: Floats
    trials: int
    failed: int


def probability_of_overfitting(returns: ArrayLike, *, blocks: int = 16) -> Overfitting:
    """Return the PBO by combinatorially symmetric cross-validation (Bailey et al. 2017).

    The rows are cut into `blocks` of equal length. Each choice of half of them is once the sample in which
    the trial with the highest Sharpe ratio is chosen; the other half is where its rank is taken. Noise alone
    has a mean of about 0.47 and a range from 0.16 to 0.82: one zoo's PBO decides nothing.

    Args:
        returns: periods × trials, net, in the order of time; independent rows (daily ones, not overlapping
            labels). A trial that is NaN all through has failed and is left out, which flatters nothing.
        blocks: an even number; 16 gives 12,870 splits. The first rows that fill no block are left out.

    Returns:
        NaN with fewer than two trials, fewer than two rows a block, or any other NaN.

    Raises:
        ValueError: not two dimensions, or `blocks` not even.
    """
    table = np.asarray(returns, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"returns of shape {table.shape}; expected periods × trials")
    if isinstance(blocks, bool) or not isinstance(blocks, int) or blocks < 2 or blocks % 2:
        raise ValueError(f"blocks is {blocks!r}; expected an even number of at least 2")
    alive = ~np.isnan(table).all(axis=0) if len(table) else np.ones(table.shape[1], dtype=bool)
    table, failed = table[:, alive], int((~alive).sum())
    rows = len(table) // blocks
    if table.shape[1] < 2 or rows < 2 or not np.isfinite(table).all():
        return Overfitting(math.nan, np.empty(0), table.shape[1], failed)
    logits = _logits(table[len(table) - rows * blocks :].reshape(blocks, rows, -1))
    return Overfitting(float(np.mean(logits <= 0)), logits, table.shape[1], failed)


def _logits(parts: Floats) -> Floats:
    """Return the logit of each split, from blocks × rows × trials."""
    blocks, rows, trials = parts.shape
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    picks = np.zeros((len(chosen), blocks))
    np.put_along_axis(picks, chosen, 1.0, axis=1)
    sums, squares = parts.sum(axis=1), (parts**2).sum(axis=1)
    size = max(_CHUNK // trials, 1)
    found = [
        _split(picks[start : start + size], sums, squares, rows * blocks // 2)
        for start in range(0, len(picks), size)
    ]
    return np.concatenate(found)


def _split(picks: Floats, sums: Floats, squares: Floats, count: int) -> Floats:
    inside = _sharpe(picks @ sums, picks @ squares, count)
    outside = _sharpe((1.0 - picks) @ sums, (1.0 - picks) @ squares, count)
    best = inside.argmax(axis=1)[:, None]  # of equals the first
    score = np.take_along_axis(outside, best, axis=1)
    below, equal = (outside < score).sum(axis=1), (outside == score).sum(axis=1)
    relative = (below + (equal + 1) / 2) / (outside.shape[1] + 1)
    logits: Floats = np.log(relative / (1.0 - relative))
    return logits


def _sharpe(total: Floats, squares: Floats, count: int) -> Floats:
    """Return Sharpe ratios from sums; a trial that did nothing in these rows has 0."""
    variance = (squares - total**2 / count) / (count - 1)
    moves = variance > 1e-14 * squares / count
    ratio = np.zeros(total.shape)
    np.divide(total / count, np.sqrt(np.where(moves, variance, 1.0)), out=ratio, where=moves)
    return ratio.round(_DIGITS)


__all__ = ["Overfitting", "probability_of_overfitting"]
