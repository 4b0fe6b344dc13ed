"""Evidence from what a line has: its records, its registry, its ledger and the data as it is now.

One definition of return for all: the record's scores, held by conf/portfolio at the costs of conf/costs over
every starting phase (`zoo.portfolio.over_phases`), marked up to the last bar that was predicted.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zoo.errors import DataError, PortfolioError, ZooError
from zoo.evaluation.days import Days
from zoo.evaluation.evidence import Contender, Evidence, Flags, Floats
from zoo.evaluation.feed import came_later
from zoo.evaluation.record import REVISED, Record, records_of, records_root
from zoo.portfolio import over_phases
from zoo.registry.version import ARCHIVED, RETIRED
from zoo.trust import TARGET_KEY

if TYPE_CHECKING:
    from zoo.data import Dataset
    from zoo.line import Line
    from zoo.portfolio import Costs, Policy
    from zoo.registry import Registry, Version

_DOCUMENT: Final = "version.json"


@dataclass(frozen=True)
class Holding:
    """How scores are held, and what that costs.

    Attributes:
        policy: scores to weights.
        delay: bars from signal to trade.
        costs: of trading and holding.
    """

    policy: Policy
    delay: int
    costs: Costs


@dataclass(frozen=True)
class Gathering:
    """What evidence is made of.

    Attributes:
        registry: where the versions and the ledger are.
        artifacts: where records lie.
        line: the line.
        data: its bars, as they are now.
        holding: how scores are held.
    """

    registry: Registry
    artifacts: Path
    line: Line
    data: Dataset
    holding: Holding

    def evidence(self) -> Evidence:
        """Return what is known of every version ever shadowed."""
        versions = {one.version_id: one for one in self.registry.versions(line=self.line.name)}
        records = {one.version_id: one for one in records_of(records_root(self.artifacts, self.line.name))}
        found = {
            name: self._contender(versions[name], record)
            for name, record in records.items()
            if name in versions
        }
        champion = self.registry.champion(self.line.name)
        crowned = None if champion is None else champion.version_id
        gone = [
            name
            for name, one in versions.items()  # theirs may have been taken away: they count all the same
            if name not in records and one.stage in (RETIRED, ARCHIVED)
        ]
        shadowed = len(set(records) - {crowned}) + len(gone)
        return Evidence(
            line=self.line.name,
            target=target_of(self.line.target, self.line.horizon),
            dates=self.data.dates,
            contenders=found,
            champion=crowned,
            trials=self.registry.ledger.count(self.line.name) + shadowed + (crowned is not None),
            shadowed=shadowed,
            baselines=self._baselines(found),
            benchmark=self._benchmark(found),
            bars_per_year=self.holding.costs.bars_per_year,
        )

    # --- one version ----------------------------------------------------------------------------

    def _contender(self, version: Version, record: Record) -> Contender:
        problems: list[str] = []
        days, revised = None, None
        try:
            index = record.index()
            days = record.days(index=index)
            again = record.days(REVISED, index)
            if days is not None and len(days):
                revised = (0 if again is None else len(again.dates.unique())) / len(days)
        except ZooError as error:
            problems.append(str(error))
        agreed = version.lineage.get("agreement") or {}
        figure = agreed.get(agreed.get("figure") or "rank_correlation")
        none = np.full(len(self.data.dates), np.nan)
        found: dict[str, Any] = {"net": none, "live": np.zeros(len(none), dtype=bool)}
        if days is not None:
            try:
                found = self._followed(version, days, problems)
            except (DataError, PortfolioError) as error:
                problems.append(str(error))
        return Contender(
            version_id=version.version_id,
            stage=version.stage,
            spec=version.spec,
            target=self._target(version),
            agreement=figure,
            floor=agreed.get("floor"),
            revised=revised,
            problems=tuple(problems),
            **found,
        )

    def _followed(self, version: Version, days: Days, problems: list[str]) -> dict[str, Any]:
        """Return returns, kinds, coverage and staleness of what was predicted."""
        at = self.data.dates.get_indexer(days.dates)
        if (at < 0).any():
            problems.append(f"{(at < 0).sum()} bars that it predicted are not in the data any more")
        known = at >= 0
        if not known.any():
            return {"net": np.full(len(self.data.dates), np.nan), "live": self._live(version, days)}
        first, last = int(at[known][0]), int(at[known][-1])
        scores = np.full((last - first + 1, len(self.data.assets)), np.nan)
        scores[at[known] - first] = days.on(self.data.assets)[known]
        missed = last - first + 1 - int(known.sum())
        if missed:
            problems.append(f"{missed} bars between its first and its last were never predicted")
        priced = np.isfinite(self.data.close.to_numpy()[first : last + 1])
        return {
            "net": self.net_of(scores, first, last, int(version.lineage.get("horizon") or self.line.horizon)),
            "live": self._live(version, days),
            "coverage": float((np.isfinite(scores) & priced).sum() / max(int(priced.sum()), 1)),
            "stale": len(self.data.dates) - 1 - last,
        }

    def net_of(self, scores: Floats, first: int, last: int, horizon: int) -> Floats:
        """Return the net return of each bar of the data, NaN outside of what the scores were held for."""
        volume = self.data.fields.get("volume")
        bars, net = over_phases(
            scores,
            self.data.close.to_numpy(),
            policy=self.holding.policy,
            horizon=horizon,
            every=self.line.rebalance,
            costs=self.holding.costs,
            delay=self.holding.delay,
            start=first,
            end=last,
            volume=None if volume is None else volume.to_numpy(),
        ).mean_net()
        found = np.full(len(self.data.dates), np.nan)
        found[bars] = net
        return found

    def _live(self, version: Version, days: Days) -> Flags:
        """Tell which bars are live: after the registration, and after the first that the record calls so."""
        late = came_later(self.data.dates, dt.datetime.fromisoformat(version.created_at))
        if not days.live.any():
            return np.zeros(len(late), dtype=bool)
        return late & np.asarray(self.data.dates >= days.dates[days.live][0])

    def _target(self, version: Version) -> str | None:
        """Return what a version predicts, as its own document says; None where it cannot be read."""
        try:
            document = json.loads(self.registry.read(version.version_id, _DOCUMENT))
            declared = document["inputs"]["manifest"]["target"]
            name, horizon = declared[TARGET_KEY], version.lineage["horizon"]
        except (ZooError, ValueError, KeyError, TypeError):
            return None
        return target_of(str(name), int(horizon))

    # --- what costs no thought ------------------------------------------------------------------

    def _span(self, found: Mapping[str, Contender]) -> tuple[int, int] | None:
        rows = [np.flatnonzero(one.recorded) for one in found.values()]
        known = [row for row in rows if len(row)]
        return (min(int(row[0]) for row in known), max(int(row[-1]) for row in known)) if known else None

    def _baselines(self, found: Mapping[str, Contender]) -> dict[str, Floats]:
        """Return momentum of a year but its last month (Jegadeesh and Titman 1993), held alike."""
        span = self._span(found)
        if span is None:
            return {}
        first, last = span
        close = self.data.close.ffill().to_numpy()
        year = round(self.holding.costs.bars_per_year)
        month = max(round(year / 12), 1)
        start = max(first - self.holding.delay, year)
        if start > last:
            return {}
        rows = np.arange(start, last + 1)
        scores = close[rows - month] / close[rows - year] - 1.0
        return {"momentum": self.net_of(scores, start, last, self.line.horizon)}

    def _benchmark(self, found: Mapping[str, Contender]) -> Floats | None:
        """Return equal weight's net returns where the policy holds nothing short."""
        ranks = np.arange(float(max(len(self.data.assets), 10)))
        weights = self.holding.policy(ranks[None])
        span = self._span(found)
        if span is None or (weights < 0).any() or not weights.sum() > 0:
            return None
        close = self.data.close.to_numpy()
        start = max(span[0] - self.holding.delay, 0)
        equal = Gathering(
            self.registry,
            self.artifacts,
            self.line,
            self.data,
            Holding(_equal, self.holding.delay, self.holding.costs),
        )
        scores = np.where(np.isfinite(close[start : span[1] + 1]), 1.0, np.nan)
        return equal.net_of(scores, start, span[1], self.line.horizon)


def _equal(scores: Floats) -> Floats:
    held = np.isfinite(np.atleast_2d(scores))
    weights: Floats = held / np.maximum(held.sum(axis=1, keepdims=True), 1)
    return weights.reshape(np.shape(scores))


def target_of(name: str, horizon: int) -> str:
    """Write what is predicted, and how far ahead."""
    return f"{name} over {horizon} bars"


def returns_of(data: Dataset, bars: int = 756) -> Floats:
    """Return the last bars' returns of every asset, bars × assets, for `covariance_of`."""
    close = data.close.iloc[-bars - 1 :]
    return np.asarray(close.pct_change(fill_method=None).iloc[1:].to_numpy(), dtype=np.float64)


__all__ = ["Gathering", "Holding", "returns_of", "target_of"]
