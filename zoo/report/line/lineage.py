"""Where each version comes from, what its overrides change, and what was done with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from zoo.report.line.board import pill, version_name
from zoo.report.tables import Column, Row, facts_of, table_of
from zoo.report.text import defined, number, plain

if TYPE_CHECKING:
    from zoo.registry import Event, Version

#: metrics that are put side by side, and their decimals
_METRICS: Final = {
    "rank_ic": 4, "net_sharpe": 3, "net_annual_mean": 4, "turnover": 2, "max_drawdown": 3, "mse": 6, "r2": 4,
    "accuracy": 4, "auc": 4, "brier": 4, "log_loss": 4,
}  # fmt: skip
_UNKNOWN: Final = "not recorded"
_KINDS: Final = ("logged", "reproduced", "variant")


def changes_of(version: Version) -> list[dict[str, Any]]:
    """Return what each override changes: its name, the recorded value and the new one.

    `known` is False where the experiment recorded no settings: then nobody knows what was before.
    """
    recorded = (version.lineage.get("settings") or {}).get("recorded") or {}
    return [
        {"name": name, "recorded": recorded.get(name), "value": value, "known": name in recorded}
        for name, value in version.overrides.items()
    ]


def lineage_frame(versions: Sequence[Version]) -> pd.DataFrame:
    """Return a row a version and metric, what was logged beside what the variant has; NaN where unknown."""
    rows = [
        {
            "version_id": version.version_id,
            "spec": version.spec,
            "stage": version.stage,
            "metric": name,
            **{kind: _metric(version, kind, name) for kind in _KINDS},
        }
        for version in versions
        for name in _METRICS
        if any(name in (version.metrics.get(kind) or {}) for kind in _KINDS)
    ]
    columns = ["version_id", "spec", "stage", "metric", *_KINDS]
    found = pd.DataFrame(rows, columns=columns)
    return found.assign(change=found["variant"] - found["logged"])


def lineage_body(versions: Sequence[Version], history: Sequence[Event]) -> str:
    """Return a fold a version."""
    frame = lineage_frame(versions)
    return "".join(
        _fold(one, frame[frame["version_id"] == one.version_id], _events(one, history)) for one in versions
    )


def _fold(version: Version, metrics: pd.DataFrame, events: Sequence[Event]) -> str:
    head = f'<span class="who">{version_name(version.version_id)}</span> {pill(version.stage, version.stage)}'
    body = facts_of(list(_facts(version)))
    if len(metrics):
        body += table_of(_metric_columns(), metrics.to_dict("records"))
    if events:
        body += facts_of([(_when(event), _done(event)) for event in events])
    return (
        f'<details class="fold"><summary>{head}<span class="under">{escape(changed(version))}</span>'
        f"</summary>{body}</details>"
    )


def changed(version: Version) -> str:
    """Say what a version's overrides change: `forward_days 21 → 60`."""
    found = changes_of(version)
    return "; ".join(map(_change, found)) or "no overrides: as its experiment was run"


def _change(change: Mapping[str, Any]) -> str:
    if not change["known"]:
        return f"{change['name']} → {_value(change['value'])} (what it was is not recorded)"
    if _value(change["recorded"]) == _value(change["value"]):
        return f"{change['name']} {_value(change['value'])}, as recorded: it changes nothing"
    return f"{change['name']} {_value(change['recorded'])} → {_value(change['value'])}"


def _facts(version: Version) -> Iterator[tuple[str, str]]:
    """Yield what is told of a version; what its lineage does not hold is said to be missing."""
    told = version.lineage
    number_ = "cohort" if version.permutation_id is None else f"permutation {version.permutation_id}"
    yield "spec", version.spec
    yield "from", f"{version.experiment}, {number_}" + _pairs(told.get("round_params"), ": ")
    if told.get("selection"):
        yield "chosen", str(told["selection"])
    if members := told.get("members"):
        yield "members", ", ".join(str(one.get("name", one)) for one in members)
    yield "overrides change", changed(version)
    yield "features", ", ".join(map(str, told.get("features") or ())) or _UNKNOWN
    horizon = told.get("horizon")
    yield "horizon", _UNKNOWN if horizon is None else f"{horizon} bars"
    yield "data", _data(told.get("data"))
    last = "no time axis" if version.train_end is None else version.train_end.isoformat()
    yield "last bar of a label", last
    yield "proven", _proven(told.get("validation"))
    yield "refit and variant", _agreement(told.get("agreement"))
    yield "registered", f"{version.created_at[:16].replace('T', ' ')} UTC by zoo {version.zoo_version}"
    yield "fingerprint", version.fingerprint
    if version.deleted_at is not None:
        yield "files", f"deleted {version.deleted_at[:16].replace('T', ' ')} UTC; the row stays"


def _pairs(values: Any, before: str) -> str:
    if not isinstance(values, Mapping) or not values:
        return ""
    return before + ", ".join(f"{name} {_value(value)}" for name, value in values.items())


def _data(found: Any) -> str:
    if not isinstance(found, Mapping):
        return _UNKNOWN
    rows = f"{found['rows']:,} rows, " if isinstance(found.get("rows"), int) else ""
    span = f"{found['first']} to {found.get('last')}, " if found.get("first") is not None else ""
    return f"{rows}{span}content {str(found.get('content') or _UNKNOWN)[:16]}"


def _proven(found: Any) -> str:
    """Say what was reproduced of what was logged, and what nobody checked."""
    if not isinstance(found, Mapping):
        return "nothing is recorded of what was reproduced"
    counts = [
        f"{found[name]:,} {name}"
        for name in ("metrics", "predictions", "series")
        if isinstance(found.get(name), int) and found[name]
    ]
    unchecked = ", ".join(map(str, found.get("not_checked") or ()))
    said = f"{', '.join(counts)} reproduced" if counts else f"validation {found.get('mode', _UNKNOWN)}"
    return said + (f"; not checked: {unchecked}" if unchecked else "")


def _agreement(found: Any) -> str:
    if not isinstance(found, Mapping) or found.get("figure") is None:
        return _UNKNOWN
    figure = str(found["figure"])
    value, floor = found.get(figure), found.get("floor")
    held = f", of at least {number(floor, 2)}" if defined(floor) else ", held to no floor"
    return f"{figure.replace('_', ' ')} {number(value, 2)}{held}"


def _metric_columns() -> list[Column]:
    def cell(kind: str) -> Column:
        hints = {
            "logged": "by the experiment, test part",
            "reproduced": "by the first pass, same settings",
            "variant": "under the overrides, same split",
        }
        return Column(kind, lambda row: number(row[kind], _METRICS[row["metric"]]), kind, hints[kind])

    return [
        Column("metric", lambda row: str(row["metric"])),
        *(cell(kind) for kind in _KINDS),
        Column("change", _difference, "change", "variant less logged"),
    ]


def _difference(row: Row) -> str:
    if not defined(row["change"]):
        return "–"
    change = number(row["change"], _METRICS[row["metric"]])
    return change if change.startswith("-") else f"+{change}"


def _metric(version: Version, kind: str, name: str) -> float:
    value = (version.metrics.get(kind) or {}).get(name)
    return float(value) if isinstance(value, int | float) else float("nan")


def _events(version: Version, history: Sequence[Event]) -> list[Event]:
    return [event for event in history if event.version_id == version.version_id]


def _when(event: Event) -> str:
    return f"{event.kind.replace('_', ' ')} {event.at[:16].replace('T', ' ')}"


def _done(event: Event) -> str:
    gate = event.details.get("gate")
    name = gate.get("name") if isinstance(gate, Mapping) else gate
    parts = [f"by {event.actor}", *([] if name is None else [f"gate={name}"])]
    parts += [] if event.reason is None else [f"“{event.reason}”"]
    return ", ".join(parts)


def _value(value: Any) -> str:
    try:
        return plain(value)
    except KeyError:
        return json.dumps(value, default=str)


__all__ = ["changed", "changes_of", "lineage_body", "lineage_frame"]
