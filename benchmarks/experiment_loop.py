"""Time the experiment loop: many rounds that share few preparations, one process against two.

    python benchmarks/experiment_loop.py [--rounds 200]

Prints the wall time of the loop beside the pure `fit` and `predict` seconds of the same rounds, and beside
preparing each round anew; and the cost of logging a round at the beginning and at round 10,000.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from zoo.experiment.definition import Definition
from zoo.experiment.loop import UniversalExperimentLoop
from zoo.experiment.pipeline import from_definition
from zoo.experiment.runlog import RunLog
from zoo.experiment.space import Space
from zoo.manifest.run import fit
from zoo.manifest.workbench import Workbench
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


def pure(tree: dict, space: Space) -> float:
    """Seconds of one fit and one predict a round, on data that is prepared already."""
    pipeline = from_definition(Definition.parse(tree, "benchmark"), Path(), Trust(), "benchmark")
    bench = Workbench(pipeline.fetch_data())
    total = 0.0
    for number in range(len(space)):
        bound = pipeline.manifest.bind(space[number])
        prepared = pipeline.manifest.prepare_data(bench.data, space[number], bench=bench)
        total += timed(lambda b=bound, p=prepared: fit(b, p.train).predict({"x_test": p.test.X}))
    return total


def anew(tree: dict, space: Space, count: int) -> float:
    """Seconds of `count` rounds, each prepared anew."""
    pipeline = from_definition(Definition.parse(tree, "benchmark"), Path(), Trust(), "benchmark")
    data = pipeline.fetch_data()
    return timed(lambda: [pipeline.run(space[n], Workbench(data)) for n in range(count)])


def logging(directory: Path, at: int) -> float:
    """Median milliseconds to log a round when `at` rounds are logged."""
    log = RunLog(directory, directory, {"params": {"a": [1]}, "settings": {}})
    log.begin()
    line = {"preds": [0.1] * 1200, "alignment": {}, "split": {}, "deterministic": True}
    metrics = {"rank_ic": 0.1, "mse": 0.2, "n_obs": 1200}
    log.rows = {n: {"id": n, **metrics, "execution_time": 0.1, "a": 1} for n in range(at)}
    log.add(at, {"a": 1}, metrics, 0.1, line)
    later = range(at + 1, at + 200)
    seconds = [timed(lambda n=n: log.add(n, {"a": 1}, metrics, 0.1, line)) for n in later]
    return 1000 * statistics.median(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=192)
    tree = definition(parser.parse_args().rounds)
    space = Space(tree["params"])
    with tempfile.TemporaryDirectory() as name:
        walls = {
            jobs: timed(lambda j=jobs: UniversalExperimentLoop(tree, Path(name) / str(j), n_jobs=j).run())
            for jobs in (1, 2)
        }
        early, late = logging(Path(name) / "early", 0), logging(Path(name) / "late", 10_000)
    some = min(48, len(space))
    fresh, fitted = anew(tree, space, some), pure(tree, space)
    print(f"{len(space)} rounds of ridge over {len(tree['params']['lookback'])} preparations")
    print(f"  n_jobs=1                     {walls[1]:7.1f} s")
    print(f"  n_jobs=2                     {walls[2]:7.1f} s   {walls[1] / walls[2]:.2f}× faster")
    print(f"  one fit and predict a round  {fitted:7.1f} s   (a round also fits 5 walk-forward folds)")
    print(f"  {some} rounds, each prepared anew {fresh:5.1f} s   {len(space) / some:.0f} times that for all")
    print(f"  logging a round              {early:7.2f} ms at the beginning, {late:.2f} ms at round 10,000")


if __name__ == "__main__":
    main()
