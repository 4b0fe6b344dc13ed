"""What is followed through time: value, drawdown, rank IC, costs. Dotted is replayed, solid is live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from zoo.evaluation.days import LIVE
from zoo.report.figures.style import INK, figure, listed
from zoo.report.line.figures.look import BAND, Look
from zoo.report.line.tracks import BASELINE, CHAMPION

POINTS: Final = 420  # of a line: more than a page has pixels to spare for
_DIGITS: Final = 5


def equity_figure(frame: pd.DataFrame, looks: Sequence[Look]) -> go.Figure:
    """Return the value of one unit of each track, net of costs."""
    chart = _chart(frame, looks, "value", "%{y:.3f}", 380)
    chart.add_hline(y=1, line={"color": INK, "width": 1})
    return chart.update_yaxes(title_text="net value of 1")


def drawdown_figure(frame: pd.DataFrame, looks: Sequence[Look]) -> go.Figure:
    """Return how far each value lies below its highest so far."""
    chart = _chart(frame, looks, "drawdown", "%{y:.1%}", 280)
    return chart.update_yaxes(title_text="below the peak", tickformat=".0%", rangemode="tozero")


def rank_ic_figure(frame: pd.DataFrame, looks: Sequence[Look]) -> go.Figure:
    """Return the rolling mean of each track's rank ICs, the champion's with its standard error."""
    chart = figure(320)
    for look in looks:
        if look.kind == CHAMPION:
            _add_band(chart, frame[frame["name"] == look.name], look)
    _add_lines(chart, frame, looks, "mean", "%{y:.3f} ± %{customdata:.3f}", error="se")
    bars = int(frame["bars"].max()) if len(frame) else 0
    chart.add_hline(y=0, line={"color": INK, "width": 1})
    return chart.update_yaxes(title_text=f"rank IC, mean of {bars} bars")


def _add_band(chart: go.Figure, own: pd.DataFrame, look: Look) -> None:
    """Add what lies within one standard error of a mean."""
    known = own[own["mean"].notna() & own["se"].notna()]
    if known.empty:
        return
    part = known.iloc[_thinned(known["mean"])]
    there = [date.isoformat() for date in part["date"]]
    low, high = (part["mean"] + sign * part["se"] for sign in (-1, 1))
    chart.add_trace(
        go.Scatter(
            x=[*there, *reversed(there)],
            y=listed([*high.round(_DIGITS), *reversed(low.round(_DIGITS).tolist())]),
            mode="lines",
            line={"width": 0, "color": BAND},
            fill="toself",
            fillcolor=BAND,
            name=f"{look.label} ± 1 SE",
            legendgroup=look.name,
            showlegend=False,
            hoverinfo="skip",
            meta="band",
        )
    )


def turnover_figure(frame: pd.DataFrame, looks: Sequence[Look]) -> go.Figure:
    """Return what each track has paid in costs so far."""
    chart = _chart(frame, looks, "paid", "%{y:.2%}", 300)
    return chart.update_yaxes(title_text="costs paid so far", tickformat=".0%", rangemode="tozero")


def _chart(frame: pd.DataFrame, looks: Sequence[Look], column: str, written: str, height: int) -> go.Figure:
    chart = figure(height)
    _add_lines(chart, frame, looks, column, written)
    return chart


def _add_lines(
    chart: go.Figure,
    frame: pd.DataFrame,
    looks: Sequence[Look],
    column: str,
    written: str,
    *,
    error: str | None = None,
) -> None:
    """Add a line a track: the champion on top, the quiet ones below."""
    for look in reversed(looks):
        own = frame[frame["name"] == look.name]
        for number, part in enumerate(_stretches(own, column)):
            line = _line(part, look, column, written, number == 0)
            if error is not None:
                line.customdata = listed(part[error].iloc[_thinned(part[column])].round(_DIGITS))
            chart.add_trace(line)


def _line(part: pd.DataFrame, look: Look, column: str, written: str, first: bool) -> go.Scatter:
    evidence = str(part["evidence"].iloc[-1])
    at = _thinned(part[column])
    told = "" if evidence == BASELINE else f", {evidence}"
    return go.Scatter(
        x=[date.isoformat() for date in part["date"].iloc[at]],
        y=listed(part[column].iloc[at].round(_DIGITS)),
        mode="lines",
        line=look.line(evidence),
        name=look.label,
        legendgroup=look.name,
        showlegend=first,
        meta=evidence,
        hovertemplate=f"{look.label}<br>%{{x|%Y-%m-%d}}{told}: {written}<extra></extra>",
    )


def _stretches(own: pd.DataFrame, column: str) -> Iterator[pd.DataFrame]:
    """Yield the bars of each kind of evidence; a live one begins where the bar before it ended."""
    if own.empty or not own[column].notna().any():
        return
    live = (own["evidence"] == LIVE).to_numpy()
    start = int(np.argmax(live)) if live.any() else len(own)
    if start:
        yield own.iloc[:start]
    if start < len(own):
        yield own.iloc[max(start - 1, 0) :]


def _thinned(values: pd.Series) -> list[int]:
    """Return which points are drawn: evenly, with both ends, the highest and the lowest."""
    step = max(1, -(-len(values) // POINTS))
    chosen = {*range(0, len(values), step), len(values) - 1}
    known = values.to_numpy(dtype=float)
    if np.isfinite(known).any():
        chosen |= {int(np.nanargmax(known)), int(np.nanargmin(known))}
    return sorted(chosen)


__all__ = ["POINTS", "drawdown_figure", "equity_figure", "rank_ic_figure", "turnover_figure"]
