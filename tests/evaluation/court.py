"""Zoos that are made up: returns of known merit on a calendar, live from a bar on."""

from dataclasses import replace

import numpy as np
import pandas as pd

from zoo.evaluation.evidence import Contender, Evidence
from zoo.evaluation.gate import Gate
from zoo.evaluation.power import Verdict
from zoo.evaluation.verdict import Judge

BARS = 1_000
DATES = pd.bdate_range("2020-01-01", periods=BARS)
TARGET = "zoo.targets.forward_return over 21 bars"
QUICK = Gate(draws=400)
DECIDABLE = Verdict("superior", 2.0, 10.0, 0.9, undecidable=False)


def returns(sharpe=0.0, seed=0, bars=BARS):
    """Daily returns with exactly this annual Sharpe ratio."""
    values = np.random.default_rng(seed).normal(size=bars)
    values = (values - values.mean()) / values.std()
    return 0.01 * (values + sharpe / np.sqrt(252))


def contender(name, net=None, stage="challenger", live_from=0, **changes):
    net = returns() if net is None else net
    given = {
        "spec": name,
        "target": TARGET,
        "live": np.arange(BARS) >= live_from,
        "coverage": 1.0,
        "agreement": 0.9,
        "floor": 0.5,
        "stale": 0,
        "revised": 0.0,
        "lucky": 0.0,
    }
    return Contender(version_id=name, stage=stage, net=net, **{**given, **changes})


def evidence(*contenders, champion="old", trials=None, shadowed=None, **changes):
    by_id = {one.version_id: one for one in contenders}
    rivals = len([name for name in by_id if name != champion])
    shadowed = rivals if shadowed is None else shadowed
    trials = shadowed + 1 if trials is None else trials
    return Evidence("us_equity", TARGET, DATES, by_id, champion, trials, shadowed, **changes)


def zoo_of(best=3.0, others=0, live_from=0, **changes):
    """A champion without merit, one challenger with it, and noise beside."""
    noise = [contender(f"noise_{n}", returns(0.0, seed=100 + n), live_from=live_from) for n in range(others)]
    own = contender("new", returns(best, seed=1), live_from=live_from)
    reigning = contender("old", returns(0.0, seed=2), stage="champion", live_from=live_from)
    return evidence(own, reigning, *noise, **changes)


def judged(found, version_id="new", gate=QUICK, outlook=DECIDABLE, reason=None):
    return Judge(found, gate, outlook, reason).decide(version_id)


def with_(found, version_id="new", **changes):
    """The same zoo in which one version is another."""
    one = replace(found.contenders[version_id], **changes)
    return replace(found, contenders={**found.contenders, version_id: one})


def failed(decision):
    return [condition.name for condition in decision.failures]
