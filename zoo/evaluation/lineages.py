"""A spec's versions one after the other: what following the spec, and not one of its versions, came to.

On each bar that version counts which was trained last among those whose training ended before the bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from zoo.errors import Interrupted, ZooError
from zoo.evaluation.days import Days
from zoo.evaluation.leaderboard import Board, Entrant, scored
from zoo.evaluation.record import Index, Record
from zoo.evaluation.standing import kept_standing
from zoo.evaluation.visible import text_of
from zoo.evaluation.window import Cover

Part = tuple[Entrant, Index]


def lineages_of(board: Board, root: Path) -> dict[str, Entrant]:
    """Return the lineages of a board that have more than one version, by spec and permutation.

    Args:
        board: the board.
        root: the directory of the line's records.
    """
    groups: dict[str, list[Part]] = {}
    for one in board.entrants:
        if one.version is not None and one.index is not None and Cover.of(one.index) is not None:
            name = f"{one.spec}/{one.version.experiment}/{one.version.permutation_id}"
            groups.setdefault(name, []).append((one, one.index))
    return {
        name: _lineage(name, sorted(parts, key=_age), board, root)
        for name, parts in sorted(groups.items())
        if len(parts) > 1
    }


def _age(part: Part) -> tuple[str, str]:
    about = part[1].about
    return about.train_end, about.registered_at


def _lineage(name: str, parts: Sequence[Part], board: Board, root: Path) -> Entrant:
    newest, index = parts[-1]
    found = Entrant(newest.version_id, newest.stage, newest.spec, newest.version, index)
    records = [(Record(root, one.version_id), one_index) for one, one_index in parts]
    reason = _why_not(parts, board)
    if reason is not None:
        return replace(found, reason=f"not comparable: {reason}")
    kept_as = "lineage~" + name.replace("/", "~")
    try:
        standing = kept_standing(
            kept_as,
            records,
            lambda: followed([_days(*one) for one in records]),
            index.about.horizon,
            board.ground,
            board.window,
            root,
        )
    except Interrupted:
        raise
    except ZooError as error:
        return replace(found, reason=f"not comparable: {error}")
    return replace(scored(replace(found, standing=standing), board.luck), reason="a lineage")


def _why_not(parts: Sequence[Part], board: Board) -> str | None:
    covers = [cover for _, index in parts if (cover := Cover.of(index)) is not None]
    first, last = min(one.first for one in covers), max(one.last for one in covers)
    if first > board.window.first:
        return f"its record begins on {text_of(first)}, after {text_of(board.window.first)}"
    if last < board.window.last:
        return f"its record ends on {text_of(last)}, before {text_of(board.window.last)}"
    return None


def _days(record: Record, index: Index) -> Days:
    found = record.days(index=index)
    assert found is not None  # noqa: S101  # it has a cover
    return found


def followed(parts: Sequence[Days]) -> Days:
    """Return on each bar what the last of the parts that has it predicted."""
    taken = []
    later = pd.DatetimeIndex([], tz=parts[0].dates.tz)
    for part in reversed(parts):
        rows = np.flatnonzero(~part.dates.isin(later))
        if len(rows):
            taken.append(part.part(rows))
        later = later.union(part.dates)
    found = Days.joined(taken[::-1])
    return found.part(np.argsort(found.dates.asi8, kind="stable"))


__all__ = ["followed", "lineages_of"]
