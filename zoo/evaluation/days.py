"""Predictions of consecutive bars, as they are kept: one Parquet file of whole days."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import RecordCorrupt

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LIVE = "live"
REPLAYED = "replayed"
_COLUMNS = ("date", "asset", "prediction", "evidence", "rebalance", "visible")
_REPEATED = ["asset", "evidence", "visible"]


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """What one version predicted on consecutive bars.

    Attributes:
        dates: the bars.
        assets: the columns of `scores`.
        scores: bars × assets; NaN where nothing was predicted.
        live: whether the bar came after the version was registered; else it is replayed.
        rebalance: whether the bar is one on which the line rebalances.
        visible: the digest of what was visible at each bar; see `visible_digests`.
    """

    dates: pd.DatetimeIndex
    assets: tuple[str, ...]
    scores: Floats
    live: Flags
    rebalance: Flags
    visible: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.dates)

    def part(self, rows: slice | NDArray[np.intp]) -> Days:
        """Return some of the bars."""
        return replace(
            self,
            dates=self.dates[rows],
            scores=self.scores[rows],
            live=self.live[rows],
            rebalance=self.rebalance[rows],
            visible=tuple(np.array(self.visible, dtype=object)[rows]),
        )

    def on(self, assets: Sequence[str]) -> Floats:
        """Return the scores of these assets, bars × assets; NaN for one that was not there."""
        if tuple(assets) == self.assets:
            return self.scores
        place = {name: column for column, name in enumerate(self.assets)}
        found = np.full((len(self), len(assets)), np.nan)
        for column, name in enumerate(assets):
            if name in place:
                found[:, column] = self.scores[:, place[name]]
        return found

    @classmethod
    def joined(cls, parts: Sequence[Days]) -> Self:
        """Return parts one after the other, on all assets that any of them has."""
        assets = parts[0].assets
        if any(part.assets != assets for part in parts):
            assets = tuple(dict.fromkeys(name for part in parts for name in part.assets))
        dates = parts[0].dates.append([part.dates for part in parts[1:]])
        return cls(
            pd.DatetimeIndex(dates),
            assets,
            np.concatenate([part.on(assets) for part in parts]),
            np.concatenate([part.live for part in parts]),
            np.concatenate([part.rebalance for part in parts]),
            tuple(digest for part in parts for digest in part.visible),
        )

    def to_parquet(self) -> bytes:
        """Return a file of columns date, asset, prediction, evidence, rebalance, visible; a row an asset."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        bars, assets = self.scores.shape
        values = np.ascontiguousarray(self.scores).ravel()
        evidence = pa.array(np.repeat(self.live.astype(np.int8), assets))
        table = pa.table(
            {
                "date": pa.array(self.dates.as_unit("ns").repeat(assets)),
                "asset": pa.DictionaryArray.from_arrays(
                    np.tile(np.arange(assets, dtype=np.int32), bars), list(self.assets)
                ),
                "prediction": pa.array(values, mask=np.isnan(values)),
                "evidence": pa.DictionaryArray.from_arrays(evidence, [REPLAYED, LIVE]),
                "rebalance": pa.array(np.repeat(self.rebalance, assets)),
                "visible": pa.DictionaryArray.from_arrays(
                    np.repeat(np.arange(bars, dtype=np.int32), assets), list(self.visible)
                ),
            }
        )
        buffer = io.BytesIO()
        pq.write_table(table, buffer, use_dictionary=_REPEATED)
        return buffer.getvalue()

    @classmethod
    def from_parquet(cls, content: bytes, where: object) -> Self:
        """Read what `to_parquet` wrote.

        Raises:
            RecordCorrupt: it is no such file, or its rows are not whole days.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            file = pq.ParquetFile(pa.BufferReader(content))
            # a year is too little to share among threads, which take longer to start
            table = file.read(columns=list(_COLUMNS), use_threads=False).select(_COLUMNS)
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            raise _corrupt(f"is no file of days: {error}", where) from error
        names, places = _dictionary(table["asset"])
        count = len(np.unique(places))
        if not count or len(table) % count or (places.reshape(-1, count) != places[:count]).any():
            raise _corrupt("its rows are not whole days of the same assets", where)
        dates = _dates(table["date"])
        first = dates[::count]
        if not dates.equals(first.repeat(count)) or not first.is_monotonic_increasing or not first.is_unique:
            raise _corrupt("its rows are not whole days in order", where)
        evidence, kind = _dictionary(table["evidence"])
        digests, digest = _dictionary(table["visible"])
        scores = table["prediction"].to_numpy().astype(np.float64)
        return cls(
            first,
            tuple(names[place] for place in places[:count]),
            scores.reshape(-1, count),
            np.array([name == LIVE for name in evidence])[kind[::count]],
            table["rebalance"].to_numpy()[::count].astype(bool),
            tuple(digests[place] for place in digest[::count]),
        )


def _dates(column: pa.ChunkedArray) -> pd.DatetimeIndex:
    """Return dates with the zone as pandas knows it by its name."""
    moments = column.cast("int64").to_numpy().astype("datetime64[ns]")
    found, zone = pd.DatetimeIndex(moments), column.type.tz
    return found if zone is None else found.tz_localize("UTC").tz_convert(zone)


def _dictionary(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.intp]]:
    found = column.combine_chunks()
    found = found.dictionary_encode() if not hasattr(found, "indices") else found
    return found.dictionary.to_pylist(), found.indices.to_numpy().astype(np.intp)


def _corrupt(problem: str, where: object) -> RecordCorrupt:
    return RecordCorrupt(problem, where=where, remedy="restore it from a backup; nothing of it was used")


__all__ = ["LIVE", "REPLAYED", "Days"]
