"""One data set and what has been computed from it: rounds that share a feature or a target compute it once.

A cached value is keyed by the settings that were read while it was computed, and a hit counts as those reads:
otherwise the second user of a value would look as if it had read nothing.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ManifestError
from zoo.manifest.bound import Bound, Feature, key_of
from zoo.manifest.construct import inject, partial
from zoo.settings import record, recorded, settings
from zoo.trust import TARGET_KEY, Trust

Panel = NDArray[np.float64]


class SettingsCache:
    """Values by key and by the settings that their computation read."""

    def __init__(self) -> None:
        self._entries: dict[str, list[tuple[dict[str, Any], Any]]] = {}
        self.computed = 0

    def get(self, key: str, compute: Callable[[], Any]) -> Any:
        """Return the cached value of `key` under the current settings, computing it where there is none."""
        now = settings.snapshot()
        for read, value in self._entries.get(key, []):
            if all(name in now and now[name] == was for name, was in read.items()):
                record(read)
                return value
        with recorded() as reads:
            value = compute()
        self.computed += 1
        self._entries.setdefault(key, []).append(({name: now[name] for name in reads.names}, value))
        return value


class Workbench:
    """A data set with its caches. Not shared between threads."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.cache = SettingsCache()

    @property
    def is_panel(self) -> bool:
        """Whether the data has a time axis."""
        return bool(self.data.kind == "panel")

    def feature(self, feature: Feature, trust: Trust, where: str | None) -> Panel:
        """Return a feature as dates × assets."""
        key = key_of(["feature", feature.declaration])
        return self.cache.get(key, lambda: self._frame(feature.declaration, feature.name, trust, where))  # type: ignore[no-any-return]

    def target(self, bound: Bound) -> Panel:
        """Return the target of a panel as dates × assets."""
        key = key_of(["target", bound.target])
        name = str(bound.target[TARGET_KEY])
        return self.cache.get(key, lambda: self._frame(bound.target, name, bound.trust, bound.where))  # type: ignore[no-any-return]

    def column(self, bound: Bound) -> pd.Series:
        """Return the target column of a table."""
        name = str(bound.target[TARGET_KEY])
        found = inject(
            partial(bound.target, bound.trust, bound.where), _arguments(self.data), name, bound.where
        )
        if not isinstance(found, pd.Series) or len(found) != len(self.data.frame):
            raise ManifestError(
                f"{name} gave no column of the table", where=bound.where, expected="a Series, a value a row"
            )
        return found

    def _frame(self, declaration: Mapping[str, Any], name: str, trust: Trust, where: str | None) -> Panel:
        function = partial(declaration, trust, where)
        found = inject(function, _arguments(self.data), str(declaration[TARGET_KEY]), where)
        close = self.data.close
        if not isinstance(found, pd.DataFrame) or not (
            found.index.equals(close.index) and found.columns.equals(close.columns)
        ):
            shape = getattr(found, "shape", type(found).__name__)
            raise ManifestError(
                f"{name} gave {shape}, not the data's dates × assets",
                where=where,
                expected=f"a frame of {close.shape} on the same index and columns",
            )
        values = found.to_numpy(dtype=np.float64)
        if np.isinf(values).any():
            date, asset = np.argwhere(np.isinf(values))[0]
            raise ManifestError(
                f"{name} is infinite at {found.index[date]:%Y-%m-%d} for {found.columns[asset]}",
                where=where,
                expected="finite values, or NaN where there is none",
            )
        return values


def horizon_of(bound: Bound) -> int:
    """Return how many bars the target's label looks ahead, from its own argument.

    Raises:
        ManifestError: the target says nothing of its horizon; a purge could not be derived.
    """
    function = partial(bound.target, bound.trust, bound.where)
    parameter = inspect.signature(function).parameters.get("horizon")
    value = None if parameter is None else parameter.default
    if type(value) is not int or value < 1:
        raise ManifestError(
            f"target {bound.target[TARGET_KEY]} has no horizon",
            where=bound.where,
            expected="an argument `horizon`, a positive number of bars: the purge follows from it",
            remedy="add horizon: ${settings.forward_days}",
        )
    return value


def _arguments(data: Any) -> dict[str, Any]:
    """Return what functions may ask for by parameter name.

    Shallow copies: pandas copies on write, so a function that writes into its argument changes its own copy.
    """
    if data.kind == "table":
        return {"table": dataclasses.replace(data, frame=data.frame.copy(deep=False))}
    fields = {name: frame.copy(deep=False) for name, frame in data.fields.items()}
    factors = {} if data.factors is None else {"factors": data.factors.copy(deep=False)}
    return {"prices": data.close.copy(deep=False), **fields, **factors}


__all__ = ["SettingsCache", "Workbench", "horizon_of"]
