"""The leaderboard of a page: a row a version, a lineage and a baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Final

from zoo.evaluation.days import LIVE, REPLAYED
from zoo.report.line.tracks import label_of
from zoo.report.tables import Column, Markup, Row, table_of
from zoo.report.text import defined, interval, number, percent, with_error

#: figures of a row that are mappings, and what of each a column sorts by
_FIGURES: Final = (
    "rank_ic",
    "net_return",
    "gross_return",
    "net_sharpe",
    "break_even_bps",
    "turnover",
    "max_drawdown",
    "cvar",
    "score",
)
_HELD_OUT: Final = "held_out"
_HINTS: Final = {
    "rank": "by the score; equal scores share one",
    "score": "shrunken net Sharpe ratio a day: replayed bars count beyond luck, live ones whole",
    "net_sharpe": "annual, net of costs, mean over starting phases ± standard error (Lo 2002)",
    "phases": "lowest and highest net Sharpe ratio over starting phases",
    "rank_ic": "mean over starting phases ± Newey-West standard error",
    "break_even": "basis points a trade that leave nothing of the gross return",
    "against": "annual net Sharpe ratio less the champion's, paired bootstrap interval; it decides nothing",
    "deflated": "deflated Sharpe ratio (Bailey and López de Prado 2014) over the ledger; it decides nothing",
}


def board_table(rows: Sequence[Row]) -> str:
    """Return the leaderboard as HTML; whoever is not compared has dashes, and the reason why."""
    champion = rows[0]["board"]["champion"] if rows else None
    return table_of(_columns(), [_flat(row) for row in rows], champion)


def _columns() -> list[Column]:
    return [
        Column("version", _who),
        Column("rank", _rank, "rank", _HINTS["rank"], sorted=True),
        Column("evidence", _evidence, "live", "bars of each kind; only live ones fill a soak"),
        Column("score", _of("score", 4), "score", _HINTS["score"]),
        _error("net Sharpe", "net_sharpe", _HINTS["net_sharpe"]),
        Column("phases", _phases, "net_sharpe_min", _HINTS["phases"]),
        _share("net %", "net_return", "a year, after costs ± standard error"),
        _share("gross %", "gross_return", "a year, before costs ± standard error"),
        _error("rank IC", "rank_ic", _HINTS["rank_ic"], 3),
        Column("t", _of("rank_ic_t", 1), "rank_ic_t", "of the rank IC"),
        Column("turnover", _of("turnover", 1), "turnover", "a year, in multiples of the value"),
        Column("break-even", _of("break_even_bps", 0), "break_even_bps", _HINTS["break_even"]),
        Column("drawdown %", _percent("max_drawdown", 1), "max_drawdown", "the largest loss from a peak"),
        Column("CVaR %", _percent("cvar", 2), "cvar", "mean loss of the worst 5% of bars"),
        Column("correlation", _of("correlation", 2), "correlation", "with the champion's net returns"),
        Column("less champion", _against, "difference", _HINTS["against"]),
        Column("deflated", _of("deflated_sharpe", 2), "deflated_sharpe", _HINTS["deflated"]),
        Column("remark", _remark, wraps=True),
    ]


def pill(text: str, kind: str = "") -> Markup:
    """Return a word in a frame."""
    return Markup(f'<span class="pill {escape(kind)}">{escape(text)}</span>')


def version_name(name: str) -> Markup:
    """Return a version's id that may break where its parts meet, and is copied in one piece."""
    return Markup(escape(name).replace("-", "-<wbr>").replace("_", "_<wbr>"))


def evidence_pills(days: Mapping[str, int]) -> Markup:
    """Return the bars of each kind of evidence: live filled, replayed hollow."""
    found = [pill(f"{days[LIVE]:,} live", LIVE)] if days[LIVE] else []
    found += [pill(f"{days[REPLAYED]:,} replayed", REPLAYED)] if days[REPLAYED] else []
    found += [pill(f"{days[_HELD_OUT]:,} held-out", "held-out")] if days.get(_HELD_OUT) else []
    return Markup(f'<span class="stack">{"".join(found)}</span>' if found else "–")


def _flat(row: Row) -> dict[str, Any]:
    """Return a row whose figures are plain numbers, so that it can be sorted by each."""
    found: dict[str, Any] = {**row, "live": row["days"][LIVE]}
    found["id"] = row["version_id"] if row["kind"] == "version" else None
    for name in _FIGURES:
        figure = row[name] or {}
        found |= {f"{name}_{key}": value for key, value in figure.items()}
        found[name] = figure.get("value")
    against = row["against_champion"] or {}
    found |= {"difference": against.get("difference"), "low": against.get("low"), "high": against.get("high")}
    return {"rank_ic_t": None, **found}


def _who(row: Row) -> Markup:
    kind = str(row["kind"])
    stage = kind if kind != "version" else str(row["stage"])
    told = str(row["spec"] or "")
    if row.get("vintage") is not None:
        told = f"trained until {row['vintage']}"
    name = label_of(str(row["name"]))
    under = f"{pill(stage, stage)} {version_name(told)}"
    return Markup(f'<span class="who">{version_name(name)}</span><span class="under">{under}</span>')


def _rank(row: Row) -> str:
    return "–" if row["rank"] is None else str(row["rank"])


def _of(name: str, digits: int) -> Callable[[Row], str]:
    return lambda row: number(row[name], digits)


def _percent(name: str, digits: int) -> Callable[[Row], str]:
    return lambda row: number(percent(row[name]), digits)


def _error(label: str, key: str, hint: str, digits: int = 2) -> Column:
    return Column(label, lambda row: with_error(row[key], row.get(f"{key}_se"), digits), key, hint)


def _share(label: str, key: str, hint: str) -> Column:
    def cell(row: Row) -> str:
        return with_error(percent(row[key]), percent(row.get(f"{key}_se")), 1)

    return Column(label, cell, key, hint)


def _phases(row: Row) -> str:
    low, high = row.get("net_sharpe_min"), row.get("net_sharpe_max")
    return f"{number(low, 2)} to {number(high, 2)}" if defined(low) and defined(high) else "–"


def _against(row: Row) -> str:
    if not defined(row["difference"]):
        return "–"
    return f"{number(row['difference'], 2)} {interval(row['low'], row['high'])}".strip()


def _evidence(row: Row) -> Markup | str:
    return "–" if row["kind"] == "baseline" else evidence_pills(row["days"])


def _remark(row: Row) -> str:
    """Return why there is no rank; a baseline's own word says it already."""
    return "" if row["reason"] is None or row["kind"] == "baseline" else str(row["reason"])


__all__ = ["board_table", "evidence_pills", "pill", "version_name"]
