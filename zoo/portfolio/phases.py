"""One strategy from each of its starting phases: which one was run is luck, and so all of them are."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from zoo.errors import DataError, PortfolioError
from zoo.metrics.performance import Performance, performance_of
from zoo.metrics.phases import PhaseFigure, over_phases_of
from zoo.portfolio.costs import Costs
from zoo.portfolio.market import Floats, Positions, market_of
from zoo.portfolio.policies import Policy
from zoo.portfolio.realised import Realised, empty, sleeves_of, tracks, whole
from zoo.portfolio.sleeves import Schedule


@dataclass(frozen=True, slots=True, eq=False)
class PhasePerformance:
    """The figures of `Performance`, each over all phases, and the tracks they are of.

    Attributes:
        annual_mean: of net returns.
        annual_gross_mean: of gross returns.
        annual_volatility: of net returns.
        sharpe: net, per bar.
        annual_sharpe: net, times sqrt(bars a year).
        max_drawdown: of the compounded net value, as a positive share.
        cvar: mean net loss of the worst 5% of bars.
        annual_turnover: half of what is traded in a year, in multiples of the value.
        break_even_bps: cost per unit traded that leaves nothing.
        phases: one `Performance` a phase, from phase 0 on.
        tracks: one `Realised` a phase.
    """

    annual_mean: PhaseFigure
    annual_gross_mean: PhaseFigure
    annual_volatility: PhaseFigure
    sharpe: PhaseFigure
    annual_sharpe: PhaseFigure
    max_drawdown: PhaseFigure
    cvar: PhaseFigure
    annual_turnover: PhaseFigure
    break_even_bps: PhaseFigure
    phases: tuple[Performance, ...]
    tracks: tuple[Realised, ...]

    def mean_net(self) -> tuple[Positions, Floats]:
        """Return bar numbers, and the net return of holding all phases in equal parts, reset on every bar.

        A phase is cash before its first trade and after its end. NaN from a phase's ruin on.
        """
        real = [track for track in self.tracks if len(track.bars)]
        if not real:
            return np.empty(0, dtype=np.intp), np.empty(0)
        first, last = min(int(t.bars[0]) for t in real), max(int(t.bars[-1]) for t in real)
        total = np.zeros(last - first + 1)
        for track in real:
            total[track.bars[0] - first : track.bars[-1] - first + 1] += track.net
        return np.arange(first, last + 1), total / len(self.tracks)


def over_phases(
    scores: ArrayLike,
    prices: ArrayLike,
    *,
    policy: Policy,
    horizon: int,
    every: int,
    costs: Costs,
    delay: int = 1,
    start: int = 0,
    end: int | None = None,
    volume: ArrayLike | None = None,
) -> PhasePerformance:
    """Return a strategy's figures over its `every` starting phases, with minimum, median and maximum.

    Phase p holds `policy(scores)` of score rows p, p + every, ... by the rules of `realise`.

    Args:
        scores: bars × assets, one row for every bar of the part; NaN where nothing was predicted.
        prices: bars × assets of the data, earlier and later bars included.
        policy: scores to weights, row by row.
        horizon: bars that the scores look ahead.
        every: bars between two rebalances.
        costs: what trading and holding cost; their `bars_per_year` annualises.
        delay: bars from signal to trade.
        start: the bar of `prices` that the first row of `scores` belongs to.
        end: the last bar to mark; None for as far as the prices go.
        volume: units traded, of the shape of `prices`; only an impact asks for it.

    Returns:
        The figures; NaN where a phase has none, such as one that never trades.

    Raises:
        PortfolioError: numbers of bars that are none; scores that reach past the prices.
        DataError: arrays that do not fit, a policy that gives other shapes or NaN, prices nobody could pay.
    """
    market = market_of(prices, costs, volume)
    bars, assets = market.marks.shape
    sleeves, first = sleeves_of(horizon, every), whole("start", start, least=0)
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != assets:
        raise DataError(f"scores of shape {table.shape}", expected=f"bars × {assets} assets")
    if first + len(table) > bars:
        raise PortfolioError(
            f"scores of {len(table)} bars from bar {first} on", expected=f"none past bar {bars - 1}"
        )
    weights = _targets(policy, table)
    last = bars - 1 if end is None else min(whole("end", end, least=0), bars - 1)
    late = whole("delay", delay, least=0)
    rows = max(min(len(table), last + 1 - first - late), 0)  # of signals that come to a trade
    live = min(rows, every)  # phases that trade at all
    found = [empty(sleeves)] * every
    if live:
        grid, schedule = _schedule(rows, live, every, first + late, last, sleeves)
        found[:live] = tracks(market, weights[grid], schedule, costs)
    each = tuple(performance_of(t.net, t.gross, t.turnover, bars_per_year=costs.bars_per_year) for t in found)
    figures = (field.name for field in fields(Performance) if field.name != "periods")
    return PhasePerformance(
        **{name: over_phases_of(getattr(phase, name) for phase in each) for name in figures},
        phases=each,
        tracks=tuple(found),
    )


def _schedule(
    rows: int, phases: int, every: int, shift: int, last: int, sleeves: int
) -> tuple[Positions, Schedule]:
    """Return each phase's rows of weights (phases × trades, its last row repeated) and when they trade."""
    grid = np.arange(phases)[:, None] + every * np.arange(-(-rows // every))
    counts = (grid < rows).sum(axis=1)
    ends = np.minimum(shift + grid[np.arange(phases), counts - 1] + every, last)
    trades = np.where(grid < rows, grid + shift, ends[:, None])
    return np.minimum(grid, rows - 1), Schedule(trades, counts, ends, sleeves)


def _targets(policy: Policy, scores: Floats) -> Floats:
    weights = np.asarray(policy(scores), dtype=np.float64)
    if weights.shape != scores.shape:
        raise DataError(
            f"the policy made weights of shape {weights.shape} of scores of shape {scores.shape}",
            expected="weights of the scores' shape",
        )
    if not np.isfinite(weights).all():
        raise DataError("the policy made a weight that is not finite", expected="0 for what is not held")
    return weights


__all__ = ["PhasePerformance", "over_phases"]
