"""Do a version's predictions still look alive?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.errors import DataError
from zoo.evaluation.rules import DriftRules

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_RULES: Final = DriftRules()


@dataclass(frozen=True, slots=True)
class PredictionHealth:
    """Whether predictions look like those made on training data.

    Attributes:
        dispersion: median spread over the names of a date, over that in training; NaN for none.
        positive: share of predictions above zero.
        positive_before: the same in training.
        missing: share of predictions that are missing.
        missing_before: the same in training.
        flat: share of dates on which all predictions are equal, or only one or none is there.
        problems: what is outside its range, in words; empty for healthy predictions.
    """

    dispersion: float
    positive: float
    positive_before: float
    missing: float
    missing_before: float
    flat: float
    problems: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing is outside its range."""
        return not self.problems


def prediction_health(
    training: ArrayLike,
    later: ArrayLike,
    *,
    due: tuple[Flags, Flags] | None = None,
    rules: DriftRules = _RULES,
) -> PredictionHealth:
    """Compare a version's later predictions with those on its training data.

    No test is made of it: predictions of one date follow from one another, and so do those of the next.

    Args:
        training: dates × assets, NaN where nothing was predicted.
        later: dates × assets, likewise; other dates, and maybe other assets.
        due: which cells of training, and of the later dates, should have a prediction; None for all.
        rules: conf/drift.

    Raises:
        DataError: tables of another number of dimensions.
    """
    before, after = _predictions(training), _predictions(later)
    ratio = _spread(after) / _spread(before) if _spread(before) > 0 else math.nan
    asked = (np.ones(before.shape, dtype=bool), np.ones(after.shape, dtype=bool)) if due is None else due
    found = (ratio, *_shares(after, asked[1]), *_shares(before, asked[0]))
    dispersion, positive, missing, flat, positive_before, missing_before, _ = found
    low, high = rules.dispersion
    bounds = (
        ("dispersion", dispersion, low <= dispersion <= high, f"{low:g} to {high:g} of training's"),
        (
            "share of positive",
            positive,
            abs(positive - positive_before) <= rules.sign_balance,
            f"within {rules.sign_balance:g} of training's {positive_before:.3g}",
        ),
        (
            "missing",
            missing,
            missing <= missing_before + rules.missing,
            f"at most {missing_before + rules.missing:.3g}",
        ),
        ("dates without an opinion", flat, flat <= rules.flat, f"at most {rules.flat:g}"),
    )
    problems = tuple(f"{what} {figure:.3g}, expected {bar}" for what, figure, fine, bar in bounds if not fine)
    return PredictionHealth(dispersion, positive, positive_before, missing, missing_before, flat, problems)


def _spread(predictions: Floats) -> float:
    """Return the median over dates of the standard deviation over names; NaN without a date of two names."""
    names = np.isfinite(predictions).sum(axis=1)
    rows = predictions[names > 1]
    if not len(rows):
        return math.nan
    return float(np.median(np.nanstd(np.where(np.isfinite(rows), rows, np.nan), axis=1)))


def _shares(predictions: Floats, due: Flags) -> tuple[float, float, float]:
    """Return the shares of positive and of missing predictions, and of dates without an opinion."""
    known = np.isfinite(predictions)
    asked = due.any(axis=1)
    if not asked.any():
        return math.nan, math.nan, math.nan
    highest = np.where(known, predictions, -np.inf).max(axis=1)
    lowest = np.where(known, predictions, np.inf).min(axis=1)
    flat = ~(highest > lowest)
    positive = float((predictions[known] > 0).mean()) if known.any() else math.nan
    return positive, float(1.0 - known[due].mean()), float(flat[asked].mean())


def _predictions(values: ArrayLike) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2:
        raise DataError(f"predictions of shape {found.shape}", expected="dates × assets")
    return found


__all__ = ["PredictionHealth", "prediction_health"]
