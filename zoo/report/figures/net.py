"""What each permutation would have earned, and how far luck of the start and of the sample reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from zoo.experiment.analysis import Analysis
from zoo.experiment.analysis.trials import comparable
from zoo.report.figures.style import (
    BEST_LINE,
    BLUE,
    INK,
    LINE,
    MOST,
    OTHER_LINE,
    figure,
    listed,
    others,
)
from zoo.report.text import defined, described, with_error

_POINTS: Final = 400  # of a line: more than a page has pixels to spare for


def net_figure(analysis: Analysis) -> go.Figure | None:
    """Return each permutation's annual net Sharpe ratio with its error and its spread over phases."""
    table = analysis.best_first("net").head(MOST)
    if table.empty or not table.get("net_sharpe", pd.Series(dtype=float)).map(defined).any():
        return None
    chart = figure(380, showlegend=True)
    labels = [str(number) for number in table["id"]]
    hover = [_hover(analysis, row) for row in table.to_dict("records")]
    if {"net_sharpe_min", "net_sharpe_max"} <= set(table.columns):
        chart.add_trace(_phases(labels, table))
    chart.add_trace(_means(labels, table, hover))
    if "net_sharpe_median" in table:
        chart.add_trace(_medians(labels, table))
    chart.update_xaxes(type="category", title_text=_order(analysis, table))
    chart.update_yaxes(title_text="annual Sharpe ratio, net")
    chart.add_hline(y=0, line={"color": INK, "width": 1})
    return chart


def _means(labels: list[str], table: pd.DataFrame, hover: list[str]) -> go.Scatter:
    errors: Any = table.get("net_sharpe_se")
    bars = None if errors is None else {"type": "data", "array": listed(errors), "color": BLUE}
    return go.Scatter(
        x=labels,
        y=listed(table["net_sharpe"]),
        mode="markers",
        name="mean over phases ± 1 SE",
        text=hover,
        marker={"size": 8, "color": BLUE},
        error_y=None if bars is None else {**bars, "thickness": 2, "width": 0},
        hovertemplate="%{text}<extra></extra>",
    )


def _medians(labels: list[str], table: pd.DataFrame) -> go.Scatter:
    return go.Scatter(
        x=labels,
        y=listed(table["net_sharpe_median"]),
        mode="markers",
        name="median phase",
        hoverinfo="skip",
        marker={"symbol": "line-ew", "size": 10, "line": {"width": 1.5, "color": INK}},
    )


def _phases(labels: list[str], table: pd.DataFrame) -> go.Bar:
    low, high = table["net_sharpe_min"], table["net_sharpe_max"]
    return go.Bar(
        x=labels,
        base=listed(low),
        y=listed(high - low),
        width=0.5,
        marker={"color": LINE, "opacity": 0.45, "line": {"width": 0}},
        name="phases, minimum to maximum",
        hoverinfo="skip",
    )


def _hover(analysis: Analysis, row: Mapping[Any, Any]) -> str:
    number = int(row["id"])
    lines = [f"permutation {number}", described(analysis.record.parameters.loc[number].to_dict())]
    lines.append(f"net Sharpe {with_error(row['net_sharpe'], row.get('net_sharpe_se'))}")
    if defined(row.get("net_sharpe_min")):
        lines.append(f"phases {row['net_sharpe_min']:.2f} to {row['net_sharpe_max']:.2f}")
    return "<br>".join(lines)


def _order(analysis: Analysis, table: pd.DataFrame) -> str:
    left = len(analysis.tables["net"]) - len(table)
    order = "by id" if analysis.score is None else f"best {analysis.score.column} first"
    return f"permutation, {order}" + (f"; {left} more are not drawn" if left else "")


def growth_figure(analysis: Analysis) -> go.Figure | None:
    """Return the growth of one unit, net, over the bars that the rounds share; the best in colour."""
    trials = comparable(analysis.record)
    if trials.window is None or not trials.returns.size:
        return None
    chart = figure(340, showlegend=True)
    order = analysis.record.ids if analysis.score is None else analysis.score.ranked()
    place = {number: column for column, number in enumerate(trials.ids)}
    quiet = [int(n) for n in order if n in place and n != analysis.best]
    drawn = quiet[:MOST]
    for number in reversed(drawn):
        returns, name = trials.returns[:, place[number]], others(len(drawn), len(quiet))
        chart.add_trace(_growth(analysis, number, returns, name, number == drawn[0]))
    if analysis.best in place and analysis.score is not None:
        name = f"permutation {analysis.best}, the best by {analysis.score.column}"
        chart.add_trace(_growth(analysis, analysis.best, trials.returns[:, place[analysis.best]], name, True))
    chart.add_hline(y=1, line={"color": INK, "width": 1})
    span = f"{str(trials.window.first)[:10]} to {str(trials.window.last)[:10]}"
    chart.update_xaxes(title_text=f"bars, {span}", zeroline=False)
    chart.update_yaxes(title_text="net value of 1")
    return chart


def _growth(
    analysis: Analysis, number: int, returns: NDArray[np.float64], name: str, shown: bool
) -> go.Scatter:
    value = np.concatenate([[1.0], np.cumprod(1.0 + returns)])
    step = max(1, len(value) // _POINTS)
    at = sorted({*range(0, len(value), step), len(value) - 1})
    return go.Scatter(
        x=at,
        y=[round(float(value[bar]), 5) for bar in at],
        mode="lines",
        line=BEST_LINE if number == analysis.best else OTHER_LINE,
        name=name,
        legendgroup=name,
        showlegend=shown,
        hovertemplate=f"permutation {number}<br>{described(analysis.record.parameters.loc[number].to_dict())}"
        "<br>bar %{x}: %{y:.3f}<extra></extra>",
    )


__all__ = ["growth_figure", "net_figure"]
