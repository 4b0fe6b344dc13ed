"""A small line of 12 assets: a source that a test can change, features that look ahead, versions of it."""

import datetime as dt
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from zoo.data import Dataset
from zoo.evaluation.leaderboard import Leaderboard, Terms
from zoo.evaluation.record import Record, records_root
from zoo.evaluation.rules import BoardRules, ShadowRules
from zoo.evaluation.shadow import Shadowing
from zoo.line import Line
from zoo.manifest.manifest import Manifest
from zoo.manifest.prepare import prepare
from zoo.manifest.run import run
from zoo.manifest.workbench import Workbench
from zoo.portfolio import Costs
from zoo.promotion import Sensor
from zoo.registry import Candidate, Registry
from zoo.settings import DEFAULTS
from zoo.trust import Trust

HERE = "tests.evaluation.small"
TRUST = Trust(prefixes=("zoo.", "sklearn.", f"{HERE}."))
LINE = Line("small", f"{HERE}.prices", "zoo.targets.forward_return", horizon=5, rebalance=5)
TRAINED_UNTIL = "2020-12-31"
#: registered long after the data ends: everything is replayed
LATER = "2026-01-05T12:00:00.000000+00:00"
NOW = dt.datetime(2026, 2, 2, 12, tzinfo=dt.UTC)
TARGET = {"_target_": "zoo.targets.forward_return"}
LONG_SHORT = {"_target_": "zoo.portfolio.quantile_long_short", "quantile": 0.25}
LONG_ONLY = {"_target_": "zoo.portfolio.long_only_top", "fraction": 0.25}

#: what the source gives, and how often it was asked
STATE: dict = {"data": None, "reads": 0}


def market(bars=400, assets=12, seed=1, start="2020-01-01"):
    """Prices that drift for a while, so that a trend says something."""
    chance = np.random.default_rng(seed)
    drift = chance.normal(0, 0.001, (bars // 50 + 1, assets)).repeat(50, axis=0)[:bars]
    returns = drift + chance.normal(0.0002, 0.01, (bars, assets))
    dates = pd.bdate_range(start, periods=bars)
    close = pd.DataFrame(100 * np.exp(returns.cumsum(axis=0)), dates, [f"A{n:02d}" for n in range(assets)])
    return Dataset({"close": close}, name="small")


def prices(*, end=None):
    """The source of the line; in a process of its own, from the file that the environment names."""
    STATE["reads"] += 1
    data = STATE["data"]
    if data is None:
        close = pd.read_parquet(os.environ["ZOO_TEST_SMALL"])
        data = Dataset({"close": close}, name="small")
    return data if end is None else data.until(end)


def trend(prices, *, window=10):
    return prices / prices.shift(window) - 1.0


def peeking(prices, *, ahead=1):
    """Looks at a later bar."""
    return prices.shift(-ahead) / prices - 1.0


def whole(prices):
    """Subtracts the mean over all bars, later ones included."""
    return prices.pct_change() - prices.pct_change().mean()


def late(prices):
    """Reads by its date a bar that is not there yet, where the data is cut."""
    return prices / prices.loc[STATE["data"].dates[-1]]


def broken(prices):
    """Breaks once the training is over."""
    if len(prices) > 300:
        raise ValueError("this feature broke")
    return trend(prices)


def sleepy(prices):
    """Takes its time once the training is over."""
    while len(prices) > 300:
        time.sleep(0.01)
    return trend(prices)


def killing(prices):
    """Takes the whole process along once the training is over."""
    if len(prices) > 300:
        os.kill(os.getpid(), signal.SIGKILL)
    return trend(prices)


def stubborn(prices):
    """Never comes back, and cannot be interrupted."""
    if len(prices) > 300:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        time.sleep(3600)
    return trend(prices)


def level(prices):
    """Says the same of all."""
    return prices * 0.0


def other_policy(scores):
    return np.zeros(scores.shape)


def sensor_of(features, *, end=TRAINED_UNTIL, horizon=5, alpha=1.0, source=f"{HERE}.prices"):
    """Train a ridge on features of the line's data up to `end`."""
    declared = [{"_target_": name if "." in name else f"{HERE}.{name}", **more} for name, more in features]
    tree = {
        "data": {"_target_": source, "end": end},
        "features": declared,
        "target": {"_target_": "zoo.targets.forward_return", "horizon": horizon, "demean": True},
        "rows": {"every": 5},
        "split": [1, 0, 0],
        "model": {"_target_": "sklearn.linear_model.Ridge", "alpha": alpha},
        "portfolio": False,
    }
    bound = Manifest.from_config(tree, seed=0, trust=TRUST, where="small").bind({})
    data = prices(end=end)
    prepared = prepare(bound, Workbench(data))
    model = run(bound, prepared).model
    cube, train = prepared.cube, prepared.train
    last = cube.dates[int(train.position[train.labelled].max()) + horizon].date()
    metadata = {
        "horizon": horizon,
        "data": data.fingerprint().as_dict(),
        "settings": {"effective": dict(DEFAULTS)},
        "train_end": last.isoformat(),
    }
    return Sensor(0, model, {}, metadata, {}, bound, train.names, TRUST), last


NOTHING = pd.DataFrame({"part": ["test"], "row": [0], "prediction": [0.0]})


def refitted(sensor, end=TRAINED_UNTIL):
    """What a sensor says of the data that it was trained on."""
    frame = sensor.predict(prices(end=end)).rename("prediction").reset_index()
    return frame.assign(part="refit")


@dataclass
class World:
    """A registry with versions of the small line, and what is done with them."""

    root: Path
    patch: object
    line: Line = LINE
    registry: Registry = field(init=False)

    def __post_init__(self):
        self.registry = Registry.open(f"sqlite:///{self.root}/registry/registry.db")

    @property
    def artifacts(self):
        return self.root / "registry"

    @property
    def records(self):
        return records_root(self.artifacts, self.line.name)

    def record(self, version):
        return Record(self.records, version.version_id)

    def register(
        self,
        label,
        *features,
        at=LATER,
        spec=None,
        number=0,
        champion=False,
        agreement=None,
        more=None,
        kept=False,
        **training,
    ):
        """Train and register a version as of a moment.

        `agreement` is what its lineage says of its refit, `more` what else its inputs say;
        `kept`: with what its refit predicted.
        """
        features = [(one, {}) if isinstance(one, str) else one for one in features or ("trend",)]
        sensor, last = sensor_of(features, **training)
        candidate = Candidate(
            line=self.line.name,
            label=label,
            spec=spec or label,
            experiment="small",
            permutation_id=number,
            train_end=last,
            inputs={
                "label": label,
                "features": features,
                "manifest": {"target": TARGET},
                **training,
                **(more or {}),
            },
            overrides={},
            metrics={},
            lineage=sensor.metadata | ({} if agreement is None else {"agreement": agreement}),
            config="",
            sensor=sensor.dumps(),
            predictions=refitted(sensor) if kept else NOTHING,
        )
        with self.patch.context() as patch:
            patch.setattr("zoo.registry.history.now", lambda: at)
            version = self.registry.register(candidate).version
        if champion:
            self.crown(version)
        return self.registry.get(version.version_id)

    def crown(self, version):
        before = self.registry.champion(self.line.name)
        expect = None if before is None else before.version_id
        self.registry.promote(version.version_id, expect=expect, reason="a test")

    def shadowing(self, *, until=None, now=NOW, observers=(), **rules):
        rules = ShadowRules(**rules)
        registry, artifacts = self.registry, self.artifacts
        return Shadowing(
            registry, artifacts, self.line, rules, trust=TRUST, until=until, now=now, observers=observers
        )

    def shadow(self, **options):
        return self.shadowing(**options).run()

    def result(self, run, version):
        return next(one for one in run.results if one.version_id == version.version_id)

    def terms(self, policy=None, costs=None, **rules):
        rules = BoardRules(**{"permutations": 0, "draws": 0, "blocks": 4, **rules})
        return Terms(rules, policy or LONG_SHORT, 1, costs or Costs(), TRUST)

    def leaderboard(self, *, now=NOW, observers=(), **terms):
        terms = self.terms(**terms)
        return Leaderboard(self.registry, self.artifacts, self.line, terms, now, observers)

    def board(self, **options):
        return self.leaderboard(**options).board()
