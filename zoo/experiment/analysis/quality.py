"""How well each permutation ranked over time: once is luck, every year is something."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ExperimentCorrupt, ZooError
from zoo.experiment.analysis.bootstrap import FEWEST
from zoo.experiment.analysis.record import Record, Source, read_record
from zoo.experiment.directory import Round
from zoo.experiment.format import REMAKE, ROUNDS
from zoo.manifest.declared import every_of
from zoo.manifest.holes import fill
from zoo.metrics import mean_with_error, overlap_lags

Per = Literal["year", "quarter"]
_FREQUENCY: Final[Mapping[str, str]] = {"year": "Y", "quarter": "Q"}

BY_DATE: Final = ("id", "date", "rank_ic", "cumulative")
COLUMNS: Final = (
    "id", "period", "first", "last", "dates", "nan", "rank_ic", "rank_ic_se", "rank_ic_t", "cumulative",
)  # fmt: skip


def quality_by_date(source: Source) -> pd.DataFrame:
    """Return the rank IC of every test date.

    Args:
        source: the experiment.

    Returns:
        A row a permutation and date, in their order: `id`, `date`, `rank_ic` (NaN where it is not defined),
        `cumulative` (the sum so far; a date without an IC adds nothing). Empty where no round recorded it.

    Raises:
        ExperimentCorrupt: a round has another number of values than of dates.
    """
    record = read_record(source)
    frames = [_series(found, record) for found in record.rounds if found.quality is not None]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(BY_DATE))


def quality_over_time(source: Source, *, per: Per = "year") -> pd.DataFrame:
    """Return the mean rank IC of every calendar period of the test part.

    Args:
        source: the experiment.
        per: `year` or `quarter`; a date counts where it lies, not where its label ends.

    Returns:
        A row a permutation and period: `id`, `period` (`2017` or `2017Q1`), `first` and `last` (test dates
        in it), `dates` (with an IC), `nan` (without), `rank_ic` (mean), `rank_ic_se` (Newey-West over the
        overlap of labels; NaN below 5 dates, and where the manifest does not tell the overlap), `rank_ic_t`,
        `cumulative` (sum of the ICs up to the period's end). Empty where no round recorded it.

    Raises:
        ExperimentCorrupt: a round has another number of values than of dates.
        ValueError: `per` is neither.
    """
    if per not in _FREQUENCY:
        raise ValueError(f"per is {per!r}; expected one of {', '.join(_FREQUENCY)}")
    record = read_record(source)
    rows = []
    for found in record.rounds:
        if found.quality is not None:
            of_round = _series(found, record)
            periods = of_round["date"].dt.to_period(_FREQUENCY[per]).astype(str).to_numpy()
            lags = lags_of(record.metadata, found.params)
            rows += [(found.id, *_figures(of_round, periods, period, lags)) for period in np.unique(periods)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _figures(of_round: pd.DataFrame, periods: NDArray[Any], period: str, lags: int | None) -> tuple[Any, ...]:
    inside = np.flatnonzero(periods == period)
    values = of_round["rank_ic"].to_numpy()[inside]
    known = int(np.isfinite(values).sum())
    found = mean_with_error(values, lags=lags or 0)
    error, t = (np.nan, np.nan) if lags is None or known < FEWEST else (found.se, found.t)
    dates = of_round["date"].iloc[inside[0]], of_round["date"].iloc[inside[-1]]
    cumulative = float(of_round["cumulative"].iloc[inside[-1]])
    return str(period), *dates, known, len(values) - known, found.mean, error, t, cumulative


def lags_of(metadata: Mapping[str, Any], params: Mapping[str, Any]) -> int | None:
    """Return by how many cross-sections a round's labels overlap; None where the manifest does not say."""
    manifest = metadata.get("manifest")
    target = manifest.get("target") if isinstance(manifest, Mapping) else None
    if not isinstance(target, Mapping) or "horizon" not in target:
        return None
    try:
        every = every_of(manifest.get("rows"), None) if isinstance(manifest, Mapping) else 1
        horizon = fill(target["horizon"], params, metadata.get("settings") or {})
        return overlap_lags(horizon, every)
    except (ZooError, KeyError, ValueError):
        return None


def _series(found: Round, record: Record) -> pd.DataFrame:
    values, dates = (found.quality or {}).get("rank_ic"), found.alignment.get("dates")
    if not isinstance(values, list) or not isinstance(dates, list) or len(values) != len(dates):
        raise ExperimentCorrupt(
            f"quality of round {found.id} has not a value a test date",
            where=record.path / ROUNDS,
            remedy=REMAKE,
        )
    ranked = pd.Series(values, dtype=float)
    return pd.DataFrame(
        {
            "id": found.id,
            "date": _dates(dates, found, record),
            "rank_ic": ranked,
            "cumulative": ranked.fillna(0.0).cumsum(),
        }
    )


def _dates(dates: list[Any], found: Round, record: Record) -> pd.Series[pd.Timestamp]:
    """Return dates as the clock of their place had them: a time zone changes its offset within a year."""
    try:
        clock = [datetime.fromisoformat(date).replace(tzinfo=None) for date in dates]
        return pd.Series(clock, dtype="datetime64[us]")
    except (ValueError, TypeError) as error:
        raise ExperimentCorrupt(
            f"alignment of round {found.id} has a date that is none: {error}",
            where=record.path / ROUNDS,
            remedy=REMAKE,
        ) from error


__all__ = ["BY_DATE", "COLUMNS", "Per", "lags_of", "quality_by_date", "quality_over_time"]
