"""A line of made-up prices with trained versions in a registry: what shadow and leaderboard are timed on."""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zoo.data import parquet
from zoo.line import Line
from zoo.manifest.manifest import Manifest
from zoo.manifest.prepare import prepare
from zoo.manifest.run import run
from zoo.manifest.workbench import Workbench
from zoo.promotion import Sensor
from zoo.registry import Candidate, Registry
from zoo.settings import DEFAULTS
from zoo.trust import Trust

SOURCE = "zoo.data.parquet"
LINE = Line("made_up", SOURCE, "zoo.targets.forward_return", horizon=21, rebalance=21)
TRUST = Trust()
LONG_SHORT = {"_target_": "zoo.portfolio.quantile_long_short", "quantile": 0.2}
TRAINING = 504  # bars before the first that is shadowed

Features = Sequence[dict[str, Any]]


def prices(path: Path, *, assets: int, bars: int) -> pd.DatetimeIndex:
    """Write closes of a market and of what is each asset's own, and return the dates."""
    rng = np.random.default_rng(7)
    returns = 0.01 * rng.normal(size=(bars, 1)) + 0.015 * rng.normal(size=(bars, assets))
    dates = pd.bdate_range("2012-01-02", periods=bars, name="date")
    names = [f"A{number:03d}" for number in range(assets)]
    close = pd.DataFrame(50.0 * np.exp(returns.cumsum(axis=0)), dates, pd.Index(names, name="asset"))
    close.stack().rename("close").reset_index().to_parquet(path)
    return dates


def register(
    registry: Registry, path: Path, features: Features, *, end: pd.Timestamp, alphas: Sequence[float]
) -> list[str]:
    """Train a ridge regression for each alpha on the same features, register them, and return their ids."""
    found, bench = [], None
    for number, alpha in enumerate(alphas):
        tree = {
            "data": {"_target_": SOURCE, "path": str(path), "end": end.date().isoformat()},
            "features": list(features),
            "target": {"_target_": LINE.target, "horizon": LINE.horizon, "demean": True},
            "rows": {"every": LINE.rebalance},
            "split": [1, 0, 0],
            "model": {"_target_": "sklearn.linear_model.Ridge", "alpha": alpha},
            "portfolio": False,
        }
        bound = Manifest.from_config(tree, seed=0, trust=TRUST, where="benchmark").bind({})
        if bench is None:
            bench = Workbench(parquet(path, end=end))  # type: ignore[arg-type]
        inputs = {"features": list(features), "alpha": alpha}
        found.append(_registered(registry, bound, bench, inputs, number))
    return found


def _registered(registry: Registry, bound: Any, bench: Workbench, inputs: dict[str, Any], number: int) -> str:
    prepared = prepare(bound, bench)
    cube, train = prepared.cube, prepared.train
    last = cube.dates[int(train.position[train.labelled].max()) + LINE.horizon].date()  # type: ignore[union-attr]
    metadata = {
        "horizon": LINE.horizon,
        "data": bench.data.fingerprint().as_dict(),
        "settings": {"effective": dict(DEFAULTS)},
        "train_end": last.isoformat(),
    }
    sensor = Sensor(number, run(bound, prepared).model, {}, metadata, {}, bound, train.names, TRUST)
    candidate = Candidate(
        line=LINE.name,
        label="made_up",
        spec="made_up",
        experiment="benchmark",
        permutation_id=number,
        train_end=last,
        inputs=inputs,
        overrides={},
        metrics={},
        lineage=metadata,
        config="",
        sensor=sensor.dumps(),
        predictions=pd.DataFrame({"part": ["test"], "row": [0], "prediction": [0.0]}),
    )
    return registry.register(candidate).version.version_id


def measured(run: Callable[[], object]) -> dict[str, float]:
    """Return the seconds on the clock and on the processors, and the peak memory of this process, in MB."""
    wall, processor = time.perf_counter(), time.process_time()
    run()
    return {
        "wall": time.perf_counter() - wall,
        "processor": time.process_time() - processor,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
    }


def apart(script: str, *arguments: str) -> dict[str, Any]:
    """Run a part of a benchmark in a process of its own, and return what it prints last, which is JSON."""
    command = [sys.executable, script, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def now() -> dt.datetime:
    """Return the time, UTC."""
    return dt.datetime.now(dt.UTC)
