"""Time the promotion of many permutations: in two processes against one, and what sharing preparations saves.

    python benchmarks/promotion.py

Two experiments of 24 permutations over the sample prices are made in a temporary directory. In the first the
models take most of the time (boosted trees, one preparation for all); it is promoted with `n_jobs=1` and
`n_jobs=2`, numeric libraries on one thread in both, workers started anew. In the second 24 ridge regressions
share 4
preparations; those that are computed are counted, of 24 permutations × 3 passes.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zoo.manifest.prepare
from zoo import Trainer
from zoo.data import sp500
from zoo.errors import AgreementError
from zoo.experiment.loop import run_experiment

END = "2009-12-31"
REPEATS, ALLOWED_SPEEDUP, ALLOWED_PREPARATIONS = 3, 1.8, 4
FEATURES: list[dict[str, Any]] = [
    {"_target_": "zoo.features.momentum", "lookback": "${params.lookback}", "skip": 21},
    {"_target_": "zoo.features.reversal", "lookback": 21},
    {"_target_": "zoo.features.realised_volatility", "window": 63},
]
MANIFEST: dict[str, Any] = {
    "data": {"_target_": "zoo.data.sp500", "end": END},
    "features": FEATURES,
    "target": {"_target_": "zoo.targets.forward_return", "horizon": 21, "demean": True},
    "rows": {"every": 21},
    "split": [8, 1, 2],
}
BOOSTING = {
    "_target_": "sklearn.ensemble.HistGradientBoostingRegressor",
    "learning_rate": "${params.learning_rate}",
    "max_leaf_nodes": "${params.max_leaf_nodes}",
    "max_iter": 150,
}
RIDGE = {"_target_": "sklearn.linear_model.Ridge", "alpha": "${params.alpha}"}
HEAVY = {
    "params": {
        "lookback": [252],
        "learning_rate": [0.01, 0.02, 0.05, 0.1],
        "max_leaf_nodes": [4, 6, 8, 12, 16, 24],
    },
    "search": {"seed": 7},
    "manifest": {**MANIFEST, "model": BOOSTING},
}
SHARED = {
    "params": {"lookback": [63, 126, 189, 252], "alpha": [0.1, 0.3, 1, 3, 10, 30]},
    "search": {"seed": 7},
    "manifest": {**MANIFEST, "model": RIDGE},
}


def promoted(path: Path, n_jobs: int) -> float:
    """Return the seconds that it takes to promote all permutations, workers started anew."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
    started = time.perf_counter()
    found = Trainer(path).outcomes(range(24), n_jobs=n_jobs)
    seconds = time.perf_counter() - started
    errors = [outcome.error for outcome in found if outcome.error is not None]
    failed = [error for error in errors if not isinstance(error, AgreementError)]  # one in twenty, by chance
    if failed:
        raise SystemExit(f"{len(failed)} permutations failed: {failed[0]}")
    return seconds


@contextmanager
def counted() -> Iterator[list[float]]:
    """Count the preparations that are computed, and how long each takes."""
    build, seconds = zoo.manifest.prepare.build_cube, []

    def timed(*given: Any) -> Any:
        started = time.perf_counter()
        try:
            return build(*given)
        finally:
            seconds.append(time.perf_counter() - started)

    zoo.manifest.prepare.build_cube = timed
    try:
        yield seconds
    finally:
        zoo.manifest.prepare.build_cube = build


def main() -> None:
    """Run the benchmark."""
    with tempfile.TemporaryDirectory() as directory:
        heavy, shared = Path(directory) / "heavy", Path(directory) / "shared"
        data = sp500(end=END)
        run_experiment(HEAVY, heavy, data=data)
        run_experiment(SHARED, shared, data=data)
        one, two = ([promoted(heavy, n) for _ in range(REPEATS)] for n in (1, 2))
        with counted() as preparations:
            quick = promoted(shared, 1)
    print(f"{os.cpu_count()} cores, median of {REPEATS}, 24 permutations")
    for name, seconds in (("one process", one), ("two processes", two)):
        print(
            f"  boosting, {name:14} {statistics.median(seconds):8.2f} s   "
            f"{min(seconds):.2f} to {max(seconds):.2f}"
        )
    speedup = statistics.median(one) / statistics.median(two)
    print(f"  speed-up               {speedup:8.2f} ×   at least {ALLOWED_SPEEDUP}")
    print(f"  ridge, one process     {quick:8.2f} s")
    print(
        f"  preparations computed  {len(preparations):8}     at most {ALLOWED_PREPARATIONS}, not {24 * 3}; "
        f"{sum(preparations):.2f} s"
    )


if __name__ == "__main__":
    main()
