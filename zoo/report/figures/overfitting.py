"""Where the best of one half of the record ended up in the other half."""

from __future__ import annotations

from typing import Final

import numpy as np
import plotly.graph_objects as go

from zoo.experiment.analysis import Analysis
from zoo.report.figures.style import BLUE, INK, MUTED, ORANGE, figure

_BINS: Final = 40


def logits_figure(analysis: Analysis) -> go.Figure | None:
    """Return the histogram of logits: at most 0 means that the best became no better than the median."""
    table = analysis.tables["logits"]
    if table.empty:
        return None
    logits, splits = table["logit"].to_numpy(dtype=float), table["splits"].to_numpy(dtype=float)
    total = splits.sum()
    if len(logits) > _BINS:
        edge = float(np.abs(logits).max()) * 1.001
        splits, edges = np.histogram(logits, bins=_BINS, range=(-edge, edge), weights=splits)  # none spans 0
        logits = (edges[:-1] + edges[1:]) / 2
        width = edges[1] - edges[0]
    else:
        width = float(np.diff(logits).min()) if len(logits) > 1 else 1.0
    width = min(width * 0.9, 0.5)
    chart = figure(300)
    chart.add_trace(
        go.Bar(
            x=logits.tolist(),
            y=(splits / total).tolist(),
            width=width,
            marker={"color": [ORANGE if logit <= 0 else BLUE for logit in logits], "line": {"width": 0}},
            hovertemplate="logit %{x:.2f}: %{y:.1%} of splits<extra></extra>",
        )
    )
    edge = max(float(np.abs(logits).max()) + width, 1.0)
    chart.update_xaxes(
        range=[-edge, edge], title_text="logit of the chosen trial's rank out of sample", zeroline=False
    )
    chart.update_yaxes(tickformat=".0%", title_text="share of splits")
    chart.add_vline(x=0, line={"color": INK, "width": 1})
    probability = analysis.tables["overfitting"]["probability"].iloc[0]
    chart.add_annotation(
        x=0, y=1, yref="paper", xanchor="right", xshift=-8, yanchor="bottom", showarrow=False,
        text=f"no better than the median: {probability:.0%}", font={"color": ORANGE, "size": 12},
    )  # fmt: skip
    chart.add_annotation(
        x=0, y=1, yref="paper", xanchor="left", xshift=8, yanchor="bottom", showarrow=False,
        text=f"better: {1 - probability:.0%}", font={"color": BLUE, "size": 12},
    )  # fmt: skip
    chart.update_layout(font={"color": MUTED})
    return chart


__all__ = ["logits_figure"]
