"""Time residual momentum on 8,000 days × 500 assets against statsmodels' RollingOLS, and check its digits.

    python benchmarks/residual_momentum.py

statsmodels regresses one asset at a time, so it is timed on ten assets and scaled: as it comes, and in its
quickest mode (`params_only`). It is not asked for the residuals. The errors are those against a regression on
each window by `numpy.linalg.lstsq`, on every 40th date and all assets, relative to max(1, |score|).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from statsmodels.regression.rolling import RollingOLS

from zoo.features import residual_momentum

DATES, ASSETS, WINDOW, LOOKBACK, SKIP = 8_000, 500, 252, 252, 21
TIMED_ASSETS, REPEATS, EVERY, ALLOWED = 10, 5, 40, 1e-9


def panel() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return prices of dates × assets with one market factor, and the factor's returns."""
    rng = np.random.default_rng(7)
    dates = pd.bdate_range("1992-01-01", periods=DATES)
    market = rng.standard_t(4, DATES) * 0.007 + 0.0003
    beta = rng.uniform(0.3, 1.8, ASSETS)
    returns = market[:, None] * beta + rng.standard_t(4, (DATES, ASSETS)) * 0.012
    prices = 50.0 * np.cumprod(1.0 + np.clip(returns, -0.9, None), axis=0)
    return pd.DataFrame(prices, index=dates), pd.DataFrame({"market": market}, index=dates)


def seconds(run: Callable[[], object], repeats: int) -> float:
    """Return the median wall time of `run`."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def statsmodels_per_asset(returns: pd.DataFrame, factors: pd.DataFrame, *, quickest: bool) -> float:
    """Return the median seconds that RollingOLS takes for one asset."""
    design = np.column_stack([np.ones(len(factors)), factors.to_numpy()])
    times = []
    for asset in returns.columns[:TIMED_ASSETS]:
        regression = RollingOLS(returns[asset], design, window=WINDOW)
        times.append(seconds(partial(regression.fit, params_only=quickest), 1))
    return statistics.median(times)


def largest_error(scores: pd.DataFrame, returns: pd.DataFrame, factors: pd.DataFrame) -> float:
    """Return the largest error against a regression on each window, relative to max(1, |score|)."""
    errors = []
    for end in range(WINDOW, DATES, EVERY):
        window = slice(end - WINDOW + 1, end + 1)
        design = np.column_stack([np.ones(WINDOW), factors.to_numpy()[window]])
        observed = returns.to_numpy()[window]
        left = observed - design @ np.linalg.lstsq(design, observed, rcond=None)[0]
        scored = left[WINDOW - LOOKBACK : WINDOW - SKIP]
        direct = scored.sum(axis=0) / scored.std(axis=0, ddof=1)
        errors.append(np.max(np.abs(scores.to_numpy()[end] - direct) / np.maximum(1.0, np.abs(direct))))
    return float(max(errors))


def main() -> None:
    prices, factors = panel()
    returns = prices.pct_change(fill_method=None)
    parameters = {"window": WINDOW, "lookback": LOOKBACK, "skip": SKIP}
    ours = seconds(lambda: residual_momentum(prices, factors, **parameters), REPEATS)
    error = largest_error(residual_momentum(prices, factors, **parameters), returns, factors)
    print(f"residual_momentum on {DATES:,} × {ASSETS}, window {WINDOW}")
    print(f"  zoo                     {ours:8.3f} s   median of {REPEATS}")
    for name, quickest in (("RollingOLS", False), ("RollingOLS, params_only", True)):
        theirs = statsmodels_per_asset(returns.fillna(0.0), factors, quickest=quickest) * ASSETS
        print(
            f"  {name:23} {theirs:8.3f} s   median of {TIMED_ASSETS} assets × {ASSETS}: {theirs / ours:,.0f}×"
        )
    print(f"  largest error           {error:8.1e}     allowed {ALLOWED:.0e}")


if __name__ == "__main__":
    main()
