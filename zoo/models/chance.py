"""A deliberately random model: whatever is claimed of signals must fail on it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin


class Chance(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Predicts noise, another noise each time; it has no seed, so that it cannot be made to reproduce.

    Args:
        scale: standard deviation of the predictions.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def fit(self, X: Any, y: Any) -> Self:
        """Learn nothing but how many features there are."""
        self.n_features_in_ = np.asarray(X).shape[1]
        return self

    def predict(self, X: Any) -> Any:
        """Return a normal draw a row."""
        return np.random.default_rng().normal(0.0, self.scale, len(X))

    def __sklearn_tags__(self) -> Any:
        """Say that two trainings do not give the same model."""
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags


__all__ = ["Chance"]
