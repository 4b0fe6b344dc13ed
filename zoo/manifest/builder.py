"""The builder: the words of a manifest in YAML as methods, each of which returns a new manifest.

    Manifest().set_data_source("zoo.data.sp500").set_split_config(8, 1, 2).add_feature(...).with_target(...)

A string argument that equals a parameter's name means that parameter, and `"roc_{period}"` has its value in
it: `zoo.manifest.holes.spelt` turns both into the holes that YAML writes.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from zoo.errors import ManifestError
from zoo.manifest.holes import HOLE
from zoo.trust import TARGET_KEY

Declaration = Mapping[str, Any]
Target = str | Callable[..., Any]


@dataclass(frozen=True)
class Builder:
    """What a manifest declares, and the methods that declare it.

    Attributes:
        tree: the declaration.
        built: whether a method declared any of it, so that plain keys mean parameters.
    """

    tree: Declaration = field(default_factory=dict)
    built: bool = field(default=False, kw_only=True)

    def set_data_source(self, target: Target, **arguments: Any) -> Self:
        """Declare where the data comes from."""
        return self._with(data=declare(target, arguments))

    def set_test_data_source(self, target: Target, **arguments: Any) -> Self:
        """Declare a second, smaller source, to try a manifest on; nothing of it is ever promoted."""
        return self._with(test_data=declare(target, arguments))

    def set_bar_formation(self, target: Target, **arguments: Any) -> Self:
        """Form bars of the data: by time, volume, count of trades or dollars."""
        return self._with(bars=whole(target, arguments))

    def set_required_bar_columns(self, *names: str) -> Self:
        """Refuse data whose bars lack one of these columns."""
        return self._with(required_bar_columns=list(names))

    def set_selector(self, target: Target, **arguments: Any) -> Self:
        """Choose among bars and assets before any split."""
        return self._with(selector=whole(target, arguments))

    def set_rows(self, *, every: Any) -> Self:
        """Take a cross-section every `every` bars."""
        return self._with(rows={"every": every})

    def set_split_config(self, train: float, validation: float, test: float) -> Self:
        """Split usable cross-sections in time order by these proportions."""
        return self._with(split=[train, validation, test])

    def set_split_dates(
        self, *, validation: Any = None, test: Any = None, first: Any = None, last: Any = None
    ) -> Self:
        """Split at dates: the first day of validation and of test, and the bounds of all."""
        dates = {"validation": validation, "test": test, "first": first, "last": last}
        return self._with(split={name: _day(date) for name, date in dates.items() if date is not None})

    def add_indicator(
        self,
        target: Target,
        *,
        name: str | None = None,
        group: str | None = None,
        include_if: Any = True,
        **arguments: Any,
    ) -> Self:
        """Add a feature that features may ask for by its name."""
        return self._add("indicators", target, name, group, include_if, arguments)

    def add_feature(
        self,
        target: Target,
        *,
        name: str | None = None,
        group: str | None = None,
        include_if: Any = True,
        **arguments: Any,
    ) -> Self:
        """Add a feature; `include_if` may be a hole, `group` is what ablation knows it by."""
        return self._add("features", target, name, group, include_if, arguments)

    def set_ablation(self, groups: Any) -> Self:
        """Leave out the features of a group, or of several; usually chosen by a parameter."""
        return self._with(ablation=plain(groups))

    def with_target(
        self,
        target: Target,
        *,
        fit_params: Mapping[str, Any] | None = None,
        transform_params: Any = None,
        **arguments: Any,
    ) -> Self:
        """Declare what is predicted; `fit_params` are fitted on train, and given to `transform_params`."""
        if fit_params is None and transform_params is None:
            return self._with(target=whole(target, arguments))
        declared = declare(target, arguments)
        if fit_params is not None:
            declared["fit_params"] = {name: _declared(value) for name, value in fit_params.items()}
        if transform_params is not None:
            declared["transform_params"] = _declared(transform_params)
        return self._with(target=declared)

    def set_scaler(self, target: Target | None, **arguments: Any) -> Self:
        """Declare the scaler: a class, a word such as `robust`, or the parameter that chooses the word."""
        return self._with(scaler=None if target is None else whole(target, arguments))

    def set_pca(self, n_components: Any, *, whiten: Any = None) -> Self:
        """Turn scaled features into so many principal components, fitted on train."""
        whole = {"n_components": n_components, "whiten": whiten}
        return self._with(pca=plain(n_components if whiten is None else whole))

    def with_model(self, target: Target, *, deterministic: bool | None = None, **arguments: Any) -> Self:
        """Declare the estimator or the reference model."""
        known = {} if deterministic is None else {"deterministic": deterministic}
        return self._with(model=whole(target, arguments), **known)

    def with_rules(
        self,
        conditions: Mapping[str, Any],
        entry: Any,
        *,
        predicts: str = "score",
        graded: Any = False,
    ) -> Self:
        """Declare conditions and an entry rule in place of a model."""
        extra = {"predicts": predicts} if predicts != "score" else {}
        extra |= {"graded": graded} if graded is not False else {}
        return self._with(rules=plain({"conditions": conditions, "entry": entry, **extra}))

    def set_calibration(self, method: Any = "auto", **arguments: Any) -> Self:
        """Calibrate probabilities by purged cross-fitting, and choose the threshold afterwards."""
        return self._with(calibration=plain({"method": method, **arguments}))

    def set_portfolio(
        self, policy: Any = None, *, costs: Any = None, delay: int | None = None, **arguments: Any
    ) -> Self:
        """Declare how scores are held, and what that costs; `False` leaves net figures out."""
        if policy is False:
            return self._with(portfolio=False)
        given = {"costs": costs, "delay": delay}
        declared = {name: plain(value) for name, value in given.items() if value is not None}
        return self._with(
            portfolio={**({} if policy is None else {"policy": whole(policy, arguments)}), **declared}
        )

    def with_params_override(self, *, split_config: Sequence[float]) -> Self:
        """Return the manifest with another split; `(1, 0, 0)` trains on everything.

        Days before a declared `first` and after a declared `last` were kept out of every part, and stay out.
        """
        declared = self.tree.get("split")
        bounds = declared if isinstance(declared, Mapping) else {}
        kept = {name: bounds[name] for name in ("first", "last") if bounds.get(name) is not None}
        everything = list(split_config)[1:] == [0, 0]
        return replace(self, tree={**self.tree, "split": kept if kept and everything else list(split_config)})

    def _add(
        self,
        key: str,
        target: Target,
        name: str | None,
        group: str | None,
        include_if: Any,
        arguments: Mapping[str, Any],
    ) -> Self:
        extra = {"name": name, "group": group, "include_if": None if include_if is True else include_if}
        declared = declare(target, arguments) | {k: v for k, v in extra.items() if v is not None}
        return self._with(**{key: [*(self.tree.get(key) or []), declared]})

    def _with(self, **changes: Any) -> Self:
        return replace(self, tree={**self.tree, **changes}, built=True)


def declare(target: Target, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a target with its arguments as YAML would give them.

    Raises:
        ManifestError: a target that is no function or class, or an argument that YAML could not give.
    """
    return {TARGET_KEY: _path(target), **{key: plain(value) for key, value in arguments.items()}}


def whole(target: Target, arguments: Mapping[str, Any]) -> Any:
    """Return a target with its arguments, or a word: the parameter (or name) that stands for all of it.

    Raises:
        ManifestError: a word with arguments, which it could not hand on.
    """
    if not isinstance(target, str) or ("." in target and HOLE.fullmatch(target) is None):
        return declare(target, arguments)
    if arguments:
        raise ManifestError(
            f"{target!r} takes no {', '.join(arguments)}",
            expected="a word alone, or a class or function with its arguments",
            remedy="give the path, such as zoo.features.rolling_robust",
        )
    return target


def _declared(value: Any) -> Any:
    """Return a declaration: a function alone, or one with its arguments already."""
    return declare(value, {}) if callable(value) or isinstance(value, str) else plain(value)


def _path(target: Any) -> str:
    return target if isinstance(target, str) else public_path(target)


def public_path(target: Callable[..., Any]) -> str:
    """Return the shortest dotted path under which an object is found: the one that YAML would give.

    Raises:
        ManifestError: no function or class.
    """
    name, where = getattr(target, "__qualname__", None), getattr(target, "__module__", None)
    if name is None or where is None:
        raise ManifestError(
            f"{target!r:.80} is no function or class", expected="one, or its dotted path as text"
        )
    segments = where.split(".")
    for count in range(1, len(segments) + 1):
        module = sys.modules.get(".".join(segments[:count]))
        if getattr(module, name, None) is target:
            return f"{'.'.join(segments[:count])}.{name}"
    return f"{where}.{name}"


def plain(value: Any) -> Any:
    """Return a value as it reads after JSON: tuples are lists, and a target is its path.

    Raises:
        ManifestError: a function or a class that is no `_target_`: a file could not give it.
    """
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: item if key == TARGET_KEY else plain(item) for key, item in _targeted(value).items()}
    if callable(value) and hasattr(value, "__qualname__"):
        raise ManifestError(
            f"{value!r:.80} as an argument",
            expected="numbers, texts, lists, mappings and what {_target_: ...} calls",
            remedy="wrap it: a module of your own can name a function that returns it",
        )
    if isinstance(value, dt.date):
        return value.isoformat()
    item = getattr(value, "item", None)  # of a NumPy scalar
    return item() if item is not None and getattr(value, "ndim", None) == 0 else value


def _targeted(tree: Mapping[Any, Any]) -> Mapping[Any, Any]:
    target = tree.get(TARGET_KEY)
    return {**tree, TARGET_KEY: public_path(target)} if callable(target) else tree


def _day(date: Any) -> str:
    midnight = isinstance(date, dt.datetime) and date.time() == dt.time()
    return str(date.date() if midnight else date)


__all__ = ["Builder", "Declaration", "Target", "declare", "plain", "public_path", "whole"]
