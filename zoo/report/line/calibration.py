"""Did what was predicted come? Predicted differences between assets, held against those that followed.

Predictions and returns are both taken less their date's mean over the names that have both: what a portfolio
earns from is the difference between names. A slope of 1 says that a predicted difference of one per cent came
with one per cent; below 1 the predictions are too bold, at 0 they say nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import Interrupted, ZooError
from zoo.evaluation.days import LIVE, REPLAYED
from zoo.evaluation.record import Record
from zoo.metrics import mean_with_error
from zoo.trust import TARGET_KEY

if TYPE_CHECKING:
    from zoo.evaluation.leaderboard import Entrant
    from zoo.evaluation.standings import Compared
    from zoo.registry import Registry

Floats = NDArray[np.float64]

BUCKETS: Final = 10
RETURNS: Final = "zoo.targets.forward_return"
_ROUNDING: Final = 1e-12  # of the largest value of a date
_DOCUMENT: Final = "version.json"
_COLUMNS: Final = ("name", "evidence", "bucket", "predicted", "realised", "realised_se", "pairs", "dates")
_SLOPES: Final = ("name", "evidence", "slope", "slope_se", "spread", "spread_se", "dates", "reason")


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Predictions against what followed.

    Attributes:
        buckets: a row a version, kind of evidence and tenth of its predictions: `predicted` and `realised`
            means, `realised_se`, `pairs`, `dates`.
        slopes: a row a version and kind of evidence: `slope` of realised on predicted with `slope_se`;
            `spread`, what the highest tenth returned more than the lowest; or the `reason` why there is none.
    """

    buckets: pd.DataFrame
    slopes: pd.DataFrame


def calibration_of(compared: Compared, registry: Registry, names: Collection[str]) -> Calibration:
    """Hold predictions against what followed.

    Standard errors are those of Driscoll and Kraay (1998): sums over names first, then Newey and West (1987)
    over dates, with as many lags as labels overlap.

    Args:
        compared: the versions side by side.
        registry: it is asked what each version predicts.
        names: of the versions; all of them are compared.
    """
    buckets: list[pd.DataFrame] = []
    slopes: list[dict[str, Any]] = []
    for one in (one for one in compared.board.compared if one.version_id in names):
        reason = _why_not(registry, one)
        if reason is not None:
            slopes.append({"name": one.version_id, "reason": reason})
            continue
        try:
            found = _pairs(compared, one)
        except Interrupted:
            raise
        except ZooError as error:
            slopes.append({"name": one.version_id, "reason": str(error)})
            continue
        for evidence, (predicted, realised, lags) in found.items():
            told = {"name": one.version_id, "evidence": evidence}
            table = bucketed(predicted, realised, lags)
            buckets.append(table.assign(**told))
            slopes.append(told | slope_of(predicted, realised, lags))
    frame = pd.concat(buckets, ignore_index=True) if buckets else pd.DataFrame(columns=list(_COLUMNS))
    return Calibration(frame[list(_COLUMNS)], pd.DataFrame(slopes).reindex(columns=list(_SLOPES)))


def bucketed(predicted: Floats, realised: Floats, lags: int, count: int = BUCKETS) -> pd.DataFrame:
    """Return the mean realised return of each tenth of all predictions, the lowest first.

    Args:
        predicted: dates × assets, less their date's mean; NaN where there is no pair.
        realised: the same of what followed.
        lags: of the standard error, in dates.
        count: of buckets; fewer where predictions are equal, and none where all of a date always are.
    """
    known = np.isfinite(predicted)
    if not (predicted[known] != 0).any():
        return pd.DataFrame(columns=list(_COLUMNS))
    edges = np.unique(np.quantile(predicted[known], np.linspace(0.0, 1.0, count + 1)))
    place = np.clip(np.searchsorted(edges, predicted, side="right") - 1, 0, max(len(edges) - 2, 0))
    rows = []
    for bucket in range(max(len(edges) - 1, 1)):
        here = known & (place == bucket)
        if not here.any():
            continue
        mean, error, dates = _clustered(realised, here, lags)
        rows.append(
            {
                "bucket": bucket + 1,
                "predicted": float(predicted[here].mean()),
                "realised": mean,
                "realised_se": error,
                "pairs": int(here.sum()),
                "dates": dates,
            }
        )
    return pd.DataFrame(rows)


def slope_of(predicted: Floats, realised: Floats, lags: int) -> dict[str, Any]:
    """Return slope and spread with their errors, or the reason why there is none."""
    known = np.isfinite(predicted)
    dates = int(known.any(axis=1).sum())
    x, y = np.where(known, predicted, 0.0), np.where(known, realised, 0.0)
    power = float((x * x).sum())
    if not dates or not power > 0:
        said = "no prediction has an outcome yet" if not dates else "all its predictions of a date are equal"
        return {"slope": math.nan, "slope_se": math.nan, "dates": dates, "reason": said}
    slope = float((x * y).sum()) / power
    score = np.where(known.any(axis=1), (x * (y - slope * x)).sum(axis=1), np.nan)
    error = mean_with_error(score, lags).se * dates / power
    return {"slope": slope, "slope_se": error, "dates": dates, **_spread(predicted, realised, lags)}


def _spread(predicted: Floats, realised: Floats, lags: int) -> dict[str, float]:
    """Return on each date the mean of the highest tenth less that of the lowest, at least one name each."""
    names = np.isfinite(predicted).sum(axis=1)
    order = np.argsort(np.argsort(np.where(np.isfinite(predicted), predicted, np.inf), axis=1), axis=1)
    tenth = np.maximum(names // BUCKETS, 1)[:, None]
    known = np.isfinite(predicted) & (names[:, None] > 1)
    low, high = known & (order < tenth), known & (order >= names[:, None] - tenth)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [np.where(part, realised, 0.0).sum(axis=1) / part.sum(axis=1) for part in (high, low)]
    found = mean_with_error(means[0] - means[1], lags)
    return {"spread": found.mean, "spread_se": found.se}


def _clustered(values: Floats, here: NDArray[np.bool_], lags: int) -> tuple[float, float, int]:
    """Return the mean over all pairs, its Driscoll-Kraay error, and the number of dates."""
    counts = here.sum(axis=1)
    mean = float(values[here].mean())
    sums = np.where(counts > 0, np.where(here, values - mean, 0.0).sum(axis=1), np.nan)
    dates = int((counts > 0).sum())
    return mean, mean_with_error(sums, lags).se * dates / float(counts.sum()), dates


def _why_not(registry: Registry, one: Entrant) -> str | None:
    """Say why a version's scores cannot be held against returns; None where they can."""
    try:
        inputs = json.loads(registry.read(one.version_id, _DOCUMENT))["inputs"]
        target = str(inputs["manifest"]["target"][TARGET_KEY])
    except Interrupted:
        raise
    except (ZooError, ValueError, KeyError, TypeError):
        return "what it predicts is not recorded"
    if target != RETURNS:
        return f"it predicts {target}: its scores are no returns"
    return None


def _pairs(compared: Compared, one: Entrant) -> dict[str, tuple[Floats, Floats, int]]:
    """Return by kind of evidence: predictions and what followed, dates × assets, and the lags of errors."""
    board, index, standing = compared.board, one.index, one.standing
    assert index is not None  # noqa: S101  # it is compared
    assert standing is not None  # noqa: S101
    days = Record(compared.root, one.version_id).days(index=index)
    assert days is not None  # noqa: S101
    part = days.part(np.flatnonzero((days.dates >= board.window.first) & (days.dates <= board.window.last)))
    start, scores = board.ground.placed(part)
    horizon = index.about.horizon
    labels = board.ground.labels(horizon)[start : start + len(scores)]
    both = np.isfinite(scores) & np.isfinite(labels)
    predicted, realised = _demeaned(scores, both), _demeaned(labels, both)
    live = np.zeros(len(scores), dtype=bool)
    at = board.ground.dates[start:].get_indexer(part.dates)
    live[at[at >= 0]] = part.live[at >= 0]
    kinds = {REPLAYED: ~live, LIVE: live}
    return {
        kind: (predicted[rows], realised[rows], horizon - 1) for kind, rows in kinds.items() if rows.any()
    }


def _demeaned(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Return values less their date's mean over the names that are known; NaN for all others.

    What is left of equal values is rounding, and is 0: it would be divided by as if it said something.
    """
    counts = np.maximum(known.sum(axis=1, keepdims=True), 1)
    there = np.where(known, values, 0.0)
    apart = values - there.sum(axis=1, keepdims=True) / counts
    rounding = _ROUNDING * np.abs(there).max(axis=1, keepdims=True, initial=0.0)
    found: Floats = np.where(known, np.where(np.abs(apart) <= rounding, 0.0, apart), np.nan)
    return found


__all__ = ["BUCKETS", "RETURNS", "Calibration", "bucketed", "calibration_of", "slope_of"]
