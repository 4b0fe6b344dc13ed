"""What all versions of a line are judged on: prices, one policy, one set of costs, every starting phase."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import USAGE_EXIT, DataError, PortfolioError, ZooError
from zoo.evaluation.visible import visible_digests
from zoo.metrics import (
    PhaseFigure,
    mean_with_error,
    over_phases_of,
    overlap_lags,
    performance_of,
    rank_ic_by_date,
)
from zoo.portfolio import Costs, PhasePerformance, over_phases
from zoo.trust import TARGET_KEY, Trust

if TYPE_CHECKING:
    from zoo.data import Dataset
    from zoo.evaluation.days import Days

Floats = NDArray[np.float64]
Policy = Callable[[Floats], Floats]


def equal_weight(scores: Floats) -> Floats:
    """Hold every name that has a score, equally weighted."""
    there = np.isfinite(scores)
    names = np.maximum(there.sum(axis=1, keepdims=True), 1)
    weights: Floats = there / names
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What holding scores came to on the bars of a window, from the first trade on.

    Attributes:
        dates: the bars.
        net: return after costs of holding all phases in equal parts; for a policy that holds nothing short,
            less what equal weight returned.
        gross: the same before costs.
        turnover: half of what was traded, over the value.
        rank_ic: of each bar of the window, against what followed over the horizon.
        figures: by name, over all starting phases.
    """

    dates: pd.DatetimeIndex
    net: Floats
    gross: Floats
    turnover: Floats
    rank_ic: Floats
    figures: Mapping[str, PhaseFigure]


@dataclass(frozen=True)
class Ground:
    """What all versions of a line are judged on.

    Attributes:
        data: the bars, up to the last one that is judged.
        declared: the policy, as conf/portfolio declares it.
        costs: what trading and holding cost.
        delay: bars from signal to trade.
        every: bars between two rebalances.
        trust: what may be imported.

    Raises:
        PortfolioError: an impact that cannot be told, because the data has no volume.
    """

    data: Dataset
    declared: Mapping[str, Any]
    costs: Costs
    delay: int
    every: int
    trust: Trust
    _known: dict[tuple[str, int, int], Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.costs.impact_coefficient > 0 and "volume" not in self.data.fields:
            raise PortfolioError(
                "an impact cannot be told without a volume, and the data has none",
                where="costs.impact_coefficient",
                expected=f"a field `volume` beside {', '.join(self.data.fields)}",
                remedy="choose other costs, or costs.impact_coefficient=0",
            )

    @cached_property
    def policy(self) -> Policy:
        """Scores to weights.

        Raises:
            TrustError: a policy that is not trusted, or is none.
            ManifestError: an argument that it does not take.
        """
        from zoo.manifest.construct import called, partial

        name = str(self.declared[TARGET_KEY])
        try:
            function = partial(self.declared, self.trust, "portfolio.policy")
        except ZooError as error:
            error.exit_code = USAGE_EXIT  # the configuration is wrong, and nothing was judged by it
            raise

        def weights_of(scores: Floats) -> Floats:
            weights: Floats = called(function, (scores,), {}, name, "portfolio.policy")
            return weights

        return weights_of

    @property
    def dates(self) -> pd.DatetimeIndex:
        """The calendar."""
        return self.data.dates

    @cached_property
    def prices(self) -> Floats:
        """Closes, bars × assets."""
        return self.data.close.to_numpy()

    @cached_property
    def digest(self) -> str:
        """Of everything that a result depends on besides the scores and the window."""
        values = {one.name: getattr(self.costs, one.name) for one in fields(Costs)}
        told = [visible_digests(self.data)[-1], dict(self.declared), values, self.delay, self.every]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()

    def with_assets(self, names: Sequence[str]) -> Ground:
        """Return ground on which assets that vanished from the data have no price, instead of no place."""
        from zoo.data import Dataset

        found = {
            name: frame.reindex(columns=[*frame.columns, *names]) for name, frame in self.data.fields.items()
        }
        return replace(self, data=Dataset(found, self.data.factors, self.data.name), _known={})

    @cached_property
    def holds_nothing_short(self) -> bool:
        """Whether the policy buys only, so that equal weight is what it has to beat."""
        names = len(self.data.assets)
        probe = np.stack([np.arange(names), -np.arange(names)]).astype(np.float64)
        weights = self.policy(probe)
        return bool(weights.min() >= 0 and weights.max() > 0)

    def place(self, bar: pd.Timestamp) -> int:
        """Return the number of a bar.

        Raises:
            DataError: it is none of the data's.
        """
        found = int(self.dates.get_indexer(pd.DatetimeIndex([bar]))[0])
        if found < 0:
            raise DataError(f"{bar} is no bar of {self.data.name}")
        return found

    def placed(self, days: Days) -> tuple[int, Floats]:
        """Return the bar on which days begin, and their scores on every bar from there on: bars × assets."""
        start = self.place(days.dates[0])
        bars = self.dates[start:]
        at = bars.get_indexer(days.dates)
        scores = np.full((len(bars), len(self.data.assets)), np.nan)
        scores[at[at >= 0]] = days.on(self.data.assets)[at >= 0]
        return start, scores

    def hold(
        self,
        scores: Floats,
        start: int,
        horizon: int,
        *,
        policy: Policy | None = None,
        plain: bool = False,
        ranked: bool = True,
    ) -> Held:
        """Hold scores from a bar on, over every starting phase, by the one definition of `zoo.portfolio`.

        Args:
            scores: bars × assets, one row for every bar from `start` to the last one of the data.
            start: the bar of the first row.
            horizon: bars that the scores look ahead.
            policy: another one than the ground's.
            plain: never less equal weight.
            ranked: whether the rank IC is asked for; else it is NaN.
        """
        volume = self.data.fields.get("volume")
        found = over_phases(
            scores,
            self.prices,
            policy=self.policy if policy is None else policy,
            horizon=horizon,
            every=self.every,
            costs=self.costs,
            delay=self.delay,
            start=start,
            end=len(self.dates) - 1,
            volume=None if volume is None else volume.to_numpy(),
        )
        least = None if plain or not self.holds_nothing_short else self.equal_weight(start, horizon)
        by_bar = np.full(len(scores), np.nan)
        if ranked:
            by_bar = rank_ic_by_date(scores, self.labels(horizon)[start : start + len(scores)])
        at, net = found.mean_net()
        gross, turnover = (_mean(found, name, len(net)) for name in ("gross", "turnover"))
        if least is not None:
            _, under = least.mean_net()
            net, gross = net - under, gross - _mean(least, "gross", len(net))
        figures = _figures(found) if least is None else self._active(found, least)
        return Held(
            self.dates[at],
            net,
            gross,
            turnover,
            by_bar,
            {**figures, "rank_ic": self._over_phases(by_bar, horizon)},
        )

    def equal_weight(self, start: int, horizon: int) -> PhasePerformance:
        """Return what equal weight came to over the same phases, names with a price only."""
        key = ("equal", start, horizon)
        if key not in self._known:
            self._known[key] = self._equal_weight(start, horizon)
        found: PhasePerformance = self._known[key]
        return found

    def _equal_weight(self, start: int, horizon: int) -> PhasePerformance:
        scores = np.where(np.isnan(self.prices[start:]), np.nan, 1.0)
        volume = self.data.fields.get("volume")
        return over_phases(
            scores,
            self.prices,
            policy=equal_weight,
            horizon=horizon,
            every=self.every,
            costs=self.costs,
            delay=self.delay,
            start=start,
            end=len(self.dates) - 1,
            volume=None if volume is None else volume.to_numpy(),
        )

    def labels(self, horizon: int) -> Floats:
        """Return the simple return over `horizon` bars from each bar on; NaN where it is not known."""
        key = ("labels", 0, horizon)
        if key not in self._known:
            self._known[key] = self._labels(horizon)
        found: Floats = self._known[key]
        return found

    def _labels(self, horizon: int) -> Floats:
        found = np.full(self.prices.shape, np.nan)
        found[:-horizon] = self.prices[horizon:] / self.prices[:-horizon] - 1.0
        return found

    def _over_phases(self, by_bar: Floats, horizon: int) -> PhaseFigure:
        """Return the mean rank IC over starting phases; as `zoo.metrics.rank_ic_over_phases`."""
        lags = overlap_lags(horizon, self.every)
        found = (mean_with_error(by_bar[phase :: self.every], lags) for phase in range(self.every))
        return over_phases_of((one.mean, one.se) for one in found)

    def _active(self, found: PhasePerformance, least: PhasePerformance) -> dict[str, PhaseFigure]:
        """Return the figures of each phase's return less that of equal weight in the same phase."""
        each = [
            performance_of(
                one.net - under.net,
                one.gross - under.gross,
                one.turnover,
                bars_per_year=self.costs.bars_per_year,
            )
            for one, under in zip(found.tracks, least.tracks, strict=True)
        ]
        return {name: over_phases_of(getattr(phase, name) for phase in each) for name in _names()}


def _names() -> list[str]:
    return [one.name for one in fields(PhasePerformance) if one.name not in ("phases", "tracks")]


def _figures(found: PhasePerformance) -> dict[str, PhaseFigure]:
    return {name: getattr(found, name) for name in _names()}


def _mean(found: PhasePerformance, name: str, bars: int) -> Floats:
    """Return a series of all phases in equal parts, on the bars of `mean_net`."""
    real = [track for track in found.tracks if len(track.bars)]
    total = np.zeros(bars)
    first = min((int(track.bars[0]) for track in real), default=0)
    for track in real:
        total[track.bars[0] - first : track.bars[-1] - first + 1] += getattr(track, name)
    return total / max(len(found.tracks), 1)


__all__ = ["Ground", "Held", "equal_weight"]
