"""The same data with another future: after a bar all is changed, half of the assets are gone, or all bars."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from zoo.data import Dataset

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CHANGED: Final = "changed"
DELISTED: Final = "delisted"
CUT: Final = "cut"
KINDS: Final = (CHANGED, DELISTED, CUT)

_QUOTES: Final = ("open", "high", "low", "close")  # of one bar: they keep their order
_LEAST: Final = 0.25  # of the bars lie before the first cut: what looks back has something to look at


def cut_places(data: Dataset, count: int, seed: int) -> list[int]:
    """Return the places of bars after which to change the data, in order.

    One is drawn from each of `count` equal spans of all but the first quarter. What looks ahead on some days
    only shows after a cut on such a day: one after the other is on a Monday, ..., on a Friday, at the end and
    at the beginning of a month, where the span has such a bar.
    """
    first, last = int(len(data.dates) * _LEAST), len(data.dates) - 1
    if last <= first:
        return []
    chance = np.random.default_rng(seed)
    edges = np.linspace(first, last, min(count, last - first) + 1).astype(int)
    kinds = itertools.cycle(_kinds_of_days(data.dates))
    return [
        _drawn(np.flatnonzero(next(kinds)[low:high]) + low, low, high, chance)
        for low, high in itertools.pairwise(edges.tolist())
    ]


def _kinds_of_days(dates: pd.DatetimeIndex) -> list[NDArray[np.bool_]]:
    """Return which bars are on each weekday, the last of a month, and the first of one."""
    month = np.asarray(dates.year * 12 + dates.month)
    turns = np.diff(month) != 0
    days = [np.asarray(dates.day_of_week == day) for day in range(5)]
    return [*days, np.append(turns, False), np.append(False, turns)]


def _drawn(wanted: NDArray[np.intp], low: int, high: int, chance: Generator) -> int:
    return int(chance.choice(wanted)) if len(wanted) else int(chance.integers(low, high))


def perturbed(data: Dataset, place: int, kind: str, seed: int) -> Dataset:
    """Return the data with another future after the bar at `place`.

    Args:
        data: as it is.
        place: of the last bar that stays as it is.
        kind: `changed`: every value there is becomes another; `delisted`: half of the assets have none any
            more, and the factors are changed; `cut`: there are no later bars.
        seed: of the changes.
    """
    if kind == CUT:
        return data.until(data.dates[place])
    chance = np.random.default_rng([seed, place])
    fields = _changed(data, place, chance) if kind == CHANGED else _delisted(data, place, chance)
    factors = data.factors if data.factors is None else _other_factors(data.factors, place, chance)
    return Dataset(fields, factors, data.name)


def _changed(data: Dataset, place: int, chance: Generator) -> dict[str, pd.DataFrame]:
    """Multiply quotes of a bar by one factor, and every other field by its own; a zero becomes a value."""
    shape = (len(data.dates) - place - 1, len(data.assets))
    common = _factor(shape, chance)
    found = {}
    for name, frame in data.fields.items():
        values = frame.to_numpy(dtype=np.float64, copy=True)
        later = values[place + 1 :]
        factor = common if name in _QUOTES else _factor(shape, chance)
        later[:] = np.where(later == 0.0, _typical(values) * factor, later * factor)
        found[name] = pd.DataFrame(values, frame.index, frame.columns)
    return found


def _delisted(data: Dataset, place: int, chance: Generator) -> Mapping[str, pd.DataFrame]:
    gone = chance.permutation(len(data.assets))[: max(len(data.assets) // 2, 1)]
    found = {}
    for name, frame in data.fields.items():
        values = frame.to_numpy(dtype=np.float64, copy=True)
        values[place + 1 :, gone] = np.nan
        found[name] = pd.DataFrame(values, frame.index, frame.columns)
    return found


def _other_factors(factors: pd.DataFrame, place: int, chance: Generator) -> pd.DataFrame:
    values = factors.to_numpy(dtype=np.float64, copy=True)
    later = values[place + 1 :]
    later[:] = chance.normal(scale=0.02, size=later.shape) - later
    return pd.DataFrame(values, factors.index, factors.columns)


def _factor(shape: tuple[int, int], chance: Generator) -> Floats:
    """Return factors away from 1, up and down: a label of direction has to turn as well."""
    sides = chance.choice([-1.0, 1.0], size=shape)
    return np.exp(sides * chance.uniform(0.1, 0.5, size=shape))


def _typical(values: Floats) -> float:
    known = np.abs(values[np.isfinite(values) & (values != 0.0)])
    return float(np.median(known)) if len(known) else 1.0


def seed_of(data: Dataset) -> int:
    """Return a seed that follows from the data: the same every time, and chosen by nobody."""
    return int(data.fingerprint().content[:8], 16)


__all__ = ["CHANGED", "CUT", "DELISTED", "KINDS", "cut_places", "perturbed", "seed_of"]
