"""The top of a page: what was run, how it came out, and what that is worth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from zoo.experiment.analysis import Analysis
from zoo.experiment.selection import PREFIX
from zoo.report.bodies import trials_of
from zoo.report.tables import Column, facts_of, minus, table_of
from zoo.report.text import count, defined, described, number, with_error

#: the score's own metric, else the first of these, is the headline of the best on the test part
_METRICS: Final = ("rank_ic", "auc", "accuracy", "r2")


def lead_of(analysis: Analysis) -> str:
    """Return one sentence on what was run."""
    record = analysis.record
    search = record.metadata.get("search") or {}
    values = record.metadata.get("params") or {}
    named = [f"{name} ({count(len(v), 'value')})" for name, v in values.items()]
    parts = [f"{count(len(record.rounds), 'permutation')} of {', '.join(named)}" if named else
             count(len(record.rounds), "permutation")]  # fmt: skip
    if "strategy" in search:
        parts.append(f"{search['strategy']} search")
    if record.metadata.get("seed") is not None:
        parts.append(f"seed {record.metadata['seed']}")
    return ", ".join(parts) + "."


def kicker_of(analysis: Analysis) -> str:
    """Return the line above the title: what this is, and when the experiment was made."""
    created = str(analysis.record.metadata.get("created_at") or "")
    return f"Analysis of an experiment{f' of {created[:10]}, {created[11:16]} UTC' if created else ''}"


def cards_of(analysis: Analysis) -> str:
    """Return the few figures that come first."""
    cards = "".join(
        f'<div class="card"><p class="what">{escape(what)}</p><p class="figure">{escape(minus(figure))}</p>'
        f'<p class="why">{escape(minus(why))}</p></div>'
        for what, figure, why in _cards(analysis)
    )
    return f'<div class="cards">{cards}</div>'


def _cards(analysis: Analysis) -> Iterator[tuple[str, str, str]]:
    record, score, best = analysis.record, analysis.score, analysis.best
    failed = "failures not recorded" if record.failed is None else f"{len(record.failed)} failed"
    yield "rounds", f"{len(record.rounds):,}", failed if record.finished else f"{failed}; the run is not over"
    if score is not None and best is not None:
        chosen = described(record.parameters.loc[best].to_dict())
        why = f"{chosen}: {number(score.values[best])}, {score.part}"
        yield f"best permutation, by {score.column}", str(best), why
        yield from _on_test(analysis, best)
    if not (pbo := analysis.tables["overfitting"]).empty:
        row = pbo.iloc[0]
        yield "probability of overfitting", number(row["probability"], 2), trials_of(row)


def _on_test(analysis: Analysis, best: int) -> Iterator[tuple[str, str, str]]:
    metrics = analysis.record.metrics.loc[best].to_dict()
    scored = [] if analysis.score is None else [analysis.score.column.removeprefix(PREFIX)]
    for name in (*scored, *_METRICS):
        if defined(metrics.get(name)):
            error = metrics.get(f"{name}_se")
            why = "± standard error" if defined(error) else ""
            yield f"its {name} on the test part", with_error(metrics[name], error, 3), why
            break
    if defined(metrics.get("net_sharpe")):
        low, high = metrics.get("net_sharpe_min"), metrics.get("net_sharpe_max")
        phases = f"phases {number(low, 2)} to {number(high, 2)}" if defined(low) and defined(high) else ""
        figure = with_error(metrics["net_sharpe"], metrics.get("net_sharpe_se"))
        yield "its net Sharpe ratio on the test part", figure, phases


def run_of(analysis: Analysis) -> str:
    """Return what was run: fingerprints, settings and the declaration itself, folded away."""
    metadata = analysis.record.metadata
    facts = [
        ("directory", str(analysis.record.path)),
        ("zoo", str(metadata.get("zoo_version") or "not recorded")),
        ("seed", str(metadata.get("seed", "not recorded"))),
        ("data", _data(metadata)),
        (
            "code",
            str(((metadata.get("fingerprints") or {}).get("code") or {}).get("content") or "not recorded"),
        ),
        ("settings", _pairs(metadata.get("settings"))),
        ("libraries", _pairs(metadata.get("libraries"))),
    ]
    pipeline = metadata.get("manifest") or {"sfd_module": metadata.get("sfd_module")}
    tree = {name: metadata.get(name) for name in ("params", "search")} | {"manifest": pipeline}
    declared = json.dumps(tree, indent=2, ensure_ascii=False, default=str)
    return (
        f"<details><summary>What was run</summary>{facts_of(facts)}"
        f'<pre tabindex="0">{escape(declared)}</pre></details>'
    )


def _code(metadata: Mapping[str, Any]) -> str:
    found = (metadata.get("fingerprints") or {}).get("code") or {}
    return str(found.get("content") or "not recorded")


def _data(metadata: Mapping[str, Any]) -> str:
    found = (metadata.get("fingerprints") or {}).get("data") or {}
    if not found:
        return "not recorded"
    size = [f"{found['rows']} rows"] if "rows" in found else []
    span = [f"{found['first']} to {found.get('last')}"] if found.get("first") is not None else []
    return ", ".join([*size, *span, str(found.get("content") or "content not recorded")])


def _pairs(values: Any) -> str:
    pairs = values.items() if isinstance(values, Mapping) else ()
    return ", ".join(f"{name} {json.dumps(value, default=str)}" for name, value in pairs) or "not recorded"


def failures_of(analysis: Analysis) -> str:
    """Return the rounds that failed, and what they said; nothing where all is well."""
    failed = analysis.record.failed
    if not failed:
        return ""
    columns = [
        Column("id", lambda row: str(row["id"]), "id"),
        Column("parameters", lambda row: described(row["params"])),
        Column("error", lambda row: str(row["error"])),
        Column("message", lambda row: str(row["message"])),
    ]
    rows = [{"id": number, **told} for number, told in failed.items()]
    title = f"{count(len(rows), 'round')} failed"
    return f'<section id="failed"><h2>{title}</h2>{table_of(columns, rows)}</section>'


__all__ = ["cards_of", "failures_of", "kicker_of", "lead_of", "run_of"]
