"""Let whole zoos pass the gate, day by day, and count: noise that passes, an edge that is found.

    python benchmarks/gate_zoos.py [zoos=400] [of=gate,power,looks,watch] [at=20x600] [rank_ic=0.05]
        [grid=0.03,0.05,0.07] [draws=1000] [seed=0]

Each zoo has 20 specs, rank-weighted, net of 10 bps a side; one is champion, and all are versions in its
shadow. Returns are drawn, weights drift, costs are paid, and the tests of `zoo.evaluation` see nothing but
the daily net returns. One record serves both tests; in `120 + 120` the first is held out, the second live.
`noise`: no spec knows anything; `free noise` pays no costs either, which is where a test errs most easily.
`planted`: one spec that is not champion has a mean rank IC of 0.05. Its scores and the coming returns are
jointly normal, and anew on each date, which is the dearest way to trade. It is found when it ranks first by
the shrunken Sharpe ratio *and* passes. Beside each count of those found: at which of its conditions the rest
failed. `of=power`: what `zoo.evaluation.power` predicts of several rank ICs, beside what zoos come to.
`of=looks`: a gate that is asked once a quarter is asked forty times in ten years, at its full size each time;
how often noise then passes at any of them, with measured Sharpe ratios drawn as `power` draws them.
All intervals are Clopper and Pearson's (1934), 95%, two-sided; the limit of noise is the one-sided one.
"""

from __future__ import annotations

import functools
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import NormalDist

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

GRID = (0.03, 0.05, 0.07)
HOPELESS = 1.0  # a t that no bar is below: that of a single trial is 1.64

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Cell = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Count:
    """How many zoos passed, of how many, and what stopped the others."""

    passed: int
    zoos: int
    stopped: Mapping[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """The share that passed."""
        return self.passed / self.zoos

    @property
    def upper(self) -> float:
        """The one-sided 95% limit."""
        return self._limit(0.95)

    @property
    def interval(self) -> tuple[float, float]:
        """The two-sided 95% interval."""
        missed = Count(self.zoos - self.passed, self.zoos)
        return 1.0 - missed._limit(0.975), self._limit(0.975)

    def _limit(self, level: float) -> float:
        if self.passed == self.zoos:
            return 1.0
        return float(beta.ppf(level, self.passed + 1, self.zoos - self.passed))


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


def passes(held_out: Floats, live: Floats, *, draws: int = DRAWS, seed: int = 0) -> dict[str, Flags]:
    """Return which specs meet each condition; nobody is asked the second who all fail the first."""
    challenger = np.arange(SPECS) != CHAMPION
    nobody = np.zeros(SPECS, dtype=bool)
    t = held_out.mean(axis=0) / held_out.std(axis=0) * len(held_out) ** 0.5
    if not (t[challenger] > HOPELESS).any():
        return {"skill": nobody, "better": nobody}
    skill = skill_test([held_out], trials=SPECS, draws=draws, seed=seed)
    skilled = challenger & (skill.t[0] > skill.critical)
    better = nobody.copy()
    if skilled.any():
        shadow = np.delete(live, CHAMPION, axis=1)
        better[challenger] = superiority_test(shadow, live[:, CHAMPION], draws=draws, seed=seed).superior
    return {"skill": skilled, "better": better}


def first(held_out: Floats, live: Floats) -> int:
    """Return which spec has the highest shrunken Sharpe ratio."""
    luck = luck_of_the_best(held_out, SPECS)
    before = held_out[: 0 if held_out is live else None]  # one record counts once
    pairs = zip(before.T, live.T, strict=True)
    return int(np.argmax([shrunken_sharpe(past, since, benchmark=luck).value for past, since in pairs]))


def simulate(
    cell: Cell, zoos: int, *, rank_ic: float, bps: float = BPS, draws: int = DRAWS, seed: int = 0
) -> Count:
    """Count the zoos in which anything passes (noise), or the planted spec ranks first and passes."""
    assets, rebalances, apart = cell
    passed, stopped = 0, {"rank": 0, "skill": 0, "better": 0}
    for zoo in range(seed, seed + zoos):
        own = zoo + 1_000_003 * assets + 7 * rebalances
        net = net_returns(assets, rebalances + apart, rank_ic=rank_ic, bps=bps, seed=own)
        cut = rebalances * EVERY + 1
        held_out, live = (net[:cut], net[cut:]) if apart else (net, net)
        met = passes(held_out, live, draws=draws, seed=zoo)
        able = met["skill"] & met["better"]
        if not rank_ic:
            passed += bool(able.any())
            continue
        fails = [name for name, flags in met.items() if not flags[PLANTED]]
        fails = fails or ["rank"] * (first(held_out, live) != PLANTED)
        passed += not fails
        for name in fails[:1]:
            stopped[name] += 1
    return Count(passed, zoos, stopped)


def edge(assets: int, rank_ic: float = RANK_IC) -> Edge:
    """Return what `power` makes of the planted rank IC."""
    return edge_of_rank_ic(Universe(covariance(assets), every=EVERY, bps=BPS), rank_ic)


def years_of(rebalances: int) -> float:
    """Return how long it takes to rebalance as often."""
    return rebalances * EVERY / 252.0


def contest_of(cell: Cell) -> Contest:
    """Return among whom the planted spec has to stand out."""
    _, rebalances, apart = cell
    return Contest(trials=SPECS, versions=SPECS - 1, held_out_years=years_of(rebalances) if apart else None)


def predicted(cell: Cell, rank_ic: float = RANK_IC) -> float:
    """Return what `power` says of the planted spec's chance."""
    assets, rebalances, apart = cell
    return gate_power("superior", edge(assets, rank_ic), contest_of(cell), years_of(apart or rebalances))


def name_of(cell: Cell) -> str:
    assets, rebalances, apart = cell
    return f"{assets:3} × {rebalances}{f' + {apart}' if apart else ''}"


def shown(count: Count) -> str:
    low, high = count.interval
    return f"{count.rate:6.1%} [{low:5.1%}, {high:6.1%}]"


def print_gate(terms: Terms) -> None:
    print(f"\n{terms.zoos} zoos of {SPECS} specs, {terms.rank_ic:g} planted, {BPS:.0f} bps a side")
    print(
        "assets × rebalances | noise [interval] (limit) | free noise [interval] (limit) | planted [interval]",
        end="",
    )
    print(" | missed by skill, better, rank | power | verdict in")
    for cell in terms.cells:
        start = time.process_time()
        run = functools.partial(simulate, cell, terms.zoos, draws=terms.draws, seed=terms.seed)
        noise, free = run(rank_ic=0.0), run(rank_ic=0.0, bps=0.0)
        planted = run(rank_ic=terms.rank_ic)
        years = years_of(cell[2] or cell[1])
        found = edge(cell[0], terms.rank_ic)
        verdict = time_to_verdict("superior", found, contest_of(cell), horizon_years=years)
        said = f"undecidable in {years:.1f} years" if verdict.undecidable else f"{verdict.years:.1f} years"
        missed = ", ".join(str(planted.stopped[name]) for name in ("skill", "better", "rank"))
        print(
            f"{name_of(cell):14} | {shown(noise)} ({noise.upper:4.1%}) | {shown(free)} ({free.upper:4.1%}) | "
            f"{shown(planted)} | {missed} | {predicted(cell, terms.rank_ic):5.1%} | {said} "
            f"[{time.process_time() - start:.0f} s]",
            flush=True,
        )


def print_power(terms: Terms) -> None:
    print(f"\nfound in {terms.zoos} zoos of {SPECS} specs beside what `power` predicts, {BPS:.0f} bps a side")
    print("assets × rebalances | rank IC | found [interval] | power | apart")
    for cell in terms.cells:
        for rank_ic in terms.grid:
            found = simulate(cell, terms.zoos, rank_ic=rank_ic, draws=terms.draws, seed=terms.seed)
            said = predicted(cell, rank_ic)
            apart = 100.0 * (said - found.rate)
            print(
                f"{name_of(cell):14} | {rank_ic:.2f} | {shown(found)} | {said:6.1%} | {apart:+5.1f}",
                flush=True,
            )


def print_looks(terms: Terms) -> None:
    quarters, zoos = 40, 6_000
    years = np.arange(1, quarters + 1) / 4.0
    skill, better = NormalDist().inv_cdf(0.95 ** (1.0 / SPECS)), comparison_bar(zoos)
    print(f"\nshare of {zoos} noise zoos with any pass at the first look, in one, two, five and ten years")
    noise = edge(100).others
    cases = (("costs", noise, noise), ("free", 0.0, 0.0), ("free, hopeless champion", 0.0, -5.0))
    for name, others, champion in cases:
        rng = np.random.default_rng(terms.seed)
        true = np.full(SPECS, others)
        true[CHAMPION] = champion
        moved = (rng.normal(size=(zoos, quarters, SPECS)) / 2.0 + true / 4.0).cumsum(axis=1)
        t = moved / np.sqrt(years)[None, :, None]
        against = (moved - moved[:, :, [CHAMPION]]) / np.sqrt(2.0 * years)[None, :, None]
        passed = ((t > skill) & (against > better))[:, :, 1:].any(axis=2)
        ever = np.maximum.accumulate(passed, axis=1).mean(axis=0)
        print(f"  {name:24}", "  ".join(f"{ever[look]:6.1%}" for look in (0, 3, 7, 19, 39)))


def comparison_bar(draws: int) -> float:
    """Return what the highest of all differences from one champion exceeds in 5% of cases."""
    drawn = np.random.default_rng(2).normal(size=(10 * draws, SPECS))
    return float(np.quantile((drawn[:, 1:] - drawn[:, :1]).max(axis=1) / np.sqrt(2.0), 0.95))


def print_watch(terms: Terms) -> None:
    print("\nwatch: mean years to an alarm (median), by the annual Sharpe ratio that the champion is held to")
    for baseline in (0.0, 0.5, 1.0):
        found = [run_length(Watch(baseline=baseline), sharpe) for sharpe in (baseline, 0.0, -1.0)]
        cells = (f"at {r.sharpe:4.1f}: {r.mean / 252:4.1f} ({r.median / 252:4.1f})" for r in found)
        print(f"  held to {baseline:3.1f}:  " + "   ".join(cells))


PARTS = {"gate": print_gate, "power": print_power, "looks": print_looks, "watch": print_watch}


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked for."""

    zoos: int = 400
    parts: tuple[str, ...] = tuple(PARTS)
    cells: tuple[Cell, ...] = CELLS
    rank_ic: float = RANK_IC
    grid: tuple[float, ...] = GRID
    draws: int = DRAWS
    seed: int = 0

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Terms:
        """Read `name=value` arguments."""
        given = dict(one.split("=", 1) for one in arguments)
        names = given.pop("of", ",".join(PARTS)).split(",")
        at = given.pop("at", "")
        wanted = at.split(",") if at else []
        cells = tuple(one for one in CELLS if not at or name_of(one).replace(" × ", "x").strip() in wanted)
        grid = tuple(map(float, given.pop("grid", ",".join(map(str, GRID))).split(",")))
        numbers = {name: float(text) if name == "rank_ic" else int(text) for name, text in given.items()}
        return cls(parts=tuple(names), cells=cells, grid=grid, **numbers)  # type: ignore[arg-type]


def main(arguments: Sequence[str]) -> None:
    terms = Terms.of(arguments)
    versions = ", ".join(f"{name} {version(name)}" for name in ("zoo", "numpy", "scipy", "arch"))
    print(f"Python {platform.python_version()}, {versions}; {terms.draws} draws, seeds from {terms.seed} on")
    for name in terms.parts:
        PARTS[name](terms)


if __name__ == "__main__":
    main(sys.argv[1:])
