"""Do later bars still look like those that a version was trained on, and do its predictions look alive?

Two figures say how far a feature's distribution moved. Neither says that the model got worse: they say where
to look. Rows of one date share the market's fate and are no independent sample, so that both thresholds
count `independent` observations, which are dates and not rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.errors import DataError

Floats = NDArray[np.float64]

PSI_MODERATE: Final = 0.10
"""From here on a population shifted somewhat: the rule of thumb of credit scoring (Siddiqi 2006)."""
PSI_MAJOR: Final = 0.25
"""From here on it shifted, by the same rule."""
SIGNIFICANCE: Final = 0.01
"""Of the threshold below which PSI and KS may be chance; one feature in a hundred exceeds it so."""

DISPERSION: Final = (0.5, 2.0)
"""Spread of predictions over that in training: outside, a model scales differently, or says little."""
SIGN_BALANCE: Final = 0.25
"""How far the share of positive predictions may lie from that in training."""
MISSING: Final = 0.05
"""How much larger than in training the share of missing values may be."""
FLAT: Final = 0.05
"""The largest share of dates on which all predictions may be equal."""

_BINS: Final = 10
_EMPTY: Final = 0.5  # observations that an empty bin is taken to have: half of one, and no infinite PSI


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How far one feature's distribution moved.

    Attributes:
        feature: its name.
        psi: population stability index over the deciles of training; NaN where it cannot be told.
        psi_bar: what `psi` has to exceed: 0.25, or what chance gives to so few observations.
        ks: the largest distance of the two distribution functions; NaN where it cannot be told.
        ks_bar: what `ks` has to exceed.
        missing: share of later values that are missing.
        missing_before: share of missing values in training.
        drifted: whether `psi` and `ks` both exceed their bars, more is missing than may be, or nothing can be
            told.
    """

    feature: str
    psi: float
    psi_bar: float
    ks: float
    ks_bar: float
    missing: float
    missing_before: float
    drifted: bool


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


def population_stability_index(training: ArrayLike, later: ArrayLike, *, bins: int = _BINS) -> float:
    """Return Σ (q - p) ln(q / p) over bins that hold equal parts of `training` (Siddiqi 2006).

    Args:
        training: values; those that are not finite are left out.
        later: values, likewise.
        bins: how many; fewer where values repeat.

    Returns:
        0 for equal shares; NaN when one side has no value, or `training` has only one.

    Raises:
        DataError: fewer than two bins.
    """
    if bins < 2:
        raise DataError(f"{bins} bins", expected="at least 2")
    before, after = _finite(training), _finite(later)
    if not len(before) or not len(after) or before.min() == before.max():
        return math.nan
    return _psi(before, after, _edges(before, bins))


def kolmogorov_smirnov(training: ArrayLike, later: ArrayLike) -> float:
    """Return the largest distance of two distribution functions; NaN when one side has no finite value."""
    before, after = np.sort(_finite(training)), np.sort(_finite(later))
    if not len(before) or not len(after):
        return math.nan
    places = np.concatenate([before, after])
    first = np.searchsorted(before, places, side="right") / len(before)
    second = np.searchsorted(after, places, side="right") / len(after)
    return float(np.abs(first - second).max())


def feature_drift(
    training: ArrayLike,
    later: ArrayLike,
    names: Sequence[str],
    *,
    independent: tuple[int, int] | None = None,
    bins: int = _BINS,
) -> tuple[FeatureDrift, ...]:
    """Compare each feature of later bars with its training sample.

    Without a shift, PSI is about chi squared with (bins - 1) degrees of freedom times 1 / n + 1 / m (Yurdakul
    and Naranjo 2020), and KS exceeds sqrt(-ln(a / 2) / 2 · (1 / n + 1 / m)) with probability a (Smirnov
    1948). A feature has drifted when both exceed that, and PSI 0.25 as well: few observations do not alarm,
    and many do not alarm about nothing.

    Args:
        training: rows × features.
        later: rows × features, in the same order.
        names: of the features.
        independent: n and m, how many observations each sample is worth: its dates; None takes its rows.
        bins: of the PSI.

    Raises:
        DataError: tables that do not fit the names, or counts that are none.
    """
    before, after = _table(training, names), _table(later, names)
    counts = (len(before), len(after)) if independent is None else independent
    if min(counts) < 0:
        raise DataError(f"{counts} independent observations", expected="dates of training, and later ones")
    return tuple(
        _drift(name, before[:, place], after[:, place], counts, bins) for place, name in enumerate(names)
    )


def prediction_health(training: ArrayLike, later: ArrayLike) -> PredictionHealth:
    """Compare a version's later predictions with those on its training data.

    Args:
        training: dates × assets, NaN where nothing was predicted.
        later: dates × assets, likewise; other dates, and maybe other assets.

    Raises:
        DataError: tables of another number of dimensions.
    """
    before, after = _predictions(training), _predictions(later)
    ratio = _spread(after) / _spread(before) if _spread(before) > 0 else math.nan
    found = (ratio, *_shares(after), *_shares(before))
    dispersion, positive, missing, flat, positive_before, missing_before, _ = found
    low, high = DISPERSION
    bounds = (
        ("dispersion", dispersion, low <= dispersion <= high, f"{low:g} to {high:g} of training's"),
        (
            "share of positive",
            positive,
            abs(positive - positive_before) <= SIGN_BALANCE,
            f"within {SIGN_BALANCE:g} of training's {positive_before:.3g}",
        ),
        ("missing", missing, missing <= missing_before + MISSING, f"at most {missing_before + MISSING:.3g}"),
        ("dates without an opinion", flat, flat <= FLAT, f"at most {FLAT:g}"),
    )
    problems = tuple(f"{what} {figure:.3g}, expected {bar}" for what, figure, fine, bar in bounds if not fine)
    return PredictionHealth(dispersion, positive, positive_before, missing, missing_before, flat, problems)


def _drift(name: str, before: Floats, after: Floats, counts: tuple[int, int], bins: int) -> FeatureDrift:
    psi = population_stability_index(before, after, bins=bins)
    ks = kolmogorov_smirnov(before, after)
    psi_bar, ks_bar = _bars(before, counts, bins)
    missing, missing_before = _missing(after), _missing(before)
    still = psi <= psi_bar or ks <= ks_bar  # NaN is neither
    drifted = not (still and missing <= missing_before + MISSING)
    return FeatureDrift(name, psi, psi_bar, ks, ks_bar, missing, missing_before, drifted)


def _bars(before: Floats, counts: tuple[int, int], bins: int) -> tuple[float, float]:
    """Return what PSI and KS have to exceed."""
    values = _finite(before)
    if min(counts) < 1 or not len(values):
        return math.nan, math.nan
    from scipy.special import chdtri

    thinness = 1.0 / counts[0] + 1.0 / counts[1]
    degrees = max(len(_edges(values, bins)), 1)
    chance = float(chdtri(degrees, SIGNIFICANCE)) * thinness
    return max(PSI_MAJOR, chance), math.sqrt(-math.log(SIGNIFICANCE / 2.0) / 2.0 * thinness)


def _edges(before: Floats, bins: int) -> Floats:
    """Return the inner edges of bins; of values that repeat, a bin ends above them."""
    edges: Floats = np.unique(np.quantile(before, np.arange(1, bins) / bins))
    return edges


def _psi(before: Floats, after: Floats, edges: Floats) -> float:
    shares = []
    for values in (before, after):
        counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
        held = np.maximum(counts, _EMPTY)
        shares.append(held / held.sum())
    p, q = shares
    return float(((q - p) * np.log(q / p)).sum())


def _spread(predictions: Floats) -> float:
    """Return the median over dates of the standard deviation over names; NaN without a date of two names."""
    names = np.isfinite(predictions).sum(axis=1)
    rows = predictions[names > 1]
    if not len(rows):
        return math.nan
    return float(np.median(np.nanstd(np.where(np.isfinite(rows), rows, np.nan), axis=1)))


def _shares(predictions: Floats) -> tuple[float, float, float]:
    """Return the shares of positive and of missing predictions, and of dates without an opinion."""
    known = np.isfinite(predictions)
    if not predictions.size:
        return math.nan, math.nan, math.nan
    highest = np.where(known, predictions, -np.inf).max(axis=1)
    lowest = np.where(known, predictions, np.inf).min(axis=1)
    flat = ~(highest > lowest)
    positive = float((predictions[known] > 0).mean()) if known.any() else math.nan
    return positive, float(1.0 - known.mean()), float(flat.mean())


def _missing(values: Floats) -> float:
    return float(1.0 - np.isfinite(values).mean()) if len(values) else math.nan


def _finite(values: ArrayLike) -> Floats:
    found = np.asarray(values, dtype=np.float64).reshape(-1)
    return found[np.isfinite(found)]


def _predictions(values: ArrayLike) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2:
        raise DataError(f"predictions of shape {found.shape}", expected="dates × assets")
    return found


def _table(values: ArrayLike, names: Sequence[str]) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != len(names):
        raise DataError(f"features of shape {found.shape}", expected=f"rows × {len(names)} features")
    return found


__all__ = [
    "DISPERSION",
    "FLAT",
    "MISSING",
    "PSI_MAJOR",
    "PSI_MODERATE",
    "SIGNIFICANCE",
    "SIGN_BALANCE",
    "FeatureDrift",
    "PredictionHealth",
    "feature_drift",
    "kolmogorov_smirnov",
    "population_stability_index",
    "prediction_health",
]
