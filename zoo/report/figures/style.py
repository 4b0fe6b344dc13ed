"""One look for all charts: quiet axes, blue for what is meant, orange for what warns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import plotly.graph_objects as go

from zoo.report.text import defined

INK: Final = "#1f2933"
MUTED: Final = "#66707d"
GRID: Final = "#e4e7eb"
LINE: Final = "#b8c1cc"
QUIET: Final = "#a3adb9"
SURFACE: Final = "#ffffff"
BLUE: Final = "#2a66c8"
ORANGE: Final = "#c9541f"

#: what each colour becomes on a dark page; the page's script swaps them, hover labels too
DARK: Final[Mapping[str, str]] = {
    INK: "#e6e9ed",
    MUTED: "#98a2ae",
    GRID: "#2b323a",
    LINE: "#4d5864",
    QUIET: "#6b7784",
    SURFACE: "#161a1f",
    BLUE: "#74a7f7",
    ORANGE: "#f08c5c",
}
FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

#: what a line of the best permutation looks like, and those of all the others
BEST_LINE: Final[Mapping[str, Any]] = {"color": BLUE, "width": 2.4}
OTHER_LINE: Final[Mapping[str, Any]] = {"color": QUIET, "width": 1}

#: so many permutations are drawn one by one; of more the best by the score
MOST: Final = 60

_AXIS: Final[Mapping[str, Any]] = {
    "gridcolor": GRID,
    "linecolor": LINE,
    "zerolinecolor": LINE,
    "zerolinewidth": 1,
    "automargin": True,
    "exponentformat": "power",
    "title": {"font": {"size": 12, "color": MUTED}, "standoff": 8},
    "tickfont": {"size": 11, "color": MUTED},
}


def figure(height: int, **layout: Any) -> go.Figure:
    """Return an empty chart in the common look."""
    return styled(go.Figure(), height, **layout)


def styled(chart: go.Figure, height: int, **layout: Any) -> go.Figure:
    """Give a chart the common look.

    Args:
        chart: the chart.
        height: in pixels.
        layout: what this one has besides.
    """
    chart.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 12, "color": INK},
        hoverlabel={"bgcolor": SURFACE, "bordercolor": LINE, "font": {"color": INK, "size": 12}},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 12}},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": LINE, "activecolor": MUTED},
        showlegend=False,
    )
    chart.update_xaxes(**_AXIS, showgrid=False)
    chart.update_yaxes(**_AXIS)
    chart.update_layout(**layout)
    return chart


def subtitles(chart: go.Figure) -> None:
    """Set the titles of small multiples as small headings, flush left with their axes."""
    chart.update_annotations(font={"size": 12, "color": INK}, yshift=4)


def others(drawn: int, all_of_them: int) -> str:
    """Return what the quiet lines of a chart are: all the others, or the best of them."""
    if drawn == all_of_them:
        return "the other permutations"
    return f"the next {drawn} of {all_of_them} others"


def listed(values: Iterable[Any]) -> list[float | None]:
    """Return numbers as a chart takes them; what is not defined is a gap."""
    return [float(value) if defined(value) else None for value in values]


__all__ = [
    "BEST_LINE",
    "BLUE",
    "DARK",
    "FONT",
    "GRID",
    "INK",
    "LINE",
    "MOST",
    "MUTED",
    "ORANGE",
    "OTHER_LINE",
    "QUIET",
    "SURFACE",
    "figure",
    "listed",
    "others",
    "styled",
    "subtitles",
]
