"""The tables of a page, one a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from zoo.experiment.analysis import Analysis
from zoo.experiment.analysis.confusion import COUNTS, RATES
from zoo.experiment.analysis.score import TEST
from zoo.report.tables import Column, facts_of, is_detail, table_of
from zoo.report.text import (
    count,
    id_ranges,
    interval,
    number,
    p_value,
    percent,
    plain,
    short,
    with_error,
)

_RATES: Final = {"negative_predictive_value": "NPV", "balanced_accuracy": "balanced acc."}


def parameters_table(analysis: Analysis) -> str:
    """Return the share and the direction of every parameter."""
    found = analysis.tables["importance"].merge(
        analysis.tables["correlation"][["parameter", "measure", "correlation", "low", "high"]],
        on="parameter",
        suffixes=("", "_c"),
    )
    columns = [
        Column("parameter", lambda row: str(row["parameter"])),
        Column("values", lambda row: str(row["levels"]), "levels", "how many values were tried"),
        Column("groups", lambda row: str(row["groups"]), "groups", "values, or ranges of them, compared"),
        Column("share", lambda row: number(row["share"], 3), "share", "η²: variance between groups, of all"),
        Column("noise", lambda row: number(row["chance"], 3), "chance", "the share that noise reaches"),
        Column("corrected", lambda row: number(row["corrected"], 3), "corrected", "ε²: the share less noise"),
        Column("95%", lambda row: interval(row["low"], row["high"]), "low", "bootstrap over rounds"),
        Column("p", lambda row: p_value(row["p_value"]), "p_value", "reshuffled scores that share as much"),
        Column("association", lambda row: number(row["correlation"], 3), "correlation"),
        Column("95%", lambda row: interval(row["low_c"], row["high_c"]), "low_c", "bootstrap over rounds"),
        Column("measure", lambda row: str(row["measure"])),
    ]
    return table_of(columns, found.to_dict("records"))


def net_table(analysis: Analysis) -> str:
    """Return the net figures of every permutation, the best first."""
    table = analysis.best_first("net")
    columns = [
        *_who(analysis, table),
        _error("Sharpe", "net_sharpe", "annual, net of costs, mean over starting phases ± standard error"),
        *(_figure(f"phase {end}", f"net_sharpe_{end}", 2, test=False) for end in ("min", "median", "max")),
        _error("mean", "net_annual_mean", "a year, net of costs", shares=True),
        _error("gross", "gross_annual_mean", "a year, before costs", shares=True),
        _error("volatility", "net_annual_volatility", "a year", shares=True),
        _share("drawdown", "max_drawdown", "the largest loss from a peak"),
        _error("CVaR", "cvar", "mean loss of the worst 5% of bars", shares=True, digits=2),
        _figure("turnover", "turnover", 1, "a year, in multiples of the value"),
        _error(
            "break-even", "break_even_bps", "basis points a trade that leave nothing of the gross return", 0
        ),
        _error("rank IC, phases", "rank_ic_phases", "mean over starting phases", 3),
    ]
    kept = [
        column
        for column in columns
        if column.key is None or column.key in table.columns or column.key == "score"
    ]
    return table_of(kept, _rows(analysis, table), analysis.best)


def overfitting_facts(analysis: Analysis) -> str:
    """Return the probability of overfitting, on what it was counted, and who was left out."""
    row = analysis.tables["overfitting"].iloc[0]
    facts = [
        ("probability", number(row["probability"], 3)),
        ("compared", trials_of(row)),
        ("window", f"{str(row['first'])[:10]} to {str(row['last'])[:10]}, {count(row['bars'], 'bar')}"),
        ("splits", f"{row['splits']:,} of {row['blocks']} blocks"),
        ("left out", left_out(row)),
    ]
    return facts_of(facts)


def trials_of(row: Any) -> str:
    """Say how many trials were compared, and how many of them are not clones."""
    alike = "all different" if row["distinct"] == row["trials"] else f"of which {row['distinct']} differ"
    return f"{count(row['trials'], 'trial')}, {alike}"


def left_out(row: Any) -> str:
    """Say who is not among the trials of a probability of overfitting, and why."""
    reasons = {
        "failed": "failed",
        "incomplete": "with missing returns",
        "not_recorded": "without returns",
        "other_window": "of bars that cannot be matched",
    }
    said = [
        f"{row[name]} {words} ({id_ranges(row[f'{name}_ids'])})"
        for name, words in reasons.items()
        if row[name]
    ]
    if row["failed"] is None:
        said.append("failures were not recorded")
    return "; ".join(said) or "nobody"


def quality_table(analysis: Analysis) -> str:
    """Return the mean rank IC of every permutation and period, the best first."""
    table = analysis.tables["quality"]
    cells = {(row["id"], row["period"]): row for row in table.to_dict("records")}
    periods = sorted(table["period"].unique())
    ids = [int(n) for n in (analysis.record.ids if analysis.score is None else analysis.score.ranked())]
    rows: list[dict[str, Any]] = []
    for found in (n for n in ids if any((n, period) in cells for period in periods)):
        own = {period: cells.get((found, period)) for period in periods}
        rows.append(
            {"id": found, **{p: None if c is None else c["rank_ic"] for p, c in own.items()}, "cells": own}
        )
    columns = [
        Column("id", lambda row: str(row["id"]), "id"),
        *(
            Column(str(period), _cell_of(period), str(period), "mean rank IC ± SE, dates")
            for period in periods
        ),
    ]
    return table_of(columns, rows, analysis.best)


def _cell_of(period: str) -> Callable[[Mapping[str, Any]], str]:
    def cell(row: Mapping[str, Any]) -> str:
        found = row["cells"][period]
        if found is None:
            return with_error(None, None)
        return f"{with_error(found['rank_ic'], found['rank_ic_se'], 3)} · {found['dates']}"

    return cell


def distributions_table(analysis: Analysis) -> str:
    """Return the spread of every metric, details of others last."""
    table = analysis.tables["distributions"]
    spread = ("mean", "sd", "min", "q05", "q25", "median", "q75", "q95", "max")
    columns = [
        Column("metric", lambda row: str(row["metric"])),
        Column("measured on", lambda row: str(row["part"])),
        Column("count", lambda row: str(row["count"]), "count", "rounds with a finite value"),
        Column("NaN", lambda row: str(row["nan"]), "nan", "NaN, infinite or missing"),
        *(Column(name, _short(name), name) for name in spread),
    ]
    rows = sorted(table.to_dict("records"), key=lambda row: is_detail(str(row["metric"])))
    return table_of(columns, rows)


def _short(name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: short(row[name], 4)


def confusion_table(analysis: Analysis) -> str:
    """Return the counts and rates of every permutation, the best first."""
    table = analysis.best_first("confusion")
    heads = dict(zip(COUNTS, ("TN", "FP", "FN", "TP"), strict=True))
    columns = [
        *_who(analysis, table),
        *(Column(head, _short(name), name, name.replace("_", " ")) for name, head in heads.items()),
        *(_figure(_RATES.get(name, name), name, 3, name.replace("_", " "), test=False) for name in RATES),
    ]
    return table_of(columns, _rows(analysis, table), analysis.best)


def _who(analysis: Analysis, table: pd.DataFrame) -> list[Column]:
    """Return the columns that say which permutation it is: id, parameters, score."""
    columns = [Column("id", lambda row: str(row["id"]), "id")]
    for name in analysis.record.parameters.columns:
        columns.append(Column(str(name), _parameter(str(name))))
    if analysis.score is not None:
        test = analysis.score.part == TEST
        columns.append(
            Column(
                analysis.score.column, lambda row: number(row["score"]), "score", analysis.score.part, test
            )
        )
    return columns


def _parameter(name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: plain(row["parameters"].get(name))


def _rows(analysis: Analysis, table: pd.DataFrame) -> list[dict[str, Any]]:
    parameters = analysis.record.parameters.to_dict("index")
    scores = {} if analysis.score is None else analysis.score.values.to_dict()
    return [
        {
            **{str(k): v for k, v in row.items()},
            "parameters": parameters[row["id"]],
            "score": scores.get(row["id"]),
        }
        for row in table.to_dict("records")
    ]


def _figure(label: str, key: str, digits: int, hint: str = "", *, test: bool = True) -> Column:
    return Column(label, lambda row: number(row.get(key), digits), key, hint, test)


def _share(label: str, key: str, hint: str) -> Column:
    return Column(f"{label} %", lambda row: number(percent(row.get(key)), 1), key, hint, True)


def _error(label: str, key: str, hint: str, digits: int | None = None, *, shares: bool = False) -> Column:
    def cell(row: Mapping[str, Any]) -> str:
        value, error = row.get(key), row.get(f"{key}_se")
        return with_error(percent(value) if shares else value, percent(error) if shares else error, places)

    places = digits if digits is not None else 1 if shares else 2
    return Column(f"{label} %" if shares else label, cell, key, hint, True)


__all__ = [
    "confusion_table",
    "distributions_table",
    "left_out",
    "net_table",
    "overfitting_facts",
    "parameters_table",
    "quality_table",
    "trials_of",
]
