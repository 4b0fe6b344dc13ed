"""Everything that a leaderboard shows, from the records to the rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.evaluation.baselines import EQUAL_WEIGHT, MOMENTUM, ZERO, Permuted, hold_momentum, permute
from zoo.evaluation.ground import Held, equal_weight
from zoo.evaluation.leaderboard import Board, Leaderboard, Terms
from zoo.evaluation.record import Record, records_root
from zoo.evaluation.rows import Row, display_of, rows_of
from zoo.events import Observer

if TYPE_CHECKING:
    from zoo.line import Line
    from zoo.registry import Registry

_SEED = 0


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
    board = Leaderboard(registry, artifacts, line, terms, now, observers).board()
    rules = terms.rules
    display = display_of(board, draws=rules.draws, blocks=rules.blocks, seed=_SEED)
    return rows_of(
        board,
        display,
        held_out=held_out_bars(registry, board),
        permuted=permuted_of(board, artifacts, rules.permutations),
        baselines=baselines_of(board),
    )


def held_out_bars(registry: Registry, board: Board) -> dict[str, int]:
    """Return how many bars the held-out part of each version's experiment has, as the ledger knows it."""
    trials = registry.ledger.trials(board.line)
    bars = {(one.experiment, one.permutation_id): len(one.net) for one in trials if one.net is not None}
    found = {}
    for one in board.entrants:
        if one.version is not None:
            key = (one.version.experiment, one.version.permutation_id)
            found[one.version_id] = bars.get(key, 0)
    return found


def permuted_of(board: Board, artifacts: Path, count: int) -> Permuted | None:
    """Return the permuted scores of the board's reference; None where none were asked for."""
    reference = board.of(board.window.reference)
    if not count or reference is None or reference.index is None or reference.standing is None:
        return None
    record = Record(records_root(artifacts, board.line), reference.version_id)
    days, ground, window = record.days(index=reference.index), board.ground, board.window
    assert days is not None  # noqa: S101  # it is compared
    start = ground.place(window.first)
    scores = np.full((len(ground.dates) - start, len(ground.data.assets)), np.nan)
    part = days.part(np.flatnonzero((days.dates >= window.first) & (days.dates <= window.last)))
    scores[ground.dates[start:].get_indexer(part.dates)] = part.on(ground.data.assets)
    return permute(ground, scores, start, reference.index.about.horizon, count=count, seed=_SEED)


def baselines_of(board: Board) -> dict[str, Held]:
    """Hold what costs no thought, over the horizon of the board's reference."""
    reference, ground = board.of(board.window.reference), board.ground
    horizon = ground.every if reference is None or reference.index is None else reference.index.about.horizon
    start = ground.place(board.window.first)
    found = {MOMENTUM: hold_momentum(ground, start, horizon)}
    if ground.holds_nothing_short:
        scores = np.where(np.isnan(ground.prices[start:]), np.nan, 1.0)
        found[EQUAL_WEIGHT] = ground.hold(scores, start, horizon, policy=equal_weight, plain=True)
    else:
        found[ZERO] = found[MOMENTUM]
    return found


__all__ = ["baselines_of", "held_out_bars", "permuted_of", "standings"]
