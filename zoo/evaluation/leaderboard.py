"""The leaderboard of a line: every version ever shadowed on the same bars, after costs, with its luck."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import Interrupted, NothingToDo, ZooError
from zoo.evaluation.feed import Feed, declaration_of, fetch
from zoo.evaluation.ground import Ground
from zoo.evaluation.record import Index, Record, records_of, records_root
from zoo.evaluation.refit import PREFIX
from zoo.evaluation.rules import BoardRules
from zoo.evaluation.score import ShrunkenSharpe, shrunken_sharpe
from zoo.evaluation.standing import Standing, standing_of
from zoo.evaluation.visible import text_of
from zoo.evaluation.window import Cover, Window, silent, why_not_comparable, window_of
from zoo.events import Failed, Noticed, Observer, emit
from zoo.metrics import expected_maximum_sharpe, moments, trial_variance

if TYPE_CHECKING:
    import datetime as dt

    from zoo.line import Line
    from zoo.portfolio import Costs
    from zoo.registry import Registry, Version
    from zoo.trust import Trust

Floats = NDArray[np.float64]

CHALLENGER: Final = "challenger"
CHAMPION: Final = "champion"


@dataclass(frozen=True, slots=True)
class Luck:
    """What the best of all trials is expected to have without skill.

    Attributes:
        trials: N: every permutation ever evaluated for the line, and every version ever shadowed.
        variance: V, of the Sharpe ratios of one set of trials, per bar.
        benchmark: SR0, per bar.
        source: which trials V was taken over.
    """

    trials: int
    variance: float
    benchmark: float
    source: str


@dataclass(frozen=True, eq=False)
class Entrant:
    """One version on the board.

    Attributes:
        version: as the registry has it; None for a record whose version it does not know.
        index: its record; None where it was not shadowed, or where the record cannot be read.
        standing: what its record came to; None where it is not comparable.
        score: by which it ranks; None where there is none.
        rank: 1 for the best; equal scores share one. None for whoever is not in the race.
        reason: why it has no rank; None where it has one.
    """

    version_id: str
    stage: str
    spec: str
    version: Version | None = None
    index: Index | None = None
    standing: Standing | None = None
    score: ShrunkenSharpe | None = None
    rank: int | None = None
    reason: str | None = None

    @property
    def racing(self) -> bool:
        """Whether it is champion or challenger."""
        return self.stage in (CHAMPION, CHALLENGER)


@dataclass(frozen=True, eq=False)
class Board:
    """A line's versions side by side.

    Attributes:
        line: the line.
        window: the bars that are compared.
        ground: what all are judged on, up to the window's last bar.
        luck: what the best is expected to have without skill.
        entrants: the ranked ones first, the best first; then those that are compared; then the others.
        champion: its id; None without one.
        notices: what the user should know.
    """

    line: str
    window: Window
    ground: Ground
    luck: Luck
    entrants: tuple[Entrant, ...]
    champion: str | None
    notices: tuple[str, ...] = ()

    @property
    def compared(self) -> tuple[Entrant, ...]:
        """Whoever is on the same bars as all others."""
        return tuple(one for one in self.entrants if one.standing is not None)

    def matrix(self) -> Floats:
        """Return the net returns of those that are compared: bars × versions."""
        series = [one.standing.held.net for one in self.compared if one.standing is not None]
        return np.column_stack(series) if series else np.empty((0, 0))

    def of(self, version_id: str | None) -> Entrant | None:
        """Return an entrant by its id."""
        return next((one for one in self.entrants if one.version_id == version_id), None)


@dataclass(frozen=True)
class Terms:
    """On what terms versions are put side by side.

    Attributes:
        rules: conf/leaderboard.
        policy: conf/portfolio's declaration.
        delay: bars from signal to trade.
        costs: conf/costs.
        trust: what may be imported.
    """

    rules: BoardRules
    policy: Mapping[str, Any]
    delay: int
    costs: Costs
    trust: Trust


@dataclass
class Leaderboard:
    """Puts the versions of a line side by side.

    Args:
        registry: where the versions are.
        artifacts: the directory where their records lie.
        line: the line.
        terms: on what terms.
        now: the clock, UTC.
        observers: who is told of what is the matter.
    """

    registry: Registry
    artifacts: Path
    line: Line
    terms: Terms
    now: dt.datetime
    observers: Iterable[Observer] = ()
    notices: list[str] = field(default_factory=list)
    _unseen: int = 0

    def board(self) -> Board:
        """Return the board.

        Raises:
            NothingToDo: nobody of the line was shadowed.
            PortfolioError: costs that the data cannot tell.
            ZooError: the data or the policy cannot be had.
        """
        root = records_root(self.artifacts, self.line.name)
        entrants = self._entrants(root)
        covers = {
            one.version_id: cover
            for one in entrants
            if one.racing and (cover := Cover.of(one.index)) is not None
        }
        champion = next((one.version_id for one in entrants if one.stage == CHAMPION), None)
        if champion is None:
            self._notice("the line has no champion: nothing is compared with one")
        elif champion not in covers:
            self._notice(f"the champion, {champion}, was not shadowed")
        start = None if self.terms.rules.start is None else pd.Timestamp(self.terms.rules.start)
        window = window_of(covers, champion=champion, share=self.terms.rules.coverage, start=start)
        ground = self._ground(window)
        window = self._on_bars(window, ground)
        entrants = [self._standing(one, ground, window, root) for one in entrants]
        entrants = self._without_silent(entrants, ground, window)
        luck = self._luck(entrants)
        return Board(
            self.line.name,
            window,
            ground,
            luck,
            tuple(ranked(entrants, luck)),
            champion,
            tuple(self.notices),
        )

    # --- who ------------------------------------------------------------------------------------

    def _entrants(self, root: Path) -> list[Entrant]:
        """Return every version of the line, and every record, retired ones included."""
        versions = {one.version_id: one for one in self.registry.versions(line=self.line.name)}
        records = {one.version_id for one in records_of(root) if not one.version_id.startswith(PREFIX)}
        found = []
        for name in [*versions, *sorted(records - set(versions))]:
            version = versions.get(name)
            if version is not None and version.stage not in (CHAMPION, CHALLENGER) and name not in records:
                self._unseen += 1  # it may have been shadowed, and its record taken away
                continue
            found.append(self._entrant(name, version, root))
        if not found:
            raise NothingToDo("the line has no version", where=self.line.name, remedy="register some first")
        return found

    def _entrant(self, name: str, version: Version | None, root: Path) -> Entrant:
        stage = "unknown" if version is None else version.stage
        spec = "" if version is None else version.spec
        try:
            return Entrant(name, stage, spec, version, Record(root, name).index())
        except ZooError as error:
            emit(self.observers, Failed(name, type(error).__name__, str(error)))
            return Entrant(name, stage, spec, version, reason=f"not comparable: {error}")

    def _ground(self, window: Window) -> Ground:
        """Return the data of the reference, up to the last bar that is compared."""
        sensor = self.registry.load(window.reference, trusted=self.terms.trust)
        assert sensor.bound is not None  # noqa: S101  # it was shadowed
        data = fetch(declaration_of(sensor.bound, self.line), self.terms.trust, None, self.now)
        formed = Feed(data).formed(sensor.bound)
        if formed.dates[-1] < window.last:
            self._notice(
                f"the data ends on {text_of(formed.dates[-1])}, before the record of {window.reference}"
            )
        terms = self.terms
        cut = formed.until(window.last)
        return Ground(cut, terms.policy, terms.costs, terms.delay, sensor.bound.every, terms.trust)

    def _on_bars(self, window: Window, ground: Ground) -> Window:
        """Return the window on bars of the data."""
        dates = ground.dates
        inside = dates[dates >= window.first]
        if not len(inside):
            raise NothingToDo(
                f"no bar from {text_of(window.first)} to {text_of(window.last)} can be compared",
                where="leaderboard.start",
                expected=f"a date before {text_of(dates[-1])}",
            )
        return replace(window, first=inside[0], last=inside[-1])

    # --- what -----------------------------------------------------------------------------------

    def _standing(self, one: Entrant, ground: Ground, window: Window, root: Path) -> Entrant:
        if one.reason is not None:
            return one
        reason = why_not_comparable(Cover.of(one.index), window, ground.dates)
        if reason is not None or one.index is None:
            return replace(one, reason=f"not comparable: {reason}")
        try:
            standing = standing_of(Record(root, one.version_id), one.index, ground, window, root)
        except Interrupted:
            raise
        except ZooError as error:
            emit(self.observers, Failed(one.version_id, type(error).__name__, str(error)))
            return replace(one, reason=f"not comparable: {error}")
        if standing.vanished:
            self._notice(
                f"{one.version_id} predicted {', '.join(standing.vanished)}, which the data does not have any"
                " more: what was to be held of it is cash; restore its prices, with NaN after its last one"
            )
        return replace(one, standing=standing)

    def _without_silent(self, entrants: Sequence[Entrant], ground: Ground, window: Window) -> list[Entrant]:
        bars = ground.dates[ground.dates >= window.first]
        predicted = {
            one.version_id: bars[one.standing.predicted > 0] for one in entrants if one.standing is not None
        }
        reasons = silent(predicted, list(predicted))
        return [
            replace(one, standing=None, reason=f"not comparable: {reasons[one.version_id]}")
            if one.version_id in reasons
            else one
            for one in entrants
        ]

    def _luck(self, entrants: Sequence[Entrant]) -> Luck:
        """Return SR0, the highest over the ledger's sets: where a version came from does not help it."""
        shadowed = self._unseen + sum(one.index is not None or one.reason is not None for one in entrants)
        trials = self.registry.ledger.count(self.line.name) + shadowed
        found = []
        for one in self.registry.ledger.sets(self.line.name):
            if one.window is not None and math.isfinite(one.variance):
                first, last = (moment[:10] for moment in one.window)
                found.append((one.variance, f"{len(one.trials)} trials, {first} to {last}"))
        if not found:
            series = [one.standing.held.net for one in entrants if one.standing is not None]
            variance = trial_variance(np.column_stack(series)) if series else math.nan
            found = [(variance, f"{len(series)} versions in the shadow")]
        variance, source = max(found)
        return Luck(trials, variance, expected_maximum_sharpe(max(trials, 1), variance), source)

    def _notice(self, notice: str) -> None:
        self.notices.append(notice)
        emit(self.observers, Noticed(f"leaderboard {self.line.name}", notice))


def ranked(entrants: Iterable[Entrant], luck: Luck) -> list[Entrant]:
    """Give everybody who is compared a score, and champion and challengers a rank by it."""
    known = [scored(one, luck) for one in entrants]
    racing = [one for one in known if one.reason is None and one.score is not None]
    racing.sort(key=lambda one: (-_value(one), -_measured(one), one.version_id))
    found: list[Entrant] = []
    for place, one in enumerate(racing, start=1):
        tied = found and _value(found[-1]) == _value(one)
        found.append(replace(one, rank=found[-1].rank if tied else place))
    others = [one for one in known if one.reason is not None]
    others.sort(key=lambda one: (one.standing is None, -_value(one), one.version_id))
    return found + others


def scored(one: Entrant, luck: Luck) -> Entrant:
    """Give an entrant its score, and the reason why it has no rank where that is known."""
    standing = one.standing
    if standing is None:
        return one
    net, live = standing.held.net, standing.live
    score = shrunken_sharpe(net[~live], net[live], benchmark=luck.benchmark)
    return replace(one, score=score, reason=one.reason or _why_unranked(one, standing, score))


def _why_unranked(one: Entrant, standing: Standing, score: ShrunkenSharpe) -> str | None:
    if not one.racing:
        return f"{one.stage}: it is out of the race"
    bars = len(standing.held.net)
    if bars < 2:
        return f"no score: {bars} bars with a return"
    if math.isfinite(score.value):
        return None
    if standing.level.all():
        return "no score: all its predictions are equal"
    if not np.isfinite(standing.held.net).all():
        return "no score: nothing of its value was left"
    return "no score: its returns are constant"


def _measured(one: Entrant) -> float:
    """Return the Sharpe ratio as measured, by which those are listed whose scores are equal."""
    net = np.empty(0) if one.standing is None else one.standing.held.net
    found = moments(net).sharpe
    return -math.inf if math.isnan(found) else found


def _value(one: Entrant) -> float:
    return one.score.value if one.score is not None and math.isfinite(one.score.value) else -math.inf


__all__ = ["Board", "Entrant", "Leaderboard", "Luck", "Terms", "ranked", "scored"]
