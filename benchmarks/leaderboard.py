"""Time the leaderboard of 1,000 versions over 2,500 days: without bootstrap, and with 1,000 draws.

    python benchmarks/leaderboard.py [versions=1000] [bars=2500] [assets=20] [draws=1000] [repeats=3]

Records of random scores, with something of the coming return in some of them, are written as the shadow
writes them. `first`: nothing was computed before, so that every record is read and held over all 21 starting
phases; what that comes to is kept beside the records. `no draws`: nothing has changed since. `1,000 draws`:
intervals and the confidence set besides. Each in a process of its own: seconds on the clock and on the
processors, and peak memory, as medians.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from judged import LINE, LONG_SHORT, TRAINING, TRUST, apart, measured, now, prices, register
from numpy.typing import NDArray

from zoo.data import parquet
from zoo.evaluation.days import Days
from zoo.evaluation.leaderboard import Terms
from zoo.evaluation.record import About, Record, records_root, writing
from zoo.evaluation.rules import BoardRules
from zoo.evaluation.standings import standings
from zoo.portfolio import Costs
from zoo.registry import Registry, Version

FEATURES = [{"_target_": "zoo.features.momentum", "lookback": 126, "skip": 21}]


def build(root: Path, versions: int, bars: int, assets: int) -> None:
    """Write prices, versions and their records.

    The first version is trained and registered; the rows of the others are its own under other names, and no
    file is synced: training, registering and shadowing are timed elsewhere.
    """
    dates = prices(root / "prices.parquet", assets=assets, bars=TRAINING + bars)
    close = parquet(root / "prices.parquet").close.to_numpy()  # type: ignore[union-attr]
    shadowed, rng = dates[TRAINING:], np.random.default_rng(3)
    ahead = np.zeros((bars, assets))
    ahead[: -LINE.horizon] = close[TRAINING + LINE.horizon :] / close[TRAINING : -LINE.horizon] - 1.0
    database = root / "registry" / "registry.db"
    with Registry.open(f"sqlite:///{database}") as registry:
        end = dates[TRAINING - 1]
        (first,) = register(registry, root / "prices.parquet", FEATURES, end=end, alphas=[1.0])
        copy(database, versions)
        registry.promote(first, expect=None, reason="the first")
        records = records_root(root / "registry", LINE.name)
        records.mkdir(parents=True, exist_ok=True)
        os.fsync = lambda fd: None
        with writing(records):
            for number, version in enumerate(registry.versions(line=LINE.name)):
                share = 0.2 * (number % 10) / 10.0
                scores = share * ahead / ahead.std() + rng.normal(size=ahead.shape)
                _record(version, records, shadowed, scores)


def copy(database: Path, versions: int) -> None:
    """Write the row of the only version again under other names."""
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        row = dict(connection.execute("SELECT * FROM versions").fetchone())
        statement = (
            f"INSERT INTO versions ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})"
        )
        for number in range(2, versions + 1):
            name, mark = f"{row['version_id'][:-8]}{number:08x}", f"{number:064x}"
            other = {"position": number, "version_id": name, "permutation_id": number, "fingerprint": mark}
            connection.execute(statement, {**row, **other})


def _record(version: Version, root: Path, dates: pd.DatetimeIndex, scores: NDArray[np.float64]) -> None:
    record = Record(root, version.version_id)
    told = About(
        version.version_id,
        LINE.name,
        version.spec,
        version.experiment,
        version.permutation_id,
        str(version.train_end),
        dates[0].isoformat(),
        version.created_at,
        LINE.horizon,
    )
    index, assets = record.begin(told), tuple(f"A{number:03d}" for number in range(scores.shape[1]))
    for start in range(0, len(dates), 252):
        rows = slice(start, start + 252)
        count = len(dates[rows])
        seen = tuple(f"{place:064x}" for place in range(start, start + count))
        nobody = np.zeros(count, dtype=bool)
        days = Days(dates[rows], assets, scores[rows], nobody, nobody, seen)
        index = record.append(index, days, seen[-1])


def once(root: Path, draws: int) -> dict[str, float]:
    """Put everybody side by side in this process."""
    rules = BoardRules(permutations=0, draws=draws)
    terms = Terms(rules, LONG_SHORT, 1, Costs.preset("retail"), TRUST)
    rows: list[dict[str, object]] = []
    with Registry.open(f"sqlite:///{root}/registry/registry.db", read_only=True) as registry:
        found = measured(lambda: rows.extend(standings(registry, root / "registry", LINE, terms, now())))
    ranked = sum(row["rank"] is not None for row in rows)
    return {**found, "ranked": float(ranked)}


def main(
    versions: int = 1_000, bars: int = 2_500, assets: int = 20, draws: int = 1_000, repeats: int = 3
) -> None:
    """Run the benchmark."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        build(root, versions, bars, assets)
        print(
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: {versions:,} versions over {bars:,} "
            f"days of {assets} assets; median of {repeats} (minimum to maximum)"
        )
        show("first, no draws", "", [apart(__file__, "once", str(root), "0")])
        for name, asked, limit in (("no draws", 0, 5), (f"{draws:,} draws", draws, 60)):
            runs = [apart(__file__, "once", str(root), str(asked)) for _ in range(repeats)]
            show(name, f"at most {limit} s, 2,048 MB", runs)


def show(name: str, limit: str, runs: list[dict[str, float]]) -> None:
    cells = []
    for figure, unit in (("wall", "s"), ("processor", "s"), ("memory", "MB")):
        values = [run[figure] for run in runs]
        spread = f" ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else ""
        cells.append(f"{figure} {statistics.median(values):.1f} {unit}{spread}")
    print(f"  {name:16} {'; '.join(cells)}   {limit}   {runs[0]['ranked']:.0f} ranked", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["once"]:
        print(json.dumps(once(Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        main(**{name: int(value) for name, value in (one.split("=", 1) for one in sys.argv[1:])})
