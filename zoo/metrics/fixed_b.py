"""Does a mean differ from zero when its values overlap? Newey-West with critical values for its lags."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from zoo.metrics.ranking import mean_with_error

# Kiefer and Vogelsang (2005), table 1, Bartlett kernel: cv(b) = a0 + a1 b + a2 b² + a3 b³, one-sided level
# on the left. With b near 0 they are the normal's; with b = 1 about twice as large.
_BARTLETT: Final = {
    0.90: (1.2816, 1.3040, 0.5135, -0.3386),
    0.95: (1.6449, 2.1859, 0.3142, -0.3427),
    0.975: (1.9600, 2.9694, 0.4160, -0.5324),
    0.99: (2.3263, 4.1618, 0.5368, -0.9060),
}


class MeanTest(NamedTuple):
    """A mean, what is known of it, and whether it differs from zero.

    Attributes:
        mean: of the values there are.
        se: Newey-West.
        t: mean / se.
        critical: what |t| has to exceed.
        low: lower end of the interval mean ± critical × se.
        high: upper end.
        significant: whether |t| exceeds `critical`; NaN does not.
        values: how many are not NaN.
    """

    mean: float
    se: float
    t: float
    critical: float
    low: float
    high: float
    significant: bool
    values: int


def overlap_lags(horizon: int, every: int) -> int:
    """Return ceil(horizon / every) - 1: how many later rows share bars with a row's label.

    Raises:
        ValueError: one of them is no whole number of at least 1.
    """
    for name, value in (("horizon", horizon), ("every", every)):
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"{name} is {value!r}; expected a whole number of at least 1")
    return -(-int(horizon) // int(every)) - 1


def fixed_b_critical_value(b: float, *, size: float = 0.05) -> float:
    """Return the two-sided critical value of a Bartlett t statistic, Kiefer and Vogelsang (2005).

    Args:
        b: the kernel's bandwidth over the number of rows: (lags + 1) / n.
        size: of the test: 0.2, 0.1, 0.05 or 0.02.

    Returns:
        The value; NaN unless 0 < b <= 1.

    Raises:
        ValueError: another size.
    """
    level = round(1.0 - size / 2.0, 6)
    if level not in _BARTLETT:
        raise ValueError(f"size is {size!r}; expected one of 0.2, 0.1, 0.05, 0.02")
    if not 0.0 < b <= 1.0:
        return math.nan
    constant, linear, square, cube = _BARTLETT[level]
    return constant + linear * b + square * b**2 + cube * b**3


def mean_test(series: ArrayLike, lags: int, *, size: float = 0.05) -> MeanTest:
    """Test whether a series' mean, such as that of rank ICs by date, differs from zero.

    Args:
        series: values in the order of time; NaN where there is none.
        lags: rows that overlap: `overlap_lags(horizon, every)`.
        size: two-sided: 0.2, 0.1, 0.05 or 0.02.

    Returns:
        The test; NaN, and not significant, with fewer than two values or than `lags` + 1.

    Raises:
        ValueError: no series, no number of lags, or another size.
    """
    mean, error, t = mean_with_error(series, lags)
    count = int(np.isfinite(np.asarray(series, dtype=np.float64)).sum())
    critical = fixed_b_critical_value((lags + 1) / count if count else math.nan, size=size)
    reach = critical * error
    return MeanTest(mean, error, t, critical, mean - reach, mean + reach, abs(t) > critical, count)


__all__ = ["MeanTest", "fixed_b_critical_value", "mean_test", "overlap_lags"]
