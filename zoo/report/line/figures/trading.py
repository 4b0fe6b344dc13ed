"""What trading takes away: from the gross return to the net one, and how much is traded for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from zoo.report.figures.style import INK, LINE, figure, listed
from zoo.report.line.figures.look import Look
from zoo.report.line.tracks import BASELINE, label_of
from zoo.report.text import number, percent


def trading_figure(frame: pd.DataFrame, looks: Sequence[Look]) -> go.Figure:
    """Return a row a track: its gross return hollow, its net one filled, what costs took between them."""
    rows = {row["name"]: row for row in frame.to_dict("records")}
    shown = [look for look in reversed(looks) if look.name in rows]
    chart = figure(70 + 34 * max(len(shown), 1))
    for look in shown:
        row = rows[look.name]
        chart.add_trace(
            go.Scatter(
                x=listed([row["gross"], row["net"]]),
                y=[look.label] * 2,
                mode="lines+markers",
                name=look.label,
                legendgroup=look.name,
                line={"color": look.color, "width": 2},
                marker={
                    "size": [9, 11],
                    "symbol": ["circle-open", "circle"],
                    "color": look.color,
                    "opacity": 1,
                    "line": {"width": 2, "color": look.color},
                },
                text=[_told(row, "gross"), _told(row, "net")],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    chart.add_vline(x=0, line={"color": INK, "width": 1})
    chart.update_xaxes(tickformat=".0%", showgrid=True, zeroline=False, title_text="return a year")
    return chart.update_yaxes(
        type="category", gridcolor=LINE, griddash="dot", tickfont={"size": 11, "color": INK}
    )


def _told(row: Mapping[Any, Any], side: str) -> str:
    """Return what is said of a point."""
    evidence = "" if row["kind"] == BASELINE else f" ({row['evidence']})"
    parts = [
        f"{label_of(str(row['name']))}{evidence}",
        f"{side} {number(percent(row[side]), 1)}% a year ± {number(percent(row[f'{side}_se']), 1)}",
        f"turnover {number(row['turnover'], 1)} a year, costs {number(percent(row['cost']), 1)}% a year",
    ]
    return "<br>".join(parts)


__all__ = ["trading_figure"]
