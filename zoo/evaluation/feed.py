"""The data that versions of a line are shadowed on, and what is computed of it once for all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import FutureBars, ShadowError
from zoo.evaluation.visible import text_of, visible, visible_digests
from zoo.trust import TARGET_KEY, Trust

if TYPE_CHECKING:
    from zoo.data import Dataset
    from zoo.line import Line
    from zoo.manifest.bound import Bound
    from zoo.manifest.workbench import Workbench

#: a bar is dated by its exchange, and the clock by UTC: Kiribati is 14 hours ahead
_AHEAD: Final = dt.timedelta(hours=14)
#: the argument of a source that cut the data for training
_END: Final = "end"


def declaration_of(bound: Bound, line: Line) -> dict[str, Any]:
    """Return the source of a version's data without its end: the line's, with the version's own arguments.

    Raises:
        ShadowError: the version was trained on another source.
    """
    declared = dict(bound.data or {TARGET_KEY: line.data})
    if declared.get(TARGET_KEY) != line.data:
        raise ShadowError(
            f"was trained on {declared.get(TARGET_KEY)!r}",
            expected=f"the data of line {line.name!r}, {line.data!r}",
        )
    declared.pop(_END, None)
    return declared


def fetch(declared: Mapping[str, Any], trust: Trust, until: str | None, now: dt.datetime) -> Dataset:
    """Return the data of a source up to a date.

    Args:
        declared: the source.
        trust: what may be imported.
        until: ISO date; None for all there is.
        now: the clock.

    Raises:
        ShadowError: a table, which has no bars.
        FutureBars: the data ends after today.
        DataError: no bar up to `until`.
    """
    from zoo.manifest.construct import call

    data = call(dict(declared), trust, str(declared[TARGET_KEY]))
    if getattr(data, "kind", None) != "panel":
        raise ShadowError("a table has no bars to be shadowed on", where=str(declared[TARGET_KEY]))
    found: Dataset = data if until is None else data.until(until)
    check_clock(found.dates[-1], now, str(declared[TARGET_KEY]))
    return found


def check_clock(last: pd.Timestamp, now: dt.datetime, where: str) -> None:
    """Refuse data that ends in the future: either it is made up, or the clock is wrong.

    Raises:
        FutureBars: naming the bar and the clock.
    """
    late = last > pd.Timestamp(now) if last.tz is not None else last.date() > (now + _AHEAD).date()
    if late:
        raise FutureBars(
            f"the last bar, {text_of(last)}, lies in the future of this machine's clock",
            where=where,
            expected=f"no bar after {now:%Y-%m-%d %H:%M} UTC",
            remedy="set the clock, or cut the data with until=<date>",
        )


def came_later(dates: pd.DatetimeIndex, registered_at: dt.datetime) -> NDArray[np.bool_]:
    """Tell which bars are live to a version: those that came after it was registered.

    A bar of the very day counts as one that existed; bars with a time zone are compared by their times.
    """
    if dates.tz is not None:
        return np.asarray(dates > pd.Timestamp(registered_at))
    return np.asarray(dates.normalize() > pd.Timestamp(registered_at.date()))


@dataclass
class Feed:
    """One source's data, cut into what was visible when.

    Attributes:
        data: all bars.
    """

    data: Dataset
    _cuts: dict[int, Workbench] = field(default_factory=dict)

    @cached_property
    def bench(self) -> Workbench:
        """All bars with their caches."""
        from zoo.manifest.workbench import Workbench

        return Workbench(self.data)

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """What was visible at each bar."""
        return visible_digests(self.data)

    def formed(self, bound: Bound) -> Dataset:
        """Return the bars that a version predicts."""
        found: Dataset = self.bench.formed(replace(bound, selector=None)).data
        return found

    def position(self, bar: pd.Timestamp) -> int:
        """Return the place of the last bar of the source up to `bar`; -1 where there is none."""
        return int(self.data.dates.searchsorted(bar, side="right")) - 1

    def seen(self, bar: pd.Timestamp) -> str:
        """Return the digest of what was visible at a bar; empty before the first."""
        place = self.position(bar)
        return self.digests[place] if place >= 0 else ""

    def seen_at(self, bars: pd.DatetimeIndex) -> tuple[str, ...]:
        """Return what `seen` says of each of these bars."""
        places = self.data.dates.searchsorted(bars, side="right") - 1
        return tuple(self.digests[place] if place >= 0 else "" for place in places.tolist())

    def cut(self, position: int) -> Workbench:
        """Return the data as it was at the close of the bar at this place, with caches of its own."""
        from zoo.manifest.workbench import Workbench

        if position not in self._cuts:
            self._cuts[position] = Workbench(visible(self.data, self.data.dates[position]))
        return self._cuts[position]


__all__ = ["Feed", "came_later", "check_clock", "declaration_of", "fetch"]
