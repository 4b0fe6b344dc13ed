"""Time the shadow of 100 versions over 1,000 bars of 500 assets, and count the features that are computed.

    python benchmarks/shadow.py [versions=100] [bars=1000] [assets=500] [shared=1] [repeats=3]

The versions are ridge regressions over five features; `shared=4` gives them four different sets of features.
Each run starts from an empty record, in a process of its own, and predicts every bar after the training; a
second run right after it finds nothing to do. What is counted, for each set of features that versions share:
once those of all bars, and for the proof those of the data that is cut at each of three bars.
Seconds on the clock and on the processors, and peak memory, each as median, minimum and maximum.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from judged import LINE, TRAINING, TRUST, apart, measured, now, prices, register

from zoo.evaluation.record import records_root
from zoo.evaluation.rules import ShadowRules
from zoo.evaluation.shadow import Shadowing
from zoo.registry import Registry

ALLOWED = 60.0  # seconds
LOOKBACKS = (63, 84, 126, 189, 252)


def feature_set(number: int) -> list[dict[str, object]]:
    """Return five features; those of another number have another lookback."""
    lookback = LOOKBACKS[number % len(LOOKBACKS)]
    return [
        {"_target_": "zoo.features.momentum", "lookback": lookback, "skip": 21},
        {"_target_": "zoo.features.reversal", "lookback": 21},
        {"_target_": "zoo.features.realised_volatility", "window": 63},
        {"_target_": "zoo.features.rsi", "window": 14},
        {"_target_": "zoo.features.roc", "lookback": lookback // 2},
    ]


def build(root: Path, versions: int, bars: int, assets: int, shared: int) -> None:
    """Write prices, and register the versions."""
    dates = prices(root / "prices.parquet", assets=assets, bars=TRAINING + bars)
    with Registry.open(f"sqlite:///{root}/registry/registry.db") as registry:
        for number in range(shared):
            alphas = np.geomspace(0.1, 1_000.0, versions // shared).tolist()
            path, end = root / "prices.parquet", dates[TRAINING - 1]
            found = register(registry, path, feature_set(number), end=end, alphas=alphas)
            if number == 0:
                registry.promote(found[0], expect=None, reason="the first")


def once(root: Path) -> dict[str, object]:
    """Shadow all versions twice in this process; the second time there is nothing to do."""
    import zoo.evaluation.proof

    computed = {"all": 0, "cut": 0}
    serve, cut = zoo.evaluation.proof.features_of, zoo.evaluation.proof._visible_features

    def counted(kind: str, function: object) -> object:
        def call(*given: object) -> object:
            computed[kind] += 1
            return function(*given)  # type: ignore[operator]

        return call

    import zoo.evaluation.shadow

    zoo.evaluation.shadow.features_of = counted("all", serve)  # type: ignore[assignment]
    zoo.evaluation.proof._visible_features = counted("cut", cut)  # type: ignore[assignment]
    with Registry.open(f"sqlite:///{root}/registry/registry.db") as registry:
        found = []

        def run() -> None:
            shadowing = Shadowing(registry, root / "registry", LINE, ShadowRules(), trust=TRUST, now=now())
            found.append(shadowing.run())

        first = measured(run)
        told = dict(computed)
        again = measured(run)
    results = found[0].results
    failed = [one.message for one in results if one.error is not None]
    if failed:
        raise SystemExit(f"{len(failed)} versions failed: {failed[0]}")
    return {**first, "again": again["wall"], **told, "bars": sum(one.new for one in results)}


def main(
    versions: int = 100, bars: int = 1_000, assets: int = 500, shared: int = 1, repeats: int = 3
) -> None:
    """Run the benchmark."""
    found = []
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        build(root, versions, bars, assets, shared)
        for _ in range(repeats):
            shutil.rmtree(records_root(root / "registry", LINE.name), ignore_errors=True)
            found.append(apart(__file__, "once", str(root)))
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: {versions} versions over {bars:,} bars of "
        f"{assets} assets, {shared} sets of features; {repeats} runs, median (minimum to maximum)"
    )
    for name, unit in (("wall", "s"), ("processor", "s"), ("memory", "MB"), ("again", "s")):
        values = [one[name] for one in found]
        limit = f"   at most {ALLOWED:.0f}" if name == "wall" else ""
        spread = f"({min(values):.1f} to {max(values):.1f})"
        print(f"  {name:10} {statistics.median(values):8.1f} {unit:2} {spread}{limit}")
    one = found[0]
    print(
        f"  features computed {one['all']} × of all bars, {one['cut']} × of data that is cut, for the proof"
    )
    print(f"  {one['bars']:,} bars were predicted and recorded")


if __name__ == "__main__":
    if sys.argv[1:2] == ["once"]:
        print(json.dumps(once(Path(sys.argv[2]))))
    else:
        main(**{name: int(value) for name, value in (one.split("=", 1) for one in sys.argv[1:])})
