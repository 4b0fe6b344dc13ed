"""Labels that need parameters of the train part: what estimates these, and what applies them to any part.

A function that fits takes the train part's labels (one-dimensional, finite) and returns one number; a
transform takes the labels of any part and the fitted numbers by name, and gives as many labels back, NaN
where there was none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.errors import DataError, ManifestError

Floats = NDArray[np.float64]

# --- what fits ----------------------------------------------------------------------------------


def quantile(labels: ArrayLike, *, q: float) -> float:
    """Return the value below which a share `q` of the labels lies, interpolated linearly.

    Args:
        labels: the train part's, one-dimensional and finite.
        q: the share, between 0 and 1, both excluded.

    Raises:
        DataError: no labels, labels that are not finite, or all the same.
        ManifestError: `q` is not between 0 and 1.
    """
    if not 0 < _number("q", q, "a number between 0 and 1") < 1:
        raise ManifestError(f"q is {q!r}", expected="a number between 0 and 1, both excluded")
    return float(np.quantile(_train_labels(labels), q))


def mean(labels: ArrayLike) -> float:
    """Return the labels' mean.

    Raises:
        DataError: as for `quantile`.
    """
    return float(np.mean(_train_labels(labels)))


def median(labels: ArrayLike) -> float:
    """Return the labels' median.

    Raises:
        DataError: as for `quantile`.
    """
    return float(np.median(_train_labels(labels)))


def standard_deviation(labels: ArrayLike) -> float:
    """Return the labels' standard deviation: the root of the mean squared deviation from their mean.

    Raises:
        DataError: as for `quantile`.
    """
    return _positive("standard deviation", float(np.std(_train_labels(labels))))


def interquartile_range(labels: ArrayLike) -> float:
    """Return the difference of the labels' quartiles, interpolated linearly.

    Raises:
        DataError: as for `quantile`, or half of the labels are the same.
    """
    lower, upper = np.quantile(_train_labels(labels), (0.25, 0.75))
    return _positive("interquartile range", float(upper - lower))


# --- what transforms ----------------------------------------------------------------------------


def above(labels: ArrayLike, *, cutoff: float) -> Floats:
    """Return 1.0 for a label above the cutoff and 0.0 for any other; NaN stays.

    Raises:
        DataError: labels that are no one-dimensional numbers.
        ManifestError: the cutoff is no finite number.
    """
    values, limit = _any_labels(labels), _number("cutoff", cutoff)
    return np.where(np.isnan(values), np.nan, (values > limit).astype(np.float64))


def standardised(labels: ArrayLike, *, mean: float, standard_deviation: float) -> Floats:
    """Return the labels less the mean, in standard deviations; NaN stays.

    Raises:
        DataError: labels that are no one-dimensional numbers.
        ManifestError: a mean that is no finite number, a standard deviation that is not above 0.
    """
    values, centre = _any_labels(labels), _number("mean", mean)
    scale = _number("standard_deviation", standard_deviation)
    if not scale > 0:
        raise ManifestError(f"standard_deviation is {scale}", expected="a number above 0")
    return (values - centre) / scale


def winsorised(labels: ArrayLike, *, lower: float, upper: float) -> Floats:
    """Return the labels with those outside the bounds moved to the nearer bound; NaN stays.

    Raises:
        DataError: labels that are no one-dimensional numbers.
        ManifestError: a bound that is no finite number, or `lower` is not below `upper`.
    """
    values, least, most = _any_labels(labels), _number("lower", lower), _number("upper", upper)
    if not least < most:
        raise ManifestError(f"lower is {least} and upper {most}", expected="lower below upper")
    return np.clip(values, least, most)


# --- checks -------------------------------------------------------------------------------------


def _any_labels(labels: ArrayLike) -> Floats:
    try:
        values = np.asarray(labels, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"labels are no numbers: {error}", expected="one number a row") from error
    if values.ndim != 1:
        raise DataError(f"labels have the shape {values.shape}", expected="one number a row")
    return values


def _train_labels(labels: ArrayLike) -> Floats:
    values = _any_labels(labels)
    if values.size == 0:
        raise DataError("there are no labels to fit on", expected="the labels of the train part")
    wrong = ~np.isfinite(values)
    if wrong.any():
        raise DataError(
            f"label {int(wrong.argmax())} is {values[wrong.argmax()]} ({int(wrong.sum())} are not finite)",
            expected="finite labels of the train part",
        )
    if values.min() == values.max():
        raise DataError(
            f"all {values.size} labels are {values[0]}",
            expected="labels that differ, or nothing can be learnt",
        )
    return values


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise DataError(
            f"the labels' {name} is {value}",
            expected="labels that differ enough to be scaled",
            remedy="scale by another measure",
        )
    return value


def _number(name: str, value: object, expected: str = "a finite number") -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        raise ManifestError(f"{name} is {value!r}, a {type(value).__name__}", expected=expected)
    if not np.isfinite(value):
        raise ManifestError(f"{name} is {value}", expected=expected)
    return float(value)


__all__ = [
    "above",
    "interquartile_range",
    "mean",
    "median",
    "quantile",
    "standard_deviation",
    "standardised",
    "winsorised",
]
