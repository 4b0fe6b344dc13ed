"""The estimator of a round: scaler, principal components and model in one pipeline, calibrated or not.

What is fitted travels in one object, so that no caller can scale or calibrate differently from training.
"""

from __future__ import annotations

import inspect
from typing import Any

from zoo.errors import ManifestError
from zoo.manifest.bound import Bound
from zoo.manifest.construct import call
from zoo.models import SklearnModel
from zoo.models.reference import caches, is_deterministic, parts_of, seed
from zoo.trust import TARGET_KEY


def build_model(bound: Bound) -> SklearnModel:
    """Build the unfitted estimator, seeds filled in.

    Raises:
        ManifestError: an argument that an estimator does not take, or no estimator at all.
    """
    from sklearn.pipeline import Pipeline

    declared = [("scaler", bound.scaler), ("pca", bound.pca), ("model", bound.model)]
    built = [(name, call(tree, bound.trust, bound.where)) for name, tree in declared if tree is not None]
    model = built[-1][1]
    steps = [(name, _estimator(made, getattr(bound, name), name, bound.where)) for name, made in built]
    pipeline = Pipeline(steps)
    if cached := caches(pipeline):
        raise ManifestError(
            f"{cached[0]} is set: a cache on disk holds pickles, and no pickle is loaded",
            where=bound.where,
            expected="memory: null",
            remedy="remove it; prepared data is shared between rounds anyway",
        )
    _check_dated(pipeline, bound.where)
    estimator = seed(pipeline if bound.calibration is None else _calibrated(pipeline, bound), bound.seed)
    return SklearnModel(estimator, deterministic=_deterministic(bound, model, estimator))


def _estimator(made: Any, tree: Any, name: str, where: str | None) -> Any:
    """Return what goes into the pipeline: an estimator, or a reference model as one."""
    if isinstance(made, SklearnModel):
        return made.estimator
    if hasattr(made, "fit") and hasattr(made, "get_params"):
        return made
    from zoo.models.contract import ContractEstimator, offers_contract

    if name == "model" and offers_contract(made):
        return ContractEstimator(made)
    raise ManifestError(
        f"{name} {tree[TARGET_KEY]} is no scikit-learn estimator",
        where=where,
        expected="a class with fit and predict, or a reference model",
    )


def _check_dated(pipeline: Any, where: str | None) -> None:
    """Refuse what purges by dates where it gets none: a step of a pipeline is fitted on rows alone."""
    for part in parts_of(pipeline):
        fit = getattr(type(part), "fit", None)
        if fit is not None and "positions" in inspect.signature(fit).parameters:
            raise ManifestError(
                f"{type(part).__name__} inside the model would not know the dates that it purges by",
                where=where,
                remedy="declare it beside the model: calibration: {method: auto}",
            )


def _calibrated(pipeline: Any, bound: Bound) -> Any:
    from sklearn.base import is_classifier

    from zoo.models.calibration import Calibrated

    if not is_classifier(pipeline):
        raise ManifestError(
            f"manifest.calibration: {bound.model[TARGET_KEY]} gives no probabilities",
            where=bound.where,
            expected="a classifier",
            remedy="remove `calibration`, or predict classes; a model of your own says is_classifier = True",
        )
    return Calibrated(pipeline, **(bound.calibration or {}))


def _deterministic(bound: Bound, model: Any, estimator: Any) -> bool:
    if bound.deterministic is not None:
        return bound.deterministic
    return getattr(model, "deterministic", True) is True and is_deterministic(estimator)


__all__ = ["build_model"]
