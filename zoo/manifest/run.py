"""Fit, predict and measure one round on prepared data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zoo.errors import DataError, ManifestError
from zoo.manifest.bound import Bound
from zoo.manifest.build import build_model
from zoo.manifest.construct import called
from zoo.manifest.cube import PanelCube, Sample
from zoo.manifest.held_out import HeldOut, held_out
from zoo.manifest.labels import Labels, fit_labels
from zoo.manifest.prepare import Prepared
from zoo.metrics import brier, log_loss
from zoo.models import SklearnModel

#: metrics that also exist as a purged walk-forward score on train + validation; the first is the default
SELECTION: Final = {"panel": ("rank_ic", "auc"), "table": ("r2", "auc", "accuracy")}
SELECTION_PREFIX: Final = "selection_"


@dataclass(frozen=True)
class Run:
    """What came of one round.

    Attributes:
        model: fitted on the train part; it carries its scaler and its calibration.
        metrics: of the test part, of validation (`val_...`) and of the walk-forward (`selection_...`).
        preds: predictions of the test part, date-major over all dates and assets, None where there is none.
        probs: probabilities of the second class in the same order, or None.
        held_out: what the scores of the test part would have earned on every bar; None for a table.
        fitted: what of the target and of the calibration was fitted, as plain values.
    """

    model: SklearnModel
    metrics: dict[str, float | int] = field(default_factory=dict)
    preds: list[Any] = field(default_factory=list)
    probs: list[Any] | None = None
    held_out: HeldOut | None = None
    fitted: dict[str, Any] = field(default_factory=dict)


def fit(bound: Bound, sample: Sample, horizon: int = 0) -> SklearnModel:
    """Fit a new model on the labelled rows of a sample.

    Args:
        bound: what declares it.
        sample: rows with their labels, transformed already.
        horizon: bars that a label looks ahead, for a calibration that purges.
    """
    return _train(build_model(bound), bound, sample, horizon)


def _train(unfitted: SklearnModel, bound: Bound, sample: Sample, horizon: int) -> SklearnModel:
    known = sample.labelled
    if not known.any():
        raise ManifestError("there is no labelled row to train on", where=bound.where)
    y = sample.y[known]
    if unfitted.is_classifier and (y[0] == y).all():
        raise ManifestError(
            f"all {len(y)} labels to train on are of one class, {y[0]}",
            where=bound.where,
            expected="two classes at least",
            remedy="check the target's threshold, or train on more data",
        )
    model = SklearnModel(unfitted.estimator, deterministic=unfitted.deterministic)
    dated = {} if sample.grid is None else {"positions": sample.position[known], "horizon": horizon}
    rows = {"x_train": sample.X[known], "y_train": y, **dated}
    fitted: SklearnModel = called(model.train, (rows,), {}, "fitting the model", bound.where)
    return fitted


def run(bound: Bound, prepared: Prepared) -> Run:
    """Fit on train, predict and measure validation and test, and add the walk-forward scores.

    Raises:
        ManifestError: rows that another manifest, other parameters or other settings prepared; a model that
            cannot be built or fitted.
    """
    if prepared.declared.shape != bound.shape:
        raise ManifestError(
            "the rows were prepared otherwise",
            where=bound.where,
            expected="prepare_data with the same manifest, parameters and settings as run_model",
        )
    unfitted, horizon = build_model(bound), prepared.cube.horizon
    labels = fit_labels(bound, prepared.train)
    model = _train(unfitted, bound, labels.of(prepared.train), horizon)
    fitted = _fitted(labels, model)
    if prepared.test.X.shape[0] == 0:
        return Run(model, fitted=fitted)
    out = model.predict({"x_test": prepared.test.X})
    metrics = _metrics(model, labels.of(prepared.test), out)
    if prepared.validation.X.shape[0]:
        measured = _metrics(model, labels.of(prepared.validation))
        metrics |= {f"val_{name}": value for name, value in measured.items()}
    metrics |= selection_scores(bound, prepared, unfitted)
    over = held_out(bound, prepared, model, labels)
    probs = out.get("_probs")
    positive = probs[:, 1] if probs is not None and probs.shape[1] == 2 else None
    return Run(
        model,
        metrics | ({} if over is None else over.metrics),
        date_major(prepared.test, out["_preds"]),
        None if positive is None else date_major(prepared.test, positive),
        over,
        fitted,
    )


def _fitted(labels: Labels, model: SklearnModel) -> dict[str, Any]:
    describe = getattr(model.estimator, "describe", None)
    calibration = {} if describe is None else {"calibration": describe()}
    return {**({"target": dict(labels.fitted)} if labels.fitted else {}), **calibration}


def _metrics(
    model: SklearnModel, sample: Sample, out: Mapping[str, Any] | None = None
) -> dict[str, float | int]:
    """Measure the rows that have a label; `out` is what the model predicts of all rows, where it is known."""
    known = sample.labelled
    predicted = model.predict({"x_test": sample.X}) if out is None else out
    if not model.is_classifier:
        return model.measure(sample.y, predicted, sample.grid)
    grid = None if sample.grid is None else sample.grid.take(known)
    mine = {name: values[known] for name, values in predicted.items()}
    return {**model.measure(sample.y[known], mine, grid), **_uncalibrated(model, sample, known)}


def _uncalibrated(model: SklearnModel, sample: Sample, known: NDArray[np.bool_]) -> dict[str, float | int]:
    """Return Brier score and log loss as they would have been without the calibration."""
    raw = getattr(model.estimator, "raw_proba", None)
    if raw is None or not known.any():
        return {}
    chance, positive = raw(sample.X[known])[:, 1], model.estimator.classes_[1]
    y = sample.y[known]
    return {
        "brier_raw": brier(y, chance, positive=positive),
        "log_loss_raw": log_loss(y, chance, positive=positive),
    }


def selection_scores(
    bound: Bound, prepared: Prepared, unfitted: SklearnModel | None = None
) -> dict[str, float | int]:
    """Return the purged walk-forward scores on train + validation: what `top` selects by, never test.

    What is fitted, the target's parameters too, is fitted in each fold anew. A table has no time: its folds
    are those of a seeded KFold.
    """
    if not prepared.folds:
        return {}
    model = build_model(bound) if unfitted is None else unfitted
    horizon, count = prepared.cube.horizon, len(prepared.folds)
    scores = []
    for number, (train, test) in enumerate(prepared.folds, 1):
        try:
            scores.append(_score(bound, model, train, test, horizon))
        except (DataError, ManifestError) as error:
            raise ManifestError(
                f"fold {number} of {count} of the walk-forward: {error.problem}",
                where=error.where or bound.where,
                expected=error.expected,
                remedy=error.remedy,
            ) from error
    weights = np.array([s.get("n_dates", s["n_obs"]) for s in scores], dtype=float)
    wanted = SELECTION["panel" if isinstance(prepared.cube, PanelCube) else "table"]
    return {
        f"{SELECTION_PREFIX}{name}": _pooled([s[name] for s in scores], weights)
        for name in wanted
        if all(name in s for s in scores)
    }


def _score(
    bound: Bound, unfitted: SklearnModel, train: Sample, test: Sample, horizon: int
) -> dict[str, float | int]:
    labels = fit_labels(bound, train)
    return _metrics(_train(unfitted, bound, labels.of(train), horizon), labels.of(test))


def _pooled(values: list[float | int], weights: NDArray[np.float64]) -> float:
    """Mean over folds weighted by their dates (or rows); NaN where a fold has none, so that it never wins."""
    total = float(weights.sum())
    return float(np.dot(values, weights) / total) if total > 0 else math.nan


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
    "date_major",
    "fit",
    "run",
    "selection_scores",
]
