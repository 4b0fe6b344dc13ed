"""One data set and what has been computed from it: rounds that share a feature compute it once."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ManifestError
from zoo.manifest.bound import Bound, Feature, key_of
from zoo.manifest.cache import SettingsCache
from zoo.manifest.construct import inject, partial
from zoo.trust import TARGET_KEY, Trust

Panel = NDArray[np.float64]
#: what caches may hold of a small panel; of a large one, half its size
LEAST_BUDGET: Final = 64 * 2**20


class Workbench:
    """A data set with its caches. Not shared between threads."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.cache = SettingsCache(max(LEAST_BUDGET, _size(data) // 2))

    @property
    def is_panel(self) -> bool:
        """Whether the data has a time axis."""
        return bool(self.data.kind == "panel")

    def formed(self, bound: Bound) -> Workbench:
        """Return the workbench of the bars that are formed of this data, and of what is selected among them.

        Raises:
            ManifestError: a function that gives no panel, or bars without a required column.
        """
        if bound.bars is None and bound.selector is None and not bound.required:
            return self
        key = key_of(["formed", bound.formation])
        return self.cache.get(key, lambda: Workbench(_formed(self.data, bound)))  # type: ignore[no-any-return]

    def columns(self, bound: Bound) -> list[Panel]:
        """Return every feature of a panel as dates × assets, on all bars, scaled if the scaler is causal."""
        return [self.column_of(feature, bound) for feature in bound.features]

    def column_of(self, feature: Feature, bound: Bound) -> Panel:
        """Return one feature of a panel, as `columns` does."""
        if bound.causal is None:
            return self._asking(feature, bound)
        scaler = bound.causal
        key = key_of(["scaled", scaler, feature.as_dict(), *self._named(feature, bound).values()])
        return self.cache.get(key, lambda: self._scaled(feature, scaler, bound))  # type: ignore[no-any-return]

    def feature(
        self,
        feature: Feature,
        trust: Trust,
        where: str | None,
        among: Mapping[str, Callable[[], pd.DataFrame]] | None = None,
        asked: object = None,
    ) -> Panel:
        """Return a feature as dates × assets.

        Args:
            feature: what to compute.
            trust: what may be imported.
            where: the file to name in an error.
            among: indicators that its function may ask for by name.
            asked: what these are, for the cache.
        """
        key = key_of(["feature", feature.declaration, asked])
        given = dict(among or {})
        return self.cache.get(  # type: ignore[no-any-return]
            key, lambda: self._frame(feature.declaration, feature.name, trust, where, given)
        )

    def target(self, bound: Bound) -> Panel:
        """Return the target of a panel as dates × assets, before anything of it is fitted."""
        key = key_of(["target", bound.target])
        name = str(bound.target[TARGET_KEY])
        return self.cache.get(key, lambda: self._frame(bound.target, name, bound.trust, bound.where, {}))  # type: ignore[no-any-return]

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

    def _asking(self, feature: Feature, bound: Bound) -> Panel:
        """Compute a feature; what it asks for of the indicators is computed first."""
        named = self._named(feature, bound)
        among = {name: self._lazily(indicator, bound) for name, indicator in named.items()}
        asked = {name: indicator.declaration for name, indicator in named.items()} or None
        return self.feature(feature, bound.trust, bound.where, among, asked)

    def _named(self, feature: Feature, bound: Bound) -> dict[str, Feature]:
        """Return the indicators that a feature's function names among its parameters."""
        indicators = {i.name: i for i in bound.features[: bound.indicators] if i is not feature}
        if not indicators:
            return {}
        function = partial(feature.declaration, bound.trust, bound.where)
        free = set(inspect.signature(function).parameters) - set(getattr(function, "keywords", {}))
        return {name: indicator for name, indicator in indicators.items() if name in free}

    def _lazily(self, indicator: Feature, bound: Bound) -> Callable[[], pd.DataFrame]:
        close = self.data.close
        return lambda: pd.DataFrame(
            self.feature(indicator, bound.trust, bound.where), index=close.index, columns=close.columns
        )

    def _scaled(self, feature: Feature, scaler: Mapping[str, Any], bound: Bound) -> Panel:
        close = self.data.close
        values = pd.DataFrame(self._asking(feature, bound), index=close.index, columns=close.columns)
        name = str(scaler[TARGET_KEY])
        found = inject(partial(scaler, bound.trust, bound.where), {"values": values}, name, bound.where)
        return self._checked(found, f"{name} of {feature.name}", bound.where)

    def _frame(
        self,
        declaration: Mapping[str, Any],
        name: str,
        trust: Trust,
        where: str | None,
        among: Mapping[str, Callable[[], pd.DataFrame]],
    ) -> Panel:
        function = partial(declaration, trust, where)
        given = {**_arguments(self.data), **{indicator: frame() for indicator, frame in among.items()}}
        return self._checked(inject(function, given, str(declaration[TARGET_KEY]), where), name, where)

    def _checked(self, found: Any, name: str, where: str | None) -> Panel:
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


def _formed(data: Any, bound: Bound) -> Any:
    """Form bars, then select among them."""
    if data.kind != "panel":
        raise ManifestError(
            "bars and selectors need a time axis", where=bound.where, remedy="remove them, or give a panel"
        )
    if bound.bars is not None:
        data = _dataset(bound.bars, data, bound)
    missing = [name for name in bound.required if name not in data.fields]
    if missing:
        raise ManifestError(
            f"the bars have no {', '.join(missing)}",
            where=bound.where,
            expected=f"columns {', '.join(bound.required)}",
            remedy=f"there are {', '.join(data.fields)}: map the column in the source, or require less",
        )
    return data if bound.selector is None else _dataset(bound.selector, data, bound)


def _dataset(declaration: Mapping[str, Any], data: Any, bound: Bound) -> Any:
    name = str(declaration[TARGET_KEY])
    found = inject(partial(declaration, bound.trust, bound.where), {"data": data}, name, bound.where)
    if getattr(found, "kind", None) != "panel":
        raise ManifestError(
            f"{name} gave {type(found).__name__}", where=bound.where, expected="a Dataset of bars"
        )
    return found


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


def _size(data: Any) -> int:
    """Return the bytes of a panel's fields; 0 for what is none."""
    return sum(frame.shape[0] * frame.shape[1] * 8 for frame in getattr(data, "fields", {}).values())


__all__ = ["LEAST_BUDGET", "SettingsCache", "Workbench", "horizon_of"]
