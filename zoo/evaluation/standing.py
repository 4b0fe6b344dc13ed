"""What one version's record came to on a window, computed once and kept until something of it changes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.evaluation.days import Days
from zoo.evaluation.ground import Ground, Held
from zoo.evaluation.record import Index, Record
from zoo.evaluation.window import Window
from zoo.metrics import PhaseFigure

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FORMAT: Final = 1
FOLDER: Final = ".standings"


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


def standing_of(record: Record, index: Index, ground: Ground, window: Window, root: Path | None) -> Standing:
    """Return what a record came to on a window.

    Args:
        record: the version's.
        index: what it holds.
        ground: what it is judged on.
        window: the bars.
        root: where results are kept, the directory of the line's records; None keeps nothing.

    Raises:
        RecordCorrupt: a file is missing, torn or edited; the message names it.
        PortfolioError, DataError, ManifestError: a policy or prices that do not fit.
    """
    key = _key(record, index, ground, window)
    place = None if root is None else root / FOLDER / f"{record.version_id}.npz"
    if place is not None and (kept := _kept(place, key)) is not None:
        return kept
    days = record.days(index=index)
    assert days is not None  # noqa: S101  # whoever has a window has days
    found = computed(days, ground, window, index.about.horizon)
    if place is not None:
        _keep(place, key, found)
    return found


def computed(days: Days, ground: Ground, window: Window, horizon: int) -> Standing:
    """Hold what a record predicted on a window."""
    rows = np.flatnonzero((days.dates >= window.first) & (days.dates <= window.last))
    part = days.part(rows)
    vanished = tuple(name for name in part.assets if name not in set(ground.data.assets))
    vanished = tuple(name for name in vanished if np.isfinite(part.on([name])).any())
    if vanished:
        ground = ground.with_assets(vanished)
    start = ground.place(part.dates[0])
    bars = ground.dates[start:]
    scores = np.full((len(bars), len(ground.data.assets)), np.nan)
    scores[bars.get_indexer(part.dates)] = part.on(ground.data.assets)
    held = ground.hold(scores, start, horizon)
    live = part.live[part.dates.get_indexer(held.dates)]
    return Standing(held, live, np.isfinite(scores).sum(axis=1), _level(scores), vanished)


def _level(scores: Floats) -> Flags:
    """Tell on which bars all predictions are equal."""
    known = np.isfinite(scores)
    low = np.where(known, scores, np.inf).min(axis=1)
    high = np.where(known, scores, -np.inf).max(axis=1)
    return np.asarray(known.any(axis=1) & (low == high))


# --- keeping ------------------------------------------------------------------------------------


def _key(record: Record, index: Index, ground: Ground, window: Window) -> str:
    """Return a digest of all that a standing follows from, and of the very files: an edited one is read."""
    files = []
    for entry in index.entries:
        with suppress(OSError):
            found = (record.path / entry.file).stat()
            files.append([entry.file, found.st_size, found.st_mtime_ns])
    told = [FORMAT, index.head, files, ground.digest, window.first.isoformat(), window.last.isoformat()]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _kept(place: Path, key: str) -> Standing | None:
    """Return what is kept under a key; None where it is another's, torn, or not there."""
    try:
        content = place.read_bytes()
        digest, _, packed = content.partition(b"\n")
        if digest.decode() != f"{key} {hashlib.sha256(packed).hexdigest()}":
            return None
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            return _unpacked(arrays)
    except (OSError, ValueError, KeyError):
        return None


def _keep(place: Path, key: str, found: Standing) -> None:
    """Keep a result; where it cannot be written it is computed again the next time."""
    buffer = io.BytesIO()
    np.savez(buffer, **_packed(found))
    packed = buffer.getvalue()
    with suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        staging = place.with_suffix(f".{secrets.token_hex(4)}")
        staging.write_bytes(f"{key} {hashlib.sha256(packed).hexdigest()}\n".encode() + packed)
        os.replace(staging, place)  # noqa: PTH105


def _packed(found: Standing) -> dict[str, Any]:
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
    figures = {
        str(name): _figure(row.tolist()) for name, row in zip(arrays["names"], arrays["figures"], strict=True)
    }
    held = Held(
        dates.tz_localize("UTC").tz_convert(zone) if zone else dates,
        arrays["net"],
        arrays["gross"],
        arrays["turnover"],
        arrays["rank_ic"],
        figures,
    )
    vanished = tuple(str(name) for name in arrays["vanished"])
    return Standing(held, arrays["live"], arrays["predicted"], arrays["level"], vanished)


def _figure(row: list[float]) -> PhaseFigure:
    mean, se, minimum, median, maximum, phases = row
    return PhaseFigure(mean, se, minimum, median, maximum, int(phases))


__all__ = ["FOLDER", "Standing", "computed", "standing_of"]
