"""Figures over starting phases: a strategy that trades every 21 bars is 21 strategies, one for each start.

Which of them was run is luck, and moves a rank IC from 0.014 to 0.041: so the mean over all is reported, with
minimum, median and maximum.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from numpy.typing import ArrayLike

from zoo.metrics.fixed_b import overlap_lags
from zoo.metrics.ranking import mean_with_error, rank_ic_by_date


class PhaseFigure(NamedTuple):
    """One figure over all starting phases.

    Attributes:
        mean: over phases.
        se: of that mean: the mean of the phases' standard errors. Phases hold the same assets over the same
            bars, so that averaging them takes away hardly any noise; this is the upper bound, reached when
            they are perfectly correlated. NaN for a figure without an error.
        minimum: of the phases.
        median: of the phases.
        maximum: of the phases.
        phases: how many there are.
    """

    mean: float
    se: float
    minimum: float
    median: float
    maximum: float
    phases: int


def over_phases_of(estimates: Iterable[tuple[float, float]]) -> PhaseFigure:
    """Summarise one (value, standard error) a phase; one NaN value makes the figure NaN, and says so."""
    pairs = [(float(value), float(error)) for value, error in estimates]
    values, errors = [value for value, _ in pairs], [error for _, error in pairs]
    if not values or not all(map(math.isfinite, values)):
        return PhaseFigure(math.nan, math.nan, math.nan, math.nan, math.nan, len(values))
    ordered = sorted(values)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2.0
    count = len(values)
    return PhaseFigure(
        math.fsum(values) / count, math.fsum(errors) / count, ordered[0], middle, ordered[-1], count
    )


def rank_ic_over_phases(scores: ArrayLike, labels: ArrayLike, *, horizon: int, every: int) -> PhaseFigure:
    """Return the mean rank IC over all starting phases.

    Args:
        scores: bars × assets, for every bar; NaN where nothing was predicted.
        labels: what followed over `horizon` bars, of the same shape; NaN where unknown.
        horizon: bars that a label looks ahead.
        every: bars between two cross-sections; phase p takes bars p, p + every, ...

    Returns:
        The figure, each phase's error Newey-West with `overlap_lags(horizon, every)` lags; NaN when a phase
        has no IC at all.

    Raises:
        ValueError: other shapes, or `horizon` or `every` no whole number of at least 1.
    """
    lags = overlap_lags(horizon, every)
    by_bar = rank_ic_by_date(scores, labels)
    found = (mean_with_error(by_bar[phase::every], lags) for phase in range(every))
    return over_phases_of((phase.mean, phase.se) for phase in found)


__all__ = ["PhaseFigure", "over_phases_of", "rank_ic_over_phases"]
