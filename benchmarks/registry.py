"""Time the registry beside MLflow with SQLite: register, promote, load the champion, list, open; then alone.

    python benchmarks/registry.py [the mlflow of another environment]

Medians on new stores in a temporary directory, both measured in turn, operation by operation. Ours syncs
every write to its disk; predictions have 5,000 rows and the sensor 24 KiB, as a scaled ridge has. MLflow is
looked for as the tests look for it (`ZOO_TEST_MLFLOW`); without one its column stays empty.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path

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
LINE = "us_equity"
IMPORT = "import time; start = time.perf_counter(); import zoo.registry; print(time.perf_counter() - start)"
OPEN = """
import sys, time
import zoo.registry, zoo.registry.queries, sqlalchemy.dialects.sqlite
start = time.perf_counter()
with zoo.registry.Registry.open(sys.argv[1]) as registry:
    registry.champion("us_equity")
print(time.perf_counter() - start)
"""


def candidate(number: int) -> Candidate:
    """Return a candidate of the size that a scaled ridge on 20 stocks has."""
    rng = np.random.default_rng(number)
    days = pd.date_range("1993-01-01", periods=ROWS // 20).repeat(20)
    assets = [f"A{asset}" for asset in range(20)] * (ROWS // 20)
    metrics = {f"metric_{position}": float(value) for position, value in enumerate(rng.normal(size=10))}
    return Candidate(
        line=LINE,
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


def elsewhere(code: str, *arguments: str, repeats: int = 5) -> float:
    """Return the median milliseconds of what new processes say in seconds."""
    command = [sys.executable, "-c", code, *arguments]
    said = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(repeats)
    ]
    return 1000 * statistics.median(said)


def linear() -> Sensor:
    """Return the sensor of a linear model on ten features."""
    features = np.random.default_rng(7).normal(size=(500, 10))
    model = make_pipeline(StandardScaler(), Ridge()).fit(features, features[:, 0])
    names = tuple(f"feature_{number}" for number in range(10))
    return Sensor(0, SklearnModel(model), {"alpha": 1}, {}, {}, None, names, Trust())


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


# --- MLflow -------------------------------------------------------------------------------------


class MLflow:
    """The other side: a process of an environment that has MLflow; without one every answer is None.

    Args:
        python: that environment's; None where there is none.
        directory: of its store.
    """

    def __init__(self, python: Path | None, directory: str) -> None:
        self._command = [str(python), str(Path(__file__).with_name("registry_mlflow.py")), directory]
        self._process = None if python is None else self._start()
        self.version = None if self._process is None else self._answer()

    def _start(self) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self._command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=environment()
        )

    def _answer(self) -> object:
        assert self._process is not None
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise SystemExit("MLflow's side ended early: run benchmarks/registry_mlflow.py to see why")
        return json.loads(line)

    def __call__(self, name: str, number: int = 15) -> float | None:
        """Have an operation measured; the median of so many in milliseconds."""
        if self._process is None or self._process.stdin is None:
            return None
        self._process.stdin.write(f"{name} {number}\n")
        self._process.stdin.flush()
        said = self._answer()
        return None if said is None else float(str(said))

    def opening(self, repeats: int = 5) -> float | None:
        """Return how long an existing store takes to answer a new process, imports apart."""
        if self._process is None:
            return None
        command = [*self._command, "open"]
        said = [
            float(
                subprocess.run(command, capture_output=True, text=True, check=True, env=environment()).stdout
            )
            for _ in range(repeats)
        ]
        return statistics.median(said)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


def environment() -> dict[str, str]:
    """Return the environment of a process that shall not see zoo."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@contextlib.contextmanager
def other_side(directory: str) -> Iterator[MLflow]:
    """Start MLflow's side, if there is one."""
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ZOO_TEST_MLFLOW") or shutil.which("mlflow")
    python = None if named is None else Path(named).with_name("python")
    side = MLflow(python, directory)
    try:
        yield side
    finally:
        side.close()


def row(name: str, ours: float, theirs: float | None = None, bar: float | None = None) -> None:
    """Print one line: ours, MLflow's, and what ours may take at most."""
    other = "" if theirs is None else f"{theirs:10.1f}"
    limit = "" if bar is None else f"{bar:8.0f}"
    print(f"{name:<46}{ours:10.1f}{other:>10}{limit:>8}", flush=True)


# --- what is measured ---------------------------------------------------------------------------


def side_by_side(registry: Registry, url: str, mlflow: MLflow) -> None:
    """Measure what both can do."""
    candidates = iter([replace(candidate(number), sensor=linear().dumps()) for number in range(1_000, 1_060)])
    first = candidate(0)
    made = milliseconds(lambda: to_parquet(first.predictions)) + milliseconds(linear().dumps)
    whole = milliseconds(lambda: registry.register(next(candidates)), 60) + milliseconds(linear().dumps)
    row("register a linear model, serialisation included", whole, mlflow("register", 30))
    row("  without serialisation", whole - made, None, 8)
    ids = [version.version_id for version in registry.versions(limit=2)]
    registry.promote(ids[0], expect=None, reason="first")
    registry.promote(ids[1], expect=ids[0], reason="second")
    swaps = cycle(((ids[1], ids[0]), (ids[0], ids[1])))
    row("replace the champion", milliseconds(lambda: swap(registry, *next(swaps)), 50), mlflow("replace", 50))
    load = milliseconds(lambda: registry.load_champion(LINE), 50)
    row("load the champion, warm", load, mlflow("load", 50), 3)
    champion = milliseconds(lambda: registry.champion(LINE), 50)
    row("who is champion, of 60", champion, mlflow("champion", 50))
    row("open an existing store and ask", elsewhere(OPEN, url), mlflow.opening(), 30)
    more = iter(range(2_000, 10_000))
    while len(registry.versions()) < VERSIONS:
        registry.register(candidate(next(more)))
    mlflow("fill", VERSIONS)
    row(f"list {VERSIONS:,} versions", milliseconds(registry.versions), mlflow("all"), 10)
    row("list a page of 50 of them", milliseconds(lambda: registry.versions(limit=50)), mlflow("page"))
    champion = milliseconds(lambda: registry.champion(LINE), 50)
    row(f"who is champion, of {VERSIONS:,}", champion, mlflow("champion", 50))


def alone(registry: Registry, url: str) -> None:
    """Measure what only ours does."""
    first = registry.versions(limit=1)[0].version_id
    again = candidate(2_000)
    row("register the same content again", milliseconds(lambda: registry.register(again)))
    row("get one", milliseconds(lambda: registry.get(first)))
    row("read a sensor, digest checked", milliseconds(lambda: registry.read(first, "sensor.skops")))
    row("import zoo.registry", elsewhere(IMPORT))
    row(f"verify {VERSIONS:,} versions", milliseconds(registry.verify, 3))


def looks(registry: Registry, url: str, held: str) -> None:
    """Measure what is asked every day, in a store that holds so many versions."""
    row(f"list a page of 50, {held}", milliseconds(lambda: registry.versions(limit=50), 50))
    page = milliseconds(lambda: registry.versions(line=LINE, limit=50), 50)
    row(f"list a page of 50 of the line, {held}", page)
    row(f"who is champion, {held}", milliseconds(lambda: registry.champion(LINE), 100))
    load = milliseconds(lambda: load_champion(LINE, url=url, trusted=()), 30)
    row(f"open, and load the champion, {held}", load)


def growth(place: str) -> None:
    """Measure the same questions in a store of 100 versions and in one of 10,000."""
    url = f"sqlite:///{place}/growth/registry.db"
    with Registry.open(url) as registry:
        first = registry.register(replace(candidate(0), sensor=linear().dumps())).version.version_id
        other = registry.register(replace(candidate(1), sensor=linear().dumps())).version.version_id
        registry.promote(first, expect=None, reason="first")
        registry.promote(other, expect=first, reason="second")
        for number in range(2, 100):
            registry.register(candidate(number))
        looks(registry, url, "of 100")
        fill(url, MANY - 100)
        looks(registry, url, f"of {MANY:,}")
        swaps = cycle(((other, first), (first, other)))
        swapped = milliseconds(lambda: swap(registry, *next(swaps)), 50)
        row(f"replace the champion, of {MANY:,}", swapped)


def swap(registry: Registry, now: str, then: str) -> None:
    """Replace the champion by the one before."""
    registry.rollback(LINE, expect=now, version_id=then)


def main() -> None:
    """Print one line a measurement, in milliseconds."""
    with tempfile.TemporaryDirectory() as place, other_side(place) as mlflow:
        url = f"sqlite:///{place}/registry/registry.db"
        other = "no MLflow" if mlflow.version is None else f"MLflow {mlflow.version}"
        print(f"{'milliseconds':<46}{'zoo':>10}{other:>14}{'bar':>4}")
        with Registry.open(url) as registry:
            side_by_side(registry, url, mlflow)
            alone(registry, url)
        growth(place)


if __name__ == "__main__":
    main()
