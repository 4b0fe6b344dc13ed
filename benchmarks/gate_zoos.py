"""Let whole zoos pass the gate, day by day, and count: noise that passes, an edge that is found.

    python benchmarks/gate_zoos.py [zoos]

Each zoo has 20 specs, rank-weighted, net of 10 bps a side; one is champion, and all are versions in its
shadow. Returns are drawn, weights drift, costs are paid, and the tests of `zoo.evaluation` see nothing but
the daily net returns. One record serves both tests; in `120 + 120` the first is held out, the second live.
`noise`: no spec knows anything; `free noise` pays no costs either, which is where a test errs most easily.
`planted`: one spec that is not champion has a mean rank IC of 0.05. Its scores and the coming returns are
jointly normal, and anew on each date, which is the dearest way to trade. It is found when it ranks first by
the shrunken Sharpe ratio *and* passes; `power` is what `zoo.evaluation.power` predicts of that.
"""

from __future__ import annotations

import functools
import sys
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from zoo.evaluation.edge import Edge, Universe, edge_of_rank_ic
from zoo.evaluation.power import Contest, gate_power, time_to_verdict
from zoo.evaluation.score import luck_of_the_best, shrunken_sharpe
from zoo.evaluation.skill import skill_test
from zoo.evaluation.superiority import superiority_test
from zoo.evaluation.watch import Watch, run_length
from zoo.metrics import rank_ic_by_date
from zoo.portfolio import Costs, rank_weighted
from zoo.portfolio.market import market_of
from zoo.portfolio.realised import tracks
from zoo.portfolio.sleeves import Schedule

SPECS, EVERY, BPS, RANK_IC = 20, 21, 10.0, 0.05
VOLATILITY, CORRELATION = 0.02, 0.3  # of one asset's day; of any two assets
CHAMPION, PLANTED = 0, 1
DRAWS = 1_000
CELLS = ((100, 120, 0), (500, 30, 0), (20, 600, 0), (20, 60, 0), (100, 120, 120))
"""Assets, rebalances, and rebalances of live evidence apart from these."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Count:
    """How many zoos passed, of how many."""

    passed: int
    zoos: int

    @property
    def rate(self) -> float:
        """The share that passed."""
        return self.passed / self.zoos

    @property
    def upper(self) -> float:
        """The one-sided 95% limit of Clopper and Pearson (1934)."""
        if self.passed == self.zoos:
            return 1.0
        return float(beta.ppf(0.95, self.passed + 1, self.zoos - self.passed))


def covariance(assets: int) -> Floats:
    """Return the covariance of a day's returns: one market, and what is each asset's own."""
    return VOLATILITY**2 * (CORRELATION + (1.0 - CORRELATION) * np.eye(assets))


def net_returns(assets: int, rebalances: int, *, rank_ic: float, bps: float, seed: int) -> Floats:
    """Return the daily net returns of a zoo's specs, bars × specs; one of them knows something."""
    rng = np.random.default_rng(seed)
    bars = rebalances * EVERY + 2  # a signal at bar 0 trades at bar 1 and earns from bar 2 on
    market = np.sqrt(CORRELATION) * rng.normal(size=(bars, 1))
    daily = VOLATILITY * (market + np.sqrt(1.0 - CORRELATION) * rng.normal(size=(bars, assets)))
    ahead = np.log1p(daily[2:]).reshape(rebalances, EVERY, assets).sum(axis=1)
    scores = rng.normal(size=(SPECS, rebalances, assets))
    share = planted_share(assets, rank_ic)
    own = (ahead - ahead.mean(axis=1, keepdims=True)) / (VOLATILITY * np.sqrt(EVERY * (1.0 - CORRELATION)))
    scores[PLANTED] = share * own + np.sqrt(1.0 - share**2) * scores[PLANTED]
    weights = rank_weighted(scores.reshape(-1, assets)).reshape(scores.shape)
    costs = Costs(commission_bps=bps)
    trades = np.tile(EVERY * np.arange(rebalances) + 1, (SPECS, 1))
    schedule = Schedule(trades, np.full(SPECS, rebalances), np.full(SPECS, bars - 1), 1)
    found = tracks(market_of(np.cumprod(1.0 + daily, axis=0), costs, None), weights, schedule, costs)
    return np.column_stack([track.net for track in found])


@functools.cache
def planted_share(assets: int, rank_ic: float) -> float:
    """Return how much of a score has to be the coming return for a mean rank IC of `rank_ic`.

    For many assets that is 2 sin(π IC / 6), Pearson's correlation for Spearman's; few need more, which is
    measured here, each date with its mirror image.
    """
    share = 2.0 * np.sin(np.pi * rank_ic / 6.0)
    if not share:
        return 0.0
    rng = np.random.default_rng(11)
    shape = (2_000_000 // assets, assets)
    ahead, noise = rng.normal(size=(2, *shape))
    known, unknown = share * ahead, np.sqrt(1.0 - share**2) * noise
    up, down = rank_ic_by_date(unknown + known, ahead), rank_ic_by_date(unknown - known, -ahead)
    return float(share * rank_ic / np.mean([up, down]))


def passes(
    held_out: Floats, live: Floats, *, draws: int = DRAWS, seed: int = 0
) -> tuple[NDArray[np.bool_], int]:
    """Return which specs pass `superior`, and which one ranks first."""
    skill = skill_test([held_out], trials=SPECS, draws=draws, seed=seed)
    shadow = np.delete(live, CHAMPION, axis=1)
    superior = superiority_test(shadow, live[:, CHAMPION], draws=draws, seed=seed)
    passed = np.zeros(SPECS, dtype=bool)
    passed[np.arange(SPECS) != CHAMPION] = superior.superior
    luck = luck_of_the_best(held_out, SPECS)
    before = held_out[: 0 if held_out is live else None]  # one record counts once
    scores = [
        shrunken_sharpe(past, since, benchmark=luck).value
        for past, since in zip(before.T, live.T, strict=True)
    ]
    return passed & (skill.t[0] > skill.critical), int(np.argmax(scores))


def simulate(
    cell: tuple[int, int, int], zoos: int, *, rank_ic: float, bps: float = BPS, draws: int = DRAWS
) -> Count:
    """Count the zoos in which anything passes (noise), or the planted spec ranks first and passes."""
    assets, rebalances, apart = cell
    passed = 0
    for zoo in range(zoos):
        seed = zoo + 1_000_003 * assets + 7 * rebalances
        net = net_returns(assets, rebalances + apart, rank_ic=rank_ic, bps=bps, seed=seed)
        cut = rebalances * EVERY + 1
        held_out, live = (net[:cut], net[cut:]) if apart else (net, net)
        able, best = passes(held_out, live, draws=draws, seed=zoo)
        passed += bool(able.any() if not rank_ic else able[PLANTED] and best == PLANTED)
    return Count(passed, zoos)


def edge(assets: int) -> Edge:
    """Return what `power` makes of the planted rank IC."""
    return edge_of_rank_ic(Universe(covariance(assets), every=EVERY, bps=BPS), RANK_IC)


def years_of(rebalances: int) -> float:
    """Return how long it takes to rebalance as often."""
    return rebalances * EVERY / 252.0


def contest_of(cell: tuple[int, int, int]) -> Contest:
    """Return among whom the planted spec has to stand out."""
    _, rebalances, apart = cell
    return Contest(trials=SPECS, versions=SPECS - 1, held_out_years=years_of(rebalances) if apart else None)


def predicted(cell: tuple[int, int, int]) -> float:
    """Return what `power` says of the planted spec's chance."""
    assets, rebalances, apart = cell
    return gate_power("superior", edge(assets), contest_of(cell), years_of(apart or rebalances))


def print_watch() -> None:
    print("\nwatch: mean years to an alarm (median), by the annual Sharpe ratio that the champion is held to")
    for baseline in (0.0, 0.5, 1.0):
        found = [run_length(Watch(baseline=baseline), sharpe) for sharpe in (baseline, 0.0, -1.0)]
        cells = (f"at {r.sharpe:4.1f}: {r.mean / 252:4.1f} ({r.median / 252:4.1f})" for r in found)
        print(f"  held to {baseline:3.1f}:  " + "   ".join(cells))


def main(zoos: int) -> None:
    print(f"{zoos} zoos of {SPECS} specs, {RANK_IC} planted, {BPS:.0f} bps a side")
    print("assets × rebalances   noise  (limit)   free noise (limit)   planted   power   verdict in")
    for cell in CELLS:
        start = time.perf_counter()
        assets, rebalances, apart = cell
        noise = simulate(cell, zoos, rank_ic=0.0)
        free = simulate(cell, zoos, rank_ic=0.0, bps=0.0)
        planted = simulate(cell, zoos, rank_ic=RANK_IC)
        years = years_of(apart or rebalances)
        verdict = time_to_verdict("superior", edge(assets), contest_of(cell), horizon_years=years)
        size = f"{rebalances} + {apart}" if apart else str(rebalances)
        said = f"undecidable in {years:.0f} years" if verdict.undecidable else f"{verdict.years:.1f} years"
        print(
            f"{assets:6} × {size:<11} {noise.rate:6.1%} ({noise.upper:5.1%})   {free.rate:8.1%} "
            f"({free.upper:5.1%})   {planted.rate:7.1%}  {predicted(cell):6.1%}   {said}"
            f"   [{time.perf_counter() - start:.0f} s]",
            flush=True,
        )
    print_watch()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
