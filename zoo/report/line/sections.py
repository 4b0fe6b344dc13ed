"""The parts of a line's page, one a question, each with what it shows or the reason for showing nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Final

from zoo.report.line.board import board_table, pill, version_name
from zoo.report.line.findings import Judged, Missing
from zoo.report.line.lineage import lineage_body
from zoo.report.line.report import CALIBRATION, DRAWDOWN, EQUITY, RANK_IC, TRADING, TURNOVER, Report
from zoo.report.line.verdicts import verdicts_body
from zoo.report.tables import Column, Markup, Row, facts_of, table_of
from zoo.report.text import count, number, percent, with_error


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page.

    Attributes:
        name: its anchor.
        title: its heading.
        lead: what is asked, and how the answer is to be read.
        charts: figures and what each shows, in order.
        body: makes what stands below them, as HTML.
    """

    name: str
    title: str
    lead: str
    charts: tuple[tuple[str, str], ...] = ()
    body: Callable[[Report], str] = lambda _: ""


def _board(report: Report) -> str:
    if not report.rows:
        return empty(_why(report.findings.compared))
    return board_table(report.rows)


def _slopes(report: Report) -> str:
    if report.slopes.empty:
        return ""
    columns = [
        Column("version", lambda row: version_name(row["name"])),
        Column("evidence", _kind),
        Column(
            "slope", lambda row: with_error(row["slope"], row["slope_se"]), "slope", "realised on predicted"
        ),
        Column("highest less lowest tenth %", _spread, "spread", "realised a date ± standard error"),
        Column("dates", lambda row: number(row["dates"], 0), "dates"),
        Column("remark", lambda row: row["reason"] if isinstance(row["reason"], str) else "", wraps=True),
    ]
    return table_of(columns, report.slopes.to_dict("records"))


def _spread(row: Row) -> str:
    return with_error(percent(row["spread"]), percent(row["spread_se"]))


def _kind(row: Row) -> Markup | str:
    return pill(row["evidence"], row["evidence"]) if isinstance(row["evidence"], str) else "–"


def _failures(report: Report) -> str:
    runs = report.findings.runs
    if not runs.seen:
        return empty("no run is recorded below paths.outputs")
    last = "run" if len(runs.seen) == 1 else f"{len(runs.seen)} runs"
    seen = f"{last} ({count(runs.specs, 'spec')}): {', '.join(runs.seen)}"
    if not runs.troubles:
        return empty(f"nothing failed in the last {seen}")
    columns = [
        Column("run", lambda row: version_name(row["run_id"])),
        Column("spec", lambda row: version_name(row["spec"])),
        Column("permutation", _number),
        Column("status", lambda row: pill(row["status"].replace("_", " "), "refused")),
        Column("error", lambda row: row["error"]),
        Column("message", lambda row: row["message"], wraps=True),
    ]
    table = table_of(columns, [asdict(one) for one in runs.troubles])
    return f'<p class="more">The last {escape(seen)}.</p>{table}'


def _number(row: Row) -> str:
    return "all" if row["permutation_id"] is None else str(row["permutation_id"])


def _why(found: object) -> str:
    return found.reason if isinstance(found, Missing) else ""


def terms_body(judged: Judged) -> str:
    """Return on what terms everything was compared."""
    facts = [
        ("portfolio", json.dumps(dict(judged.policy), ensure_ascii=False, default=str)),
        ("delay", f"{count(judged.delay, 'bar')} from signal to trade"),
        ("costs", _pairs(dict(judged.costs))),
        ("gate", _pairs(dict(judged.gate))),
    ]
    return f"<details><summary>How this was judged</summary>{facts_of(facts)}</details>"


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def empty(reason: str) -> str:
    """Return what stands where there is nothing to show."""
    return f'<p class="empty">{escape(reason[:1].upper() + reason[1:])}.</p>' if reason else ""


SECTIONS: Final[Sequence[Section]] = (
    Section(
        "leaderboard",
        "Leaderboard",
        "Every version of the line on the same bars, after costs, averaged over all starting phases. Rank "
        "is by score: replayed bars count only beyond what the best of all trials has by luck. Whoever does "
        "not have the same bars is not comparable, and has no rank.",
        body=_board,
    ),
    Section(
        "earnings",
        "Net of costs",
        "What one unit became. Dotted is replayed: the bars existed when the version was registered. Solid "
        "and heavy is live: they came afterwards.",
        (
            (EQUITY, "The value of one unit, net of costs, all starting phases in equal parts."),
            (DRAWDOWN, "How far the value lay below its highest so far."),
        ),
    ),
    Section(
        "skill",
        "Rank IC",
        "Did the predictions order the assets as the returns that followed? Each point is the mean over the "
        "bars before it; it is live only where all of them are. The last bars have no outcome yet.",
        (
            (
                RANK_IC,
                "Rolling mean by the bar of the prediction; the band is the champion's ± 1 standard error.",
            ),
        ),
    ),
    Section(
        "trading",
        "Turnover and costs",
        "What trading takes away. Hollow is the gross return, filled the net one.",
        (
            (TRADING, "From gross to net, a year, mean over starting phases."),
            (TURNOVER, "The sum of what was paid in costs, as a share of the value on each bar."),
        ),
    ),
    Section(
        "calibration",
        "Calibration",
        "Did what was predicted come? Predictions and returns, both less their date's mean. On the dashed "
        "line they agree; a slope of 1 says the same, below 1 predictions are too bold, at 0 they say "
        "nothing. Errors are Driscoll and Kraay's, with lags for overlapping labels.",
        ((CALIBRATION, "Realised against predicted, by tenths of the predictions ± one standard error."),),
        _slopes,
    ),
    Section(
        "gate",
        "Gate",
        "May a challenger replace the champion? All conditions are asked, a figure that is missing or no "
        "number passes none, and both tests count live bars only.",
        body=lambda report: verdicts_body(report.findings.selection),
    ),
    Section(
        "lineage",
        "Lineage",
        "Where each version comes from, what was proven of it, what its overrides change, and what was done "
        "with it. Metrics are those of the experiment's test part: they describe, and choose nothing.",
        body=lambda report: lineage_body(report.findings.versions, report.findings.history),
    ),
    Section(
        "failures",
        "Failures of the last runs",
        "Whatever of the last runs did not end well, each with what it said.",
        body=_failures,
    ),
)

__all__ = ["SECTIONS", "Section", "empty", "terms_body"]
