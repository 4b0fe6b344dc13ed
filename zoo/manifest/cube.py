"""Features and labels before any split: a cube for a panel, a matrix for a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ManifestError
from zoo.manifest.bound import Bound
from zoo.manifest.workbench import Workbench, horizon_of
from zoo.models import Grid

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of X with their labels and their place.

    Attributes:
        X: rows × features, finite.
        y: a label a row; NaN where the future is not known.
        names: the features' names, in the order of X's columns.
        position: each row's bar number (or place in the shuffle).
        grid: the rows' place in dates × assets; None for a table.
        keys: what the rows are called: `dates` and `assets`, or `rows`.
    """

    X: Floats
    y: NDArray[Any]
    names: tuple[str, ...]
    position: Positions
    grid: Grid | None
    keys: dict[str, list[Any]]

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Which rows have a label."""
        return np.isfinite(self.y) if self.y.dtype.kind == "f" else np.ones(len(self.y), dtype=bool)

    @property
    def nbytes(self) -> int:
        """Bytes held, for caches."""
        return int(self.X.nbytes + self.y.nbytes)

    def frame(self) -> pd.DataFrame:
        """Return a copy of X with named columns."""
        return pd.DataFrame(self.X.copy(), columns=list(self.names))


class Cube(Protocol):
    """What a split needs of prepared data."""

    names: tuple[str, ...]
    usable: Positions
    horizon: int

    def take(self, positions: Positions) -> Sample:
        """Return the rows of these positions whose features are complete."""
        ...


@dataclass(frozen=True, slots=True)
class PanelCube:
    """Cross-sections of a panel.

    Attributes:
        F: cross-sections × assets × features.
        Y: cross-sections × assets.
        bars: the bar number of each cross-section.
        usable: bar numbers of the cross-sections with at least one labelled row.
        horizon: bars that a label looks ahead.
        lags: Newey-West lags of statistics over these cross-sections.
        days: every bar's date as predictions are aligned by it.
    """

    F: Floats
    Y: Floats
    bars: Positions
    names: tuple[str, ...]
    dates: pd.DatetimeIndex
    assets: list[str]
    usable: Positions
    horizon: int
    lags: int
    days: list[str]

    @property
    def nbytes(self) -> int:
        """Bytes held, for caches."""
        return self.F.nbytes + self.Y.nbytes

    def take(self, positions: Positions) -> Sample:
        """Return the rows of these bars whose features are complete, date-major."""
        chosen = np.searchsorted(self.bars, positions)
        F, Y = self.F[chosen], self.Y[chosen]
        date, asset = np.nonzero(np.isfinite(F).all(axis=2))
        grid = Grid(date, asset, (len(positions), len(self.assets)), self.lags)
        keys = {"dates": [self.days[p] for p in positions.tolist()], "assets": list(self.assets)}
        return Sample(F[date, asset], Y[date, asset], self.names, positions[date], grid, keys)


@dataclass(frozen=True, slots=True)
class TableCube:
    """A table's rows in the order of a seeded shuffle."""

    F: Floats
    Y: NDArray[Any]
    names: tuple[str, ...]
    order: Positions
    usable: Positions
    horizon: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes held, for caches."""
        return int(self.F.nbytes + self.Y.nbytes)

    def take(self, positions: Positions) -> Sample:
        """Return the rows at these places of the shuffle."""
        rows = self.order[positions]
        return Sample(self.F[rows], self.Y[rows], self.names, positions, None, {"rows": rows.tolist()})


def build_cube(bound: Bound, bench: Workbench) -> PanelCube | TableCube:
    """Compute features and labels as declared.

    Raises:
        ManifestError: no features, no usable cross-section, or a table with text or missing values.
    """
    return _panel(bound, bench) if bench.is_panel else _table(bound, bench)


def _panel(bound: Bound, bench: Workbench) -> PanelCube:
    if not bound.features:
        raise ManifestError(
            "manifest.features: there is none", where=bound.where, expected="at least one feature"
        )
    horizon = horizon_of(bound)
    bars = np.arange(0, len(bench.data.dates), bound.every)
    F, Y = np.empty((len(bars), len(bench.data.assets), len(bound.features))), bench.target(bound)[bars]
    for place, feature in enumerate(bound.features):  # one at a time: all of them on all bars may be large
        F[:, :, place] = bench.column_of(feature, bound)[bars]
    usable = bars[(np.isfinite(F).all(axis=2) & np.isfinite(Y)).any(axis=1)]
    if usable.size == 0:
        raise ManifestError(
            f"no cross-section of {len(bench.data.dates)} bars has both features and a label",
            where=bound.where,
            expected="more bars than the longest window plus the horizon",
            remedy="use more data or shorter windows",
        )
    names = tuple(f.name for f in bound.features)
    lags = -(-horizon // bound.every) - 1
    dates, assets = bench.data.dates, list(bench.data.assets)
    days = bench.cache.get("days", lambda: _days(dates))
    return PanelCube(F, Y, bars, names, dates, assets, usable, horizon, lags, days)


def _table(bound: Bound, bench: Workbench) -> TableCube:
    _check_timeless(bound)
    label = bench.column(bound)
    frame = bench.data.frame.drop(columns=[label.name])
    for name in frame.columns:
        if (
            not pd.api.types.is_numeric_dtype(frame[name])
            or not np.isfinite(frame[name].to_numpy(dtype=float)).all()
        ):
            raise ManifestError(
                f"column {name!r} has text or missing values", where=bound.where, expected="finite numbers"
            )
    # RandomState's stream is frozen by NumPy's policy (NEP 19); a Generator's may change between releases
    order = np.random.RandomState(bound.seed).permutation(len(frame))
    Y = label.to_numpy(dtype=float) if label.dtype.kind == "f" else label.to_numpy()
    if Y.dtype.kind == "f" and np.isinf(Y).any():
        raise ManifestError(
            f"the label of row {label.index[np.isinf(Y).argmax()]} is infinite",
            where=bound.where,
            expected="finite labels",
        )
    names = tuple(str(name) for name in frame.columns)
    return TableCube(frame.to_numpy(dtype=np.float64), Y, names, order, np.arange(len(frame)))


def _check_timeless(bound: Bound) -> None:
    """Refuse what a table cannot have, rather than leave it out in silence."""
    wrong = {
        "features: a table's columns are its features": bound.features,
        f"rows: every {bound.every} bars, and a table has none": bound.every != 1,
        "scaler: it looks back from each bar, and a table has none": bound.causal is not None,
    }
    for problem, found in wrong.items():
        if found:
            key = problem.partition(":")[0]
            raise ManifestError(f"manifest.{problem}", where=bound.where, remedy=f"remove `{key}`")


def _days(dates: pd.DatetimeIndex) -> list[str]:
    """Return what bars are called: by their days, or all by their times where one has a time of day."""
    if (dates == dates.normalize()).all():
        return [date.date().isoformat() for date in dates]
    return [date.isoformat() for date in dates]


__all__ = ["Cube", "PanelCube", "Sample", "TableCube", "build_cube"]
