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
    """Name the features.

    Raises:
        ManifestError: two features of one name, or a target among them.
    """
    kept: dict[str, Feature] = {}
    for declaration in declarations:
        name = _name_of(declaration)
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
        kept[name] = Feature(name, {k: v for k, v in declaration.items() if k not in FEATURE_KEYS})
    return tuple(kept.values())


def _name_of(declaration: Mapping[str, Any]) -> str:
    return str(declaration.get("name") or str(declaration.get(TARGET_KEY)).rpartition(".")[2])


def included(value: Any, declaration: Mapping[str, Any], where: str | None) -> bool:
    """Return a filled `include_if`.

    Raises:
        ManifestError: it is no bool.
    """
    if not isinstance(value, bool):
        raise ManifestError(
            f"include_if of feature {_name_of(declaration)!r} is {value!r}",
            where=where,
            expected="true or false",
        )
    return value


def key_of(tree: object) -> str:
    """Return a canonical key of plain values, for caches."""
    return json.dumps(tree, sort_keys=True, default=repr)


__all__ = ["FEATURE_KEYS", "Bound", "Feature", "bind_features", "included", "key_of"]
