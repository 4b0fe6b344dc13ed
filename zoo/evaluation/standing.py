"""What one version's record came to on a window, computed once and kept until something of it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.evaluation.days import Days
from zoo.evaluation.ground import Ground, Held
from zoo.evaluation.keeping import Arrays, keep, key_of, recalled
from zoo.evaluation.record import Index, Record
from zoo.evaluation.window import Window
from zoo.metrics import PhaseFigure

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What a record came to.

    Attributes:
        held: returns and figures.
        live: of each of `held.dates`, whether it came after the version was registered.
        predicted: of each bar of the window, how many assets were predicted.
        level: of each bar of the window, whether all its predictions are equal.
        vanished: assets that were predicted and that the data does not have any more.
    """

    held: Held
    live: Flags
    predicted: NDArray[np.int64]
    level: Flags
    vanished: tuple[str, ...]


def standing_of(
    record: Record, index: Index, ground: Ground, window: Window, root: Path | None = None
) -> Standing:
    """Return what a record came to on a window.

    Args:
        record: the version's.
        index: what it holds.
        ground: what it is judged on.
        window: the bars.
        root: the directory of the line's records, where the result is kept; None keeps nothing.

    Raises:
        RecordCorrupt: a file is missing, torn or edited; the message names it.
        PortfolioError, DataError, ManifestError: a policy or prices that do not fit.
    """

    def days() -> Days:
        found = record.days(index=index)
        assert found is not None  # noqa: S101  # whoever has a window has days
        return found

    made_of = [(record, index)]
    return kept_standing(record.version_id, made_of, days, index.about.horizon, ground, window, root)


def kept_standing(
    name: str,
    made_of: Iterable[tuple[Record, Index]],
    days: Callable[[], Days],
    horizon: int,
    ground: Ground,
    window: Window,
    root: Path | None,
) -> Standing:
    """Return what is kept of a standing, or compute and keep it.

    Args:
        name: under which it is kept.
        made_of: the records that the days are from.
        days: reads them.
        horizon: bars that they look ahead.
        ground: what it is judged on.
        window: the bars.
        root: the directory of the line's records; None keeps nothing.
    """
    told = [fingerprint(*one) for one in made_of]
    key = key_of(told, horizon, ground.digest, window.first.isoformat(), window.last.isoformat())
    with suppress(KeyError, ValueError, TypeError):  # of another zoo
        if (arrays := recalled(root, name, key)) is not None:
            return _unpacked(arrays)
    found = computed(days(), ground, window, horizon)
    keep(root, name, key, _packed(found))
    return found


def fingerprint(record: Record, index: Index) -> list[Any]:
    """Return what a record is, and when each of its very files was written: an edited one is read again."""
    files = []
    for entry in index.entries:
        with suppress(OSError):
            found = (record.path / entry.file).stat()
            files.append([entry.file, found.st_size, found.st_mtime_ns])
    return [index.head, files]


def computed(days: Days, ground: Ground, window: Window, horizon: int) -> Standing:
    """Hold what was predicted on a window."""
    part = days.part(np.flatnonzero((days.dates >= window.first) & (days.dates <= window.last)))
    gone = [name for name in part.assets if name not in set(ground.data.assets)]
    vanished = tuple(name for name in gone if np.isfinite(part.on([name])).any())
    if vanished:
        ground = ground.with_assets(vanished)
    start, scores = ground.placed(part)
    held = ground.hold(scores, start, horizon)
    live = part.live[part.dates.get_indexer(held.dates)]
    return Standing(held, live, np.isfinite(scores).sum(axis=1), _level(scores), vanished)


def _level(scores: Floats) -> Flags:
    """Tell on which bars all predictions are equal."""
    known = np.isfinite(scores)
    low = np.where(known, scores, np.inf).min(axis=1)
    high = np.where(known, scores, -np.inf).max(axis=1)
    return np.asarray(known.any(axis=1) & (low == high))


def _packed(found: Standing) -> Arrays:
    held = found.held
    return {
        "dates": held.dates.as_unit("ns").asi8,
        "zone": np.array(str(held.dates.tz or "")),
        "net": held.net,
        "gross": held.gross,
        "turnover": held.turnover,
        "rank_ic": held.rank_ic,
        "names": np.array(list(held.figures)),
        "figures": np.array([list(figure) for figure in held.figures.values()]),
        "live": found.live,
        "predicted": found.predicted,
        "level": found.level,
        "vanished": np.array(found.vanished, dtype=np.str_),
    }


def _unpacked(arrays: Mapping[str, Any]) -> Standing:
    dates = pd.DatetimeIndex(arrays["dates"].astype("datetime64[ns]"))
    zone = str(arrays["zone"])
    rows = zip(arrays["names"].tolist(), arrays["figures"].tolist(), strict=True)
    held = Held(
        dates.tz_localize("UTC").tz_convert(zone) if zone else dates,
        arrays["net"],
        arrays["gross"],
        arrays["turnover"],
        arrays["rank_ic"],
        {name: _figure(row) for name, row in rows},
    )
    vanished = tuple(arrays["vanished"].tolist())
    return Standing(held, arrays["live"], arrays["predicted"], arrays["level"], vanished)


def _figure(row: list[float]) -> PhaseFigure:
    mean, se, minimum, median, maximum, phases = row
    return PhaseFigure(mean, se, minimum, median, maximum, int(phases))


__all__ = ["Standing", "computed", "fingerprint", "kept_standing", "standing_of"]
