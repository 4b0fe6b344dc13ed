"""A reference model as the last step of a scikit-learn pipeline, told by what it offers."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags, RegressorTags
from sklearn.utils.metaestimators import available_if

from zoo.errors import ManifestError

METHODS: Final = ("train", "predict", "evaluate")
KINDS: Final = ("regression", "classification")
#: rows of the training part that a model predicts after training, to show what it gives
_PROBED: Final = 32


def offers_contract(obj: Any) -> bool:
    """Tell whether an object, or a class, offers the reference contract, whatever its ancestry.

    It has the methods `train`, `predict` and `evaluate`, and a bool `deterministic`. Of a class it is enough
    that `deterministic` is an attribute, a property or annotated; one that only `__init__` sets is not seen.
    """
    if not all(callable(getattr(obj, name, None)) for name in METHODS):
        return False
    if isinstance(obj, type):
        annotated = any("deterministic" in inspect.get_annotations(base) for base in obj.__mro__)
        return annotated or hasattr(obj, "deterministic")
    return isinstance(getattr(obj, "deterministic", None), bool)


def _gives_probabilities(estimator: ContractEstimator) -> bool:
    return bool(getattr(estimator, "has_probabilities_", False))


class ContractEstimator(BaseEstimator):  # type: ignore[misc]
    """A reference model with `fit` and `predict`.

    Args:
        model: an object that offers the contract; it is copied, never trained itself.
        kind: `regression` or `classification`. None takes what the model says of itself in `is_classifier`,
            else looks at its predictions after training: probabilities, or predictions that are no floats,
            are a classifier's.
        params: given to every `train`.
    """

    def __init__(self, model: Any, kind: str | None = None, params: Mapping[str, Any] | None = None) -> None:
        self.model = model
        self.kind = kind
        self.params = params

    def fit(self, X: Any, y: Any) -> Self:
        """Train a copy of the model on X (rows × features) and y (rows).

        Raises:
            ManifestError: the model breaks the contract, or `kind` is none of the two.
        """
        if self.kind is not None and self.kind not in KINDS:
            raise ManifestError(f"kind: {self.kind!r}", expected=" or ".join(KINDS))
        trained = copy.deepcopy(self.model).train({"x_train": X, "y_train": y}, **(self.params or {}))
        if not offers_contract(trained):
            raise self._broken(f"train returned {type(trained).__name__}", "the model itself")
        self.model_ = trained
        self.n_features_in_ = np.shape(X)[1]
        shown = self._predicted(X[:_PROBED])
        self.has_probabilities_ = shown.get("_probs") is not None
        self.kind_ = self._declared() or _kind_of(shown)
        if self.kind_ == "classification":
            self.classes_ = np.asarray(getattr(trained, "classes_", np.unique(y)))
        return self

    def predict(self, X: Any) -> Any:
        """Return the model's `_preds`, one a row."""
        return self._predicted(X)["_preds"]

    @available_if(_gives_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Any:
        """Return the model's `_probs`: rows × classes; of two classes the model may give the second alone.

        Raises:
            ManifestError: another number of columns than of classes.
        """
        probs = np.asarray(self._predicted(X)["_probs"], dtype=np.float64)
        if probs.ndim == 1 and len(self.classes_) == 2:
            return np.column_stack([1.0 - probs, probs])
        if probs.shape != (len(X), len(self.classes_)):
            raise self._broken(f"_probs has shape {probs.shape}", f"{len(X)} × {len(self.classes_)}")
        return probs

    def _predicted(self, X: Any) -> dict[str, Any]:
        """Return what the model predicts, with `_preds` as a vector of the rows' length."""
        out = self.model_.predict({"x_test": X})
        if not isinstance(out, Mapping) or "_preds" not in out:
            raise self._broken("predict gave no _preds", "{'_preds': ...}")
        preds = np.asarray(out["_preds"])
        if preds.shape not in ((len(X),), (len(X), 1)):
            raise self._broken(f"_preds has shape {preds.shape}", f"{len(X)} predictions")
        return {**out, "_preds": preds.reshape(len(X))}

    def _broken(self, problem: str, expected: str) -> ManifestError:
        return ManifestError(f"{type(self.model).__name__}: {problem}", expected=expected)

    def _declared(self) -> str | None:
        """Return what is said of the kind before anything is trained."""
        said = getattr(self.model, "is_classifier", None)
        return self.kind if self.kind is not None or not isinstance(said, bool) else KINDS[said]

    def __sklearn_tags__(self) -> Any:
        """Say what the model predicts, and whether a second training gives the same model."""
        tags = super().__sklearn_tags__()
        kind = getattr(self, "kind_", None) or self._declared()
        if kind == "classification":
            tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        elif kind == "regression":
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        tags.target_tags.required = True
        tags.non_deterministic = getattr(self.model, "deterministic", None) is not True
        return tags


def _kind_of(shown: Mapping[str, Any]) -> str:
    classes = shown.get("_probs") is not None or shown["_preds"].dtype.kind != "f"
    return KINDS[classes]


__all__ = ["KINDS", "METHODS", "ContractEstimator", "offers_contract"]
