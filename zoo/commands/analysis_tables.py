"""An analysis on a terminal: compact tables for 80 columns; the page and the document have everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.output import show_facts, show_table
from zoo.experiment.analysis import Analysis
from zoo.experiment.analysis.confusion import COUNTS
from zoo.report.bodies import left_out, trials_of
from zoo.report.tables import is_detail
from zoo.report.text import described, id_ranges, interval, number, p_value, percent, short, with_error

if TYPE_CHECKING:
    from rich.console import Console

#: rows of a table that has one a permutation; the best by the score come first
MOST: Final = 10


def render(console: Console, analysis: Analysis, page: Path) -> None:
    """Print what was analysed, then every table that was recorded, and why the others are not there."""
    show_facts(console, _facts(analysis, page))
    for table, title, show in _SECTIONS:
        console.print(f"\n{title}", soft_wrap=True)
        if table in analysis.notes:
            console.print(f"  {analysis.notes[table]}", soft_wrap=True)
        if not analysis.tables[table].empty:
            show(console, analysis)


def _facts(analysis: Analysis, page: Path) -> Iterator[tuple[str, object]]:
    record, score = analysis.record, analysis.score
    failed = "failures not recorded" if record.failed is None else f"{len(record.failed)} failed"
    yield "experiment", record.name
    yield (
        "rounds",
        f"{len(record.rounds)} finished, {failed}{'' if record.finished else '; THE RUN IS NOT OVER'}",
    )
    for failure, told in list((record.failed or {}).items())[:MOST]:
        yield f"  failed {failure}", f"{told['error']}: {told['message']}"
    if score is not None:
        yield "score", f"{score.column}, {score.part}"
    if score is not None and (best := analysis.best) is not None:
        chosen = described(record.parameters.loc[best].to_dict())
        yield "best", f"permutation {best} ({chosen}), {number(score.values[best])}"
    yield "page", page


def _importance(console: Console, analysis: Analysis) -> None:
    correlations = analysis.tables["correlation"].set_index("parameter")
    rows = []
    for row in analysis.tables["importance"].to_dict("records"):
        other = correlations.loc[row["parameter"]]
        found = number(other["correlation"], 2) + f" {interval(other['low'], other['high'])}"
        corrected = number(row["corrected"], 2) + f" {interval(row['low'], row['high'])}"
        share, chance = number(row["share"], 2), number(row["chance"], 2)
        rows.append(
            (row["parameter"], row["levels"], share, chance, corrected, p_value(row["p_value"]), found)
        )
    columns = ("parameter", "values", "share", "noise", "corrected (95%)", "p", "correlation (95%)")
    show_table(console, columns, rows)


def _net(console: Console, analysis: Analysis) -> None:
    columns = ("id", "Sharpe ± SE", "min/med/max", "mean % ± SE", "dd %", "turns", "even bps")
    _by_permutation(console, columns, analysis, "net", _net_cells)


def _net_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    phases = "/".join(number(row.get(f"net_sharpe_{end}"), 2) for end in ("min", "median", "max"))
    sharpe = with_error(row.get("net_sharpe"), row.get("net_sharpe_se"), 2)
    mean = with_error(percent(row.get("net_annual_mean")), percent(row.get("net_annual_mean_se")), 1)
    drawdown = number(percent(row.get("max_drawdown")), 0)
    costs = (number(row.get("turnover"), 1), number(row.get("break_even_bps"), 0))
    return sharpe, phases, mean, drawdown, *costs


def _overfitting(console: Console, analysis: Analysis) -> None:
    row = analysis.tables["overfitting"].iloc[0]
    facts: list[tuple[str, object]] = [
        ("PBO", f"{number(row['probability'])} (noise: mean 0.47, from 0.16 to 0.82; it decides nothing)"),
        ("compared", trials_of(row)),
        ("window", f"{str(row['first'])[:10]} to {str(row['last'])[:10]}, {row['bars']} bars"),
        ("left out", left_out(row)),
    ]
    show_facts(console, facts)


def _quality(console: Console, analysis: Analysis) -> None:
    table, best = analysis.tables["quality"], analysis.best
    rows = []
    for period, part in table.groupby("period", sort=True):
        spread = part["rank_ic"]
        chosen = part[part["id"] == best]
        first = chosen.iloc[0] if len(chosen) else None
        own = "" if first is None else with_error(first["rank_ic"], first["rank_ic_se"], 3)
        dates = part["dates"].max() if first is None else first["dates"]
        ends = (number(value, 3) for value in (spread.min(), spread.median(), spread.max()))
        rows.append((period, dates, own, *ends))
    named = "best ± SE" if best is not None else ""
    show_table(console, ("period", "dates", named, "all: min", "median", "max"), rows)


def _distributions(console: Console, analysis: Analysis) -> None:
    table = analysis.tables["distributions"]
    shown = table[~table["metric"].map(is_detail)]
    rows = [
        (row["metric"], row["count"], row["nan"], *(short(row[name]) for name in _SPREAD.values()))
        for row in shown.to_dict("records")
    ]
    show_table(console, ("metric", "count", "nan", *_SPREAD), rows, whole=("metric",))


def _confusion(console: Console, analysis: Analysis) -> None:
    columns = ("id", "tn", "fp", "fn", "tp", *_RATES)
    _by_permutation(console, columns, analysis, "confusion", _confusion_cells)


def _confusion_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    return *(short(row[name]) for name in COUNTS), *(number(row[name], 3) for name in _RATES)


def _by_permutation(
    console: Console,
    columns: Sequence[str],
    analysis: Analysis,
    table: str,
    cells_of: Callable[[Mapping[str, Any]], tuple[str, ...]],
) -> None:
    """Print a line for each run of permutations that look the same: clones would fill the table."""
    ordered = analysis.best_first(table).to_dict("records")
    cells = [(str(row["id"]), cells_of({str(key): value for key, value in row.items()})) for row in ordered]
    groups = [([n for n, _ in same], shown) for shown, same in groupby(cells, key=lambda pair: pair[1])]
    show_table(console, columns, [(_named(ids), *shown) for ids, shown in groups[:MOST]])
    left = sum(len(ids) for ids, _ in groups[MOST:])
    if left:
        console.print(f"  and {left} more, in the page and in format=json", soft_wrap=True)


def _named(ids: Sequence[str]) -> str:
    """Name the permutations of a line; a long list by its first and how many follow."""
    text = id_ranges(map(int, ids))
    return text if len(text) < 10 else f"{ids[0]} and {len(ids) - 1}"


_RATES: Final = ("recall", "specificity", "precision", "accuracy", "matthews")
_SPREAD: Final = {"mean": "mean", "5%": "q05", "median": "median", "95%": "q95"}
_SECTIONS: Final[Sequence[tuple[str, str, Callable[[Console, Analysis], None]]]] = (
    (
        "importance",
        "parameters: how much of the score's variance each explains, and its direction",
        _importance,
    ),
    ("net", "net of costs on the test part, a year, the best by score first", _net),
    (
        "overfitting",
        "overfitting: would the best half of the time have been good in the other?",
        _overfitting,
    ),
    ("quality", "rank IC on the test part over time", _quality),
    ("distributions", "metrics over the rounds", _distributions),
    ("confusion", "confusion on the test part, the best by score first", _confusion),
)

__all__ = ["MOST", "render"]
