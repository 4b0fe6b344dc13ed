"""From scores to probabilities: one sigmoid, or a curve that only rises."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression

Floats = NDArray[np.float64]


def fit_sigmoid(scores: Floats, hit: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and intercept of Platt's sigmoid: the least log loss against smoothed targets.

    The targets are (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2) (Platt 1999, equation 8), so that the least is finite
    even where the scores separate the classes. The slope is kept from being negative, as an isotonic
    calibrator is from falling: calibration says how much a score is worth and never turns it around.

    Args:
        scores: one a row, finite.
        hit: whether the row is of the second class.
    """
    positive = int(hit.sum())
    target = np.where(hit, (positive + 1) / (positive + 2), 1 / (len(hit) - positive + 2))
    flat = float(logit(target.mean()))
    largest = float(np.abs(scores).max())
    centre, spread = (float(f(scores / largest)) for f in (np.mean, np.std)) if largest > 0 else (0.0, 0.0)
    if not spread > 1e-12:  # the same score for everybody, but for rounding
        return 0.0, flat
    z = (scores / largest - centre) / spread
    found = minimize(
        _log_loss, [0.0, flat], args=(z, target), jac=True, hess=_curvature, method="trust-exact", tol=1e-12
    )
    slope, intercept = (float(value) for value in found.x)
    scaled = slope / spread / largest
    return (scaled, intercept - slope * centre / spread) if 0 < scaled < np.inf else (0.0, flat)


def _log_loss(at: Floats, z: Floats, target: Floats) -> tuple[float, Floats]:
    """Return the mean log loss of a sigmoid and its gradient by slope and intercept."""
    line = at[0] * z + at[1]
    off = expit(line) - target
    return float(np.mean(np.logaddexp(0.0, line) - target * line)), np.array([np.mean(off * z), np.mean(off)])


def _curvature(at: Floats, z: Floats, target: Floats) -> Floats:
    chance = expit(at[0] * z + at[1])
    weight = chance * (1.0 - chance)
    cross = np.mean(weight * z)
    return np.array([[np.mean(weight * z * z), cross], [cross, np.mean(weight)]])


def fit_isotonic(scores: Floats, hit: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return scores and probabilities between which the isotonic calibrator is linear."""
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(
        scores, hit.astype(np.float64)
    )
    return np.asarray(fitted.X_thresholds_), np.asarray(fitted.y_thresholds_)


def interpolated(scores: Floats, x: Floats, y: Floats) -> Floats:
    """Return the isotonic probabilities of scores; those outside `x` get the nearest end's."""
    # Rounding must not lift a value above the point to its right: a higher score has never the lower chance.
    right = y[np.minimum(np.searchsorted(x, scores, side="left"), len(x) - 1)]
    return np.minimum(np.interp(scores, x, y), right)


__all__ = ["fit_isotonic", "fit_sigmoid", "interpolated"]
