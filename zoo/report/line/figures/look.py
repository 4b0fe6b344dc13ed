"""Who has which colour, the same on every chart of a page: the champion blue, who leads a colour each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from zoo.evaluation.baselines import EQUAL_WEIGHT, MOMENTUM, REFIT
from zoo.evaluation.days import LIVE
from zoo.report.figures.style import BLUE, QUIET, SURFACE
from zoo.report.figures.style import DARK as ANALYSIS_DARK
from zoo.report.line.tracks import BASELINE, CHALLENGER, CHAMPION, Track, label_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

TEAL: Final = "#0f8577"
VIOLET: Final = "#7d53c4"
OCHRE: Final = "#a87b0c"
ROSE: Final = "#b0486e"
SAND: Final = "#8c7b5e"
SKY: Final = "#7ba4dd"
BAND: Final = "#e3ebf7"

#: what each colour becomes on a dark page
DARK: Final[Mapping[str, str]] = {
    **ANALYSIS_DARK,
    TEAL: "#3fbfae",
    VIOLET: "#ab8cec",
    OCHRE: "#d9ac3c",
    ROSE: "#e07fa3",
    SAND: "#b5a484",
    SKY: "#4e74ab",
    BAND: "#1f2a3a",
}
_KEYS_A_ROW: Final = 3  # of a picture as wide as a notebook
_LEADERS: Final = (TEAL, VIOLET, OCHRE)
_BASELINES: Final = {MOMENTUM: ROSE, EQUAL_WEIGHT: SAND}


@dataclass(frozen=True, slots=True)
class Look:
    """How one track is drawn, whatever the chart.

    Attributes:
        name: the track's.
        label: what the key says of it.
        note: what else the key says: its stage or spec.
        kind: the track's.
        color: of its lines and marks.
        width: of a live line; a replayed one is thinner, and dotted.
    """

    name: str
    label: str
    note: str
    kind: str
    color: str
    width: float

    def line(self, evidence: str) -> dict[str, Any]:
        """Return the line of a kind of evidence; a baseline's is neither replayed nor live."""
        if self.kind == BASELINE:
            return {"color": self.color, "width": 1.2, "dash": "solid"}
        if evidence == LIVE:
            return {"color": self.color, "width": self.width, "dash": "solid"}
        return {"color": self.color, "width": max(self.width - 0.7, 1.1), "dash": "2px,2px"}


def looks_of(tracks: Sequence[Track]) -> list[Look]:
    """Return a look for each track, in their order."""
    leaders = iter(_LEADERS)
    found = []
    for track in tracks:
        color, width = QUIET, 1.5
        if track.kind == CHAMPION:
            color, width = BLUE, 2.8
        elif track.kind == CHALLENGER and track.rank is not None:
            color = next(leaders, QUIET)
            width = 2.2 if color != QUIET else 1.5
        elif track.kind == BASELINE:
            color, width = _baseline(track.name), 1.2
        note = {CHAMPION: "champion", BASELINE: "baseline"}.get(track.kind, track.spec)
        found.append(Look(track.name, label_of(track.name), note, track.kind, color, width))
    return found


def _baseline(name: str) -> str:
    return SKY if name.startswith(REFIT) else _BASELINES.get(name, SAND)


def captioned(chart: go.Figure, title: str) -> go.Figure:
    """Give a chart the title and the key that a picture needs; a page has its own."""
    rows = -(-len({trace.legendgroup for trace in chart.data}) // _KEYS_A_ROW)
    return chart.update_layout(
        title={
            "text": title,
            "font": {"size": 13},
            "x": 0.01,
            "xanchor": "left",
            "y": 0.985,
            "yanchor": "top",
        },
        showlegend=True,
        height=int(chart.layout.height) + 34 + 26 * rows,
        margin={"t": 44, "b": 8, "l": 8, "r": 8},
        paper_bgcolor=SURFACE,
        legend={
            "orientation": "h",
            "x": 0,
            "y": -0.14,
            "yanchor": "top",
            "font": {"size": 11},
            "traceorder": "reversed",
        },
    )


__all__ = ["BAND", "DARK", "Look", "captioned", "looks_of"]
