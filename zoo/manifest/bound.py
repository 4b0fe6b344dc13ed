"""A manifest with one choice of parameters and settings: no holes left, every key checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from zoo.errors import ManifestError
from zoo.trust import TARGET_KEY, Trust

#: keys of a feature's declaration that are not arguments of its function
FEATURE_KEYS: Final = ("name", "include_if")


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of X: its name and the declaration of its function."""

    name: str
    declaration: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """What one round does, wholly declared.

    Attributes:
        data: declaration of the source; None where data is handed in.
        features: the included features in order; none for a table, whose columns they are.
        target: declaration of what is predicted.
        every: bars between two cross-sections.
        weights: proportions of train, validation and test.
        scaler: declaration of the scaler, or None.
        model: declaration of the estimator.
        deterministic: whether a second training gives the same model; None asks the estimator.
        seed: fills every estimator's `random_state: None`, and shuffles tables.
        trust: what may be imported.
        where: the file or directory to name in errors.
    """

    data: Mapping[str, Any] | None
    features: tuple[Feature, ...]
    target: Mapping[str, Any]
    every: int
    weights: tuple[float, ...]
    scaler: Mapping[str, Any] | None
    model: Mapping[str, Any]
    deterministic: bool | None
    seed: int
    trust: Trust
    where: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what was bound, as plain values."""
        return {
            "data": self.data,
            "features": [{**f.declaration, "name": f.name} for f in self.features],
            "target": self.target,
            "rows": {"every": self.every},
            "split": list(self.weights),
            "scaler": self.scaler,
            "model": self.model,
            "deterministic": self.deterministic,
            "seed": self.seed,
        }


def bind_features(declarations: list[Mapping[str, Any]], where: str | None) -> tuple[Feature, ...]:
    """Keep the included features and name them.

    Raises:
        ManifestError: an `include_if` that is no bool, or two features of one name.
    """
    kept: dict[str, Feature] = {}
    for declaration in declarations:
        name = str(declaration.get("name") or str(declaration.get(TARGET_KEY)).rpartition(".")[2])
        if not _included(declaration, name, where):
            continue
        if name in kept:
            raise ManifestError(
                f"two features are called {name!r}",
                where=where,
                remedy="give one of them a `name:` of its own",
            )
        kept[name] = Feature(name, {k: v for k, v in declaration.items() if k not in FEATURE_KEYS})
    return tuple(kept.values())


def _included(declaration: Mapping[str, Any], name: str, where: str | None) -> bool:
    included = declaration.get("include_if", True)
    if not isinstance(included, bool):
        raise ManifestError(
            f"include_if of feature {name!r} is {included!r}", where=where, expected="true or false"
        )
    return included


def key_of(tree: object) -> str:
    """Return a canonical key of plain values, for caches."""
    return json.dumps(tree, sort_keys=True, default=repr)


__all__ = ["FEATURE_KEYS", "Bound", "Feature", "bind_features", "key_of"]
