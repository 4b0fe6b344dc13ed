"""Evidence from what a line has: its records, its registry, its ledger, and the data as it is now.

Returns are those of `Ground`, as on the leaderboard. A record counts up to the last bar that it predicted.
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
from zoo.evaluation.baselines import MOMENTUM, annual_sharpe, hold_momentum, permute
from zoo.evaluation.days import Days
from zoo.evaluation.evidence import Contender, Evidence, Flags, Floats
from zoo.evaluation.feed import came_later
from zoo.evaluation.ground import Ground, Held
from zoo.evaluation.record import REVISED, Record, records_of, records_root
from zoo.registry.version import ARCHIVED, CHALLENGER, RETIRED
from zoo.trust import TARGET_KEY

if TYPE_CHECKING:
    from zoo.line import Line
    from zoo.registry import Registry, Version

_DOCUMENT: Final = "version.json"
_SEED: Final = 0


@dataclass(frozen=True)
class Gathering:
    """What evidence is made of.

    Attributes:
        registry: where the versions and the ledger are.
        artifacts: where records lie.
        line: the line.
        ground: prices, policy and costs.
        permutations: of each challenger's names, for the gate `first`; 0 for none.
    """

    registry: Registry
    artifacts: Path
    line: Line
    ground: Ground
    permutations: int = 0

    def evidence(self) -> Evidence:
        """Return what is known of every version ever shadowed.

        A retired version whose record was taken away counts as one that was shadowed.
        """
        name = self.line.name
        versions = {one.version_id: one for one in self.registry.versions(line=name)}
        records = {one.version_id: one for one in records_of(records_root(self.artifacts, name))}
        found = {key: self._contender(versions[key], one) for key, one in records.items() if key in versions}
        champion = self.registry.champion(name)
        crowned = None if champion is None else champion.version_id
        left = [key for key, one in versions.items() if one.stage in (RETIRED, ARCHIVED)]
        shadowed = len({*records, *left} - {crowned})
        return Evidence(
            line=name,
            target=target_of(self.line.target, self.line.horizon),
            dates=self.ground.dates,
            contenders=found,
            champion=crowned,
            trials=self.registry.ledger.count(name) + shadowed + (crowned is not None),
            shadowed=shadowed,
            baselines=self._baselines(found),
            bars_per_year=self.ground.costs.bars_per_year,
        )

    def reigning(self) -> Evidence | None:
        """Return what is known of the champion alone; None where it has no record."""
        name = self.line.name
        champion = self.registry.champion(name)
        if champion is None:
            return None
        record = Record(records_root(self.artifacts, name), champion.version_id)
        if record.index() is None:
            return None
        return Evidence(
            line=name,
            target=target_of(self.line.target, self.line.horizon),
            dates=self.ground.dates,
            contenders={champion.version_id: self._contender(champion, record)},
            champion=champion.version_id,
            trials=1,
            shadowed=0,
            bars_per_year=self.ground.costs.bars_per_year,
        )

    # --- one version ----------------------------------------------------------------------------

    def _contender(self, version: Version, record: Record) -> Contender:
        problems: list[str] = []
        found = self._nothing()
        try:
            index = record.index()
            days, again = record.days(index=index), record.days(REVISED, index)
            if days is not None:
                found = self._followed(version, days, problems)
                found["revised"] = (0 if again is None else len(again.dates.unique())) / len(days)
        except ZooError as error:
            problems.append(str(error))
        agreed = version.lineage.get("agreement") or {}
        return Contender(
            version_id=version.version_id,
            stage=version.stage,
            spec=version.spec,
            target=self._target(version),
            agreement=agreed.get(agreed.get("figure")),
            floor=agreed.get("floor"),
            problems=tuple(problems),
            **found,
        )

    def _nothing(self) -> dict[str, Any]:
        bars = len(self.ground.dates)
        return {"net": np.full(bars, np.nan), "live": np.zeros(bars, dtype=bool)}

    def _followed(self, version: Version, days: Days, problems: list[str]) -> dict[str, Any]:
        """Return returns, kinds, coverage and staleness of what was predicted."""
        at = self.ground.dates.get_indexer(days.dates)
        known = at >= 0
        if not known.all():
            problems.append(f"{(~known).sum()} bars that it predicted are not in the data any more")
        if not known.any():
            return self._nothing()
        first, last = int(at[known][0]), int(at[known][-1])
        scores = np.full((len(self.ground.dates) - first, len(self.ground.data.assets)), np.nan)
        scores[at[known] - first] = days.on(self.ground.data.assets)[known]
        missed = last - first + 1 - int(known.sum())
        if missed:
            problems.append(f"{missed} bars between its first and its last were never predicted")
        horizon = int(version.lineage.get("horizon") or self.line.horizon)
        net = self._on_calendar(self.ground.hold(scores, first, horizon), last)
        live = self._live(version, days)
        priced = np.isfinite(self.ground.prices[first : last + 1])
        there = np.isfinite(scores[: last + 1 - first]) & priced
        lucky = self._lucky(scores, first, horizon, live) if version.stage == CHALLENGER else None
        return {
            "net": net,
            "live": live,
            "coverage": float(there.sum() / max(int(priced.sum()), 1)),
            "stale": len(self.ground.dates) - 1 - last,
            "lucky": lucky,
        }

    def _on_calendar(self, held: Held, last: int) -> Floats:
        """Return the net return of each bar of the data; NaN before the first trade and after `last`."""
        found = np.full(len(self.ground.dates), np.nan)
        found[self.ground.dates.get_indexer(held.dates)] = held.net
        found[last + 1 :] = np.nan
        return found

    def _live(self, version: Version, days: Days) -> Flags:
        """Tell which bars are live: after the registration, and not before the record says so."""
        dates = self.ground.dates
        late = came_later(dates, dt.datetime.fromisoformat(version.created_at))
        if not days.live.any():
            return np.zeros(len(late), dtype=bool)
        return late & np.asarray(dates >= days.dates[days.live][0])

    def _lucky(self, scores: Floats, first: int, horizon: int, live: Flags) -> float | None:
        """Return the share of permutations that earn as much on the live bars."""
        rows = np.flatnonzero(live)
        if not self.permutations or not len(rows) or int(rows[0]) < first:
            return None
        start = int(rows[0])
        own = scores[start - first :]
        held = self.ground.hold(own, start, horizon)
        moved = permute(self.ground, own, start, horizon, count=self.permutations, seed=_SEED)
        return 1.0 - moved.share_below(annual_sharpe(held, self.ground))

    def _target(self, version: Version) -> str | None:
        """Return what a version predicts, as its own document says; None where it cannot be read."""
        try:
            document = json.loads(self.registry.read(version.version_id, _DOCUMENT))
            declared = document["inputs"]["manifest"]["target"]
            return target_of(str(declared[TARGET_KEY]), int(version.lineage["horizon"]))
        except (ZooError, ValueError, KeyError, TypeError):
            return None

    def _baselines(self, found: Mapping[str, Contender]) -> dict[str, Floats]:
        """Return what 12-1 momentum (Jegadeesh and Titman 1993) earned over the records, held alike."""
        starts = [int(np.argmax(one.recorded)) for one in found.values() if one.recorded.any()]
        if not starts:
            return {}
        start = max(min(starts) - self.ground.delay, 0)
        try:
            held = hold_momentum(self.ground, start, self.line.horizon)
        except (DataError, PortfolioError):
            return {}  # a gate that asks for it then fails, and says so
        return {MOMENTUM: self._on_calendar(held, len(self.ground.dates) - 1)}


def target_of(name: str, horizon: int) -> str:
    """Write what is predicted, and how far ahead."""
    return f"{name} over {horizon} bars"


__all__ = ["Gathering", "target_of"]
