"""How many independent observations a panel is worth: names share a date's fate, days that of the last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_LARGEST: Final = 5  # lags at most: one part in so many of the dates


@dataclass(frozen=True, slots=True)
class Dependence:
    """What a sample of dates × names says of the noise of its distribution function.

    Attributes:
        variance: p (1 - p), mean over levels: what one independent observation has.
        covariances: of the share of a date's values up to a level with that of the date some lags before,
            mean over levels.
        dates: of the sample.
    """

    variance: float
    covariances: tuple[float, ...]
    dates: int

    def effective(self, dates: int, rows: int) -> float:
        """Return the size of the independent sample whose distribution function is as noisy as a panel's.

        The variance of a mean over n dates is (γ0 + 2 Σ (1 - h / n) γh) / n; lags past a fifth of the sample
        are not known and taken as 0, and what a Bartlett sum over a part b of it misses, a factor of
        1 - b + b² / 3, is given back (Kiefer and Vogelsang 2005).

        Args:
            dates: consecutive ones, of a panel that depends as this sample does.
            rows: values in it: more than they are they cannot be worth.

        Returns:
            Between 1 and `rows`; 0 without a date.
        """
        if dates < 1 or rows < 1:
            return 0.0
        lags = min(dates, len(self.covariances))
        weights = 1.0 - np.arange(1, lags) / lags
        known = np.array(self.covariances[:lags])
        share = lags / max(self.dates, 1)
        total = (known[0] + 2.0 * float(weights @ known[1:])) / (1.0 - share + share**2 / 3.0)
        if not total > 0.0:
            return float(rows)
        return float(np.clip(self.variance * dates / total, 1.0, rows))


def dependence(values: ArrayLike, levels: ArrayLike) -> Dependence:
    """Measure how the values of a panel depend on one another, within dates and from one to the next.

    Args:
        values: dates × names, consecutive dates; NaN where there is none.
        levels: at which the distribution function is looked at, such as deciles.

    Returns:
        As many lags as a fifth of the dates; no variance, and so no dependence, for values that are constant.
    """
    panel = np.asarray(values, dtype=np.float64)
    known = np.isfinite(panel)
    counts = known.sum(axis=1)
    typical = max(float(counts.sum()) / max(int((counts > 0).sum()), 1), 1.0)
    lags = max(len(panel) // _LARGEST, 1)
    edges = np.asarray(levels, dtype=np.float64).reshape(-1)
    covariances, variance = np.zeros(lags), 0.0
    for level in edges:
        below = (np.where(known, panel, np.inf) <= level).sum(axis=1)
        p = float(below.sum() / max(counts.sum(), 1))
        covariances += _covariances((below - p * counts) / typical, lags) / len(edges)
        variance += p * (1.0 - p) / len(edges)
    return Dependence(variance, tuple(covariances.tolist()), len(panel))


def _covariances(deviation: Floats, lags: int) -> Floats:
    """Return Σ x_t x_(t - h) / n for the lags from 0 on, by the Fourier transform."""
    size = max(len(deviation), 1)
    spectrum = np.fft.rfft(deviation, 2 * size)
    found: Floats = np.fft.irfft(np.abs(spectrum) ** 2, 2 * size)[:lags] / size
    return found


__all__ = ["Dependence", "dependence"]
