"""Time the experiment loop: many rounds that share few preparations, one process against two.

    python benchmarks/experiment_loop.py [--rounds 192] [--memory]

Prints the wall time of the loop beside the pure `fit` and `predict` seconds of its rounds (counted in two
ways: one fit and one predict a round, and every call that a round makes, its five walk-forward folds and its
scores on every bar among them), beside preparing each round anew, and the cost of logging a round at the
beginning and at round 10,000. `--memory` runs a panel of 8,000 bars × 500 assets, and prints what a worker's
memory grows by, in multiples of the panel.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from zoo.data import Dataset
from zoo.experiment.definition import Definition
from zoo.experiment.loop import UniversalExperimentLoop
from zoo.experiment.pipeline import from_definition
from zoo.experiment.runlog import RunLog
from zoo.experiment.space import Space
from zoo.manifest.run import fit
from zoo.manifest.workbench import Workbench
from zoo.models import SklearnModel
from zoo.trust import Trust


def definition(rounds: int) -> dict:
    """Ridge over 48 distinct preparations of the daily panel of 20 stocks."""
    alphas = [10 ** (n / 20) for n in range(max(1, rounds // 48))]
    return {
        "params": {"lookback": list(range(60, 252, 4)), "alpha": alphas},
        "search": {"seed": 7},
        "manifest": {
            "data": {"_target_": "zoo.data.sp500", "end": "2017-12-29"},
            "features": [
                {"_target_": "zoo.features.momentum", "lookback": "${params.lookback}", "skip": 21},
                {"_target_": "zoo.features.residual_momentum", "window": 756, "lookback": 252, "skip": 21},
                {"_target_": "zoo.features.beta", "window": 252},
            ],
            "target": {"_target_": "zoo.targets.forward_return", "horizon": 21, "demean": True},
            "rows": {"every": 21},
            "split": [8, 1, 2],
            "scaler": {"_target_": "sklearn.preprocessing.StandardScaler"},
            "model": {"_target_": "sklearn.linear_model.Ridge", "alpha": "${params.alpha}"},
        },
    }


def timed(action) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def prepared_rounds(tree: dict, space: Space):
    """Every round on data that is prepared already."""
    pipeline = from_definition(Definition.parse(tree, "benchmark"), Path(), Trust(), "benchmark")
    bench = Workbench(pipeline.fetch_data())
    for number in range(len(space)):
        params = space[number]
        yield pipeline, params, bench, pipeline.manifest.prepare_data(bench.data, params, bench=bench)


def pure(tree: dict, space: Space) -> float:
    """Seconds of one fit and one predict a round."""
    total = 0.0
    for pipeline, params, _, prepared in prepared_rounds(tree, space):
        bound = pipeline.manifest.bind(params)
        total += timed(lambda b=bound, p=prepared: fit(b, p.train).predict({"x_test": p.test.X}))
    return total


@contextlib.contextmanager
def counting(seconds: list[float]):
    """Count the seconds inside every `train` and `predict`."""
    real = SklearnModel.train, SklearnModel.predict

    def counted(method):
        def call(self, *args, **kwargs):
            started = time.perf_counter()
            try:
                return method(self, *args, **kwargs)
            finally:
                seconds.append(time.perf_counter() - started)

        return call

    SklearnModel.train, SklearnModel.predict = counted(real[0]), counted(real[1])
    try:
        yield
    finally:
        SklearnModel.train, SklearnModel.predict = real


def every_call(tree: dict, space: Space) -> float:
    """Seconds inside all the fits and predictions that the rounds make."""
    seconds: list[float] = []
    with counting(seconds), threadpool_limits(1):
        for pipeline, params, bench, _ in prepared_rounds(tree, space):
            pipeline.run(params, bench)
    return sum(seconds)


def anew(tree: dict, space: Space, count: int) -> float:
    """Seconds of `count` rounds, each prepared anew."""
    pipeline = from_definition(Definition.parse(tree, "benchmark"), Path(), Trust(), "benchmark")
    data = pipeline.fetch_data()
    with threadpool_limits(1):
        return timed(lambda: [pipeline.run(space[n], Workbench(data)) for n in range(count)])


def logging(directory: Path, at: int) -> float:
    """Median milliseconds to log a round when `at` rounds are logged."""
    log = RunLog(directory, directory, {"params": {"a": [1]}, "settings": {}})
    log.begin()
    line = {"preds": [0.1] * 1200, "alignment": {}, "split": {}, "deterministic": True}
    line["held_out"] = {"calendar": "0" * 64, "net": [0.001] * 1155}
    metrics = {f"metric_{n}": 0.1 for n in range(40)}
    log.rows = {n: {"id": n, **metrics, "execution_time": 0.1, "a": 1} for n in range(at)}
    log.add(at, {"a": 1}, metrics, 0.1, line)
    later = range(at + 1, at + 200)
    seconds = [timed(lambda n=n: log.add(n, {"a": 1}, metrics, 0.1, line)) for n in later]
    return 1000 * statistics.median(seconds)


def wide_panel(bars: int = 8000, assets: int = 500) -> Dataset:
    """Random walks, and their mean as the market."""
    steps = np.random.default_rng(0).normal(0.0, 0.01, (bars, assets))
    dates = pd.bdate_range("1990-01-01", periods=bars)
    close = pd.DataFrame(np.exp(np.cumsum(steps, axis=0)), dates, [f"a{n}" for n in range(assets)])
    return Dataset({"close": close}, pd.DataFrame({"market": close.mean(axis=1).pct_change()}))


def peak() -> float:
    """Largest resident MiB of this process so far; getrusage would count its parent's before exec."""
    found = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    return int(found.split()[1]) / 1024


def memory() -> None:
    """Run four preparations of a wide panel in this process, and print by how much it grew."""
    tree = definition(48)
    tree["params"] = {"lookback": tree["params"]["lookback"][:4], "alpha": [1.0, 10.0]}
    pipeline = from_definition(Definition.parse(tree, "benchmark"), Path(), Trust(), "benchmark")
    small = pipeline.fetch_data()
    pipeline.run({"lookback": 60, "alpha": 1.0}, Workbench(small))  # every library is loaded
    data = wide_panel()
    panel, before = data.close.to_numpy().nbytes / 2**20, peak()
    bench, space = Workbench(data), Space(tree["params"])
    for number in range(len(space)):
        pipeline.run(space[number], bench)
    print(f"{peak() - before:.0f} {panel:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=192)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        memory()
        return
    tree = definition(arguments.rounds)
    space = Space(tree["params"])
    with tempfile.TemporaryDirectory() as name:
        walls = {
            jobs: timed(lambda j=jobs: UniversalExperimentLoop(tree, Path(name) / str(j), n_jobs=j).run())
            for jobs in (1, 2)
        }
        early, late = logging(Path(name) / "early", 0), logging(Path(name) / "late", 10_000)
    some = min(48, len(space))
    fresh, fitted, called = anew(tree, space, some), pure(tree, space), every_call(tree, space)
    print(f"{len(space)} rounds of ridge over {len(tree['params']['lookback'])} preparations")
    print(f"  n_jobs=1                      {walls[1]:7.1f} s")
    print(f"  n_jobs=2                      {walls[2]:7.1f} s   {walls[1] / walls[2]:.2f}× faster")
    for what, seconds in (("one fit and predict a round", fitted), ("every fit and predict", called)):
        print(f"  {what:28s}  {seconds:7.1f} s   × 1.3 / 2 cores + 3 s = {1.3 * seconds / 2 + 3:.1f} s")
    print(
        f"  {some} rounds, each prepared anew {fresh:5.1f} s   "
        f"{fresh / some * len(space):.0f} s for all: {fresh / some * len(space) / walls[1]:.1f}× as long"
    )
    print(f"  logging a round               {early:7.2f} ms at the beginning, {late:.2f} ms at round 10,000")
    if arguments.memory:
        command = [sys.executable, __file__, "--worker"]
        grown, panel = map(float, subprocess.check_output(command, text=True).split())
        print(f"  a worker grows by             {grown:7.0f} MiB   {grown / panel:.1f}× the panel")


if __name__ == "__main__":
    main()
