"""Everything that a leaderboard shows, from the records to the rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from zoo.errors import Interrupted, ZooError
from zoo.evaluation.baselines import EQUAL_WEIGHT, MOMENTUM, Permuted, hold_momentum, permute
from zoo.evaluation.ground import Held, equal_weight
from zoo.evaluation.keeping import keep, key_of, recalled
from zoo.evaluation.leaderboard import CHALLENGER, Board, Entrant, Leaderboard, Terms, scored
from zoo.evaluation.lineages import lineages_of
from zoo.evaluation.record import Record, records_root
from zoo.evaluation.refit import name_of
from zoo.evaluation.rows import Row, display_of, rows_of
from zoo.evaluation.rules import BoardRules
from zoo.evaluation.standing import fingerprint, standing_of
from zoo.evaluation.window import Cover, why_not_comparable
from zoo.events import Observer

if TYPE_CHECKING:
    from zoo.line import Line
    from zoo.registry import Registry

_SEED: Final = 0
_PERMUTED: Final = "permuted"


@dataclass(frozen=True, eq=False)
class Compared:
    """A line's versions side by side, with all that is put beside them.

    Attributes:
        board: the versions.
        root: the directory of the line's records.
        rules: conf/leaderboard.
        held_out: bars of held-out evidence inside the experiment, by version.
        permuted: the permuted scores of the board's reference; None where none were asked for.
        lineages: of specs, by name.
        refits: the champion's architecture, by vintage; the champion itself for its own.
        baselines: what costs no thought, by name.
    """

    board: Board
    root: Path
    rules: BoardRules
    held_out: Mapping[str, int]
    permuted: Permuted | None
    lineages: Mapping[str, Entrant]
    refits: Mapping[str, Entrant]
    baselines: Mapping[str, Held]

    def rows(self) -> list[Row]:
        """Return the rows of the leaderboard."""
        display = display_of(self.board, draws=self.rules.draws, blocks=self.rules.blocks, seed=_SEED)
        return rows_of(
            self.board,
            display,
            held_out=self.held_out,
            permuted=self.permuted,
            lineages=self.lineages,
            refits=self.refits,
            baselines=self.baselines,
        )


def standings(
    registry: Registry,
    artifacts: Path,
    line: Line,
    terms: Terms,
    now: dt.datetime,
    observers: Iterable[Observer] = (),
) -> list[Row]:
    """Return the rows of a line's leaderboard.

    Raises:
        NothingToDo: nobody was shadowed.
        ZooError: the registry, the data or the policy cannot be had.
    """
    return compared(registry, artifacts, line, terms, now, observers).rows()


def compared(
    registry: Registry,
    artifacts: Path,
    line: Line,
    terms: Terms,
    now: dt.datetime,
    observers: Iterable[Observer] = (),
) -> Compared:
    """Return a line's versions side by side, with their returns.

    Raises:
        NothingToDo: nobody was shadowed.
        ZooError: the registry, the data or the policy cannot be had.
    """
    board = Leaderboard(registry, artifacts, line, terms, now, observers).board()
    rules, root = terms.rules, records_root(artifacts, line.name)
    return Compared(
        board,
        root,
        rules,
        held_out=held_out_bars(registry, board),
        permuted=permuted_of(board, root, rules.permutations),
        lineages=lineages_of(board, root),
        refits=champion_refits(board, root),
        baselines=baselines_of(board),
    )


def held_out_bars(registry: Registry, board: Board) -> dict[str, int]:
    """Return how many bars the held-out part of each version's experiment has, as the ledger knows it."""
    trials = registry.ledger.trials(board.line)
    bars: dict[tuple[str, int | None], int] = {
        (one.experiment, one.permutation_id): len(one.net) for one in trials if one.net is not None
    }
    found = {}
    for one in board.entrants:
        if one.version is not None:
            key = (one.version.experiment, one.version.permutation_id)
            found[one.version_id] = bars.get(key, 0)
    return found


def permuted_of(board: Board, root: Path, count: int) -> Permuted | None:
    """Return the permuted scores of the board's reference; None where none were asked for."""
    reference = board.of(board.window.reference)
    if not count or reference is None or reference.index is None or reference.standing is None:
        return None
    record, index, window = Record(root, reference.version_id), reference.index, board.window
    told = [window.first.isoformat(), window.last.isoformat(), count, _SEED]
    key = key_of("permuted", fingerprint(record, index), board.ground.digest, told)
    kept = recalled(root, _PERMUTED, key)
    if kept is not None:
        return Permuted(kept["sharpe"], kept["turnover"], float(kept["own"]))
    days = record.days(index=index)
    assert days is not None  # noqa: S101  # it is compared
    part = days.part(np.flatnonzero((days.dates >= window.first) & (days.dates <= window.last)))
    start, scores = board.ground.placed(part)
    found = permute(board.ground, scores, start, index.about.horizon, count=count, seed=_SEED)
    own = np.array(found.own_turnover)
    keep(root, _PERMUTED, key, {"sharpe": found.sharpe, "turnover": found.turnover, "own": own})
    return found


def champion_refits(board: Board, root: Path) -> dict[str, Entrant]:
    """Return the champion's architecture on each vintage of the challengers, by vintage.

    A vintage that is the champion's own is the champion itself.
    """
    champion = board.of(board.champion)
    if champion is None or champion.index is None:
        return {}
    own = champion.index.about.trained_until
    vintages = {
        one.index.about.trained_until
        for one in board.entrants
        if one.stage == CHALLENGER and one.index is not None
    } | {own}
    found = {}
    for vintage in sorted(one for one in vintages if one is not None):
        if vintage == own:
            found[vintage] = champion
        else:
            found[vintage] = _refit(board, champion, Record(root, name_of(champion.version_id, vintage)))
    return found


def _refit(board: Board, champion: Entrant, record: Record) -> Entrant:
    one = Entrant(record.version_id, "baseline", champion.spec)
    try:
        index = record.index()
        reason = why_not_comparable(Cover.of(index), board.window, board.ground.dates)
        if index is None or reason is not None:
            return replace(one, index=index, reason=f"not comparable: {reason}")
        standing = standing_of(record, index, board.ground, board.window, record.path.parent)
    except Interrupted:
        raise
    except ZooError as error:
        return replace(one, reason=f"not comparable: {error}")
    return replace(scored(replace(one, index=index, standing=standing), board.luck), reason="a baseline")


def baselines_of(board: Board) -> dict[str, Held]:
    """Hold what costs no thought, over the horizon of the board's reference."""
    reference, ground = board.of(board.window.reference), board.ground
    horizon = ground.every if reference is None or reference.index is None else reference.index.about.horizon
    start = ground.place(board.window.first)
    found = {MOMENTUM: hold_momentum(ground, start, horizon)}
    if ground.holds_nothing_short:
        scores = np.where(np.isnan(ground.prices[start:]), np.nan, 1.0)
        found[EQUAL_WEIGHT] = ground.hold(scores, start, horizon, policy=equal_weight, plain=True)
    return found


__all__ = [
    "Compared",
    "baselines_of",
    "champion_refits",
    "compared",
    "held_out_bars",
    "permuted_of",
    "standings",
]
