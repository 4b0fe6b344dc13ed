"""Predictions against what followed: on the diagonal, what was predicted came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from zoo.evaluation.days import LIVE
from zoo.report.figures.style import LINE, MUTED, QUIET, figure, listed
from zoo.report.line.figures.look import Look

_DRAWN: Final = 3  # versions: more hide one another, and the table has all


def calibration_figure(frame: pd.DataFrame, looks: Sequence[Look]) -> go.Figure:
    """Return the mean realised return of each tenth of the predictions of the champion and who leads."""
    chart = figure(380)
    there = set(frame["name"])
    shown = [look for look in looks if look.name in there and look.color != QUIET][:_DRAWN]
    shown = shown or [look for look in looks if look.name in there][:_DRAWN]
    drawn = frame[frame["name"].isin([look.name for look in shown])]
    if len(drawn):
        chart.add_trace(_diagonal(drawn))
    for look in reversed(shown):
        own = drawn[drawn["name"] == look.name]
        for evidence in own["evidence"].unique():
            chart.add_trace(_buckets(own[own["evidence"] == evidence], look, str(evidence)))
    chart.add_hline(y=0, line={"color": LINE, "width": 1})
    chart.update_xaxes(tickformat=".2~%", title_text="predicted, less the date's mean", zeroline=False)
    return chart.update_yaxes(tickformat=".2~%", title_text="realised, less the date's mean")


def _buckets(own: pd.DataFrame, look: Look, evidence: str) -> go.Scatter:
    live = evidence == LIVE
    hover = [f"{look.label}, {evidence}<br>{_told(row)}" for row in own.to_dict("records")]
    return go.Scatter(
        x=listed(own["predicted"].round(6)),
        y=listed(own["realised"].round(6)),
        mode="markers",
        name=look.label,
        legendgroup=look.name,
        meta=evidence,
        marker={
            "size": 8,
            "symbol": "circle" if live else "circle-open",
            "color": look.color,
            "line": {"width": 2, "color": look.color},
        },
        error_y={
            "type": "data",
            "array": listed(own["realised_se"].round(6)),
            "color": look.color,
            "thickness": 1,
            "width": 0,
        },
        text=hover,
        hovertemplate="%{text}<extra></extra>",
    )


def _told(row: Mapping[Any, Any]) -> str:
    """Return what is said of a tenth."""
    realised = f"{row['realised']:.2%} ± {row['realised_se']:.2%}"
    counted = f"{row['pairs']:,} pairs on {row['dates']:,} dates"
    return f"tenth {row['bucket']}: predicted {row['predicted']:.2%}, realised {realised}<br>{counted}"


def _diagonal(drawn: pd.DataFrame) -> go.Scatter:
    """Return the line on which what was predicted came, as far as predictions reach."""
    ends = [float(np.nanmin(drawn["predicted"])), float(np.nanmax(drawn["predicted"]))]
    return go.Scatter(
        x=ends,
        y=ends,
        mode="lines",
        name="as predicted",
        line={"color": MUTED, "width": 1, "dash": "dash"},
        hoverinfo="skip",
        legendgroup="as predicted",
    )


__all__ = ["calibration_figure"]
