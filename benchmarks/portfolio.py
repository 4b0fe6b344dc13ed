"""Time net-of-cost figures over all 21 starting phases, as each round of an experiment asks for them.

    python benchmarks/portfolio.py

Scores for every bar become weights, 21 tracks net of retail costs, and their figures: Sharpe ratios with
errors, drawdown, CVaR, break-even cost, each with minimum, median and maximum over the phases. Medians of
wall time; OMP_NUM_THREADS=1 keeps to one core.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from zoo.metrics import probability_of_overfitting
from zoo.portfolio import Costs, over_phases, quantile_long_short, rank_weighted

REPEATS, PHASES = 7, 21
PANELS = ((20, 1_200), (20, 2_500), (500, 2_500))
SCHEDULES = ((21, 21), (60, 21), (21, 1))


def panel(assets: int, bars: int, *, volume: bool = False) -> dict[str, Any]:
    """Return scores and prices, and volumes where they are asked for."""
    rng = np.random.default_rng(7)
    made = {
        "scores": rng.normal(size=(bars, assets)),
        "prices": 50.0 * np.cumprod(1.0 + 0.015 * rng.standard_t(5, (bars, assets)).clip(-8, 8), axis=0),
    }
    return made | ({"volume": rng.lognormal(13, 0.5, (bars, assets))} if volume else {})


def milliseconds(run: Callable[[], object]) -> float:
    """Return the median wall time of `run`."""
    run()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1_000 * statistics.median(times)


def main() -> None:
    print(f"over_phases: weights, tracks and figures, median of {REPEATS}")
    for assets, bars in PANELS:
        made = panel(assets, bars)
        for horizon, every in SCHEDULES:
            run = functools.partial(
                over_phases,
                **made,
                policy=quantile_long_short,
                horizon=horizon,
                every=every,
                costs=Costs.preset("retail"),
            )
            name = f"{assets:3} stocks × {bars:,} days, horizon {horizon}, every {every:2}: {every:2} phases"
            print(f"  {name:58} {milliseconds(run):8.1f} ms")
    for assets, bars in PANELS:
        run = functools.partial(
            over_phases,
            **panel(assets, bars, volume=True),
            policy=rank_weighted,
            horizon=PHASES,
            every=PHASES,
            costs=Costs.preset("institutional"),
        )
        name = f"{assets:3} stocks × {bars:,} days, rank-weighted with impact"
        print(f"  {name:58} {milliseconds(run):8.1f} ms")
    table = np.random.default_rng(7).normal(size=(1_260, 50))
    took = milliseconds(lambda: probability_of_overfitting(table))
    print(f"probability_of_overfitting: 12,870 splits × 50 trials {took:16.1f} ms")


if __name__ == "__main__":
    main()
