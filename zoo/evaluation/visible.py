"""What could be seen at the close of a bar: the data cut there, and a digest of it for every bar."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zoo.errors import ShadowError

if TYPE_CHECKING:
    from zoo.data import Dataset

_SHORT = 32  # hexadecimal digits of SHA-256 that are kept a bar


def visible(data: Dataset, bar: pd.Timestamp) -> Dataset:
    """Return the data as it was at the close of `bar`: nothing later is in it, so that nothing can be read.

    Raises:
        ShadowError: `bar` is no bar of the data.
    """
    if bar not in data.dates:
        raise ShadowError(f"{text_of(bar)} is no bar of {data.name}", expected="a date of the data")
    return data.until(bar)


def visible_digests(data: Dataset) -> tuple[str, ...]:
    """Return for each bar a digest of all that was visible at its close.

    It is taken over assets, names of fields and factors, and every date and value up to the bar. Two data
    sets with equal digests at a bar are equal up to it: what was predicted then is predicted again now.
    """
    fields = sorted(data.fields)
    factors = [] if data.factors is None else [str(name) for name in data.factors.columns]
    running = hashlib.sha256(repr((list(data.assets), fields, factors)).encode())
    tables = [data.fields[name].to_numpy() for name in fields]
    tables += [] if data.factors is None else [data.factors.to_numpy()]
    moments = data.dates.as_unit("ns").asi8
    found = []
    for bar, moment in enumerate(moments):
        row = np.concatenate([table[bar] for table in tables]).astype("<f8") + 0.0  # -0.0 is 0.0
        row[np.isnan(row)] = np.nan  # of all its bit patterns one
        running.update(int(moment).to_bytes(8, "little", signed=True))
        running.update(row.tobytes())
        found.append(running.copy().hexdigest()[:_SHORT])
    return tuple(found)


def text_of(bar: pd.Timestamp) -> str:
    """Return a bar's day, or its time where it has a time of day."""
    return bar.date().isoformat() if bar == bar.normalize() and bar.tz is None else bar.isoformat()


__all__ = ["text_of", "visible", "visible_digests"]
