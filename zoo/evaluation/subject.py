"""One version in the shadow: what it predicts, shown to need nothing later, and kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.evaluation.days import Days
from zoo.evaluation.feed import Feed, came_later
from zoo.evaluation.guard import within
from zoo.evaluation.proof import (
    Features,
    predict,
    prove_features,
    prove_predictions,
    root_mean_square,
    sample,
)
from zoo.evaluation.record import DAYS, REVISED, About, Index, Record
from zoo.evaluation.rules import ShadowRules
from zoo.evaluation.visible import text_of

if TYPE_CHECKING:
    from zoo.promotion.cohort import Predictor
    from zoo.registry import Version

SHADOWED: Final = "shadowed"
UP_TO_DATE: Final = "up_to_date"
FAILED: Final = "failed"
WAITING: Final = "waiting"

_BARS_A_FILE: Final = 252
_TOLERANCE: Final = 1e-6  # of the root mean square: data is adjusted again for every split, and rounds

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass
class Shadowed:
    """What became of one version in a run.

    Attributes:
        version_id: the version.
        spec: its spec.
        stage: its stage.
        status: `shadowed`, `up_to_date`, `failed` or `waiting` (for a seat).
        new: bars predicted in this run.
        bars: bars predicted so far.
        live: how many of them are live.
        first: the first bar of the record; None without one.
        last: the last.
        proven: bars of this run on which it was shown that nothing later was read.
        revised: bars that are predicted differently now than they were.
        error: the class of what went wrong.
        message: what went wrong.
        notices: what the user should know.
    """

    version_id: str
    spec: str
    stage: str
    status: str = UP_TO_DATE
    new: int = 0
    bars: int = 0
    live: int = 0
    first: str | None = None
    last: str | None = None
    proven: int = 0
    revised: list[str] = field(default_factory=list)
    error: str | None = None
    message: str | None = None
    notices: list[str] = field(default_factory=list)

    @property
    def replayed(self) -> int:
        """Bars that existed when the version was registered."""
        return self.bars - self.live

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**asdict(self), "replayed": self.replayed}


@dataclass
class Subject:
    """A version with what is needed to shadow it."""

    version: Version
    sensor: Predictor
    about: About
    record: Record
    found: Shadowed

    @property
    def registered_at(self) -> dt.datetime:
        """When it was registered, UTC."""
        return dt.datetime.fromisoformat(self.about.registered_at)

    @property
    def train_end(self) -> pd.Timestamp:
        """Midnight after the last day of training."""
        return pd.Timestamp(self.about.train_end) + pd.Timedelta(days=1)


@dataclass
class InShadow:
    """One version's bars."""

    subject: Subject
    feed: Feed
    features: Features
    rules: ShadowRules

    def shadow(self) -> None:
        """Predict what was not predicted yet, and look whether what was is still predicted so."""
        subject, found = self.subject, self.subject.found
        index = subject.record.begin(subject.about)
        subject.record.check(index)
        for name in subject.record.unlisted(index):
            found.notices.append(f"{subject.record.path / name} is not in the index, and was not used")
        index = self._revised(index)
        rows = self._new_rows(index)
        if not len(rows) and not index.bars:
            found.notices.append(
                f"nothing to predict: the data ends on {text_of(self.features.dates[-1])},"
                f" and its training on {subject.about.train_end}"
            )
        if len(rows):
            with within(self.rules.seconds, subject.found.version_id):
                days = self._predicted(rows)
            index = self._written(index, days)
            found.new = len(days)
        found.bars, found.live = index.bars, index.live
        days_of = index.of(DAYS)
        if days_of:
            found.first, found.last = days_of[0].first, days_of[-1].last
        if found.new or found.revised:
            found.status = SHADOWED

    def _new_rows(self, index: Index) -> Positions:
        dates = self.features.dates
        after = dates >= self.subject.train_end.tz_localize(dates.tz)
        if index.last is not None:
            after &= dates > index.last
        return np.flatnonzero(after)

    def _predicted(self, rows: Positions) -> Days:
        sensor, features, feed = self.subject.sensor, self.features, self.feed
        bars = sample(feed, features.dates[rows], self.rules.proof)
        alone = prove_features(sensor, feed, features, bars)
        days = self._days(rows)
        together = [days.scores[days.dates.get_loc(bar)] for bar in bars]
        prove_predictions(sensor, alone, together, bars)
        self.subject.found.proven = len(bars)
        return days

    def _days(self, rows: Positions) -> Days:
        sensor, features = self.subject.sensor, self.features
        dates = features.dates[rows]
        assert sensor.bound is not None  # noqa: S101
        return Days(
            dates,
            features.assets,
            predict(sensor, features.values[rows]),
            came_later(dates, self.subject.registered_at),
            np.asarray(rows % sensor.bound.every == 0),
            self.feed.seen_at(dates),
        )

    def _written(self, index: Index, days: Days) -> Index:
        for start in range(0, len(days), _BARS_A_FILE):
            part = days.part(slice(start, start + _BARS_A_FILE))
            index = self.subject.record.append(index, part, part.visible[-1])
        return index

    def _revised(self, index: Index) -> Index:
        """Keep beside the record what its bars are predicted as on revised data."""
        if index.last is None or self.feed.seen(index.last) == index.entries[-1].visible:
            return index
        if self.feed.data.dates[-1] < index.last:
            return index  # the data is cut before the record ends: nothing is revised
        stored = self.subject.record.days(index=index)
        assert stored is not None  # noqa: S101  # it has a last bar
        known = np.flatnonzero(self.features.dates.isin(stored.dates))
        with within(self.rules.seconds, self.subject.found.version_id):
            now = self._days(known)
        before = stored.part(stored.dates.get_indexer(now.dates))
        changed = _changed(before.on(now.assets), now.scores)
        gone = len(stored) - len(now)
        if gone:
            self.subject.found.notices.append(f"{gone} bars that were shadowed are not in the data any more")
        if not changed.any():
            return index
        bars = now.dates[changed]
        self.subject.found.revised = [text_of(bar) for bar in bars]
        self.subject.found.notices.append(
            f"{len(bars)} bars from {text_of(bars[0])} on are predicted differently on the data as it is now;"
            " the first predictions stay what counts"
        )
        rows = np.flatnonzero(changed)
        return self.subject.record.append(index, now.part(rows), self.feed.seen(index.last), REVISED)


def _changed(before: Floats, now: Floats) -> NDArray[np.bool_]:
    """Tell which bars are predicted differently: by more than rounding, or for other assets."""
    with np.errstate(invalid="ignore"):
        near = np.abs(before - now) <= _TOLERANCE * root_mean_square(before)
    same = near | (np.isnan(before) & np.isnan(now))
    return np.asarray(~same.all(axis=1))


def about(version: Version, sensor: Predictor) -> About:
    """Return what a record says of its version."""
    metadata: Mapping[str, Any] = sensor.metadata
    assert version.train_end is not None  # noqa: S101
    return About(
        version_id=version.version_id,
        line=version.line,
        spec=version.spec,
        experiment=version.experiment,
        permutation_id=version.permutation_id,
        train_end=version.train_end.isoformat(),
        trained_until=(metadata.get("data") or {}).get("last"),
        registered_at=version.created_at,
        horizon=int(metadata["horizon"]),
    )


__all__ = ["FAILED", "SHADOWED", "UP_TO_DATE", "WAITING", "InShadow", "Shadowed", "Subject", "about"]
