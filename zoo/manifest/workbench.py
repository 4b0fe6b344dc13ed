"""One data set and what has been computed from it: rounds that share a feature compute it once."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from zoo.errors import ManifestError
from zoo.manifest.bound import Bound, Feature, key_of
from zoo.manifest.cache import SettingsCache
from zoo.manifest.columns import Panel, checked
from zoo.manifest.construct import inject, partial
from zoo.manifest.formation import form
from zoo.trust import TARGET_KEY, Trust

#: what caches may hold of a small panel; of a large one, half its size
LEAST_BUDGET: Final = 64 * 2**20


class Workbench:
    """A data set with its caches. Not shared between threads.

    Args:
        data: a `Dataset` or a `Table`.

    Raises:
        ManifestError: the data is neither.
    """

    def __init__(self, data: Any) -> None:
        if getattr(data, "kind", None) not in ("panel", "table"):
            raise ManifestError(
                f"the data is a {type(data).__name__}",
                expected="a Dataset or a Table",
                remedy="zoo.data.Dataset({'close': frame}) makes one of prices, dates × assets",
            )
        self.data = data
        budget = max(LEAST_BUDGET, _size(data) // 2)
        self.cache = SettingsCache(budget)
        self._formations = SettingsCache(budget, fewest=1)

    @property
    def is_panel(self) -> bool:
        """Whether the data has a time axis."""
        return bool(self.data.kind == "panel")

    @property
    def nbytes(self) -> int:
        """Bytes of the data and of what is cached, for the caches of the data that it was formed of."""
        return _size(self.data) + self.cache.held + self._formations.held

    def formed(self, bound: Bound) -> Workbench:
        """Return the workbench of the bars that are formed of this data, and of what is selected among them.

        Raises:
            ManifestError: a function that gives no panel, or bars without a required column.
        """
        if bound.bars is None and bound.selector is None:
            if bound.required:
                form(self.data, bound)
            return self
        key = key_of(["formed", bound.formation])
        return self._formations.get(key, lambda: Workbench(form(self.data, bound)))  # type: ignore[no-any-return]

    def columns(self, bound: Bound) -> list[Panel]:
        """Return every feature of a panel as dates × assets, on all bars, scaled if the scaler is causal."""
        return [self.column_of(feature, bound) for feature in bound.features]

    def column_of(self, feature: Feature, bound: Bound) -> Panel:
        """Return one feature of a panel, as `columns` does."""
        if bound.causal is None:
            return self._asking(feature, bound)
        scaler = bound.causal
        key = key_of(["scaled", scaler, self._declared(feature, bound)])
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
        """Return the target of a panel as dates × assets, before anything of it is fitted.

        Raises:
            ManifestError: what `checked` refuses, or a label on the last bar, after which nothing is known.
        """
        return self.cache.get(key_of(["target", bound.target]), lambda: self._labels(bound))  # type: ignore[no-any-return]

    def _labels(self, bound: Bound) -> Panel:
        name = str(bound.target[TARGET_KEY])
        labels = self._frame(bound.target, name, bound.trust, bound.where, {})
        known = np.isfinite(labels[-1])
        if known.any():
            raise ManifestError(
                f"target {name} labels the last bar of {self.data.assets[int(known.argmax())]},"
                " after which nothing is known",
                where=bound.where,
                expected="NaN where the future is not known",
                remedy="a comparison with NaN is false, not NaN: keep NaN with .where(future.notna())",
            )
        return labels

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
        asked = {name: self._declared(indicator, bound) for name, indicator in named.items()} or None
        return self.feature(feature, bound.trust, bound.where, among, asked)

    def _named(self, feature: Feature, bound: Bound) -> dict[str, Feature]:
        """Return the indicators, declared before it, that a feature's function names among its parameters.

        Raises:
            ManifestError: it asks for a name that the data has too.
        """
        before = bound.features[: bound.indicators]
        names = [indicator.name for indicator in before]
        if feature.name in names:
            before = before[: names.index(feature.name)]
        if not before:
            return {}
        function = partial(feature.declaration, bound.trust, bound.where)
        free = set(inspect.signature(function).parameters) - set(getattr(function, "keywords", {}))
        named = {indicator.name: indicator for indicator in before if indicator.name in free}
        for name in named:
            if name in _arguments(self.data):
                raise ManifestError(
                    f"feature {feature.name!r} asks for {name!r}, which is an indicator and data as well",
                    where=bound.where,
                    remedy="give the indicator another name",
                )
        return named

    def _declared(self, feature: Feature, bound: Bound) -> list[Any]:
        """Return a feature's declaration and those of what it asks for: a key for caches."""
        named = self._named(feature, bound)
        return [feature.declaration, {name: self._declared(i, bound) for name, i in named.items()}]

    def _lazily(self, feature: Feature, bound: Bound) -> Callable[[], pd.DataFrame]:
        close = self.data.close
        return lambda: pd.DataFrame(
            self._asking(feature, bound), index=close.index, columns=close.columns, copy=True
        )

    def _scaled(self, feature: Feature, scaler: Mapping[str, Any], bound: Bound) -> Panel:
        close = self.data.close
        values = self._lazily(feature, bound)()
        name = str(scaler[TARGET_KEY])
        found = inject(partial(scaler, bound.trust, bound.where), {"values": values}, name, bound.where)
        return checked(found, close, f"{name} of {feature.name}", bound.where)

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
        found = inject(function, given, str(declaration[TARGET_KEY]), where)
        return checked(found, self.data.close, name, where)


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
