"""What the gate said of each challenger: every condition with its figure, its bar and its reason."""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Final

import pandas as pd

from zoo.report.line.board import pill, version_name
from zoo.report.line.findings import Missing
from zoo.report.tables import Column, Markup, Row, table_of
from zoo.report.text import defined, short

if TYPE_CHECKING:
    from zoo.evaluation.selection import Candidacy, Selection

_COLUMNS: Final = ("version_id", "score", "condition", "passed", "figure", "bar", "reason")


def verdict_frame(selection: Selection | Missing) -> pd.DataFrame:
    """Return a row a challenger and condition: version_id, score, condition, passed, figure, bar, reason."""
    candidates = () if isinstance(selection, Missing) else selection.candidates
    rows = [
        (one.version_id, one.score, asked.name, asked.passed, asked.figure, asked.bar, asked.reason)
        for one in candidates
        for asked in one.decision.conditions
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def verdicts_body(selection: Selection | Missing) -> str:
    """Return a fold a challenger, its failures first; or why nobody was judged."""
    if isinstance(selection, Missing):
        return f'<p class="empty">{escape(selection.reason)}</p>'
    return "".join(_fold(one, selection.winner) for one in selection.candidates)


def winner_of(selection: Selection | Missing) -> tuple[str, str]:
    """Return who passes, and what is said of it."""
    if isinstance(selection, Missing):
        return "not asked", selection.reason
    if selection.winner is not None:
        return selection.winner, f"passes gate={selection.gate} and ranks first"
    asked = len(selection.candidates)
    return "nobody", f"passes gate={selection.gate}, of {asked} that asked"


def _fold(one: Candidacy, winner: str | None) -> str:
    failed = [asked.name for asked in one.decision.failures]
    word, kind = ("refused", "refused") if failed else ("passes", "passes")
    said = ", ".join(failed) or ("it wins" if one.version_id == winner else "; ".join(one.lost))
    asked_in_order = sorted(one.decision.conditions, key=lambda asked: asked.passed)
    rows = [asdict(asked) for asked in asked_in_order]
    head = f'<span class="who">{version_name(one.version_id)}</span> {pill(word, kind)}'
    return (
        f'<details class="fold"><summary>{head}<span class="under">{escape(said)}</span></summary>'
        f"{table_of(_columns(), rows)}</details>"
    )


def _columns() -> list[Column]:
    return [
        Column("condition", _condition, wraps=True),
        Column("verdict", _verdict),
        Column("figure", lambda row: _number(row, "figure"), "figure", "as measured; – where there is none"),
        Column("bar", lambda row: _number(row, "bar"), "bar", "what it was held against"),
    ]


def _condition(row: Row) -> Markup:
    """Return a condition's name with its reason below: side by side they would not fit a phone."""
    name, reason = (escape(str(row[key])) for key in ("name", "reason"))
    return Markup(f'<span class="who">{name}</span><span class="under">{reason}</span>')


def _number(row: Row, name: str) -> str:
    return short(row[name], 3) if defined(row[name]) else "–"


def _verdict(row: Row) -> Markup:
    return pill("passes", "passes") if row["passed"] else pill("fails", "refused")


__all__ = ["verdict_frame", "verdicts_body", "winner_of"]
