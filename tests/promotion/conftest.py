"""The seeded experiments, a calibrated classifier; another library, and experiments that it has run."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.signal import lfilter

from zoo.promotion import Trainer
from zoo.trust import LOCAL_PREFIX, Trust

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXPERIMENTS = ROOT / "outputs" / "experiments"


def forget(*packages):
    """Have the next test import its own copies; local decoders still hold the ones before."""
    for name in list(sys.modules):
        if name.partition(".")[0] in packages or name.startswith(LOCAL_PREFIX):
            del sys.modules[name]


@pytest.fixture
def their_trust():
    """A trust list with the other library on it."""
    return Trust(prefixes=("zoo.", "sklearn.", "other_library."))


@pytest.fixture
def library(monkeypatch):
    """The other library, on the path."""
    monkeypatch.syspath_prepend(str(HERE))
    yield HERE / "other_library"
    forget("other_library")


@pytest.fixture(scope="session")
def their_experiments(tmp_path_factory):
    """Finished experiments of the other library by name, made once a session."""
    root = tmp_path_factory.mktemp("theirs")
    sys.path.insert(0, str(HERE))
    try:
        from other_library import loop
        from other_library.decoders import direction, returns

        return {
            "direction": loop.run(direction, root / "direction"),
            "returns": loop.run(returns, root / "returns"),
        }
    finally:
        sys.path.remove(str(HERE))
        forget("other_library")


@pytest.fixture
def theirs(library, their_experiments, tmp_path):
    """Copy one of the other library's experiments, to be used or spoilt."""

    def copied(name="direction"):
        return Path(shutil.copytree(their_experiments[name], tmp_path / "experiments" / name))

    return copied


@pytest.fixture(scope="session")
def market():
    """The data of the seeded experiments."""
    from zoo.data import sp500

    return sp500(end="2017-12-29")


@pytest.fixture(scope="session")
def momentum(market):
    """A trainer over the seeded linear experiment."""
    from zoo.promotion import Trainer

    return Trainer(EXPERIMENTS / "momentum", market)


@pytest.fixture(scope="session")
def linear(momentum):
    """Ridge over two features, of which one needs factors."""
    return momentum.train([7], overrides={"residual_momentum_enabled": True})[0]


@pytest.fixture(scope="session")
def boosted(market):
    """Histogram gradient boosting over five features."""
    from zoo.promotion import Trainer

    return Trainer(EXPERIMENTS / "blender", market).train([0])[0]


@pytest.fixture(scope="session")
def tabular_sensor():
    """Ridge over a table."""
    from zoo.promotion import Trainer

    return Trainer(EXPERIMENTS / "diabetes").train([1])[0]


@pytest.fixture(scope="session")
def planted(market):
    """A market on the same calendar whose assets drift for about a year, so that momentum says something."""
    from zoo.data import Dataset

    random = np.random.RandomState(0)
    shape = market.close.shape
    drift = lfilter([1.0], [1.0, -0.996], random.standard_normal(shape) * 1.5e-4, axis=0)
    noise = random.standard_normal(shape) * 0.01
    returns = np.nan_to_num(market.factors.to_numpy()[:, :1]) + drift + noise
    close = pd.DataFrame(100 * np.exp(np.cumsum(returns, axis=0)), market.close.index, market.close.columns)
    return Dataset({"close": close}, market.factors)


@pytest.fixture(scope="session")
def direction_dir(tmp_path_factory, planted):
    """The shipped calibrated classifier on the planted market, with four permutations of its twelve."""
    from zoo.experiment.loop import run_experiment

    definition = yaml.safe_load((ROOT / "conf" / "experiment" / "direction.yaml").read_text())
    definition["params"] = {"C": [0.01, 1], "scaler": ["standard"], "without": [None, "reversal"]}
    path = tmp_path_factory.mktemp("direction") / "direction"
    run_experiment(definition, path, data=planted)
    return path


@pytest.fixture(scope="session")
def direction(direction_dir, planted):
    """A trainer over calibrated classifiers."""
    from zoo.promotion import Trainer

    return Trainer(direction_dir, planted)


@pytest.fixture(scope="session")
def calibrated(direction):
    """A calibrated classifier with a threshold of its own."""
    return direction.train([1])[0]


@pytest.fixture
def train(their_trust):
    def promoted(path, number=0, overrides=None, trusted=None, data=None):
        trust = their_trust if trusted is None else trusted
        return Trainer(path, data, trusted=trust).train([number], overrides=overrides)[0]

    return promoted
