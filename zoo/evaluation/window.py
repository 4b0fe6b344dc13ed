"""Who can be compared with whom: the bars that they share, and why somebody does not share them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from zoo.errors import NothingToDo
from zoo.evaluation.record import Index
from zoo.evaluation.visible import text_of


@dataclass(frozen=True, slots=True)
class Cover:
    """The bars of one version's record.

    Attributes:
        first: the first bar.
        last: the last bar.
        bars: how many.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    bars: int

    @classmethod
    def of(cls, index: Index | None) -> Cover | None:
        """Return the cover of a record; None where it holds no day."""
        days = () if index is None else index.of("days")
        if not days:
            return None
        return cls(pd.Timestamp(days[0].first), pd.Timestamp(days[-1].last), sum(one.bars for one in days))


@dataclass(frozen=True, slots=True)
class Window:
    """The bars on which versions are compared.

    Attributes:
        first: the first bar.
        last: the last bar.
        reference: whose bars it follows: the champion, or else who has the most.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    reference: str


def window_of(
    covers: Mapping[str, Cover],
    *,
    champion: str | None,
    share: float,
    start: pd.Timestamp | None = None,
) -> Window:
    """Return the bars that are compared.

    They end with the reference's record, and begin where all begin who have at least `share` of its bars: a
    version that came much later does not shorten the record of the others, and is not compared with them.

    Args:
        covers: of champion and challengers.
        champion: its id; None without one.
        share: of the reference's bars.
        start: the first bar, whoever has it; None for what is said above.

    Raises:
        NothingToDo: nobody was shadowed.
    """
    if not covers:
        raise NothingToDo("nobody was shadowed yet", remedy="run `python -m zoo shadow`")
    longest = max(covers, key=lambda name: (covers[name].bars, name))
    reference = champion if champion in covers and champion is not None else longest
    own = covers[reference]
    enough = [one.first for one in covers.values() if one.bars >= share * own.bars]
    first = max([*enough, own.first]) if start is None else start
    return Window(first, own.last, reference)


def why_not_comparable(cover: Cover | None, window: Window, calendar: pd.DatetimeIndex) -> str | None:
    """Say why a version cannot be compared on the window; None for one that can.

    Args:
        cover: the version's.
        window: the bars that are compared.
        calendar: all bars of the data.
    """
    if cover is None:
        return "it was not shadowed"
    if cover.first > window.first:
        return f"its record begins on {text_of(cover.first)}, after {text_of(window.first)}"
    if cover.last < window.last:
        return f"its record ends on {text_of(cover.last)}, before {text_of(window.last)}"
    expected = int(((calendar >= cover.first) & (calendar <= cover.last)).sum())
    if cover.bars < expected:
        return f"{expected - cover.bars} dates are missing from its record"
    if cover.bars > expected:
        return f"its record has {cover.bars - expected} dates that the data has not"
    return None


def silent(predicted: Mapping[str, pd.DatetimeIndex], names: Sequence[str]) -> dict[str, str]:
    """Say who predicted nothing on a bar on which somebody else did.

    Args:
        predicted: the bars of the window on which each version predicted at least one asset.
        names: of the versions.
    """
    union = pd.DatetimeIndex([])
    for name in names:
        union = predicted[name] if not len(union) else union.union(predicted[name])
    found = {}
    for name in names:
        missing = union.difference(predicted[name])
        if len(missing):
            found[name] = f"it predicted nothing on {len(missing)} dates, first on {text_of(missing[0])}"
    return found


__all__ = ["Cover", "Window", "silent", "why_not_comparable", "window_of"]
