"""The keys of a manifest that become the estimator: scaler, components, model or rules, calibration.

Each function takes a filled value and returns what `Bound` holds.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Final

from zoo.errors import ManifestError, ZooError, check_keys, did_you_mean
from zoo.manifest.bound import Declaration, Feature
from zoo.manifest.declared import check_declaration
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


def pca_of(value: Any, features: int, where: str | None) -> Declaration | None:
    """Return the principal components as a declaration: a number of them, a share of variance, or none.

    Args:
        value: what `pca` says.
        features: how many features there are; 0 where the data says so, as a table does.
        where: the file to name in an error.
    """
    if value is None:
        return None
    arguments = dict(value) if isinstance(value, Mapping) else {"n_components": value}
    count: Any = arguments.get("n_components")
    whole = type(count) is int and count >= 1
    share = isinstance(count, float) and 0.0 < count < 1.0
    whiten = arguments.get("whiten", False)
    if not (whole or share) or set(arguments) - {"n_components", "whiten"} or not isinstance(whiten, bool):
        raise ManifestError(
            f"manifest.pca: {value!r}",
            where=where,
            expected="a number of components, a share of variance in (0, 1), or null",
        )
    if whole and features and count > features:
        raise ManifestError(
            f"manifest.pca: {count} components of {features} features",
            where=where,
            expected=f"at most {features}: what include_if and ablation leave",
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
    _check_calibration(arguments, where)
    return dict(arguments)


def _check_calibration(arguments: Mapping[str, Any], where: str | None) -> None:
    """Refuse now what `Calibrated` would refuse once everything is prepared."""
    from zoo.models.calibration import METHODS
    from zoo.models.purged import PurgedKFold
    from zoo.models.threshold import check_threshold

    method = arguments.get("method", "auto")
    if method not in METHODS:
        raise ManifestError(
            f"manifest.calibration.method: {method!r}",
            where=where,
            expected=f"one of {', '.join(METHODS)}",
            remedy=did_you_mean(str(method), METHODS),
        )
    try:
        PurgedKFold(arguments.get("folds", 5), embargo=arguments.get("embargo", 0))
        check_threshold(arguments.get("threshold", "balanced_accuracy"))
    except ZooError as error:
        key = "folds" if error.problem.startswith("n_splits") else error.problem.split()[0]
        raise ManifestError(
            f"manifest.calibration.{key}: {arguments[key]!r}",
            where=where,
            expected=error.expected,
            remedy=error.remedy,
        ) from error


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
        if filled.get(other) not in (None, False, "none"):
            raise ManifestError(
                f"manifest.{other}: a manifest with rules has none",
                where=where,
                remedy=f"remove `{other}`, or `rules`",
            )
    if not isinstance(rules, Mapping):
        raise ManifestError("manifest.rules: is no mapping", where=where, expected="conditions and entry")
    known = ("conditions", "entry", "predicts", "graded")
    check_keys(rules, known, ManifestError, where=where, prefix="manifest.rules.")
    kind, graded = rules.get("predicts", "score"), rules.get("graded", False)
    if kind not in RULES:
        raise ManifestError(f"manifest.rules.predicts: {kind!r}", where=where, expected="score or class")
    if not isinstance(graded, bool):
        raise ManifestError(f"manifest.rules.graded: {graded!r}", where=where, expected="true or false")
    from zoo.models.rules import check_rules

    names = [feature.name for feature in features]
    if not names:
        raise ManifestError(
            "manifest.rules: there is no feature",
            where=where,
            expected="features that conditions can name; the columns of a table are known too late",
        )
    check_rules(rules.get("conditions"), rules.get("entry"), names, where)
    arguments = {key: value for key, value in rules.items() if key != "predicts"}
    return {TARGET_KEY: RULES[kind], **arguments, "features": names}


__all__ = [
    "CALIBRATED",
    "CALIBRATION_KEYS",
    "RULES",
    "SCALERS",
    "calibration_of",
    "model_of",
    "pca_of",
    "scaler_of",
]
