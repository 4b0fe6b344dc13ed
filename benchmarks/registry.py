"""Time the registry: register, promote, load the champion, list, open, verify; also with 10,000 versions.

    python benchmarks/registry.py

Medians on a new store in a temporary directory, every write synced to its disk; predictions have 5,000 rows
and the sensor 24 KiB, as a scaled ridge has. Making Parquet of the predictions is part of registering.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sqlalchemy import select

from zoo.models import SklearnModel
from zoo.promotion import Sensor
from zoo.registry import Candidate, Registry, history
from zoo.registry.database import Database
from zoo.registry.predictions import to_parquet
from zoo.registry.schema import versions
from zoo.registry.serving import load_champion
from zoo.trust import Trust

MANY = 10_000
VERSIONS, ROWS, SENSOR = 1_000, 5_000, 24 * 1024
IMPORT = "import time; start = time.perf_counter(); import zoo.registry; print(time.perf_counter() - start)"


def candidate(number: int) -> Candidate:
    """Return a candidate of the size that a scaled ridge on 20 stocks has."""
    rng = np.random.default_rng(number)
    days = pd.date_range("1993-01-01", periods=ROWS // 20).repeat(20)
    assets = [f"A{asset}" for asset in range(20)] * (ROWS // 20)
    metrics = {f"metric_{position}": float(value) for position, value in enumerate(rng.normal(size=10))}
    return Candidate(
        line="us_equity",
        label="resmom",
        spec="residual_momentum",
        experiment="momentum",
        permutation_id=number,
        train_end=days[-1].date(),
        inputs={"number": number, "settings": {"forward_days": 21}},
        overrides={"residual_momentum_enabled": True},
        metrics=dict.fromkeys(("logged", "reproduced", "variant", "refit"), metrics),
        lineage={"libraries": {f"library_{position}": "1.2.3" for position in range(10)}},
        config="spec: residual_momentum\n" * 40,
        sensor=rng.bytes(SENSOR),
        predictions=pd.DataFrame(
            {"part": "refit", "date": days, "asset": assets, "prediction": rng.normal(size=ROWS)}
        ),
    )


def milliseconds(run: Callable[[], object], repeats: int = 15) -> float:
    """Return the median wall time of `run`."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def importing() -> float:
    """Return the milliseconds that importing the registry takes in a new process."""
    command = [sys.executable, "-c", IMPORT]
    times = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(5)
    ]
    return 1000 * statistics.median(times)


def linear() -> bytes:
    """Return the sensor of a linear model on ten features."""
    features = np.random.default_rng(7).normal(size=(500, 10))
    model = make_pipeline(StandardScaler(), Ridge()).fit(features, features[:, 0])
    names = tuple(f"feature_{number}" for number in range(10))
    return Sensor(0, SklearnModel(model), {"alpha": 1}, {}, {}, None, names, Trust()).dumps()


def fill(url: str, count: int) -> None:
    """Add rows and events of versions that have no files, in one transaction: registering takes minutes."""
    database = Database(url)
    with database.writing() as connection:
        row = dict(connection.execute(select(versions).limit(1)).mappings().one())
        for number in range(count):
            made = f"{number:064x}"
            copy = {
                **row,
                "version_id": f"filled-20171229-{number:08x}",
                "fingerprint": made,
                "position": None,
            }
            connection.execute(versions.insert().values(**{**copy, "stage": "challenger"}))
            details = {"digest": row["digest"]}
            history.append(
                connection, "registered", line=row["line"], version_id=copy["version_id"], details=details
            )
    database.close()


def measure(name: str, run: Callable[[], object], repeats: int = 15) -> None:
    """Print one line."""
    print(f"{name:<46}{milliseconds(run, repeats):8.1f} ms", flush=True)


def looks(registry: Registry, url: str, held: str) -> None:
    """Measure what is asked every day, in a store that holds so many versions."""
    measure(f"list a page of 50, {held}", lambda: registry.versions(limit=50))
    measure(f"who is champion, {held}", lambda: registry.champion("us_equity"), 50)
    measure(f"open, and load the champion, {held}", lambda: load_champion("us_equity", url=url, trusted=()))


def main() -> None:
    """Print one line a measurement."""
    with tempfile.TemporaryDirectory() as place:
        url = f"sqlite:///{place}/registry.db"
        registry = Registry.open(url)
        candidates = map(candidate, range(1, 10_000))
        first = replace(candidate(0), sensor=linear())
        version_id = registry.register(first).version.version_id
        other = registry.register(replace(next(candidates), sensor=linear())).version.version_id
        registry.promote(version_id, expect=None, reason="first")
        registry.promote(other, expect=version_id, reason="second")
        whole = milliseconds(lambda: registry.register(next(candidates)), 100) - milliseconds(
            lambda: next(candidates), 30
        )
        parquet = milliseconds(lambda: to_parquet(first.predictions))
        print(f"{'register':<46}{whole:8.1f} ms, of which Parquet {parquet:.1f}")
        measure("register the same content again", lambda: registry.register(first))
        swaps = cycle(((other, version_id), (version_id, other)))
        measure("replace the champion", lambda: swap(registry, *next(swaps)), 50)
        measure("load the champion, registry open", lambda: registry.load_champion("us_equity"), 50)
        measure("get one", lambda: registry.get(version_id))
        measure("read a sensor, digest checked", lambda: registry.read(version_id, "sensor.skops"))
        measure("open an existing store", lambda: Registry.open(url))
        print(f"{'import zoo.registry':<46}{importing():8.1f} ms")
        looks(registry, url, "of 100")
        while len(registry.versions()) < VERSIONS:
            registry.register(next(candidates))
        measure(f"list {VERSIONS:,} versions", registry.versions)
        measure(f"verify {VERSIONS:,} versions", registry.verify, 3)
        fill(url, MANY - VERSIONS)
        looks(registry, url, f"of {MANY:,}")
        measure(f"replace the champion, of {MANY:,}", lambda: swap(registry, *next(swaps)), 50)


def swap(registry: Registry, now: str, then: str) -> None:
    """Replace the champion by the one before."""
    registry.rollback("us_equity", expect=now, version_id=then)


if __name__ == "__main__":
    main()
