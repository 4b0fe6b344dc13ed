"""Features and predictions of a line's shadowed versions since their training, beside those of it.

A version is held against its own training: the bars between the first and the last row that its refit was
fitted on, and what the refit predicted there. Nothing is written.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from zoo.errors import DataError, Interrupted, NothingToDo, ShadowError, ZooError
from zoo.evaluation.days import Days
from zoo.evaluation.drift import FeatureDrift, panel_drift
from zoo.evaluation.feed import Feed, declaration_of, fetch
from zoo.evaluation.health import PredictionHealth, prediction_health
from zoo.evaluation.proof import Features, features_of
from zoo.evaluation.record import Record, records_root
from zoo.evaluation.rules import DriftRules
from zoo.evaluation.visible import text_of
from zoo.events import Advanced, Failed, Finished, Observer, Started, emit
from zoo.registry.version import CHALLENGER, CHAMPION

if TYPE_CHECKING:
    from zoo.line import Line
    from zoo.promotion.cohort import Predictor
    from zoo.registry import Registry, Version
    from zoo.trust import Trust

STEADY: Final = "steady"
DRIFTED: Final = "drifted"
UNSHADOWED: Final = "not_shadowed"
FAILED: Final = "failed"

_REFIT: Final = "refit"
_PREDICTIONS: Final = "predictions.parquet"


@dataclass
class Checked:
    """What was found of one version.

    Attributes:
        version_id: the version.
        spec: its spec.
        stage: its stage.
        status: `steady`, `drifted`, `not_shadowed` or `failed`.
        first: the first bar that was looked at; None without one.
        last: the last.
        bars: how many.
        trained_from: the first bar of the training that it is held against.
        trained_until: the last.
        features: how far each feature moved.
        predictions: whether the predictions look alive; None where nothing could be compared.
        flags: what is outside its range, in words.
        error: the class of what went wrong.
        message: what went wrong.
        notices: what the user should know.
    """

    version_id: str
    spec: str
    stage: str
    status: str = UNSHADOWED
    first: str | None = None
    last: str | None = None
    bars: int = 0
    trained_from: str | None = None
    trained_until: str | None = None
    features: tuple[FeatureDrift, ...] = ()
    predictions: PredictionHealth | None = None
    flags: list[str] = field(default_factory=list)
    error: str | None = None
    message: str | None = None
    notices: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass
class Checkup:
    """A look at one line.

    Attributes:
        registry: where the versions are.
        artifacts: where their records lie.
        line: the line.
        rules: conf/drift.
        trust: what may be imported.
        until: the last date of the data; None for all there is.
        now: the clock, UTC.
        observers: who is told of progress.
    """

    registry: Registry
    artifacts: Path
    line: Line
    rules: DriftRules
    trust: Trust
    until: str | None = None
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    observers: Iterable[Observer] = ()
    _feeds: dict[str, Feed] = field(default_factory=dict)

    def run(self) -> list[Checked]:
        """Look at champion and challengers, the champion first.

        Raises:
            NothingToDo: there is neither, or none of them was ever shadowed.
        """
        versions = [
            v for v in self.registry.versions(line=self.line.name) if v.stage in (CHAMPION, CHALLENGER)
        ]
        if not versions:
            raise NothingToDo(
                "the line has neither champion nor challenger",
                where=self.line.name,
                remedy="register some with `python -m zoo -m`",
            )
        versions.sort(key=lambda version: version.stage != CHAMPION)
        task = f"drift {self.line.name}"
        emit(self.observers, Started(task, len(versions)))
        try:
            found = [self._told(version, task) for version in versions]
        finally:
            emit(self.observers, Finished(task))
        if all(one.status == UNSHADOWED for one in found):
            raise NothingToDo(
                f"none of {len(found)} versions was shadowed yet: there are no later bars to look at",
                where=self.line.name,
                remedy="`python -m zoo shadow` makes their records",
            )
        return found

    def _told(self, version: Version, task: str) -> Checked:
        found = Checked(version.version_id, version.spec, version.stage)
        try:
            self._look(version, found)
        except Interrupted:
            raise
        except Exception as error:
            found.status, found.error = FAILED, type(error).__name__
            told = " ".join(str(error).split())
            found.message = told if isinstance(error, ZooError) else f"unexpected {found.error}: {told}"
            emit(self.observers, Failed(f"drift {found.version_id}", found.error, found.message))
        emit(self.observers, Advanced(task, note=found.version_id))
        return found

    def _look(self, version: Version, found: Checked) -> None:
        days = Record(records_root(self.artifacts, self.line.name), version.version_id).days()
        if days is None:
            return
        if self.rules.bars is not None:
            days = days.part(slice(-self.rules.bars, None))
        sensor = self.registry.load(version.version_id, trusted=self.trust)
        refitted = _refitted(self.registry.read(version.version_id, _PREDICTIONS), version.version_id)
        feed = self._feed(sensor)
        found.notices += _training_now(sensor, feed)
        compared = _Compared(sensor, feed, refitted, days)
        found.first, found.last, found.bars = text_of(days.dates[0]), text_of(days.dates[-1]), len(days)
        found.trained_from, found.trained_until = text_of(refitted.index[0]), text_of(refitted.index[-1])
        found.features = compared.features(self.rules)
        found.predictions = compared.predictions(self.rules)
        found.flags = [_moved(one) for one in found.features if one.drifted]
        found.flags += [f"predictions: {problem}" for problem in found.predictions.problems]
        found.status = DRIFTED if found.flags else STEADY

    def _feed(self, sensor: Predictor) -> Feed:
        """Return the data of a version's source, fetched once."""
        from zoo.manifest.bound import key_of

        if sensor.bound is None:
            raise ShadowError("how its features are computed of bars is not known")
        declared = declaration_of(sensor.bound, self.line)
        key = key_of(declared)
        if key not in self._feeds:
            self._feeds[key] = Feed(fetch(declared, self.trust, self.until, self.now))
        return self._feeds[key]


class _Compared:
    """One version's training and its later bars, on the data as it is now."""

    def __init__(self, sensor: Predictor, feed: Feed, refitted: pd.DataFrame, days: Days) -> None:
        assert sensor.bound is not None  # noqa: S101  # `_feed` refused it
        self.found: Features = features_of(sensor, feed)
        self.priced = feed.formed(sensor.bound).close.notna()
        self.refitted, self.days, self.data = refitted, days, feed.data.name

    def features(self, rules: DriftRules) -> tuple[FeatureDrift, ...]:
        dates, priced = self.found.dates, self.priced.to_numpy()
        before = (dates >= self.refitted.index[0]) & (dates <= self.refitted.index[-1])
        after = dates.isin(self.days.dates)
        trained = np.isin(np.array(self.found.assets, dtype=object), self.refitted.columns)
        if not before.any() or not after.any():
            raise DataError(
                f"has no bar of the {'training' if not before.any() else 'record'} any more",
                where=self.data,
                expected="the data that the version was trained and shadowed on",
            )
        return panel_drift(
            self.found.values[before][:, trained],
            self.found.values[after],
            self.found.names,
            due=(priced[before][:, trained], priced[after]),
            rules=rules,
        )

    def predictions(self, rules: DriftRules) -> PredictionHealth:
        later = self.days.on(self.found.assets)
        due_before = _at(self.priced, self.refitted.index, self.refitted.columns)
        due = _at(self.priced, self.days.dates, pd.Index(self.found.assets))
        return prediction_health(
            self.refitted.to_numpy(dtype=np.float64),
            later,
            due=(due_before | self.refitted.notna().to_numpy(), due | np.isfinite(later)),
            rules=rules,
        )


def _at(priced: pd.DataFrame, dates: pd.Index, assets: pd.Index) -> Any:
    return priced.reindex(index=dates, columns=assets, fill_value=False).to_numpy(dtype=bool)


def _refitted(content: bytes, version_id: str) -> pd.DataFrame:
    """Return what the refit predicted on its training rows: dates × assets.

    Raises:
        ShadowError: it was kept by row, or not at all.
    """
    frame = pd.read_parquet(io.BytesIO(content), engine="pyarrow")
    frame = frame[frame["part"] == _REFIT]
    if frame.empty or not {"date", "asset"} <= set(frame.columns):
        raise ShadowError(
            "has no predictions of its refit by date and asset: there is nothing to compare with",
            where=version_id,
        )
    return frame.pivot(index="date", columns="asset", values="prediction").sort_index()


def _training_now(sensor: Predictor, feed: Feed) -> list[str]:
    """Say what of the data that a version was trained on is not as it was."""
    from zoo.data import Fingerprint

    recorded: Mapping[str, Any] | None = sensor.metadata.get("data")
    if not recorded or recorded.get("last") is None:
        return ["what data it was trained on was not recorded: whether that is as it was is unknown"]
    differing = Fingerprint.from_dict(recorded).differences(
        feed.data.until(str(recorded["last"])).fingerprint()
    )
    if not differing:
        return []
    return [
        f"the data of its training is not as it was ({'; '.join(differing)}): its features are those of now"
    ]


def _moved(one: FeatureDrift) -> str:
    figures = f"PSI {one.psi:.3g} (bar {one.psi_bar:.3g}), KS {one.ks:.3g} (bar {one.ks_bar:.3g})"
    return f"feature {one.feature}: {figures}, missing {one.missing:.1%} (training {one.missing_before:.1%})"


__all__ = ["DRIFTED", "FAILED", "STEADY", "UNSHADOWED", "Checked", "Checkup"]
