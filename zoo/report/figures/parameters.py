"""What each parameter does to the score."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from zoo.experiment.analysis import Analysis
from zoo.experiment.analysis.levels import Levels, levels_of
from zoo.experiment.analysis.score import Score
from zoo.report.figures.style import BLUE, INK, MUTED, QUIET, figure, styled, subtitles
from zoo.report.text import defined, described

_ACROSS: Final = 3
_MOST: Final = 12  # parameters
_LABELLED: Final = 16  # values of a number that are drawn one by one
_CROWD: Final = 150  # rounds that hide one another
_WIDTH: Final = 0.32  # of the band in which a value's rounds are spread out


def score_figure(analysis: Analysis) -> go.Figure | None:
    """Return the score of every round by the values of each parameter, the most important first."""
    score, table = analysis.score, analysis.tables["importance"]
    names = [row["parameter"] for _, row in table.iterrows() if row["levels"] > 1][:_MOST]
    if score is None or not names or not score.finite()[0].any():
        return None
    across = min(_ACROSS, len(names))
    down = -(-len(names) // across)
    chart = make_subplots(
        down, across, shared_yaxes=True, subplot_titles=names, horizontal_spacing=0.03,
        vertical_spacing=0.16 / down + 0.08 if down > 1 else 0,
    )  # fmt: skip
    for place, name in enumerate(names):
        at = {"row": place // across + 1, "col": place % across + 1}
        _add_parameter(chart, analysis, score, name, at)
    styled(chart, 60 + 240 * down)
    chart.update_xaxes(zeroline=False)
    chart.update_yaxes(title_text=score.column, col=1)
    subtitles(chart)
    return chart


def _add_parameter(chart: go.Figure, analysis: Analysis, score: Score, name: str, at: dict[str, int]) -> None:
    known, values = score.finite()
    parameters = analysis.record.parameters[known]
    levels = levels_of(parameters[name])
    many = levels.numbers is not None and len(levels.labels) > _LABELLED
    hover = [
        f"permutation {number}<br>{described(row)}"
        for number, row in zip(parameters.index, parameters.to_dict("records"), strict=True)
    ]
    chart.add_trace(
        go.Scatter(
            x=levels.numbers.tolist() if many and levels.numbers is not None else _spread(levels),
            y=values.tolist(),
            mode="markers",
            marker={"size": 7, "color": BLUE, "opacity": 0.55 if len(values) < _CROWD else 0.3},
            text=hover,
            hovertemplate=f"%{{text}}<br>{score.column} %{{y:.4f}}<extra></extra>",
        ),
        **at,
    )
    if many:
        chart.update_xaxes(type=_scale(levels), **at)
    else:
        _add_means(chart, levels, values, at)


def _add_means(chart: go.Figure, levels: Levels, values: NDArray[np.float64], at: dict[str, int]) -> None:
    places = list(range(len(levels.labels)))
    chart.add_trace(
        go.Scatter(
            x=places,
            y=[float(values[levels.codes == code].mean()) for code in places],
            mode="markers" if levels.numbers is None else "lines+markers",  # categories have no order
            line={"color": INK, "width": 1.5},
            marker={"size": 16, "symbol": "line-ew", "line": {"width": 2, "color": INK}},
            hovertemplate="mean of %{text} %{y:.4f}<extra></extra>",
            text=list(levels.labels),
        ),
        **at,
    )
    chart.update_xaxes(tickvals=places, ticktext=[_cut(label) for label in levels.labels], **at)


def _scale(levels: Levels) -> str:
    """Return `log` for positive numbers that span more than two decades."""
    low, high = float(levels.labels[0]), float(levels.labels[-1])
    return "log" if low > 0 and high > 100 * low else "linear"


def _spread(levels: Levels) -> list[float]:
    """Set the rounds of each value side by side, in the order of their ids."""
    places = levels.codes.astype(float)
    for code in range(len(levels.labels)):
        members = np.flatnonzero(levels.codes == code)
        if len(members) > 1:
            places[members] += np.linspace(-_WIDTH, _WIDTH, len(members))
    return [float(place) for place in places]


def _cut(label: str) -> str:
    return label if len(label) <= 14 else f"{label[:13]}…"


def importance_figure(analysis: Analysis) -> go.Figure | None:
    """Return each parameter's corrected share with its interval, beside what noise would reach."""
    table = analysis.tables["importance"].head(_MOST).iloc[::-1]
    table = table[table["corrected"].map(defined)]
    if table.empty:
        return None
    chart = figure(110 + 34 * len(table), showlegend=True)
    names = table["parameter"].tolist()
    chart.add_trace(
        go.Scatter(
            x=table["chance"].tolist(),
            y=names,
            mode="markers",
            name="share that noise reaches",
            marker={"symbol": "line-ns", "size": 16, "line": {"width": 2, "color": QUIET}},
            hovertemplate="%{y}: noise reaches %{x:.2f}<extra></extra>",
        )
    )
    chart.add_trace(
        go.Scatter(
            x=table["corrected"].tolist(),
            y=names,
            mode="markers",
            name="corrected share, 95% interval",
            marker={"size": 10, "color": BLUE},
            error_x={"type": "data", "color": BLUE, "thickness": 2, "width": 0, **_reach(table)},
            hovertemplate="%{y}: corrected share %{x:.2f}<extra></extra>",
        )
    )
    chart.update_xaxes(range=[-0.03, 1.03], showgrid=True, title_text="share of the score's variance")
    chart.update_yaxes(showgrid=False, tickfont={"size": 12, "color": INK})
    chart.update_layout(legend={"font": {"color": MUTED, "size": 12}})
    return chart


def _reach(table: pd.DataFrame) -> dict[str, list[float]]:
    """Return how far the interval reaches to both sides; a percentile interval may lie beside the share."""
    share = table["corrected"]
    over, under = (table["high"] - share).fillna(0.0), (share - table["low"]).fillna(0.0)
    return {"array": over.clip(lower=0.0).tolist(), "arrayminus": under.clip(lower=0.0).tolist()}


__all__ = ["importance_figure", "score_figure"]
