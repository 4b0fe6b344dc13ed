"""The top of a line's page: who serves it, on what evidence, and what that is worth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from zoo.report.line.board import version_name
from zoo.report.line.findings import Missing
from zoo.report.line.report import Report
from zoo.report.line.verdicts import winner_of
from zoo.report.tables import Markup, minus
from zoo.report.text import count, defined, number, with_error


def kicker_of(report: Report) -> str:
    """Return the line above the title."""
    return f"Report of a line, {report.findings.written_at:%Y-%m-%d %H:%M} UTC"


def lead_of(report: Report) -> str:
    """Return one sentence on what was compared."""
    findings = report.findings
    line = findings.line
    said = line.description.rstrip(".") or f"{line.target} over {line.horizon} bars"
    if not report.rows:
        return f"{said}. {count(len(findings.versions), 'version')}, none of them compared."
    board = report.rows[0]["board"]
    there = sum(row["kind"] == "version" and row["comparable"] for row in report.rows)
    window = f"{board['first']} to {board['last']}, {count(board['bars'], 'bar')}"
    return f"{said}. {count(there, 'version')} on the same bars, {window}, net of costs."


def notices_of(report: Report) -> str:
    """Return what the reader should know before any figure."""
    said = list(_notices(report))
    return "".join(f'<p class="note">{escape(one)}</p>' for one in said)


def _notices(report: Report) -> Iterator[str]:
    compared = report.findings.compared
    if isinstance(compared, Missing):
        yield f"Nothing is compared: {compared.reason}"
        return
    live = sum(row["days"]["live"] for row in report.rows if row["kind"] == "version")
    if not live:
        yield (
            "All evidence is replayed: every bar existed when the versions were registered. It describes; "
            "only live bars fill a soak, and no gate decides without them."
        )
    board = report.rows[0]["board"]
    if board["long_only"]:
        yield "The policy holds nothing short: all returns are those over equal weight."
    yield from board["notices"]


def cards_of(report: Report) -> str:
    """Return the few figures that come first."""
    cards = "".join(
        f'<div class="card"><p class="what">{escape(what)}</p>'
        f"{_written(figure)}"
        f'<p class="why">{escape(minus(why))}</p></div>'
        for what, figure, why in _cards(report)
    )
    return f'<div class="cards">{cards}</div>'


def _written(figure: str) -> str:
    if isinstance(figure, Markup):
        return f'<p class="figure id">{figure}</p>'
    return f'<p class="figure">{escape(minus(figure))}</p>'


def _cards(report: Report) -> Iterator[tuple[str, str, str]]:
    yield _champion(report)
    if report.rows:
        yield _leader(report)
        yield _evidence(report)
    winner, why = winner_of(report.findings.selection)
    shown = version_name(winner) if "-" in winner else winner
    yield "the gate", shown, why
    if report.rows:
        yield _luck(report.rows[0]["board"])


def _champion(report: Report) -> tuple[str, str, str]:
    champion, event = report.findings.champion, report.findings.crowning
    if champion is None:
        return "champion", "nobody", "the line has none yet"
    if event is None:
        return "champion", version_name(champion.version_id), "since when is not recorded"
    gate = event.details.get("gate")
    name = gate.get("name") if isinstance(gate, Mapping) else gate
    asked = "no gate is recorded" if name is None else f"gate={name}"
    reason = "" if event.reason is None else f": “{event.reason}”"
    return "champion", version_name(champion.version_id), f"since {event.at[:10]}, {asked}{reason}"


def _leader(report: Report) -> tuple[str, str, str]:
    first = [row for row in report.rows if row["kind"] == "version" and row["rank"] == 1]
    if not first:
        return "leads", "nobody", "nobody has a rank; each row says why"
    if len(first) > 1:
        return (
            "leads",
            f"{len(first)} share rank 1",
            f"with a score of {number(first[0]['score']['value'], 4)}",
        )
    sharpe = first[0]["net_sharpe"] or {}
    figure = with_error(sharpe.get("value"), sharpe.get("se"))
    return "leads", version_name(first[0]["name"]), f"net Sharpe ratio {figure}"


def _evidence(report: Report) -> tuple[str, str, str]:
    days = [row["days"] for row in report.rows if row["kind"] == "version" and row["comparable"]]
    live = max((one["live"] for one in days), default=0)
    replayed = max((one["replayed"] for one in days), default=0)
    return "evidence, at the most", f"{count(live, 'live bar')}", f"{count(replayed, 'replayed bar')}"


def _luck(board: Mapping[str, Any]) -> tuple[str, str, str]:
    benchmark = board["benchmark"]
    luck = benchmark * math.sqrt(252.0) if defined(benchmark) else None
    pbo = f"; PBO {number(board['pbo'], 2)}" if defined(board["pbo"]) else "; PBO unknown"
    return "the best of all trials, by luck", number(luck, 2), f"Sharpe ratio; N = {board['trials']:,}{pbo}"


__all__ = ["cards_of", "kicker_of", "lead_of", "notices_of"]
