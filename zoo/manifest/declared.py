"""The keys of a manifest that are not functions to call: what each may say, checked once.

Each function takes a filled value and returns what `Bound` holds.
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any, Final

from zoo.errors import ManifestError, check_keys, did_you_mean
from zoo.manifest.bound import Declaration, Feature
from zoo.manifest.dates import SplitDates, Weights
from zoo.trust import TARGET_KEY, Trust, resolve

#: scalers by the word that a parameter may choose; `rolling_robust` looks back from each bar only
SCALERS: Final[Mapping[str, Declaration | None]] = {
    "none": None,
    "standard": {TARGET_KEY: "sklearn.preprocessing.StandardScaler"},
    "robust": {TARGET_KEY: "sklearn.preprocessing.RobustScaler"},
    "rank_gauss": {
        TARGET_KEY: "sklearn.preprocessing.QuantileTransformer",
        "output_distribution": "normal",
        "n_quantiles": 100,
        "subsample": None,
    },
    "rolling_robust": {TARGET_KEY: "zoo.features.rolling_robust", "window": 252},
}
#: what rules become, by what they predict
RULES: Final[Mapping[str, str]] = {"score": "zoo.models.RuleScore", "class": "zoo.models.RuleClass"}
CALIBRATED: Final = "zoo.models.Calibrated"
CALIBRATION_KEYS: Final = ("method", "folds", "embargo", "threshold")
PORTFOLIO_KEYS: Final = ("policy", "costs", "delay")
#: what a round's scores are held by where the manifest says nothing: the best fifth against the worst
PORTFOLIO: Final[Declaration] = {
    "policy": {TARGET_KEY: "zoo.portfolio.quantile_long_short", "quantile": 0.2},
    "costs": "retail",
    "delay": 1,
}


def every_of(rows: Any, where: str | None) -> int:
    """Return `rows: {every: 21}` as a number of bars."""
    every = 1 if rows is None else rows.get("every", 1) if isinstance(rows, Mapping) else rows
    if type(every) is not int or every < 1 or (isinstance(rows, Mapping) and set(rows) - {"every"}):
        raise ManifestError(f"manifest.rows: {rows!r}", where=where, expected="{every: 21}, a number of bars")
    return every


def deterministic_of(value: Any, where: str | None) -> bool | None:
    """Return `deterministic: true`, false or null."""
    if value is not None and not isinstance(value, bool):
        raise ManifestError(f"manifest.deterministic: {value!r}", where=where, expected="true, false or null")
    return value


def split_of(split: Any, where: str | None) -> Weights | SplitDates:
    """Return three proportions, or the dates on which validation and test begin."""
    if isinstance(split, Mapping):
        return _dates(split, where)
    wrong = (
        not isinstance(split, list | tuple)
        or len(split) != 3
        or any(isinstance(w, bool) or not isinstance(w, int | float) for w in split)
        or any(not (0 <= w < inf) for w in split)
        or not (split[0] > 0)
    )
    if wrong:
        raise ManifestError(
            f"manifest.split: {split!r}",
            where=where,
            expected="three proportions, such as [8, 1, 2], or {validation: 2013-01-02, test: 2015-01-02}",
        )
    return tuple(split)


def _dates(split: Mapping[str, Any], where: str | None) -> SplitDates:
    names = SplitDates.__slots__
    check_keys(split, names, ManifestError, where=where, prefix="manifest.split.")
    dates = {name: _day(value, name, where) for name, value in split.items() if value is not None}
    order = [dates[name] for name in ("first", "validation", "test", "last") if name in dates]
    if not order or order != sorted(order):
        raise ManifestError(
            f"manifest.split: {dict(split)!r}",
            where=where,
            expected="dates in order: first, validation, test, last",
        )
    return SplitDates(**dates)


def _day(value: Any, name: str, where: str | None) -> str:
    try:
        return dt.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ManifestError(
            f"manifest.split.{name}: {value!r}", where=where, expected="a date such as 2015-01-02"
        ) from None


def scaler_of(value: Any, trust: Trust, where: str | None) -> tuple[Declaration | None, Declaration | None]:
    """Return (causal, fitted): a word or a declaration; a function looks back, a class is fitted on train."""
    if isinstance(value, str):
        if value not in SCALERS:
            raise ManifestError(
                f"manifest.scaler: {value!r} is no scaler",
                where=where,
                expected=f"one of {', '.join(SCALERS)}, or {{{TARGET_KEY}: ...}}",
                remedy=did_you_mean(value, SCALERS),
            )
        value = SCALERS[value]
    if value is None:
        return None, None
    check_declaration("scaler", value, where)
    if str(value[TARGET_KEY]).startswith("sklearn."):
        return None, value
    return (None, value) if inspect.isclass(resolve(value[TARGET_KEY], trust, where)) else (value, None)


def pca_of(value: Any, where: str | None) -> Declaration | None:
    """Return the principal components as a declaration: a number of them, a share of variance, or none."""
    if value is None:
        return None
    arguments = dict(value) if isinstance(value, Mapping) else {"n_components": value}
    count = arguments.get("n_components")
    whole = type(count) is int and count >= 1
    share = isinstance(count, float) and 0.0 < count < 1.0
    if not (whole or share) or set(arguments) - {"n_components", "whiten"}:
        raise ManifestError(
            f"manifest.pca: {value!r}",
            where=where,
            expected="a number of components, a share of variance in (0, 1), or null",
        )
    return {TARGET_KEY: "sklearn.decomposition.PCA", "svd_solver": "full", **arguments}


def calibration_of(value: Any, where: str | None) -> Declaration | None:
    """Return the arguments of `zoo.models.Calibrated`: `auto`, a method's name, a mapping, or null."""
    if value is None or value is False:
        return None
    arguments = {"method": value} if isinstance(value, str) else {} if value is True else value
    if not isinstance(arguments, Mapping):
        raise ManifestError(
            f"manifest.calibration: {value!r}",
            where=where,
            expected="{method: auto, folds: 5, threshold: balanced_accuracy}",
        )
    check_keys(arguments, CALIBRATION_KEYS, ManifestError, where=where, prefix="manifest.calibration.")
    return dict(arguments)


def portfolio_of(value: Any, where: str | None) -> Declaration | None:
    """Return `policy`, `costs` and `delay`, those of `PORTFOLIO` where nothing is said; false for none."""
    if value is False:
        return None
    given = {} if value is None or value is True else value
    if not isinstance(given, Mapping):
        raise ManifestError(
            f"manifest.portfolio: {value!r}",
            where=where,
            expected=f"a mapping of {', '.join(PORTFOLIO_KEYS)}, or false",
        )
    check_keys(given, PORTFOLIO_KEYS, ManifestError, where=where, prefix="manifest.portfolio.")
    found = {**PORTFOLIO, **given}
    check_declaration("portfolio.policy", found["policy"], where)
    if type(found["delay"]) is not int or found["delay"] < 0:
        raise ManifestError(
            f"manifest.portfolio.delay: {found['delay']!r}", where=where, expected="a number of bars"
        )
    return found


def ablation_of(value: Any, groups: Sequence[Any], where: str | None) -> tuple[str, ...]:
    """Return the groups that are left out: none, one, or a list of them.

    Args:
        value: what `ablation` says.
        groups: the group of every feature that is declared, None for one without.
        where: the file to name in an error.

    Raises:
        ManifestError: a group that no feature has, or none left.
    """
    without = [] if value is None else [value] if isinstance(value, str) else value
    known = {group for group in groups if group is not None}
    if not isinstance(without, list | tuple):
        raise ManifestError(
            f"manifest.ablation: {value!r}", where=where, expected="a group, a list of groups, or null"
        )
    for group in without:
        if group not in known:
            raise ManifestError(
                f"manifest.ablation: no feature is of the group {group!r}",
                where=where,
                expected=f"one of {', '.join(sorted(known)) or '(no feature has a group)'}",
                remedy=did_you_mean(str(group), known),
            )
    if without and all(group in without for group in groups):
        raise ManifestError(
            f"manifest.ablation: {value!r} leaves no feature", where=where, remedy="leave out fewer groups"
        )
    return tuple(without)


def target_of(value: Any, where: str | None) -> tuple[Declaration, Declaration | None]:
    """Return the target, and apart from it what is fitted on train: `fit_params` and `transform_params`."""
    check_declaration("target", value, where)
    fitted = {name: value[name] for name in ("fit_params", "transform_params") if name in value}
    plain = {key: item for key, item in value.items() if key not in fitted}
    if not fitted:
        return plain, None
    if set(fitted) != {"fit_params", "transform_params"}:
        raise ManifestError(
            f"manifest.target has {next(iter(fitted))} alone",
            where=where,
            expected="fit_params: {name: {_target_: ...}} and transform_params: {_target_: ...}",
        )
    if not isinstance(fitted["fit_params"], Mapping):
        raise ManifestError(
            "manifest.target.fit_params: is no mapping", where=where, expected="{cutoff: {_target_: ...}}"
        )
    for name, declaration in fitted["fit_params"].items():
        check_declaration(f"target.fit_params.{name}", declaration, where)
    check_declaration("target.transform_params", fitted["transform_params"], where)
    return plain, fitted


def model_of(filled: Mapping[str, Any], features: Iterable[Feature], where: str | None) -> Declaration:
    """Return the model's declaration, or that of the rules that stand in its place.

    Raises:
        ManifestError: neither or both; rules beside what they cannot have.
    """
    rules = filled.get("rules")
    if rules is None:
        check_declaration("model", filled.get("model"), where)
        model: Declaration = filled["model"]
        return model
    for other in ("model", "scaler", "pca", "calibration"):
        if filled.get(other) is not None:
            raise ManifestError(
                f"manifest.{other}: a manifest with rules has none",
                where=where,
                remedy=f"remove `{other}`, or `rules`",
            )
    if not isinstance(rules, Mapping):
        raise ManifestError("manifest.rules: is no mapping", where=where, expected="conditions and entry")
    known = ("conditions", "entry", "predicts", "graded")
    check_keys(rules, known, ManifestError, where=where, prefix="manifest.rules.")
    kind = rules.get("predicts", "score")
    if kind not in RULES:
        raise ManifestError(f"manifest.rules.predicts: {kind!r}", where=where, expected="score or class")
    from zoo.models.rules import check_rules

    names = [feature.name for feature in features]
    check_rules(rules.get("conditions"), rules.get("entry"), names, where)
    arguments = {key: value for key, value in rules.items() if key != "predicts"}
    return {TARGET_KEY: RULES[kind], **arguments, "features": names}


def required_of(value: Any, where: str | None) -> tuple[str, ...]:
    """Return the columns that bars must have."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ManifestError(
            f"manifest.required_bar_columns: {value!r}", where=where, expected="a list of names"
        )
    return tuple(value)


def check_declaration(key: str, value: Any, where: str | None) -> None:
    """Raise `ManifestError` for what is no mapping with a `_target_`."""
    if value is None:
        raise ManifestError(f"manifest.{key}: is missing", where=where, expected=f"{key}: {{_target_: ...}}")
    if not isinstance(value, Mapping) or TARGET_KEY not in value:
        raise ManifestError(
            f"manifest.{key}: {value!r} names no {TARGET_KEY}",
            where=where,
            expected=f"{key}: {{_target_: ...}}",
        )


__all__ = [
    "CALIBRATED",
    "CALIBRATION_KEYS",
    "PORTFOLIO",
    "RULES",
    "SCALERS",
    "ablation_of",
    "calibration_of",
    "check_declaration",
    "deterministic_of",
    "every_of",
    "model_of",
    "pca_of",
    "portfolio_of",
    "required_of",
    "scaler_of",
    "split_of",
    "target_of",
]
