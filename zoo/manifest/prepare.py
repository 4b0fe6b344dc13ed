"""Prepared data of one round: train, validation and test, split on dates and purged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ManifestError
from zoo.manifest.bound import Bound, key_of
from zoo.manifest.cube import Floats, PanelCube, Sample, TableCube, build_cube
from zoo.manifest.dates import SplitDates
from zoo.manifest.split import Cuts, cut, cut_at, folds, parts
from zoo.manifest.workbench import Workbench

_KEYS: Final = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test", "_grid", "_alignment")


@dataclass(frozen=True)
class Prepared(Mapping[str, Any]):
    """The parts of one round. As a mapping it has `x_train, y_train, x_val, y_val, x_test, y_test`.

    X is never scaled here by what is fitted: such a scaler is fitted with the model, on the train part only,
    and travels with it. Rounds that share a preparation share this object.
    """

    cube: PanelCube | TableCube
    cuts: Cuts
    train: Sample
    validation: Sample
    test: Sample
    bench: Workbench
    declared: Bound

    def __getitem__(self, key: str) -> Any:
        """Return one part as a frame or an array."""
        if key == "_grid":
            return self.test.grid
        if key == "_alignment":
            return self.alignment
        if key not in _KEYS:
            raise KeyError(key)
        part: Sample = {"train": self.train, "val": self.validation, "test": self.test}[key[2:]]
        return part.frame() if key.startswith("x_") else part.y.copy()

    def __iter__(self) -> Iterator[str]:
        return iter(_KEYS)

    def __len__(self) -> int:
        return len(_KEYS)

    @property
    def nbytes(self) -> int:
        """Bytes held, for caches: folds and held-out bars too, once they are asked for."""
        own = self.train.nbytes + self.validation.nbytes + self.test.nbytes
        asked = vars(self)
        folds = sum(a.nbytes + b.nbytes for a, b in asked.get("folds", ()))
        return int(own + folds + sum(array.nbytes for array in asked.get("held_out", ())))

    @cached_property
    def alignment(self) -> dict[str, Any]:
        """Name the rows of the test part's predictions, in the format's words."""
        keys = self.test.keys
        dates = keys.get("dates", [])
        return {
            **keys,
            "missing_datetimes": [],
            "first_test_datetime": dates[0] if dates else None,
            "last_test_datetime": dates[-1] if dates else None,
        }

    @property
    def boundaries(self) -> dict[str, Any]:
        """Return the first usable cross-section of each part and the last of all: dates, or places."""
        cuts = self.cuts
        values = {"first": cuts.first, "validation": cuts.validation, "test": cuts.test, "last": cuts.last}
        if isinstance(self.cube, TableCube):
            return dict(values)
        dates = self.cube.dates
        return {name: None if p is None else dates[p].isoformat() for name, p in values.items()}

    @cached_property
    def folds(self) -> list[tuple[Sample, Sample]]:
        """Purged walk-forward folds of train + validation, as (train, test); of a table, a seeded KFold's."""
        cube = self.cube
        pieces = _table_folds(cube, self) if isinstance(cube, TableCube) else _panel_folds(cube, self)
        return [(cube.take(train), cube.take(test)) for train, test in pieces]

    @cached_property
    def held_out(self) -> tuple[NDArray[np.intp], Floats, Floats]:
        """Every bar of the test part, whatever the rows: bar numbers, features and labels.

        Returns:
            Bars, bars × assets × features, bars × assets; empty for a table and without a test part.
        """
        cube = self.cube
        if isinstance(cube, TableCube) or self.cuts.test is None:
            return np.empty(0, dtype=np.intp), np.empty((0, 0, 0)), np.empty((0, 0))
        bars = np.arange(self.cuts.test, self.cuts.last + 1)
        columns = [self.bench.column_of(f, self.declared)[bars] for f in self.declared.features]
        return bars, np.stack(columns, axis=-1), self.bench.target(self.declared)[bars]

    @property
    def test_bars(self) -> Any:
        """The bars of the test part, up to the last that one of its labels uses, as a `Dataset`.

        Raises:
            ManifestError: a table, or a split without a test part.
        """
        cube = self.cube
        if isinstance(cube, TableCube) or self.cuts.test is None:
            raise ManifestError("there are no test bars", where=self.declared.where, expected="a test part")
        last = min(self.cuts.last + cube.horizon, len(cube.dates) - 1)
        return self.bench.data.between(cube.dates[self.cuts.test], cube.dates[last])


def prepare(bound: Bound, bench: Workbench, boundaries: Mapping[str, Any] | None = None) -> Prepared:
    """Split the usable cross-sections as declared, or at the boundaries of another round.

    Args:
        bound: what to prepare.
        bench: the source's data and its caches.
        boundaries: what another round's `Prepared.boundaries` said; a variant keeps its round's dates.

    Raises:
        ManifestError: a part that is empty.
    """
    bench = bench.formed(bound)
    key = key_of(["prepared", bound.shape, bound.split_config, boundaries])
    return bench.cache.get(key, lambda: _prepare(bound, bench, boundaries))  # type: ignore[no-any-return]


def _prepare(bound: Bound, bench: Workbench, boundaries: Mapping[str, Any] | None) -> Prepared:
    cube = bench.cache.get(key_of(["cube", bound.shape]), lambda: build_cube(bound, bench))
    cuts = _declared(bound, cube) if boundaries is None else _cuts(boundaries, cube, bound.where)
    train, validation, test = parts(cube.usable, cuts, cube.horizon, bound.where)
    return Prepared(cube, cuts, cube.take(train), cube.take(validation), cube.take(test), bench, bound)


def _declared(bound: Bound, cube: PanelCube | TableCube) -> Cuts:
    if not isinstance(bound.split, SplitDates):
        return cut(cube.usable, bound.split, bound.where)
    if isinstance(cube, TableCube):
        raise ManifestError(
            "manifest.split: a table has no dates",
            where=bound.where,
            expected="proportions, such as [8, 1, 2]",
        )
    return cut_at(cube.usable, cube.dates, bound.split, bound.where)


def _cuts(boundaries: Mapping[str, Any], cube: PanelCube | TableCube, where: str | None) -> Cuts:
    if isinstance(cube, TableCube):
        return Cuts(**boundaries)
    bars = {name: None if d is None else _bar(d, cube, where) for name, d in boundaries.items()}
    return Cuts(**bars)  # type: ignore[arg-type]


def _bar(date: str, cube: PanelCube, where: str | None) -> int:
    at = int(cube.dates.searchsorted(pd.Timestamp(date)))
    if at == len(cube.dates) or cube.dates[at].isoformat() != date:
        raise ManifestError(f"the round's boundary {date} is no bar of the data", where=where)
    return at


def _panel_folds(cube: PanelCube, prepared: Prepared) -> list[tuple[Any, Any]]:
    test = prepared.cuts.test
    before = cube.usable[cube.usable >= prepared.cuts.first]
    before = before if test is None else before[before < test - cube.horizon]
    return folds(before, cube.horizon)


def _table_folds(cube: TableCube, prepared: Prepared) -> list[tuple[Any, Any]]:
    from sklearn.model_selection import KFold

    stop = len(cube.usable) if prepared.cuts.test is None else prepared.cuts.test
    rows = cube.usable[:stop]
    splitter = KFold(5, shuffle=True, random_state=prepared.declared.seed)
    return [(rows[train], rows[test]) for train, test in splitter.split(rows)]


__all__ = ["Prepared", "prepare"]
