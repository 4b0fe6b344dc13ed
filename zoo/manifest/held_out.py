"""What a round's scores of the test part would have earned, net of costs, over every starting phase.

A model that is rebalanced every 21 bars is 21 strategies, one for each start; which of them the rows of the
test part are is luck. So the model scores every bar of the part, and each figure comes with its minimum,
median and maximum over the phases and with its standard error (Lo 2002 for the Sharpe ratio).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from zoo.errors import DataError, ManifestError, PortfolioError
from zoo.manifest.bound import Bound
from zoo.manifest.construct import called, partial
from zoo.manifest.cube import Floats, PanelCube
from zoo.manifest.holding import costs_of
from zoo.manifest.labels import Labels
from zoo.manifest.prepare import Prepared
from zoo.metrics import PhaseFigure, rank_ic_by_date, rank_ic_over_phases
from zoo.models import SklearnModel
from zoo.portfolio import PhasePerformance, over_phases
from zoo.trust import TARGET_KEY

#: columns of results.csv, and the figure of `PhasePerformance` that each is the mean over phases of
FIGURES: Final[Mapping[str, str]] = {
    "net_annual_mean": "annual_mean",
    "gross_annual_mean": "annual_gross_mean",
    "net_annual_volatility": "annual_volatility",
    "net_sharpe": "annual_sharpe",
    "turnover": "annual_turnover",
    "break_even_bps": "break_even_bps",
    "max_drawdown": "max_drawdown",
    "cvar": "cvar",
}
_SPREAD: Final = ("net_sharpe", "net_annual_mean")
#: a drawdown and a measured turnover have no error
_EXACT: Final = ("turnover", "max_drawdown")


@dataclass(frozen=True)
class HeldOut:
    """Figures and series of the test part.

    Attributes:
        metrics: for results.csv.
        calendar: sha256 over the window's dates: only series of one calendar can be compared bar by bar.
        dates: the window's first and last date.
        net: net return of each bar, the mean over all phases; NaN from a ruin on.
        quality: rank IC of each date of the test part's rows.
        phases: `net_sharpe` and `net_annual_mean` of each starting phase; not recorded.
    """

    metrics: dict[str, float | int]
    calendar: str
    dates: tuple[str, str] | None
    net: Floats
    quality: Floats
    phases: Mapping[str, Floats] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Return the series as round_data.jsonl keeps them."""
        first, last = self.dates or (None, None)
        series = {"calendar": self.calendar, "first": first, "last": last, "bars": len(self.net)}
        return {**series, "net": _plain(self.net)}

    def ranked(self) -> list[float | None]:
        """Return the rank IC of each date of the test part's rows, as round_data.jsonl keeps it."""
        return [float(value) if math.isfinite(value) else None for value in self.quality]


def held_out(bound: Bound, prepared: Prepared, model: SklearnModel, labels: Labels) -> HeldOut | None:
    """Score every bar of the test part and hold what the scores say.

    Returns:
        None for a table, and where the manifest says `portfolio: false`.

    Raises:
        ManifestError: prices that nobody could pay, or a policy that does not fit.
    """
    cube = prepared.cube
    if bound.portfolio is None or not isinstance(cube, PanelCube) or prepared.cuts.test is None:
        return None
    bars, F, Y = prepared.held_out
    scores = scores_of(model, F)
    every, horizon = bound.every, cube.horizon
    end = min(int(bars[-1]) + horizon, len(cube.dates) - 1)
    found = _held(bound, prepared, scores, int(bars[0]), end)
    ranked = rank_ic_over_phases(scores, labels.values(Y), horizon=horizon, every=every)
    at, net = found.mean_net()
    dates = cube.dates[at]
    window = f"calendar {at[0]} {at[-1]}" if len(at) else "calendar"
    rows = np.searchsorted(bars, np.unique(prepared.test.position))
    return HeldOut(
        {**_columns(found), **_spread("rank_ic_phases", ranked)},
        prepared.bench.cache.get(window, lambda: calendar_of(dates)),
        (dates[0].isoformat(), dates[-1].isoformat()) if len(dates) else None,
        net,
        rank_ic_by_date(scores[rows], labels.values(Y[rows])) if len(rows) else np.empty(0),
        {column: np.array([getattr(p, FIGURES[column]).value for p in found.phases]) for column in _SPREAD},
    )


def scores_of(model: SklearnModel, F: Floats) -> Floats:
    """Return a score for every complete row of bars × assets × features: bars × assets, NaN elsewhere."""
    scores = np.full(F.shape[:2], np.nan)
    complete = np.isfinite(F).all(axis=2)
    if complete.any():
        out = model.predict({"x_test": F[complete]})
        probs = out.get("_probs")
        two = probs is not None and probs.shape[1] == 2
        scores[complete] = out["_probs"][:, 1] if two else np.asarray(out["_preds"], dtype=np.float64)
    return scores


def calendar_of(dates: pd.DatetimeIndex) -> str:
    """Return the sha256 of a window's dates in ISO form."""
    return hashlib.sha256("\n".join(date.isoformat() for date in dates).encode()).hexdigest()


def _held(bound: Bound, prepared: Prepared, scores: Floats, start: int, end: int) -> PhasePerformance:
    portfolio: Mapping[str, Any] = bound.portfolio or {}
    data = prepared.bench.data
    function, name = partial(portfolio["policy"], bound.trust, bound.where), portfolio["policy"][TARGET_KEY]

    def policy(rows: Floats) -> Floats:
        weights: Floats = called(function, (rows,), {}, str(name), bound.where)
        return weights

    volume = data.fields.get("volume")
    costs = costs_of(portfolio["costs"], data.dates, bound.where)
    if costs.impact_coefficient > 0 and volume is None:
        raise ManifestError(
            "portfolio.costs: an impact cannot be told without a volume, and the data has none",
            where=bound.where,
            expected=f"a field `volume` beside {', '.join(data.fields)}",
            remedy="say costs: {preset: ..., impact_coefficient: 0} to leave it out",
        )
    try:
        return over_phases(
            scores,
            data.close.to_numpy(),
            policy=policy,
            horizon=prepared.cube.horizon,
            every=bound.every,
            costs=costs,
            delay=portfolio["delay"],
            start=start,
            end=end,
            volume=None if volume is None else volume.to_numpy(),
        )
    except (DataError, PortfolioError) as error:
        raise ManifestError(
            f"portfolio: {error.problem}",
            where=bound.where,
            expected=error.expected,
            remedy=error.remedy or "portfolio: false leaves net figures out",
        ) from error


def _columns(found: PhasePerformance) -> dict[str, float | int]:
    columns: dict[str, float | int] = {}
    for column, name in FIGURES.items():
        figure: PhaseFigure = getattr(found, name)
        if column in _SPREAD:
            columns |= _spread(column, figure)
        else:
            columns[column] = figure.mean
            columns |= {} if column in _EXACT else {f"{column}_se": figure.se}
    return columns


def _spread(column: str, figure: PhaseFigure) -> dict[str, float | int]:
    return {
        column: figure.mean,
        f"{column}_se": figure.se,
        f"{column}_min": figure.minimum,
        f"{column}_median": figure.median,
        f"{column}_max": figure.maximum,
    }


def _plain(values: Floats) -> list[float | None]:
    """Return values as float32 says them, in as few digits as tell them apart; None for NaN."""
    short = values.astype(np.float32)
    return [float(str(value)) if math.isfinite(value) else None for value in short]


#: columns that rounds of a panel have besides those of a model's own evaluation
COLUMNS: Final = (
    frozenset(FIGURES)
    | {f"{column}_se" for column in FIGURES if column not in _EXACT}
    | {
        f"{column}{suffix}"
        for column in (*_SPREAD, "rank_ic_phases")
        for suffix in ("", "_se", "_min", "_median", "_max")
    }
)

__all__ = ["COLUMNS", "FIGURES", "HeldOut", "calendar_of", "held_out", "scores_of"]
