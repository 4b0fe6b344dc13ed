"""What several rooms test with: real prices, and one small experiment made from them."""

import copy
import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.object_store import bucket, credentials, s3_endpoint  # noqa: F401  # one server for every room's tests
from tests.registry.mlflow_server import mlflow_server  # noqa: F401
from tests.registry.postgres_server import postgres_server  # noqa: F401
from zoo.password import VARIABLE

# a busy machine is no failure: what is drawn is judged by what it gives, never by how long it took
settings.register_profile("zoo", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("zoo")

DEFINITION = {
    "params": {"lookback": [20, 40], "alpha": [1, 10]},
    "search": {"strategy": "grid", "seed": 7},
    "manifest": {
        "data": {"_target_": "zoo.data.sp500", "end": "1997-12-31"},
        "features": [
            {"_target_": "zoo.features.momentum", "lookback": "${params.lookback}", "skip": 5},
            {
                "_target_": "zoo.features.residual_momentum",
                "window": 60,
                "lookback": 40,
                "skip": 5,
                "include_if": "${settings.residual_momentum_enabled}",
            },
        ],
        "target": {
            "_target_": "zoo.targets.forward_return",
            "horizon": "${settings.forward_days}",
            "demean": "${settings.xsec_demean_alpha_enabled}",
        },
        "rows": {"every": 21},
        "split": [8, 1, 2],
        "scaler": {"_target_": "sklearn.preprocessing.StandardScaler"},
        "model": {"_target_": "sklearn.linear_model.Ridge", "alpha": "${params.alpha}"},
    },
}


@pytest.fixture(autouse=True)
def nothing_entrusted():
    """A password that a test put into a URL is in no other test's environment."""
    yield
    os.environ.pop(VARIABLE, None)


@pytest.fixture
def definition():
    """A small declaration over real prices: four permutations, about 90 cross-sections."""
    return copy.deepcopy(DEFINITION)


@pytest.fixture(scope="session")
def prices():
    from zoo.data import sp500

    return sp500(end="1997-12-31")


@pytest.fixture(scope="session")
def made_experiment(tmp_path_factory, prices):
    """The small experiment, made once a session; tests get copies."""
    from zoo.experiment.loop import run_experiment

    path = tmp_path_factory.mktemp("experiments") / "small"
    run_experiment(DEFINITION, path, data=prices)
    return path


@pytest.fixture
def experiment_dir(made_experiment, tmp_path):
    """A copy of the small experiment, to be used or spoilt."""
    return Path(shutil.copytree(made_experiment, tmp_path / "experiments" / "small"))


@pytest.fixture
def edit_json():
    """Change a JSON file through a function."""

    def edit(path, change):
        value = json.loads(path.read_text())
        change(value)
        path.write_text(json.dumps(value))

    return edit
