"""The reference model contract, and any scikit-learn estimator behind it.

A reference model offers `train(data, **params) -> self`, `predict(data) -> {"_preds"[, "_probs"]}`,
`evaluate(data, inline_metrics=True) -> dict` and the attribute `deterministic`. What it offers counts, not
what it inherits from.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np

from zoo.models.evaluation import Grid, evaluate_classes, evaluate_scores


@runtime_checkable
class ReferenceModel(Protocol):
    """What a trainer needs of a model."""

    deterministic: bool

    def train(self, data: Mapping[str, Any], **params: Any) -> Self:
        """Fit on `data["x_train"]` and `data["y_train"]`."""
        ...

    def predict(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Predict the rows of `data["x_test"]`."""
        ...

    def evaluate(self, data: Mapping[str, Any], inline_metrics: bool = True) -> dict[str, Any]:
        """Predict, and measure against `data["y_test"]`."""
        ...


class SklearnModel:
    """A scikit-learn estimator (usually a pipeline of scaler and model) as a reference model.

    Args:
        estimator: anything with `fit` and `predict`.
        deterministic: whether a second training gives the same model; None asks the estimator's tags.
    """

    def __init__(self, estimator: Any, *, deterministic: bool | None = None) -> None:
        self.estimator = estimator
        self.deterministic = is_deterministic(estimator) if deterministic is None else deterministic

    def train(self, data: Mapping[str, Any], **params: Any) -> Self:
        """Fit a fresh clone of the estimator.

        Args:
            data: `x_train` (rows × features) and `y_train` (rows); `positions` (bar number of each row) and
                `horizon` (bars that a label looks ahead) where rows have dates: a calibration purges by them.
            params: parameters of the estimator to set first.
        """
        from sklearn.base import clone

        X, y = _own(data["x_train"]), _own(data["y_train"])
        fresh = clone(self.estimator).set_params(**params)
        kind: Any = type(fresh)
        dated = {name: data[name] for name in _dated(kind) if name in data}
        self.estimator = fresh.fit(X, y, **dated)
        return self

    def predict(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return `_preds`, and `_probs` (rows × classes) where the estimator gives probabilities."""
        X = data["x_test"]
        if len(X) == 0:
            return {"_preds": np.empty(0)}
        out = {"_preds": np.asarray(self.estimator.predict(self._named(X)))}
        if self.is_classifier and hasattr(self.estimator, "predict_proba"):
            out["_probs"] = np.asarray(self.estimator.predict_proba(self._named(X)))
        return out

    def _named(self, X: Any) -> Any:
        """Return a copy of X, under the columns' names where the estimator was fitted with names."""
        names = getattr(self.estimator, "feature_names_in_", None)
        if names is None or not isinstance(X, np.ndarray):
            return _own(X)
        import pandas as pd

        return pd.DataFrame(X.copy(), columns=names)

    def evaluate(self, data: Mapping[str, Any], inline_metrics: bool = True) -> dict[str, Any]:
        """Predict `x_test`; with `inline_metrics` measure against `y_test` (on `_grid`, for a panel)."""
        out = self.predict(data)
        return {**self.measure(data["y_test"], out, data.get("_grid")), **out} if inline_metrics else out

    def measure(self, y: Any, out: Mapping[str, Any], grid: Grid | None) -> dict[str, Any]:
        """Return the metrics of what `predict` gave, against labels `y`."""
        if not self.is_classifier:
            return dict(evaluate_scores(np.asarray(y, dtype=float), out["_preds"], grid))
        classes, probs = list(self.estimator.classes_), out.get("_probs")
        second = probs[:, 1] if probs is not None and len(classes) == 2 else None
        return dict(evaluate_classes(np.asarray(y), out["_preds"], second, classes, grid))

    @property
    def is_classifier(self) -> bool:
        """Whether the estimator predicts classes."""
        from sklearn.base import is_classifier

        return bool(is_classifier(self.estimator))


@functools.cache
def _dated(kind: Any) -> tuple[str, ...]:
    """Return what the `fit` of a class of estimators asks about the dates of its rows."""
    asked = inspect.signature(kind.fit).parameters
    return tuple(name for name in ("positions", "horizon") if name in asked)


def _own(values: Any) -> Any:
    """Return a copy: an estimator with `copy=False` works in place, and would change the caller's rows."""
    return values.copy() if hasattr(values, "copy") else values


def parts_of(estimator: Any) -> Iterator[Any]:
    """Yield an estimator and every estimator inside it."""
    yield estimator
    if hasattr(estimator, "get_params"):
        values = estimator.get_params(deep=True).values()
        yield from (value for value in values if hasattr(value, "get_params") and not isinstance(value, type))


def is_deterministic(estimator: Any) -> bool:
    """Tell whether no part carries scikit-learn's `non_deterministic` tag or an unset seed."""
    from sklearn.utils import get_tags

    for part in parts_of(estimator):
        if hasattr(part, "__sklearn_tags__") and get_tags(part).non_deterministic:
            return False
        if hasattr(part, "get_params") and part.get_params(deep=False).get("random_state", 0) is None:
            return False
    return True


def caches(estimator: Any) -> list[str]:
    """Return the parameters that would keep a cache on disk: joblib's caches are pickles, loaded again."""
    found = estimator.get_params(deep=True) if hasattr(estimator, "get_params") else {}
    return [name for name, value in found.items() if name.split("__")[-1] == "memory" and value is not None]


def seed(estimator: Any, value: int) -> Any:
    """Fill every `random_state: None` of an estimator and its parts with `value`; return the estimator."""
    for part in parts_of(estimator):
        if hasattr(part, "get_params") and part.get_params(deep=False).get("random_state", 0) is None:
            part.set_params(random_state=value)
    return estimator


__all__ = ["ReferenceModel", "SklearnModel", "caches", "is_deterministic", "parts_of", "seed"]
