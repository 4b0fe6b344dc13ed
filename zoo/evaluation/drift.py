"""Do later bars still look like those that a version was trained on?

Two figures say how far a feature's distribution moved. Neither says that the model got worse: they say where
to look. Rows of one date share the market's fate and days resemble the last, so that they are no independent
sample; both bars count the independent observations that the rows are worth (`zoo.metrics.dependence`). For
rows as they are, a p-value of Kolmogorov and Smirnov is none: of samples of one population it calls most
different.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.errors import DataError
from zoo.evaluation.rules import DriftRules
from zoo.metrics.dependence import dependence

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = tuple[float, float]

_RULES: Final = DriftRules()
_BINS: Final = _RULES.bins
_EMPTY: Final = 0.5  # observations that an empty bin is taken to have: half of one, and no infinite PSI


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How far one feature's distribution moved.

    Attributes:
        feature: its name.
        psi: population stability index over the quantiles of training; NaN where it cannot be told.
        psi_bar: what `psi` has to exceed: `rules.psi`, or what chance gives to so few observations.
        ks: the largest distance of the two distribution functions; NaN where it cannot be told.
        ks_bar: what `ks` has to exceed.
        ks_p: an upper bound, to first order, of the chance of such a distance between two independent samples
            of the sizes in `independent`; NaN where `ks` is.
        independent: how many observations the values of training, and the later ones, are worth.
        edges: the inner edges of the bins of `psi`, quantiles of training; fewer where values repeat.
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
    ks_p: float
    independent: Counts
    edges: tuple[float, ...]
    missing: float
    missing_before: float
    drifted: bool


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
    independent: Counts | None = None,
    rules: DriftRules = _RULES,
) -> tuple[FeatureDrift, ...]:
    """Compare each feature of later rows with its training sample.

    Without a shift, PSI is about chi squared with (bins - 1) degrees of freedom times 1 / n + 1 / m (Yurdakul
    and Naranjo 2020), and KS exceeds sqrt(-ln(a / 2) / 2 · (1 / n + 1 / m)) with probability a (Smirnov
    1948). A feature has drifted when both exceed that, and PSI `rules.psi` as well: few observations do not
    alarm, and many do not alarm about nothing.

    Args:
        training: rows × features.
        later: rows × features, in the same order.
        names: of the features.
        independent: n and m, how many observations each sample is worth; None takes its rows, which is right
            for rows that are independent, and for nothing else.
        rules: conf/drift.

    Raises:
        DataError: tables that do not fit the names, or counts that are none.
    """
    before, after = _table(training, names), _table(later, names)
    counts = (float(len(before)), float(len(after))) if independent is None else independent
    if min(counts) < 0:
        raise DataError(f"{counts} independent observations", expected="those of training, and later ones")
    return tuple(
        _drift(name, before[:, place], after[:, place], counts, rules) for place, name in enumerate(names)
    )


def panel_drift(
    training: Floats,
    later: Floats,
    names: Sequence[str],
    *,
    due: tuple[Flags, Flags] | None = None,
    rules: DriftRules = _RULES,
) -> tuple[FeatureDrift, ...]:
    """Compare each feature of later bars with the bars of training, as `feature_drift` does.

    How many observations the values are worth is told from the training bars, of which there are enough: how
    alike the names of a date are, and the dates that follow one another.

    Args:
        training: bars × assets × features, consecutive bars.
        later: bars × assets × features, consecutive bars; maybe other assets.
        names: of the features.
        due: which cells of training, and of the later bars, should have a value: bars × assets; None for all.
        rules: conf/drift.

    Raises:
        DataError: panels that do not fit the names.
    """
    for panel in (training, later):
        if panel.ndim != 3 or panel.shape[2] != len(names):
            raise DataError(
                f"features of shape {panel.shape}", expected=f"bars × assets × {len(names)} features"
            )
    whole = (np.ones(training.shape[:2], dtype=bool), np.ones(later.shape[:2], dtype=bool))
    asked = whole if due is None else due
    found = []
    for place, name in enumerate(names):
        before, after = training[:, :, place], later[:, :, place]
        counts = _worth(np.where(asked[0], before, np.nan), np.where(asked[1], after, np.nan), rules)
        found.append(_drift(name, before[asked[0]], after[asked[1]], counts, rules))
    return tuple(found)


def _worth(before: Floats, after: Floats, rules: DriftRules) -> Counts:
    values = _finite(before)
    if not len(values):
        return 0.0, 0.0
    measured = dependence(before, _edges(values, rules.bins))
    there = [np.isfinite(panel) for panel in (before, after)]
    dates = [int(known.any(axis=1).sum()) for known in there]
    first, second = (
        measured.effective(count, int(known.sum())) for count, known in zip(dates, there, strict=True)
    )
    return first, second


def _drift(name: str, before: Floats, after: Floats, counts: Counts, rules: DriftRules) -> FeatureDrift:
    psi = population_stability_index(before, after, bins=rules.bins)
    ks = kolmogorov_smirnov(before, after)
    values = _finite(before)
    edges = _edges(values, rules.bins) if len(values) else np.empty(0)
    psi_bar, ks_bar = _bars(edges, counts, rules)
    missing, missing_before = _missing(after), _missing(before)
    still = psi <= psi_bar or ks <= ks_bar  # NaN is neither
    drifted = not (still and missing <= missing_before + rules.missing)
    return FeatureDrift(
        feature=name,
        psi=psi,
        psi_bar=psi_bar,
        ks=ks,
        ks_bar=ks_bar,
        ks_p=_chance(ks, counts),
        independent=counts,
        edges=tuple(edges.tolist()),
        missing=missing,
        missing_before=missing_before,
        drifted=drifted,
    )


def _bars(edges: Floats, counts: Counts, rules: DriftRules) -> tuple[float, float]:
    """Return what PSI and KS have to exceed."""
    if not min(counts) > 0 or not len(edges):
        return math.nan, math.nan
    from scipy.special import chdtri

    thinness = 1.0 / counts[0] + 1.0 / counts[1]
    chance = float(chdtri(len(edges), rules.significance)) * thinness
    return max(rules.psi, chance), math.sqrt(-math.log(rules.significance / 2.0) / 2.0 * thinness)


def _chance(ks: float, counts: Counts) -> float:
    """Return 2 exp(-2 d² nm / (n + m)), the first term of Smirnov's series, which is more than the series."""
    if not min(counts) > 0 or math.isnan(ks):
        return math.nan
    return min(2.0 * math.exp(-2.0 * ks**2 / (1.0 / counts[0] + 1.0 / counts[1])), 1.0)


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


def _missing(values: Floats) -> float:
    return float(1.0 - np.isfinite(values).mean()) if len(values) else math.nan


def _finite(values: ArrayLike) -> Floats:
    found = np.asarray(values, dtype=np.float64).reshape(-1)
    return found[np.isfinite(found)]


def _table(values: ArrayLike, names: Sequence[str]) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != len(names):
        raise DataError(f"features of shape {found.shape}", expected=f"rows × {len(names)} features")
    return found


__all__ = [
    "FeatureDrift",
    "feature_drift",
    "kolmogorov_smirnov",
    "panel_drift",
    "population_stability_index",
]
