"""How well each permutation ranked, date by date and period by period."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go

from zoo.experiment.analysis import Analysis
from zoo.report.figures.style import (
    BEST_LINE,
    BLUE,
    INK,
    MOST,
    MUTED,
    ORANGE,
    OTHER_LINE,
    SURFACE,
    figure,
    listed,
    others,
)
from zoo.report.text import defined, described

_ROWS: Final = 40
_LABELLED: Final = 14  # periods that leave room for numbers in their cells


def cumulative_figure(analysis: Analysis) -> go.Figure | None:
    """Return the running sum of rank ICs: every permutation in grey, the best by the score in colour."""
    table = analysis.tables["quality_by_date"]
    if table.empty:
        return None
    chart = figure(340, showlegend=True)
    quiet = [n for n in _ordered(analysis, table) if n != analysis.best]
    drawn = quiet[:MOST]
    for number in reversed(drawn):
        name = others(len(drawn), len(quiet))
        chart.add_trace(_line(analysis, table, number, name, number == drawn[0]))
    if analysis.score is not None and analysis.best is not None and analysis.best in set(table["id"]):
        name = f"permutation {analysis.best}, the best by {analysis.score.column}"
        chart.add_trace(_line(analysis, table, analysis.best, name, True))
    chart.add_hline(y=0, line={"color": INK, "width": 1})
    chart.update_yaxes(title_text="cumulative rank IC")
    return chart


def _line(analysis: Analysis, table: pd.DataFrame, number: int, name: str, shown: bool) -> go.Scatter:
    own = table[table["id"] == number]
    return go.Scatter(
        x=[date.isoformat() for date in own["date"]],
        y=own["cumulative"].tolist(),
        mode="lines",
        line=BEST_LINE if number == analysis.best else OTHER_LINE,
        name=name,
        legendgroup=name,
        showlegend=shown,
        text=[f"{value:.3f}" if defined(value) else None for value in own["rank_ic"]],
        hovertemplate=f"permutation {number}<br>{described(analysis.record.parameters.loc[number].to_dict())}"
        "<br>%{x|%Y-%m-%d}: rank IC %{text}, sum %{y:.2f}<extra></extra>",
    )


def periods_figure(analysis: Analysis) -> go.Figure | None:
    """Return the mean rank IC of each permutation and period as a heat map, the best first."""
    table = analysis.tables["quality"]
    if table.empty:
        return None
    ids = _ordered(analysis, table)
    rows = ids[:_ROWS]
    wide = table.pivot_table(index="id", columns="period", values="rank_ic", sort=False).reindex(rows)
    wide = wide[sorted(wide.columns)]
    values = [listed(row) for row in wide.to_numpy(dtype=float)]
    most = _scale(table)
    labelled = len(wide.columns) <= _LABELLED
    chart = figure(90 + max(22 * len(rows), 60))
    chart.add_trace(
        go.Heatmap(
            z=values, x=[str(period) for period in wide.columns], y=[str(number) for number in rows],
            zmin=-most, zmax=most, colorscale=[[0, ORANGE], [0.5, SURFACE], [1, BLUE]], xgap=2, ygap=2,
            texttemplate="%{z:.2f}" if labelled else None, textfont={"size": 11},
            colorbar={"thickness": 10, "outlinewidth": 0, "tickfont": {"size": 11, "color": MUTED}},
            hovertemplate="permutation %{y}, %{x}<br>mean rank IC %{z:.3f}<extra></extra>",
        )
    )  # fmt: skip
    chart.update_yaxes(type="category", autorange="reversed", showgrid=False, title_text=_rows(rows, ids))
    chart.update_xaxes(type="category", side="top")
    return chart


def _rows(shown: list[int], ids: list[int]) -> str:
    return "permutation" if len(shown) == len(ids) else f"the first {len(shown)} of {len(ids)} permutations"


def _scale(table: pd.DataFrame) -> float:
    """Return the IC that gets the full colour: the largest of a period with dates enough for an error."""
    known = table[table["rank_ic_se"].map(defined)]
    sizes = (known if len(known) else table)["rank_ic"].abs()
    return float(sizes.max()) if defined(sizes.max()) and sizes.max() > 0 else 1.0


def _ordered(analysis: Analysis, table: pd.DataFrame) -> list[int]:
    """Return the ids that the table has, the best by the score first."""
    present = set(table["id"])
    ids = analysis.record.ids if analysis.score is None else analysis.score.ranked()
    return [int(number) for number in ids if number in present]


__all__ = ["cumulative_figure", "periods_figure"]
