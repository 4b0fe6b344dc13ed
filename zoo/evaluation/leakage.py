"""Does anything at or before a bar follow from what comes after it? The source is changed there, to find out.

For a set of cuts everything after the cut is replaced in the source, and every feature and target is
computed again. No feature at or before the cut may be another by a single bit, and no label whose horizon
ends at or before it. A check that nothing could have failed proves nothing: a label whose horizon reaches
past the cut must become another one, and a feature that never follows from what was changed, after the cut
either, counts as not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from zoo.errors import Interrupted, ZooError
from zoo.evaluation.perturbation import CHANGED, CUT, KINDS, cut_places, perturbed, seed_of
from zoo.evaluation.visible import text_of
from zoo.events import Advanced, Finished, Observer, Started, emit
from zoo.manifest.bound import key_of

if TYPE_CHECKING:
    import pandas as pd

    from zoo.data import Dataset
    from zoo.evaluation.declarations import Declared
    from zoo.manifest.bound import Bound, Feature
    from zoo.manifest.workbench import Workbench
    from zoo.settings import Reads

FEATURE: Final = "feature"
TARGET: Final = "target"

SOUND: Final = "sound"
LEAK: Final = "leak"
HOLLOW: Final = "hollow"
UNCHECKED: Final = "not_checked"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Leak:
    """The first value that follows from later bars.

    Attributes:
        date: of the value.
        asset: of the value.
        cut: the last bar that was left as it is.
        change: what was done to the later ones: `changed`, `delisted` or `cut`.
        before: the value on the data as it is.
        after: the value on the changed data.
    """

    date: str
    asset: str
    cut: str
    change: str
    before: float
    after: float


@dataclass
class Finding:
    """What was found of one feature or target.

    Attributes:
        kind: `feature` or `target`.
        name: its name.
        declared: its function with its arguments.
        within: the manifests that it stands in.
        status: `sound`, `leak`, `hollow` (nothing that was changed changes the label) or `not_checked`.
        cuts: how many cuts were compared.
        values: how many finite values were compared, over all cuts and changes.
        reached: how many values after the cut, or labels whose horizon reaches past it, became others.
        leak: the first leak; None without one.
        reason: why it was not checked, or what is wrong.
    """

    kind: str
    name: str
    declared: dict[str, Any]
    within: list[str]
    status: str = SOUND
    cuts: int = 0
    values: int = 0
    reached: int = 0
    leak: Leak | None = None
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass
class _Item:
    """One feature or target of one manifest, with its values on the data as it is."""

    found: Finding
    bound: Bound
    feature: Feature | None
    under: Callable[[], AbstractContextManager[Reads]]
    values: Floats
    dates: pd.DatetimeIndex
    assets: list[str]
    horizon: int


@dataclass
class Check:
    """The check of manifests that share one source.

    Attributes:
        data: the source's data.
        cuts: how many cuts.
        observers: who is told of progress.
    """

    data: Dataset
    cuts: int
    observers: Iterable[Observer] = ()
    dates: list[str] = field(default_factory=list)

    def run(self, declared: Iterable[Declared]) -> list[Finding]:
        """Return a finding for each feature and each target, the same ones of several manifests once."""
        from zoo.manifest.workbench import Workbench

        items, refused = self._items(declared, Workbench(self.data))
        seed = seed_of(self.data)
        places = cut_places(self.data, self.cuts, seed)
        self.dates = [text_of(self.data.dates[place]) for place in places]
        task = f"leakage {self.data.name}"
        emit(self.observers, Started(task, len(places)))
        try:
            for place in places:
                for kind in KINDS:
                    bench = Workbench(perturbed(self.data, place, kind, seed))
                    for item in items:
                        self._compare(item, bench, place, kind)
                for item in items:
                    item.found.cuts += 1
                emit(self.observers, Advanced(task, note=text_of(self.data.dates[place])))
        finally:
            emit(self.observers, Finished(task))
        for item in items:
            _conclude(item.found)
        return [*(item.found for item in items), *refused]

    def _items(self, declared: Iterable[Declared], bench: Workbench) -> tuple[list[_Item], list[Finding]]:
        """Compute everything once; of equal declarations under equal settings keep one."""
        items: dict[str, _Item] = {}
        refused: dict[str, Finding] = {}
        for one in declared:
            for kind, name, tree, feature in _parts(one.bound):
                found = Finding(kind, name, tree, [one.name])
                try:
                    key, item = _item(one, found, feature, bench)
                except Interrupted:
                    raise
                except Exception as error:
                    found.status, found.reason = UNCHECKED, _told(error)
                    key = key_of([kind, tree, found.reason])
                    _merge(refused.setdefault(key, found), one.name)
                    continue
                _merge(items.setdefault(key, item).found, one.name)
        return list(items.values()), list(refused.values())

    def _compare(self, item: _Item, bench: Workbench, place: int, kind: str) -> None:
        found = item.found
        if found.status in (LEAK, UNCHECKED):
            return
        try:
            values, dates = _computed(item, bench)
        except Interrupted:
            raise
        except Exception as error:
            found.status, found.reason = UNCHECKED, f"failed on {kind} data: {_told(error)}"
            return
        cut = self.data.dates[place]
        settled = int(item.dates.searchsorted(cut, side="right"))
        if kind == CUT:
            known = min(settled, int(dates.searchsorted(cut, side="right")))
            settled = known if dates[:known].equals(item.dates[:known]) else 0
        elif not dates[:settled].equals(item.dates[:settled]):
            found.status, found.reason = LEAK, f"other bars are formed up to {text_of(cut)}"
            return
        ends = max(settled - item.horizon, 0)
        before, after = item.values[:ends], values[:ends]
        differs = ~((before == after) | (np.isnan(before) & np.isnan(after)))
        found.values += int(np.isfinite(before).sum())
        if differs.any():
            row, column = (int(index) for index in np.argwhere(differs)[0])
            found.status = LEAK
            found.leak = Leak(
                date=text_of(item.dates[row]),
                asset=item.assets[column],
                cut=text_of(cut),
                change=kind,
                before=float(before[row, column]),
                after=float(after[row, column]),
            )
            return
        if kind == CHANGED:
            found.reached += _reached(item, values, ends, settled)


def _parts(bound: Bound) -> Iterator[tuple[str, str, dict[str, Any], Feature | None]]:
    """Give every feature and the target of a manifest."""
    for feature in bound.features:
        yield FEATURE, feature.name, {**feature.declaration}, feature
    yield TARGET, str(bound.target["_target_"]).rpartition(".")[2], {**bound.target}, None


def _item(one: Declared, found: Finding, feature: Feature | None, bench: Workbench) -> tuple[str, _Item]:
    from zoo.manifest.workbench import horizon_of

    bound = replace(one.bound, selector=None)
    with one.under() as reads:
        horizon = horizon_of(bound) if feature is None else 0
        formed = bench.formed(bound)
        values = formed.target(bound) if feature is None else formed.column_of(feature, bound)
    read = {name: one.settings.get(name) for name in sorted(reads.names)}
    among = [indicator.as_dict() for indicator in bound.features[: bound.indicators]]
    asked = [] if feature is None else among
    key = key_of([found.kind, found.declared, bound.formation, bound.causal, asked, read])
    dates, assets = formed.data.dates, list(formed.data.assets)
    return key, _Item(found, bound, feature, one.under, np.asarray(values), dates, assets, horizon)


def _computed(item: _Item, bench: Workbench) -> tuple[Floats, pd.DatetimeIndex]:
    with item.under():
        formed = bench.formed(item.bound)
        if item.feature is None:
            return np.asarray(formed.target(item.bound)), formed.data.dates
        return np.asarray(formed.column_of(item.feature, item.bound)), formed.data.dates


def _reached(item: _Item, values: Floats, ends: int, settled: int) -> int:
    """Count what had to follow: of a feature what comes after the cut, of a target what reaches past it."""
    rows = slice(settled, None) if item.feature is not None else slice(ends, settled)
    before, after = item.values[rows], values[rows]
    if before.shape != after.shape:
        return 1  # other bars were formed of the changed data
    return int((~((before == after) | (np.isnan(before) & np.isnan(after)))).sum())


def _conclude(found: Finding) -> None:
    """Say of what nothing could have failed that it was not checked, or is hollow."""
    if found.status != SOUND:
        return
    if not found.cuts or not found.values:
        found.status, found.reason = UNCHECKED, "it has no value before any cut: there is nothing to compare"
    elif not found.reached and found.kind == FEATURE:
        found.status = UNCHECKED
        found.reason = "nothing of it follows from what was changed: it may read something else"
    elif not found.reached:
        found.status = HOLLOW
        found.reason = "no label changes with the bars within its horizon: it is no label of them"


def _merge(found: Finding, within: str) -> None:
    if within not in found.within:
        found.within.append(within)


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, ZooError) else f"{type(error).__name__}: {text}"


__all__ = ["FEATURE", "HOLLOW", "LEAK", "SOUND", "TARGET", "UNCHECKED", "Check", "Finding", "Leak"]
