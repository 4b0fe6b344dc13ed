"""The net returns of all rounds on the bars that they share."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zoo.errors import ExperimentCorrupt
from zoo.experiment.analysis.record import Record
from zoo.experiment.format import REMAKE, ROUNDS
from zoo.manifest.holes import holes

#: what of a manifest decides the calendar of its bars
_CALENDAR: Final = ("data", "selector", "bars")

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Where a round's net returns lie in time: `calendar` is the sha256 of the dates of its bars."""

    calendar: Any
    first: Any
    last: Any
    bars: int


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Net returns that can be compared bar by bar, and who is not among them.

    Attributes:
        returns: bars × trials.
        ids: of the trials.
        window: the bars that they share; None without a round that has returns.
        incomplete: ids with a NaN among their returns (an account that was ruined).
        not_recorded: ids without returns.
        other_window: ids whose returns are of bars that cannot be matched with those of most.
    """

    returns: NDArray[np.float64]
    ids: Ids
    window: Window | None
    incomplete: Ids
    not_recorded: Ids
    other_window: Ids


def comparable(record: Record) -> Trials:
    """Return the net returns of every round on the bars that they share.

    Rounds of one window are compared as they are. Where no parameter has a say in the calendar, all windows
    are stretches of the same bars: those that end (or begin) together are cut to the shortest that is at
    least half as long as the longest.

    Raises:
        ExperimentCorrupt: a round says another number of bars than it has.
    """
    windows, series = _recorded(record)
    without = tuple(found.id for found in record.rounds if found.id not in series)
    if not series:
        return Trials(np.empty((0, 0)), (), None, (), without, ())
    ids, shared, tail = _shared(windows, one_calendar(record.metadata))
    cut = {n: series[n][-shared.bars :] if tail else series[n][: shared.bars] for n in ids}
    complete = tuple(number for number, values in cut.items() if np.isfinite(values).all())
    returns = [cut[number] for number in complete]
    return Trials(
        np.column_stack(returns) if returns else np.empty((shared.bars, 0)),
        complete,
        shared,
        tuple(number for number in ids if number not in complete),
        without,
        tuple(number for number in series if number not in cut),
    )


def one_calendar(metadata: Mapping[str, Any]) -> bool:
    """Tell whether all rounds have the same bars: data, selector and bar formation take no parameter."""
    manifest = metadata.get("manifest")
    if not isinstance(manifest, Mapping):
        return False
    parts = {name: manifest.get(name) for name in _CALENDAR}
    return all(kind != "params" for kind, _ in holes(parts))


def _shared(windows: Mapping[int, Window], one: bool) -> tuple[list[int], Window, bool]:
    """Return who is compared, on which window, and whether that is the end of each one's."""
    exact = _largest((w.calendar, w.first, w.last, w.bars) for w in windows.values())
    groups = [([n for n, w in windows.items() if (w.calendar, w.first, w.last, w.bars) == exact], True)]
    if one:
        last, first = _largest(w.last for w in windows.values()), _largest(w.first for w in windows.values())
        groups.append(([n for n, w in windows.items() if w.last == last], True))
        groups.append(([n for n, w in windows.items() if w.first == first], False))
    ids, tail = max(groups, key=lambda group: len(group[0]))  # of equals the first
    longest = max(windows[number].bars for number in ids)
    kept = [number for number in ids if 2 * windows[number].bars >= longest]
    shortest = windows[min(kept, key=lambda number: windows[number].bars)]
    return [n for n in kept if _matches(windows[n], shortest)], shortest, tail


def _matches(window: Window, shortest: Window) -> bool:
    return window.bars > shortest.bars or window.calendar == shortest.calendar


def _largest(keys: Iterable[Any]) -> Any:
    return Counter(keys).most_common(1)[0][0]  # of equals the lowest id's


def _recorded(record: Record) -> tuple[dict[int, Window], dict[int, NDArray[np.float64]]]:
    windows, series = {}, {}
    for found in record.rounds:
        if found.held_out is None:
            continue
        held, net = found.held_out, found.held_out.get("net")
        if not isinstance(net, list) or held.get("bars", len(net)) != len(net):
            raise ExperimentCorrupt(
                f"held_out of round {found.id} has not as many returns as bars",
                where=record.path / ROUNDS,
                remedy=REMAKE,
            )
        windows[found.id] = Window(held.get("calendar"), held.get("first"), held.get("last"), len(net))
        series[found.id] = np.array([math.nan if value is None else value for value in net], dtype=np.float64)
    return windows, series


__all__ = ["Trials", "Window", "comparable", "one_calendar"]
