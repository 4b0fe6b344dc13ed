"""Probabilities that mean what they say, and a decision threshold chosen on them.

Scores are made out of fold over dates, purged by the label's horizon; one calibrator is fitted on all of them
together, and the threshold is chosen on what it gives. Both are stored, and what is stored is what is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from zoo.errors import DataError, ManifestError, did_you_mean
from zoo.metrics import brier, log_loss
from zoo.models.calibrators import fit_isotonic, fit_sigmoid, interpolated
from zoo.models.purged import PurgedKFold, bar_numbers, whole_number
from zoo.models.threshold import check_threshold, choose_threshold

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

METHODS: Final = ("auto", "sigmoid", "isotonic")
#: `auto` takes an isotonic calibrator above so many dates: rows of one date share their shocks and count once
ISOTONIC_ABOVE: Final = 1_000
#: probabilities without a decision function are clipped so far from 0 and 1 before the logit is taken
CLIP: Final = 1e-6
_TABLE_SEED: Final = 0  # the rows of a table come in the order of the experiment's own seeded shuffle


def _gives_probabilities(calibrated: Any) -> bool:
    return hasattr(getattr(calibrated, "estimator_", calibrated.estimator), "predict_proba")


class Calibrated(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier of two classes with calibrated probabilities and a chosen threshold.

    Clones of the estimator are fitted on the folds of a `PurgedKFold` (on stratified folds where rows have no
    dates); their scores of the rows that they did not see are pooled. One calibrator is fitted on these, the
    threshold is chosen on the calibrated ones, and the estimator is fitted on all rows.

    Args:
        estimator: a scikit-learn classifier with `decision_function` or `predict_proba`. A scaler belongs
            inside it, in a pipeline, so that it is fitted fold by fold too.
        method: `sigmoid` (Platt 1999), `isotonic`, or `auto`: isotonic above 1,000 dates, else a sigmoid.
        folds: number of folds.
        embargo: bars left out of training after each test block; for panels only.
        threshold: a criterion to maximise out of fold (accuracy, balanced_accuracy, f1, youden), or a
            probability between 0 and 1.

    Attributes:
        estimator_: fitted on all rows.
        method_: `sigmoid` or `isotonic`, whichever was used.
        slope_, intercept_: of the sigmoid 1 / (1 + exp(-(slope · score + intercept))); None for isotonic. The
            slope is not negative: where scores out of fold are worth nothing or less, it is 0.
        x_thresholds_, y_thresholds_: scores and probabilities between which the isotonic calibrator is
            linear; None for a sigmoid.
        threshold_: the second class is predicted at this probability and above.
        n_dates_: dates that were calibrated on; a table's rows count as a date each.
        classes_: the two classes; the second is the positive one.
        oof_brier_, oof_log_loss_: of the calibrated out-of-fold probabilities, on which the calibrator was
            fitted: what a later block would say is not better.
    """

    def __init__(
        self,
        estimator: Any,
        method: str = "auto",
        folds: int = 5,
        embargo: int = 0,
        threshold: str | float = "balanced_accuracy",
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.folds = folds
        self.embargo = embargo
        self.threshold = threshold

    def fit(self, X: Any, y: Any, positions: Any = None, horizon: int = 0) -> Self:
        """Calibrate out of fold, choose the threshold, and fit the estimator on all rows.

        Args:
            X: rows × features.
            y: classes, one a row.
            positions: the bar number of each row's date; None for a table.
            horizon: bars that a label looks ahead.

        Raises:
            ManifestError: an argument that cannot be used.
            DataError: labels that are missing or not of exactly two classes; fewer dates than folds; a fold
                with nothing, or only one class, to train on; a score that is not finite.
        """
        _check_method(self.method)
        check_threshold(self.threshold)
        folds = whole_number("folds", self.folds, least=2)
        splitter = PurgedKFold(folds, horizon=horizon, embargo=self.embargo)
        if positions is None and horizon > 0:
            raise ManifestError(
                f"horizon is {horizon}, and rows have no dates to purge by",
                expected="positions, or horizon 0",
            )
        labels = np.asarray(y)
        self.classes_ = _two_classes(labels)
        hit = labels == self.classes_[1]
        bars = None if positions is None else bar_numbers(positions, len(labels))
        self.n_dates_ = len(labels if bars is None else np.unique(bars))
        scores = self._out_of_fold(X, labels, _folds(splitter, hit, bars))
        self._calibrate(scores, hit)
        probability = self._calibrated(scores)
        self.threshold_ = choose_threshold(hit, probability, self.threshold)
        self.oof_brier_ = brier(hit, probability, positive=True)
        self.oof_log_loss_ = log_loss(hit, probability, positive=True)
        self.estimator_ = clone(self.estimator).fit(X, labels)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Return calibrated probabilities, rows × the two classes."""
        second = self._calibrated(self._scores(self.estimator_, X))
        return np.column_stack([1.0 - second, second])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the second class where its calibrated probability is at least `threshold_`."""
        chosen = self.predict_proba(X)[:, 1] >= self.threshold_
        return np.asarray(self.classes_[chosen.astype(np.intp)])

    @available_if(_gives_probabilities)  # type: ignore[untyped-decorator]
    def raw_proba(self, X: Any) -> Floats:
        """Return the estimator's own probabilities, not calibrated, rows × the two classes.

        Raises:
            AttributeError: it gives none.
        """
        return np.asarray(self.estimator_.predict_proba(X), dtype=np.float64)

    def describe(self) -> dict[str, Any]:
        """Return what was fitted beside the estimator, as plain values that JSON can hold."""
        names = ("x_thresholds_", "y_thresholds_")
        return {
            "method": self.method_,
            "slope": self.slope_,
            "intercept": self.intercept_,
            **{name[:-1]: None if (v := getattr(self, name)) is None else v.tolist() for name in names},
            "threshold": self.threshold_,
            "criterion": self.threshold if isinstance(self.threshold, str) else None,
            "classes": self.classes_.tolist(),
            "n_dates": self.n_dates_,
            "folds": self.folds,
            "embargo": self.embargo,
            "oof_brier": self.oof_brier_,
            "oof_log_loss": self.oof_log_loss_,
        }

    def _out_of_fold(self, X: Any, labels: NDArray[Any], folds: Iterator[tuple[Rows, Rows]]) -> Floats:
        """Return the score of every row by a clone that was fitted without it."""
        scores = np.full(len(labels), np.nan)
        for number, (train, test) in enumerate(folds):
            if len(np.unique(labels[train])) < 2:
                raise DataError(
                    f"the training part of fold {number + 1} of {self.folds} holds one class only",
                    expected="both classes in every training part",
                    remedy="use fewer folds or more data",
                )
            fitted = clone(self.estimator).fit(_take(X, train), labels[train])
            scores[test] = self._scores(fitted, _take(X, test))
        return scores

    def _scores(self, fitted: Any, X: Any) -> Floats:
        """Return one score a row: the decision function, or the logit of the clipped probability."""
        if hasattr(fitted, "decision_function"):
            scores = np.asarray(fitted.decision_function(X), dtype=np.float64)
        elif hasattr(fitted, "predict_proba"):
            second = np.asarray(fitted.predict_proba(X), dtype=np.float64)[:, 1]
            scores = logit(np.clip(second, CLIP, 1.0 - CLIP))
        else:
            raise ManifestError(
                f"{type(fitted).__name__} cannot be calibrated",
                expected="a classifier with decision_function or predict_proba",
            )
        wrong = ~np.isfinite(scores)
        if wrong.any():
            raise DataError(
                f"the score of row {int(wrong.argmax())} is {scores[wrong.argmax()]}",
                expected="finite scores",
            )
        return scores

    def _calibrate(self, scores: Floats, hit: NDArray[np.bool_]) -> None:
        isotonic = self.method == "isotonic" or (self.method == "auto" and self.n_dates_ > ISOTONIC_ABOVE)
        self.method_ = "isotonic" if isotonic else "sigmoid"
        line: Any = (None, None) if isotonic else fit_sigmoid(scores, hit)
        curve: Any = fit_isotonic(scores, hit) if isotonic else (None, None)
        self.slope_, self.intercept_ = line
        self.x_thresholds_, self.y_thresholds_ = curve

    def _calibrated(self, scores: Floats) -> Floats:
        if self.method_ == "isotonic":
            return interpolated(scores, self.x_thresholds_, self.y_thresholds_)
        return np.asarray(expit(self.slope_ * scores + self.intercept_))

    @property
    def n_features_in_(self) -> int:
        """How many features the estimator was fitted on."""
        return int(self.estimator_.n_features_in_)

    @property
    def feature_names_in_(self) -> Any:
        """The features' names, where the estimator was fitted with names."""
        return self.estimator_.feature_names_in_

    def __sklearn_tags__(self) -> Any:
        """Say that there are two classes only, and that input goes on to the estimator as it is."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        inner = get_tags(self.estimator).input_tags
        tags.input_tags.sparse, tags.input_tags.allow_nan = inner.sparse, inner.allow_nan
        return tags


def _two_classes(labels: NDArray[Any]) -> NDArray[Any]:
    if labels.ndim != 1:
        raise DataError(f"labels have the shape {labels.shape}", expected="one class a row")
    missing = np.asarray(pd.isna(labels))
    if missing.any():
        raise DataError(f"label {int(missing.argmax())} is missing", expected="a class in every row")
    classes = np.unique(labels)
    if len(classes) != 2:
        shown = ", ".join(map(str, classes[:5].tolist())) + (" and more" if len(classes) > 5 else "")
        raise DataError(
            f"the labels have {len(classes)} classes: {shown}" if len(classes) else "there are no labels",
            expected="exactly two classes to calibrate",
            remedy="use a target with two classes"
            if len(classes) > 1
            else "use more data, or another threshold",
        )
    return np.asarray(classes)


def _folds(
    splitter: PurgedKFold, hit: NDArray[np.bool_], bars: NDArray[np.int64] | None
) -> Iterator[tuple[Rows, Rows]]:
    if bars is not None:
        yield from splitter.split(None, groups=bars)
        return
    fewest = int(min(hit.sum(), (~hit).sum()))
    if fewest < splitter.n_splits:
        raise DataError(
            f"the rarer class has {fewest} rows for {splitter.n_splits} folds",
            expected="a row of each class in every fold",
            remedy="use fewer folds or more data",
        )
    rows = StratifiedKFold(splitter.n_splits, shuffle=True, random_state=_TABLE_SEED)
    yield from rows.split(np.zeros((len(hit), 1)), hit)


def _take(X: Any, rows: Rows) -> Any:
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    return X[rows] if hasattr(X, "shape") else np.asarray(X)[rows]


def _check_method(value: object) -> None:
    if not isinstance(value, str) or value not in METHODS:
        raise ManifestError(
            f"method is {value!r}",
            expected=f"one of {', '.join(METHODS)}",
            remedy=did_you_mean(value, METHODS),
        )


__all__ = ["CLIP", "ISOTONIC_ABOVE", "METHODS", "Calibrated"]
