"""The charts of a line, as plotly figures of frames; plotly is imported here and nowhere before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from zoo.report.line.figures.calibration import calibration_figure
from zoo.report.line.figures.curves import drawdown_figure, equity_figure, rank_ic_figure, turnover_figure
from zoo.report.line.figures.look import DARK, Look, looks_of
from zoo.report.line.figures.trading import trading_figure
from zoo.report.line.report import CALIBRATION, DRAWDOWN, EQUITY, RANK_IC, TRADING, TURNOVER

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

#: charts by name, each of its frame and the looks of its tracks
DRAWN: Final[Mapping[str, Callable[[pd.DataFrame, Sequence[Look]], go.Figure]]] = {
    EQUITY: equity_figure,
    DRAWDOWN: drawdown_figure,
    RANK_IC: rank_ic_figure,
    TRADING: trading_figure,
    TURNOVER: turnover_figure,
    CALIBRATION: calibration_figure,
}

__all__ = ["DARK", "DRAWN", "Look", "looks_of"]
