"""Intervals by resampling rounds with replacement (Efron 1979), through scipy, always with a seed."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: statistic(x, y, axis=-1) of paired samples, for each leading index
Statistic = Callable[..., Floats]

#: fewer rounds than this have no interval: 4 rounds have 35 distinct resamples, 5 have 126
FEWEST: Final = 5
RESAMPLES: Final = 2000
LEVEL: Final = 0.95
_ENTRIES: Final = 2_000_000  # of resamples × rounds that are held at once


class Interval(NamedTuple):
    """The ends of an interval; NaN where there is none."""

    low: float
    high: float


NOWHERE: Final = Interval(math.nan, math.nan)


def percentile_interval(
    statistic: Statistic, x: Floats, y: NDArray[Any], *, seed: int, resamples: int = RESAMPLES
) -> Interval:
    """Return the percentile interval of a statistic of pairs, at `LEVEL`.

    Resamples of which the statistic is not defined (all rounds of one value) are left out.

    Args:
        statistic: vectorised over all axes but the last.
        x: one value a round.
        y: another, paired with it.
        seed: of the resampling.
        resamples: how many.

    Returns:
        NaN with fewer than `FEWEST` rounds, or where fewer than half of the resamples have a statistic.
    """
    from scipy.stats import bootstrap

    if len(x) < FEWEST:
        return NOWHERE
    with warnings.catch_warnings():  # a degenerate distribution is an interval of length 0 here
        warnings.simplefilter("ignore")
        found = bootstrap(
            (x, y),
            statistic,
            paired=True,
            vectorized=True,
            method="percentile",
            n_resamples=resamples,
            batch=batch_of(len(x)),
            rng=np.random.default_rng(seed),
        )
    defined = found.bootstrap_distribution[np.isfinite(found.bootstrap_distribution)]
    if 2 * len(defined) < resamples:
        return NOWHERE
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def batch_of(rounds: int) -> int:
    """Return how many resamples are worked on at once."""
    return max(1, _ENTRIES // max(rounds, 1))


__all__ = ["FEWEST", "LEVEL", "NOWHERE", "RESAMPLES", "Interval", "batch_of", "percentile_interval"]
