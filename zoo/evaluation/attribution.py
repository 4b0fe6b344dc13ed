"""What an override does: a permutation with it and without it, on the same bars, phases and costs.

Both are evaluated on the round's own test part. The difference of their daily net returns and of their rank
ICs comes with an interval of the stationary bootstrap, in which each draw takes the same bars of both (see
`zoo.evaluation.difference`). Intervals are for reading; they are not adjusted for how many there are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.evaluation.difference import Of, paired_difference
from zoo.evaluation.resampling import FEWEST, Floats
from zoo.evaluation.rules import AttributionRules
from zoo.experiment.pipeline import Done
from zoo.manifest.cube import PanelCube
from zoo.manifest.held_out import scores_of
from zoo.manifest.holding import costs_of
from zoo.manifest.labels import fit_labels
from zoo.metrics import rank_ic_by_date

_ALIKE: Final = 1e-9  # labels whose ranks correlate by less than 1 minus this are others


@dataclass(frozen=True, slots=True, eq=False)
class Showing:
    """What one evaluation shows of the test part.

    Attributes:
        scores: dates × assets, every bar of the test part; NaN where nothing was predicted.
        labels: of the same shape; NaN where the future is not known.
        net: net return of each bar, all starting phases held in equal parts; None where nothing is held.
        horizon: bars that a label looks ahead.
        target: what is predicted, as it is declared.
        held: policy, costs, delay and rebalance, as they are declared.
        bars_per_year: of its costs.
        every: bars between two rebalances, which is the number of starting phases.
        phases: net figures of each starting phase, by name.
    """

    scores: pd.DataFrame
    labels: pd.DataFrame
    net: pd.Series | None
    horizon: int
    target: Any
    held: Any
    bars_per_year: float
    every: int
    phases: Mapping[str, Floats]

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which cells have a score and a label."""
        found: NDArray[np.bool_] = (self.scores.notna() & self.labels.notna()).to_numpy()
        return found

    @classmethod
    def of(cls, done: Done) -> Showing | None:
        """Return what an evaluation shows; None without a time axis."""
        bound, prepared, cube = done.bound, done.prepared, done.prepared.cube
        if not isinstance(cube, PanelCube):
            return None
        bars, features, raw = prepared.held_out
        dates, labels = cube.dates[bars], fit_labels(bound, prepared.train)
        scores = pd.DataFrame(scores_of(done.model, features), dates, cube.assets)
        held = {"portfolio": bound.portfolio, "every": bound.every}
        return cls(
            scores,
            pd.DataFrame(labels.values(raw), dates, cube.assets),
            _net(done, cube.dates),
            cube.horizon,
            {"target": bound.target, "fitted": bound.fitted_target},
            held,
            math.nan
            if bound.portfolio is None
            else costs_of(bound.portfolio["costs"], cube.dates, bound.where).bars_per_year,
            bound.every,
            {} if done.held_out is None else done.held_out.phases,
        )


def _net(done: Done, dates: pd.DatetimeIndex) -> pd.Series | None:
    found = done.held_out
    if found is None or found.dates is None:
        return None
    first, last = (pd.Timestamp(date) for date in found.dates)
    return pd.Series(found.net, dates[(dates >= first) & (dates <= last)])


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with an override and without it; NaN, and why, where it cannot be compared.

    Attributes:
        given: with the override, on the dates that both have.
        without: without it, on the same dates.
        difference: the first less the second.
        low: lower end of its interval.
        high: upper end.
        dates: on which both have it.
        dates_given: on which it is there with the override.
        dates_without: on which it is there without.
        phases: least, median and largest difference over the starting phases, each a track of its own; None
            where it is not compared.
        why: why it is not compared, or what is to be known of the comparison; None for nothing.
    """

    given: float
    without: float
    difference: float
    low: float
    high: float
    dates: int
    dates_given: int
    dates_without: int
    why: str | None = None
    phases: tuple[float, float, float] | None = None

    @property
    def compared(self) -> bool:
        """Whether there is a difference with its interval."""
        return all(map(math.isfinite, (self.difference, self.low, self.high)))


@dataclass(frozen=True, slots=True)
class Effect:
    """What an override changes.

    Attributes:
        net_annual_mean: net return a year.
        net_sharpe: net Sharpe ratio, times sqrt(bars a year).
        rank_ic: mean rank IC over every bar of the test part, of the cells that both scored.
    """

    net_annual_mean: Figure
    net_sharpe: Figure
    rank_ic: Figure


def effect_of(given: Done, without: Done, rules: AttributionRules) -> Effect:
    """Compare an evaluation with an override with the one without it.

    Args:
        given: under the override.
        without: not under it, the same permutation on the same split.
        rules: draws, seed and level.
    """
    one, other = Showing.of(given), Showing.of(without)
    if one is None or other is None:
        nothing = _unknown(0, 0, 0, "not comparable: the data has no time axis, so no dates to pair")
        return Effect(nothing, nothing, nothing)
    return Effect(
        _net_figure(one, other, "mean", rules),
        _net_figure(one, other, "sharpe", rules),
        _ic_figure(one, other, rules),
    )


def _net_figure(one: Showing, other: Showing, of: Of, rules: AttributionRules) -> Figure:
    if one.net is None or other.net is None:
        return _unknown(0, 0, 0, "not comparable: the manifest holds nothing (portfolio: false)")
    common = one.net.index.intersection(other.net.index)
    counts = len(common), len(one.net), len(other.net)
    if one.held != other.held:
        return _unknown(*counts, "not comparable: the policy, costs or rebalance that is held differs")
    a, b = one.net[common].to_numpy(), other.net[common].to_numpy()
    year = one.bars_per_year if of == "mean" else math.sqrt(one.bars_per_year)
    found = _figure(a, b, of, rules, counts, year, 1.0)
    name = "net_annual_mean" if of == "mean" else "net_sharpe"
    found = _over_phases(found, one.phases[name] - other.phases[name])
    if one.horizon != other.horizon:
        return _told(found, f"each is held for its own horizon, {one.horizon} and {other.horizon} bars")
    return found


def _ic_figure(one: Showing, other: Showing, rules: AttributionRules) -> Figure:
    own = _dates_of(one), _dates_of(other)
    dates = one.scores.index.intersection(other.scores.index)
    assets = one.scores.columns.intersection(other.scores.columns)
    a, b, y, z = (frame.loc[dates, assets] for frame in (one.scores, other.scores, one.labels, other.labels))
    same = one.target == other.target
    if not same and not _rank_alike(y, z):
        return _unknown(0, *own, "not comparable: the labels are others")
    both = (a.notna() & b.notna() & y.notna() & z.notna()).to_numpy()
    first, second = rank_ic_by_date(a.where(both), y), rank_ic_by_date(b.where(both), z)
    known = np.isfinite(first) & np.isfinite(second)
    counts = (int(known.sum()), *own)
    found = _figure(first[known], second[known], "mean", rules, counts, 1.0, float(one.horizon))
    phase = np.arange(len(known))[known] % one.every
    by_phase = [(first - second)[known][phase == p] for p in range(one.every)]
    found = _over_phases(found, np.array([each.mean() if len(each) else math.nan for each in by_phase]))
    cells = int(both.sum()), int(one.scored.sum()), int(other.scored.sum())
    if len(set(cells)) > 1:
        found = _told(found, f"over the {cells[0]} cells that both scored, of {cells[1]} and {cells[2]}")
    return found if same else _told(found, "the labels differ, but rank alike on every date")


def _over_phases(figure: Figure, differences: Floats) -> Figure:
    known = differences[np.isfinite(differences)]
    if not figure.compared or not len(known):
        return figure
    return replace(figure, phases=(float(known.min()), float(np.median(known)), float(known.max())))


def _dates_of(showing: Showing) -> int:
    return int(np.isfinite(rank_ic_by_date(showing.scores, showing.labels)).sum())


def _rank_alike(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Tell whether labels rank the assets that have both alike on every date, as demeaned ones do."""
    alike = rank_ic_by_date(one, other)
    known = np.isfinite(alike)
    return bool(known.any()) and bool((alike[known] >= 1.0 - _ALIKE).all())


def _figure(
    a: Floats,
    b: Floats,
    of: Of,
    rules: AttributionRules,
    counts: tuple[int, int, int],
    scale: float,
    least_block: float,
) -> Figure:
    """Compare two series of the same dates; equal ones differ by exactly 0, however short they are."""
    values = (_of(a, of) * scale, _of(b, of) * scale)
    if len(a) and np.array_equal(a, b):
        return Figure(*values, 0.0, 0.0, 0.0, *counts)
    found = paired_difference(
        a,
        b,
        of=of,
        level=rules.level,
        draws=rules.draws,
        seed=rules.seed,
        least_block=least_block,
    )
    if not math.isfinite(found.low) or not math.isfinite(found.high):
        return Figure(*values, math.nan, math.nan, math.nan, *counts, _why(a, b))
    difference, low, high = (value * scale for value in (found.estimate, found.low, found.high))
    return Figure(*values, difference, low, high, *counts)


def _why(a: Floats, b: Floats) -> str:
    if len(a) < FEWEST:
        return f"not comparable: {len(a)} dates, and fewer than {FEWEST} tell nothing"
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return "not comparable: one of them was ruined, and earns nothing any more"
    return "not comparable: a series, or the difference, that does not vary"


def _of(values: Floats, of: Of) -> float:
    if not len(values):
        return math.nan
    mean, spread = float(values.mean()), float(values.std())
    if of == "mean":
        return mean
    return mean / spread if spread > 0 else math.nan


def _unknown(dates: int, given: int, without: int, why: str) -> Figure:
    nan = math.nan
    return Figure(nan, nan, nan, nan, nan, dates, given, without, why)


def _told(figure: Figure, what: str) -> Figure:
    return replace(figure, why=what if figure.why is None else f"{figure.why}; {what}")


__all__ = ["Effect", "Figure", "Showing", "effect_of"]
