"""Prepared data of one round: train, validation and test, split on dates and purged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from zoo.errors import ManifestError
from zoo.manifest.bound import Bound, key_of
from zoo.manifest.cube import PanelCube, Sample, TableCube, build_cube
from zoo.manifest.split import Cuts, cut, parts
from zoo.manifest.workbench import Workbench

_KEYS: Final = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test", "_grid", "_alignment")


@dataclass(frozen=True)
class Prepared(Mapping[str, Any]):
    """The parts of one round. As a mapping it has `x_train, y_train, x_val, y_val, x_test, y_test`.

    X is never scaled here: the scaler is fitted with the model, on the train part only, and travels with it.
    """

    cube: PanelCube | TableCube
    cuts: Cuts
    train: Sample
    validation: Sample
    test: Sample

    def __getitem__(self, key: str) -> Any:
        """Return one part as a frame or an array."""
        if key == "_grid":
            return self.test.grid
        if key == "_alignment":
            return self.alignment
        if key not in _KEYS:
            raise KeyError(key)
        part: Sample = {"train": self.train, "val": self.validation, "test": self.test}[key[2:]]
        return part.frame() if key.startswith("x_") else part.y

    def __iter__(self) -> Iterator[str]:
        return iter(_KEYS)

    def __len__(self) -> int:
        return len(_KEYS)

    @property
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


def prepare(bound: Bound, bench: Workbench, boundaries: Mapping[str, Any] | None = None) -> Prepared:
    """Split the usable cross-sections as declared, or at the boundaries of another round.

    Args:
        bound: what to prepare.
        bench: the data and its caches.
        boundaries: what another round's `Prepared.boundaries` said; a variant keeps its round's dates.

    Raises:
        ManifestError: a part that is empty.
    """
    declared = bound.as_dict()
    shape = [declared[k] for k in ("features", "target", "rows", "seed")]
    cube = bench.cache.get(key_of(["cube", shape]), lambda: build_cube(bound, bench))
    cuts = cut(cube.usable, bound.weights) if boundaries is None else _cuts(boundaries, cube, bound.where)
    train, validation, test = parts(cube.usable, cuts, cube.horizon)
    return Prepared(cube, cuts, cube.take(train), cube.take(validation), cube.take(test))


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


__all__ = ["Prepared", "prepare"]
