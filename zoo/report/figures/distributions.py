"""How each metric is spread over the rounds, and where the best by the score lies."""

from __future__ import annotations

from typing import Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from zoo.experiment.analysis import Analysis
from zoo.report.figures.style import BLUE, LINE, ORANGE, styled, subtitles
from zoo.report.tables import is_detail

_ACROSS: Final = 3
_MOST: Final = 18


def distributions_figure(analysis: Analysis) -> go.Figure | None:
    """Return a box and all rounds for each metric that is no detail of another and not always the same."""
    table = analysis.tables["distributions"]
    varied = table[(table["max"] > table["min"]) & ~table["metric"].map(is_detail)]
    names = varied["metric"].tolist()[:_MOST]
    if not names:
        return None
    down = -(-len(names) // _ACROSS)
    chart = make_subplots(
        down,
        _ACROSS,
        subplot_titles=names,
        horizontal_spacing=0.05,
        vertical_spacing=0.5 / down if down > 1 else 0,
    )
    for place, name in enumerate(names):
        _add_metric(chart, analysis, name, {"row": place // _ACROSS + 1, "col": place % _ACROSS + 1})
    styled(chart, 40 + 104 * down)
    chart.update_yaxes(visible=False, range=[-1, 1])
    chart.update_xaxes(nticks=5, showgrid=True, zeroline=False)
    subtitles(chart)
    return chart


def _add_metric(chart: go.Figure, analysis: Analysis, name: str, at: dict[str, int]) -> None:
    values = analysis.record.metrics[name]
    values = values[np.isfinite(values)]
    others = values[values.index != analysis.best]
    height = np.resize([0.0, 0.22, -0.22, 0.11, -0.11], len(others))
    low, middle, high = (float(values.quantile(q)) for q in (0.25, 0.5, 0.75))
    box = {"type": "rect", "fillcolor": LINE, "opacity": 0.35, "line": {"width": 0}, "layer": "below"}
    chart.add_shape(**box, x0=low, x1=high, y0=-0.6, y1=0.6, **at)
    chart.add_shape(
        type="line", x0=middle, x1=middle, y0=-0.6, y1=0.6, line={"color": LINE, "width": 2}, **at
    )
    chart.add_trace(
        go.Scatter(
            x=others.tolist(), y=height.tolist(), mode="markers", text=[str(n) for n in others.index],
            marker={"size": 6, "color": BLUE, "opacity": 0.5},
            hovertemplate=f"permutation %{{text}}<br>{name} %{{x:.5g}}<extra></extra>",
        ),
        **at,
    )  # fmt: skip
    if analysis.best is not None and analysis.best in values.index:
        chart.add_trace(
            go.Scatter(
                x=[float(values[analysis.best])], y=[0.0], mode="markers",
                marker={"size": 10, "symbol": "diamond", "color": ORANGE},
                hovertemplate=f"permutation {analysis.best}, the best<br>{name} %{{x:.5g}}<extra></extra>",
            ),
            **at,
        )  # fmt: skip


__all__ = ["distributions_figure"]
