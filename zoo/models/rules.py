"""Rule-based estimators: nothing is learnt, the rules say everything (see `zoo.models.conditions`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_array, check_is_fitted

from zoo.errors import ManifestError
from zoo.models.conditions import check_rules, entered, holds, share


class _Rules(BaseEstimator):  # type: ignore[misc]
    """What both rule-based estimators do.

    Thresholds are compared with X as it comes: behind a scaler they count in the scaler's units.

    Args:
        conditions: name -> `{feature, above | below: x}` or `{feature, between | outside: [lo, hi]}`, strict.
        entry: a condition's name, or a nested mapping of `all`, `any`, `not`, `at_least`.
        features: the names of X's columns in their order; None takes those of a frame.
        graded: give the share of conditions that hold instead of 1.0 and 0.0; a condition under `not` counts
            where it does not hold.
    """

    def __init__(
        self,
        conditions: Mapping[str, Any],
        entry: str | Mapping[str, Any],
        features: Sequence[str] | None = None,
        graded: bool = False,
    ) -> None:
        self.conditions = conditions
        self.entry = entry
        self.features = features
        self.graded = graded

    def fit(self, X: Any, y: Any) -> Self:
        """Check the rules against X's columns; learn nothing.

        Raises:
            ManifestError: what `check_rules` refuses, or names that are not those of X's columns.
        """
        columns = [str(name) for name in X.columns] if hasattr(X, "columns") else None
        names = columns if self.features is None else list(self.features)
        width = np.shape(X)[1]
        if names is None or len(names) != width or len(set(names)) != width or names != (columns or names):
            raise ManifestError(
                f"rules.features: {names!r} for X with {columns or f'{width} columns'}",
                expected="the names of X's columns, in their order, no name twice",
            )
        check_rules(self.conditions, self.entry, names)
        self.names_ = names
        self.n_features_in_ = width
        return self

    def _held(self, X: Any) -> dict[str, NDArray[np.bool_]]:
        check_is_fitted(self, "names_")
        if hasattr(X, "columns") and [str(name) for name in X.columns] != self.names_:
            raise ManifestError(f"X has columns {list(X.columns)}", expected=f"columns {self.names_}")
        values = check_array(X, dtype=np.float64)
        if values.shape[1] != self.n_features_in_:
            raise ManifestError(
                f"X has {values.shape[1]} columns", expected=f"{self.n_features_in_}: {self.names_}"
            )
        return dict(holds(self.conditions, values, self.names_))

    def _score(self, X: Any) -> NDArray[np.float64]:
        held = self._held(X)
        return share(self.entry, held) if self.graded else entered(self.entry, held).astype(np.float64)


class RuleScore(RegressorMixin, _Rules):  # type: ignore[misc]
    """Scores 1.0 where the entry rule holds, else 0.0; graded, the share of its conditions that hold.

    Its arguments are `conditions`, `entry`, `features` and `graded`, as `zoo.models.conditions` has them.
    """

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return a score a row, from 0 to 1."""
        return self._score(X)


class RuleClass(ClassifierMixin, _Rules):  # type: ignore[misc]
    """Predicts class 1.0 where the entry rule holds, else 0.0.

    Its arguments are those of `RuleScore`; graded, the share is the probability that it gives.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Check the rules against X's columns, and that labels are 0 or 1; learn nothing.

        Raises:
            ManifestError: as for the score, or labels other than 0 and 1.
        """
        other = set(np.unique(np.asarray(y)).tolist()) - {0, 1}
        if other:
            raise ManifestError(
                f"labels {', '.join(sorted(map(str, other)))}",
                expected="0 and 1: what the entry rule predicts",
                remedy="choose a target that gives them, such as the direction",
            )
        super().fit(X, y)
        self.classes_ = np.array([0.0, 1.0])
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return a class a row; graded or not, the entry rule decides."""
        return entered(self.entry, self._held(X)).astype(np.float64)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return rows × (0.0, 1.0): certainty, or graded the share of conditions that hold.

        It is a degree, no frequency; calibrate it before it is read as one.
        """
        score = self._score(X)
        return np.column_stack([1.0 - score, score])


__all__ = ["RuleClass", "RuleScore", "check_rules"]
