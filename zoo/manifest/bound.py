"""A manifest with one choice of parameters and settings: no holes left, every key checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from zoo.errors import ManifestError
from zoo.manifest.dates import SplitDates, Weights
from zoo.trust import TARGET_KEY, Trust

#: keys of a feature's declaration that are not arguments of its function
FEATURE_KEYS: Final = ("name", "include_if", "group")
Declaration = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of X: its name, the declaration of its function, and the group that ablation knows it by."""

    name: str
    declaration: Declaration
    group: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what was declared, under its name."""
        return {**self.declaration, "name": self.name, **({"group": self.group} if self.group else {})}


@dataclass(frozen=True, slots=True)
class Bound:
    """What one round does, wholly declared.

    Attributes:
        data: declaration of the source; None where data is handed in.
        features: the included indicators and features in order; none for a table, whose columns they are.
        target: declaration of what is predicted, before anything of it is fitted.
        every: bars between two cross-sections.
        split: proportions of train, validation and test, or the dates on which they begin.
        model: declaration of the estimator, the reference model or the rules.
        deterministic: whether a second training gives the same model; None asks the estimator.
        seed: fills every estimator's `random_state: None`, and shuffles tables.
        trust: what may be imported.
        where: the file or directory to name in errors.
        bars: declaration of how bars are formed of the data, or None.
        required: columns that bars must have.
        selector: declaration of what chooses among the data before any split, or None.
        fitted_target: `fit_params` and `transform_params` of the target, or None.
        causal: declaration of a scaler that looks back from each bar only, and is applied to each feature.
        scaler: declaration of a scaler that is fitted on train, or None.
        pca: declaration of the principal components, or None.
        calibration: arguments of `zoo.models.Calibrated`, or None.
        portfolio: what a round's scores would have earned: `policy`, `costs`, `delay`.
        indicators: how many of `features` are indicators, which come first.
    """

    data: Declaration | None
    features: tuple[Feature, ...]
    target: Declaration
    every: int
    split: Weights | SplitDates
    model: Declaration
    deterministic: bool | None
    seed: int
    trust: Trust
    where: str | None = None
    bars: Declaration | None = None
    required: tuple[str, ...] = ()
    selector: Declaration | None = None
    fitted_target: Declaration | None = None
    causal: Declaration | None = None
    scaler: Declaration | None = None
    pca: Declaration | None = None
    calibration: Declaration | None = None
    portfolio: Declaration | None = None
    indicators: int = 0

    @property
    def shape(self) -> dict[str, Any]:
        """What decides the features and labels of every row, before any split: a key for caches."""
        return {
            **self.formation,
            "features": [feature.as_dict() for feature in self.features],
            "indicators": self.indicators,
            "target": self.target,
            "rows": {"every": self.every},
            "causal": self.causal,
            "seed": self.seed,
        }

    @property
    def formation(self) -> dict[str, Any]:
        """What makes the panel of the source's data."""
        return {"bars": self.bars, "required": list(self.required), "selector": self.selector}

    @property
    def split_config(self) -> Any:
        """The split as it is declared."""
        return self.split.as_dict() if isinstance(self.split, SplitDates) else list(self.split)

    def as_dict(self) -> dict[str, Any]:
        """Return what was bound, as plain values."""
        return {
            "data": self.data,
            **self.shape,
            "split": self.split_config,
            "fitted_target": self.fitted_target,
            "scaler": self.scaler,
            "pca": self.pca,
            "model": self.model,
            "calibration": self.calibration,
            "portfolio": self.portfolio,
            "deterministic": self.deterministic,
        }

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any], trust: Trust, where: str) -> Self:
        """Take what `as_dict` gave, from wherever it was stored."""
        split = tree["split"]
        return cls(
            data=tree["data"],
            features=tuple(_feature(feature) for feature in tree["features"]),
            target=tree["target"],
            every=tree["rows"]["every"],
            split=SplitDates(**split) if isinstance(split, Mapping) else tuple(split),
            model=tree["model"],
            deterministic=tree["deterministic"],
            seed=tree["seed"],
            trust=trust,
            where=where,
            required=tuple(tree.get("required") or ()),
            indicators=tree.get("indicators", 0),
            **{name: tree.get(name) for name in _OPTIONAL},
        )


_OPTIONAL: Final = (
    "bars",
    "selector",
    "fitted_target",
    "causal",
    "scaler",
    "pca",
    "calibration",
    "portfolio",
)


def _feature(tree: Mapping[str, Any]) -> Feature:
    declaration = {key: value for key, value in tree.items() if key not in FEATURE_KEYS}
    return Feature(tree["name"], declaration, tree.get("group"))


def bind_features(declarations: Sequence[Declaration], where: str | None) -> tuple[Feature, ...]:
    """Name the features.

    Raises:
        ManifestError: two features of one name, or a target among them.
    """
    kept: dict[str, Feature] = {}
    for declaration in declarations:
        name = name_of(declaration)
        if name in kept:
            raise ManifestError(
                f"two features are called {name!r}",
                where=where,
                remedy="give one of them a `name:` of its own",
            )
        if str(declaration.get(TARGET_KEY)).startswith("zoo.targets."):
            raise ManifestError(
                f"feature {name!r} is a target: it looks ahead", where=where, remedy="move it to `target`"
            )
        kept[name] = _feature({**declaration, "name": name})
    return tuple(kept.values())


def name_of(declaration: Declaration) -> str:
    """Return a feature's own name, or its function's."""
    return str(declaration.get("name") or str(declaration.get(TARGET_KEY)).rpartition(".")[2])


def included(value: Any, declaration: Declaration, where: str | None) -> bool:
    """Return a filled `include_if`.

    Raises:
        ManifestError: it is no bool.
    """
    if not isinstance(value, bool):
        raise ManifestError(
            f"include_if of feature {name_of(declaration)!r} is {value!r}",
            where=where,
            expected="true or false",
        )
    return value


def key_of(tree: object) -> str:
    """Return a canonical key of plain values, for caches; `bind` saw to it that they are plain."""
    return json.dumps(tree, sort_keys=True)


__all__ = ["FEATURE_KEYS", "Bound", "Feature", "bind_features", "included", "key_of", "name_of"]
