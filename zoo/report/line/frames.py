"""Every figure's numbers as a frame, computed once: what is drawn, written to a page or to a PNG is this.

Long frames, a row a track and a bar, in the order of `tracks_of`. `evidence` is `replayed` (the bar existed
when the version was registered), `live` or `baseline`; what is not known is NaN, and never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.evaluation.days import LIVE, REPLAYED
from zoo.report.line.tracks import BASELINE, Track

if TYPE_CHECKING:
    from zoo.evaluation.standings import Compared

Floats = NDArray[np.float64]

#: bars of a rolling mean; of a shorter window a quarter
YEAR: Final = 252
_LEAST: Final = 21


def equity_frame(compared: Compared, tracks: Sequence[Track]) -> pd.DataFrame:
    """Return the value of one unit, net of costs: columns name, kind, evidence, date, net, value.

    It begins with 1 on the bar before the first return. For a policy that holds nothing short the returns
    are those over equal weight. From a bar without a return on, the value is NaN.
    """
    parts = []
    for track in tracks:
        if not len(track.held.dates):
            continue
        first = compared.board.ground.place(track.held.dates[0])
        before = compared.board.ground.dates[[max(first - 1, 0)]]
        parts.append(
            _part(
                track,
                pd.DatetimeIndex(before.append(track.held.dates)) if first else track.held.dates,
                net=np.concatenate([[np.nan], track.held.net]) if first else track.held.net,
                value=_grown(track.held.net, first > 0),
                evidence=[track.evidence[0], *track.evidence] if first else track.evidence,
            )
        )
    return _joined(parts, ("net", "value"))


def drawdown_frame(equity: pd.DataFrame) -> pd.DataFrame:
    """Return how far each value lies below its highest so far, as a share of it: 0 or negative."""
    found = equity.drop(columns=["net", "value"])
    peaks = equity.groupby("name", sort=False)["value"].cummax()
    return found.assign(drawdown=equity["value"] / peaks - 1.0)


def rank_ic_frame(compared: Compared, tracks: Sequence[Track]) -> pd.DataFrame:
    """Return rank ICs by the bar of the prediction: columns date, rank_ic, mean, se, bars.

    `mean` is that of the last `bars` bars, and NaN before there are so many, or where one of them has no IC;
    `se` its standard error after Newey and West (1987), with as many lags as labels overlap. It counts as
    live only where all of its bars are: a mean over replayed bars is no live evidence.
    """
    parts = []
    for track in tracks:
        series = track.held.rank_ic
        dates = compared.board.ground.dates[-len(series) :] if len(series) else track.held.dates[:0]
        bars = rolling_bars(len(series))
        lags = (compared.board.ground.every if track.horizon is None else track.horizon) - 1
        mean, error = rolled(series, bars, lags)
        evidence = _rolled_evidence(track, dates, bars)
        parts.append(_part(track, dates, rank_ic=series, mean=mean, se=error, bars=bars, evidence=evidence))
    return _joined(parts, ("rank_ic", "mean", "se", "bars"))


def rolled(series: Floats, bars: int, lags: int) -> tuple[Floats, Floats]:
    """Return mean and standard error of the last `bars` values at each; NaN where one of them is missing.

    As `zoo.metrics.mean_with_error` of each window, for all windows at once.
    """
    mean, error = np.full(len(series), np.nan), np.full(len(series), np.nan)
    if len(series) < bars:
        return mean, error
    windows = np.lib.stride_tricks.sliding_window_view(series, bars)
    means = windows.mean(axis=1)
    apart = windows - means[:, None]
    variance = np.einsum("ij,ij->i", apart, apart) / bars
    for lag in range(1, min(lags, bars - 1) + 1):
        paired = np.einsum("ij,ij->i", apart[:, lag:], apart[:, :-lag]) / bars
        variance += 2.0 * (1.0 - lag / (lags + 1)) * paired
    mean[bars - 1 :], error[bars - 1 :] = means, np.sqrt(np.maximum(variance, 0.0) / bars)
    return mean, error


def rolling_bars(bars: int) -> int:
    """Return over how many bars a rolling mean goes: a year, or a quarter of a shorter window."""
    return int(min(YEAR, max(_LEAST, bars // 4)))


def turnover_frame(tracks: Sequence[Track]) -> pd.DataFrame:
    """Return what was traded and paid: columns date, turnover, cost, paid.

    `turnover` is half of what was traded on the bar, over the value; `cost` what the bar lost to costs;
    `paid` the sum of costs so far.
    """
    parts = []
    for track in tracks:
        cost = track.held.gross - track.held.net
        parts.append(
            _part(track, track.held.dates, turnover=track.held.turnover, cost=cost, paid=np.cumsum(cost))
        )
    return _joined(parts, ("turnover", "cost", "paid"))


def trading_frame(tracks: Sequence[Track]) -> pd.DataFrame:
    """Return a row a track: gross and net return, turnover and break-even cost, a year, over all phases."""
    rows = []
    for track in tracks:
        row: dict[str, Any] = {"name": track.name, "kind": track.kind, "evidence": _kinds(track)}
        for name, figure in (
            ("gross", "annual_gross_mean"),
            ("net", "annual_mean"),
            ("turnover", "annual_turnover"),
            ("break_even_bps", "break_even_bps"),
        ):
            found = track.held.figures[figure]
            row |= {name: found.mean, f"{name}_se": found.se}
            row |= {f"{name}_min": found.minimum, f"{name}_max": found.maximum}
        rows.append(row | {"cost": row["gross"] - row["net"]})
    return pd.DataFrame(rows)


def _kinds(track: Track) -> str:
    """Return which kinds of evidence a track's bars are: one word where they are all of one."""
    return " and ".join(dict.fromkeys(track.evidence)) or "none"


def _grown(net: Floats, begun: bool) -> Floats:
    """Return the value of one unit; NaN from a return that is none on."""
    value = np.asarray(np.cumprod(1.0 + net), dtype=np.float64)
    return np.concatenate([[1.0], value]) if begun else value


def _rolled_evidence(track: Track, dates: pd.DatetimeIndex, bars: int) -> list[str]:
    if track.kind == BASELINE:
        return [BASELINE] * len(dates)
    since = track.live_from
    live = np.zeros(len(dates), dtype=bool) if since is None else np.asarray(dates >= since)
    whole = pd.Series(live).rolling(bars, min_periods=bars).min().fillna(0.0).to_numpy() > 0
    return [LIVE if all_live else REPLAYED for all_live in whole]


def _part(track: Track, dates: pd.DatetimeIndex, **columns: Any) -> pd.DataFrame:
    evidence = columns.pop("evidence", track.evidence)
    told = {"name": track.name, "kind": track.kind, "evidence": evidence, "date": dates}
    return pd.DataFrame(told | columns)


def _joined(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    known = [part for part in parts if len(part)]
    if not known:
        empty = pd.DataFrame(columns=["name", "kind", "evidence", "date", *columns])
        return empty.astype(dict.fromkeys(columns, "float64"))
    return pd.concat(known, ignore_index=True)


__all__ = [
    "YEAR",
    "drawdown_frame",
    "equity_frame",
    "rank_ic_frame",
    "rolled",
    "rolling_bars",
    "trading_frame",
    "turnover_frame",
]
