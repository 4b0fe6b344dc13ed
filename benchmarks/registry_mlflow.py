"""MLflow's side of `benchmarks/registry.py`: run by the Python of an environment that has MLflow, not zoo.

    <that python> registry_mlflow.py <directory>          # then one operation a line on stdin, JSON on stdout
    <that python> registry_mlflow.py <directory> open     # milliseconds until an existing store has answered

The store is SQLite in that directory, without a server in between. A version is logged and registered with
its requirements given, which is the quick way: left to itself MLflow infers them for seconds.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable
from itertools import cycle

os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false")

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.store.model_registry import sqlalchemy_store as _registry  # noqa: F401  # not part of opening
from mlflow.store.tracking import sqlalchemy_store as _tracking  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

LINE = "us_equity"


def connect(directory: str) -> MlflowClient:
    """Return a client of the store; where there is none, its first question makes it."""
    url = f"sqlite:///{directory}/mlflow.db"
    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    return MlflowClient()


def opening(directory: str) -> float:
    """Return the milliseconds until an existing store has said who is champion."""
    start = time.perf_counter()
    connect(directory).get_model_version_by_alias(LINE, "champion")
    return 1000 * (time.perf_counter() - start)


class Store:
    """An MLflow store with two versions, the first of which is champion."""

    def __init__(self, directory: str) -> None:
        self.client = connect(directory)
        mlflow.create_experiment("benchmark", artifact_location=f"file://{directory}/artifacts")
        mlflow.set_experiment("benchmark")
        features = np.random.default_rng(7).normal(size=(500, 10))
        self.model = make_pipeline(StandardScaler(), Ridge()).fit(features, features[:, 0])
        self.register()
        self.register()
        self.client.set_registered_model_alias(LINE, "champion", "1")
        self.versions = cycle("21")

    def register(self) -> None:
        """Log and register a version."""
        with mlflow.start_run():
            mlflow.sklearn.log_model(
                self.model, name="model", pip_requirements=["scikit-learn"], registered_model_name=LINE
            )

    def replace(self) -> None:
        """Move the alias."""
        self.client.set_registered_model_alias(LINE, "champion", next(self.versions))

    def load(self) -> None:
        """Load the champion."""
        mlflow.sklearn.load_model(f"models:/{LINE}@champion")

    def champion(self) -> None:
        """Look up the champion."""
        self.client.get_model_version_by_alias(LINE, "champion")

    def page(self) -> None:
        """List fifty versions."""
        self.client.search_model_versions(f"name='{LINE}'", max_results=50)

    def all(self) -> int:
        """List every version."""
        return len(self.client.search_model_versions(f"name='{LINE}'", max_results=10_000))

    def fill(self, count: int) -> None:
        """Add rows of versions until there are so many."""
        source = self.client.get_model_version(LINE, "1").source
        for _ in range(count - self.all()):
            self.client.create_model_version(LINE, source, await_creation_for=0)


def median(run: Callable[[], object], repeats: int) -> float:
    """Return the median wall time in milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def main() -> None:
    """Answer `name repeats` with milliseconds, and `fill count` once that is done."""
    logging.disable(logging.WARNING)
    directory, *words = sys.argv[1:]
    answer, sys.stdout = sys.stdout, sys.stderr  # MLflow says a word at every registration
    if words == ["open"]:
        print(json.dumps(opening(directory)), file=answer)
        return
    store = Store(directory)
    print(json.dumps(mlflow.__version__), file=answer, flush=True)
    for line in sys.stdin:
        name, number = line.split()
        said = store.fill(int(number)) if name == "fill" else median(getattr(store, name), int(number))
        print(json.dumps(said), file=answer, flush=True)


if __name__ == "__main__":
    main()
