"""Experiments whose numbers a test chooses, written as a run writes them."""

import hashlib
import itertools
import json
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from zoo.experiment.runlog import RunLog
from zoo.settings import DEFAULTS

MANIFEST = {
    "data": {"_target_": "zoo.data.sp500"},
    "target": {"_target_": "zoo.targets.forward_return", "horizon": "${settings.forward_days}"},
    "rows": {"every": 21},
}


@dataclass
class Made:
    """A round: parameters, metrics, and series by the names of round_data.jsonl."""

    params: dict
    metrics: dict
    line: dict = field(default_factory=dict)


def grid(score, **values):
    """One round for each combination, with the metrics that `score(**params)` returns."""
    combinations = [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]
    return [Made(params, score(**params)) for params in combinations]


def held_out(net, first="2013-01-01", calendar=None):
    """Daily net returns from `first` on, as a round records them."""
    dates = [date.isoformat() for date in pd.bdate_range(first, periods=len(net))]
    return {
        "calendar": calendar or hashlib.sha256("\n".join(dates).encode()).hexdigest(),
        "first": dates[0],
        "last": dates[-1],
        "bars": len(net),
        "net": [None if np.isnan(value) else float(value) for value in net],
    }


def quality(values, dates):
    """Rank ICs of test dates, and the alignment that they belong to."""
    return {"quality": {"rank_ic": list(values)}, "alignment": {"dates": list(dates), "assets": ["A"]}}


def write_experiment(path, rounds, failed=(), **metadata):
    """Write a finished experiment; `failed` are (id, params, error, message)."""
    params = {}
    for made in rounds:
        for name, value in made.params.items():
            params.setdefault(name, [])
            if value not in params[name]:
                params[name].append(value)
    log = RunLog(
        path,
        path,
        {
            "format_version": 1,
            "manifest": MANIFEST,
            "zoo_version": "0.1.0",
            "created_at": "2026-01-02T03:04:05+00:00",
            "settings": dict(DEFAULTS),
            "params": params or {"alpha": [1]},
            "search": {"strategy": "grid", "seed": 7},
            "seed": 7,
            "fingerprints": {
                "data": {"rows": 10, "first": "2000-01-03", "last": "2017-12-29", "content": "d" * 64},
                "code": {"content": "c" * 64, "modules": {"zoo.data.sources": "m" * 64}},
            },
            "libraries": {"numpy": "2.4.0"},
            **metadata,
        },
    )
    log.begin()
    taken = {number for number, *_ in failed}
    free = (number for number in itertools.count() if number not in taken)
    for number, made in zip(free, rounds, strict=False):
        line = {
            "preds": [0.0],
            "alignment": {"dates": ["2013-01-01"], "assets": ["A"]},
            "split": {"first": "2000-01-03", "test": "2013-01-01"},
            "deterministic": True,
            **made.line,
        }
        log.add(number, made.params, made.metrics, 0.01, line)
    events = [
        {"event": "failed", "round_id": n, "round_params": p, "error": error, "message": message}
        for n, p, error, message in failed
    ]
    log.close_batch([*events, {"event": "feedback", "batch": 1}])
    log.finish()
    return path


def write_foreign(path, rounds, metadata=None):
    """Write a directory of another library: no declared columns, no digests, no fingerprints."""
    path.mkdir(parents=True)
    (path / "metadata.json").write_text(json.dumps({"sfd_module": "their_module", **(metadata or {})}))
    names = list(dict.fromkeys(name for made in rounds for name in (*made.metrics, *made.params)))
    rows = [",".join(["id", *names])]
    lines = []
    for number, made in enumerate(rounds):
        values = {**made.metrics, **made.params}
        rows.append(",".join(map(str, [number, *(values.get(name, "") for name in names)])))
        line = {"round_id": number, "round_params": made.params, "preds": [1], **made.line}
        lines.append(json.dumps(line))
    (path / "results.csv").write_text("\n".join(rows) + "\n")
    (path / "round_data.jsonl").write_text("\n".join(lines) + "\n")
    return path
