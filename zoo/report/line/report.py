"""A line's report before it is drawn: findings, and the frames that its figures are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from zoo.report.line.calibration import Calibration, calibration_of
from zoo.report.line.findings import Findings, Missing
from zoo.report.line.frames import (
    drawdown_frame,
    equity_frame,
    rank_ic_frame,
    trading_frame,
    turnover_frame,
)
from zoo.report.line.tracks import BASELINE, Track, tracks_of

if TYPE_CHECKING:
    from zoo.evaluation.rows import Row
    from zoo.evaluation.standings import Compared
    from zoo.registry import Registry

EQUITY: Final = "equity"
DRAWDOWN: Final = "drawdown"
RANK_IC: Final = "rank_ic"
TRADING: Final = "trading"
TURNOVER: Final = "turnover"
CALIBRATION: Final = "calibration"
#: every figure, in the order of the page, and the column without which there is nothing to draw
FIGURES: Final[Mapping[str, str]] = {
    EQUITY: "value",
    DRAWDOWN: "drawdown",
    RANK_IC: "mean",
    TRADING: "net",
    TURNOVER: "paid",
    CALIBRATION: "realised",
}
_NOTHING: Final = {
    EQUITY: "no bar has a return",
    DRAWDOWN: "no bar has a return",
    RANK_IC: "no bar has so many bars with a rank IC before it",
    TRADING: "no return has a mean",
    TURNOVER: "no bar has a return",
    CALIBRATION: "no prediction can be held against a return",
}


@dataclass(frozen=True, eq=False)
class Report:
    """What a page shows.

    Attributes:
        findings: what is known of the line.
        rows: of the leaderboard; none where nobody is compared.
        tracks: who is drawn, the champion first.
        frames: by figure, `FIGURES`; empty where there is nothing to draw.
        slopes: of the calibration.
        missing: why a figure is not drawn, by figure.
        left_out: how many versions are compared and not drawn, because there are too many.
    """

    findings: Findings
    rows: tuple[Row, ...]
    tracks: tuple[Track, ...]
    frames: Mapping[str, pd.DataFrame]
    slopes: pd.DataFrame
    missing: Mapping[str, str]
    left_out: int = 0

    def summary(self) -> dict[str, dict[str, Any]]:
        """Return of each figure whether it is drawn, of whom and from when to when, or why it is not."""
        return {name: self._summary(name) for name in FIGURES}

    def _summary(self, name: str) -> dict[str, Any]:
        if name in self.missing:
            return {"drawn": False, "reason": self.missing[name]}
        frame = self.frames[name]
        told: dict[str, Any] = {"drawn": True, "rows": len(frame)}
        told["series"] = list(dict.fromkeys(frame["name"]))
        told["evidence"] = sorted({word for said in frame["evidence"] for word in str(said).split(" and ")})
        if "date" in frame:
            dates = frame["date"]
            told |= {"first": dates.min().isoformat(), "last": dates.max().isoformat()}
        return told


def report_of(findings: Findings, registry: Registry) -> Report:
    """Compute the frames of a line's report.

    Args:
        findings: what is known of the line.
        registry: it is asked what each version predicts.
    """
    if isinstance(findings.compared, Missing):
        reason = findings.compared.reason
        empty = pd.DataFrame()
        return Report(findings, (), (), dict.fromkeys(FIGURES, empty), empty, dict.fromkeys(FIGURES, reason))
    compared = findings.compared
    tracks = tuple(tracks_of(compared))
    calibration = calibration_of(compared, registry, {one.name for one in tracks})
    frames = {**frames_of(compared, tracks), CALIBRATION: calibration.buckets}
    return Report(
        findings,
        tuple(compared.rows()),
        tracks,
        frames,
        calibration.slopes,
        {name: why for name in FIGURES if (why := _why_not_drawn(name, frames, calibration)) is not None},
        left_out=len(compared.board.compared) - sum(one.kind != BASELINE for one in tracks),
    )


def frames_of(compared: Compared, tracks: tuple[Track, ...]) -> dict[str, pd.DataFrame]:
    """Return the frames that follow from returns."""
    equity = equity_frame(compared, tracks)
    return {
        EQUITY: equity,
        DRAWDOWN: drawdown_frame(equity),
        RANK_IC: rank_ic_frame(compared, tracks),
        TRADING: trading_frame(tracks),
        TURNOVER: turnover_frame(tracks),
    }


def _why_not_drawn(name: str, frames: Mapping[str, pd.DataFrame], calibration: Calibration) -> str | None:
    frame = frames[name]
    if not frame.empty and frame[FIGURES[name]].notna().any():
        return None
    if name == CALIBRATION and len(calibration.slopes):
        said = calibration.slopes["reason"].dropna().unique()
        return "; ".join(map(str, said)) or _NOTHING[name]
    return _NOTHING[name]


__all__ = [
    "CALIBRATION",
    "DRAWDOWN",
    "EQUITY",
    "FIGURES",
    "RANK_IC",
    "TRADING",
    "TURNOVER",
    "Report",
    "frames_of",
    "report_of",
]
