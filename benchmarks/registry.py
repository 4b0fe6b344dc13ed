"""Time the registry: register, list 1,000 versions, read a sensor, open an existing store, verify.

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

import numpy as np
import pandas as pd

from zoo.registry import Candidate, Registry
from zoo.registry.predictions import to_parquet

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


def main() -> None:
    """Print one line a measurement."""
    with tempfile.TemporaryDirectory() as place:
        url = f"sqlite:///{place}/registry.db"
        registry = Registry.open(url)
        candidates = map(candidate, range(10_000))
        first = next(candidates)
        version_id = registry.register(first).version.version_id
        whole = milliseconds(lambda: registry.register(next(candidates)), 100) - milliseconds(
            lambda: next(candidates), 30
        )
        parquet = milliseconds(lambda: to_parquet(first.predictions))
        print(f"register                        {whole:8.1f} ms, of which Parquet {parquet:.1f}")
        print(f"register the same content again {milliseconds(lambda: registry.register(first)):8.1f} ms")
        while len(registry.versions()) < VERSIONS:
            registry.register(next(candidates))
        print(f"list {VERSIONS:,} versions             {milliseconds(registry.versions):8.1f} ms")
        print(f"get one                         {milliseconds(lambda: registry.get(version_id)):8.1f} ms")
        print(
            "read a sensor, digest checked   "
            f"{milliseconds(lambda: registry.read(version_id, 'sensor.skops')):8.1f} ms"
        )
        reopen = milliseconds(lambda: Registry.open(url).champion("us_equity"))
        print(f"open, and look for the champion {reopen:8.1f} ms, after an import of {importing():.0f}")
        print(f"verify {VERSIONS:,} versions           {milliseconds(registry.verify, 3):8.1f} ms")


if __name__ == "__main__":
    main()
