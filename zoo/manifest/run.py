"""Fit, predict and measure one prepared round."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zoo.errors import ManifestError
from zoo.manifest.bound import Bound
from zoo.manifest.construct import call
from zoo.manifest.cube import PanelCube, Sample, TableCube
from zoo.manifest.prepare import Prepared
from zoo.manifest.split import folds
from zoo.models import SklearnModel
from zoo.models.reference import caches, seed
from zoo.trust import TARGET_KEY

#: metrics that also exist as a purged walk-forward score on train + validation; the first is the default
SELECTION: Final = {"panel": ("rank_ic", "auc"), "table": ("r2", "auc", "accuracy")}
SELECTION_PREFIX: Final = "selection_"


@dataclass(frozen=True)
class Run:
    """What came of one round.

    Attributes:
        model: fitted on the train part; it carries its scaler.
        metrics: of the test part, of validation (`val_...`) and of the walk-forward (`selection_...`).
        preds: predictions of the test part, date-major over all dates and assets, None where there is none.
        probs: probabilities of the second class in the same order, or None.
    """

    model: SklearnModel
    metrics: dict[str, float | int] = field(default_factory=dict)
    preds: list[Any] = field(default_factory=list)
    probs: list[Any] | None = None


def build_model(bound: Bound) -> SklearnModel:
    """Build the unfitted estimator: the scaler and the model in one pipeline, seeds filled in.

    Raises:
        ManifestError: an argument that an estimator does not take, or no estimator at all.
    """
    from sklearn.pipeline import Pipeline

    steps = [("scaler", bound.scaler)] if bound.scaler is not None else []
    built = [(name, call(tree, bound.trust, bound.where)) for name, tree in [*steps, ("model", bound.model)]]
    for name, estimator in built:
        if not hasattr(estimator, "fit") or not hasattr(estimator, "get_params"):
            raise ManifestError(
                f"{name} {getattr(bound, name)[TARGET_KEY]} is no scikit-learn estimator",
                where=bound.where,
                expected="a class with fit and predict",
            )
    pipeline = Pipeline(built)
    if cached := caches(pipeline):
        raise ManifestError(
            f"{cached[0]} is set: a cache on disk holds pickles, and no pickle is loaded",
            where=bound.where,
            expected="memory: null",
            remedy="remove it; prepared data is shared between rounds anyway",
        )
    return SklearnModel(seed(pipeline, bound.seed), deterministic=bound.deterministic)


def fit(bound: Bound, sample: Sample) -> SklearnModel:
    """Fit a new model on the labelled rows of a sample."""
    known = sample.labelled
    if not known.any():
        raise ManifestError("there is no labelled row to train on", where=bound.where)
    return build_model(bound).train({"x_train": sample.X[known], "y_train": sample.y[known]})


def run(bound: Bound, prepared: Prepared) -> Run:
    """Fit on train, predict and measure validation and test, and add the walk-forward scores."""
    model = fit(bound, prepared.train)
    if prepared.test.X.shape[0] == 0:
        return Run(model)
    metrics = dict(_metrics(model, prepared.test))
    if prepared.validation.X.shape[0]:
        metrics |= {f"val_{name}": value for name, value in _metrics(model, prepared.validation).items()}
    metrics |= selection_scores(bound, prepared)
    out = model.predict({"x_test": prepared.test.X})
    probs = out.get("_probs")
    positive = probs[:, 1] if probs is not None and probs.shape[1] == 2 else None
    return Run(
        model,
        metrics,
        date_major(prepared.test, out["_preds"]),
        None if positive is None else date_major(prepared.test, positive),
    )


def _metrics(model: SklearnModel, sample: Sample) -> dict[str, float | int]:
    known = sample.labelled
    data = {"x_test": sample.X, "y_test": sample.y, "_grid": sample.grid}
    if model.is_classifier:
        grid = None if sample.grid is None else sample.grid.take(known)
        data = {"x_test": sample.X[known], "y_test": sample.y[known], "_grid": grid}
    measured = model.evaluate(data)
    return {name: value for name, value in measured.items() if not name.startswith("_")}


def selection_scores(bound: Bound, prepared: Prepared) -> dict[str, float | int]:
    """Return the purged walk-forward scores on train + validation: what `top` selects by, never test.

    A table has no time: its folds are those of a seeded KFold.
    """
    cube = prepared.cube
    wanted = SELECTION["panel" if isinstance(cube, PanelCube) else "table"]
    pieces = (
        _table_folds(cube, prepared, bound.seed)
        if isinstance(cube, TableCube)
        else _panel_folds(cube, prepared)
    )
    if not pieces:
        return {}
    samples = [(fit(bound, cube.take(train)), cube.take(test)) for train, test in pieces]
    scores = [_metrics(model, sample) for model, sample in samples]
    weights = np.array([s.get("n_dates", s["n_obs"]) for s in scores], dtype=float)
    return {
        f"{SELECTION_PREFIX}{name}": _pooled([s[name] for s in scores], weights)
        for name in wanted
        if all(name in s for s in scores)
    }


def _pooled(values: list[float | int], weights: NDArray[np.float64]) -> float:
    """Mean over folds weighted by their dates (or rows); NaN where a fold has none, so that it never wins."""
    total = float(weights.sum())
    return float(np.dot(values, weights) / total) if total > 0 else math.nan


def _panel_folds(cube: PanelCube, prepared: Prepared) -> list[tuple[Any, Any]]:
    test = prepared.cuts.test
    before = cube.usable[cube.usable >= prepared.cuts.first]
    before = before if test is None else before[before < test - cube.horizon]
    return folds(before, cube.horizon)


def _table_folds(cube: TableCube, prepared: Prepared, seed_value: int) -> list[tuple[Any, Any]]:
    from sklearn.model_selection import KFold

    stop = len(cube.usable) if prepared.cuts.test is None else prepared.cuts.test
    rows = cube.usable[:stop]
    splitter = KFold(5, shuffle=True, random_state=seed_value)
    return [(rows[train], rows[test]) for train, test in splitter.split(rows)]


def date_major(sample: Sample, values: NDArray[Any]) -> list[Any]:
    """Lay row values out over all dates and assets of the sample, None where nothing was predicted."""
    plain = [_plain(value) for value in values.tolist()]
    if sample.grid is None:
        return plain
    laid: list[Any] = [None] * (sample.grid.shape[0] * sample.grid.shape[1])
    for place, value in zip(sample.grid.date * sample.grid.shape[1] + sample.grid.asset, plain, strict=True):
        laid[place] = value
    return laid


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


__all__ = [
    "SELECTION",
    "SELECTION_PREFIX",
    "Run",
    "build_model",
    "date_major",
    "fit",
    "run",
    "selection_scores",
]
