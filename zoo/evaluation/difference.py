"""By how much is a version better than the champion: an interval, and a bound below which it is not.

Sharpe ratios and means are per bar, never annualised. The intervals are for reading; the bound is what
non-inferiority asks for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from zoo.errors import DataError
from zoo.evaluation.resampling import (
    DRAWS,
    Floats,
    against,
    block_length,
    can_be_tested,
    differences_of,
    resamples,
)

Of = Literal["mean", "sharpe"]

_ROUNDING: Final = 1e-6  # of a Sharpe ratio: its error is the root of a difference of numbers near 1


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better a version is than the champion, per bar; NaN where nothing is known.

    Attributes:
        estimate: version less champion.
        se: standard error for independent bars.
        low: lower end of the two-sided interval.
        high: its upper end.
        bound: the one-sided lower bound.
        level: the confidence of both.
        bars: on which both have a return.
    """

    estimate: float
    se: float
    low: float
    high: float
    bound: float
    level: float
    bars: int

    def non_inferior(self, margin: float) -> bool:
        """Tell whether the version is shown to be worse by less than `margin`, which is per bar as well.

        Raises:
            DataError: a margin that is negative or no number.
        """
        if not 0.0 <= margin < math.inf:
            raise DataError(f"margin is {margin!r}", expected="a number of at least 0")
        return bool(self.bound > -margin)


def paired_difference(
    version: ArrayLike,
    champion: ArrayLike,
    *,
    of: Of = "sharpe",
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Difference:
    """Return what `paired_differences` says of one version.

    Raises:
        DataError: what is no series, and all that `paired_differences` raises.
    """
    column = np.asarray(version, dtype=np.float64)
    if column.ndim != 1:
        raise DataError(f"a version of shape {column.shape}", expected="one series")
    return paired_differences(column[:, None], champion, of=of, level=level, draws=draws, seed=seed)[0]


def paired_differences(
    versions: ArrayLike,
    champion: ArrayLike,
    *,
    of: Of = "sharpe",
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[Difference, ...]:
    """Return each version's difference from the champion, with a bootstrap interval.

    The interval is studentised: estimate ± the quantile of |t| over the draws (Ledoit and Wolf 2008, section
    3.2, with blocks of random length, Politis and Romano 1994). Versions of one window share their draws.

    Args:
        versions: bars × versions, net returns; NaN outside a version's record.
        champion: its net returns on the same bars.
        of: Sharpe ratio or mean.
        level: of the two-sided interval and of the one-sided bound.
        draws: of the bootstrap.
        seed: of the draws.

    Returns:
        One a version: NaN with a hole in either record, fewer than 30 bars, a constant series, or a copy of
        the champion that is shifted (`mean`) or levered (`sharpe`); exactly 0 for a plain copy.

    Raises:
        DataError: arrays that do not fit, another `of`, or a `level` outside (0.5, 1).
    """
    if of not in get_args(Of):
        raise DataError(f"of is {of!r}", expected="'mean' or 'sharpe'")
    if not 0.5 < level < 1.0:
        raise DataError(f"level is {level!r}", expected="a share in (0.5, 1)")
    table, own = against(versions, champion)
    known = np.isfinite(table)
    found = [_unknown(level, int(bars)) for bars in known.sum(axis=0)]
    for window, members in _windows(table, own).items():
        part, its = table[window[0] : window[1], members], own[window[0] : window[1]]
        block = block_length(differences_of(part, its))
        counts = resamples(len(its), block=block, draws=draws, seed=seed).counts
        for place, member in enumerate(members):
            found[member] = _difference(np.column_stack([part[:, place], its]), counts, of, level)
    return tuple(found)


def _windows(table: Floats, own: Floats) -> dict[tuple[int, int], list[int]]:
    """Return the versions that can be compared, by their first bar and the one after the last."""
    grouped: dict[tuple[int, int], list[int]] = {}
    able = can_be_tested(table)
    for version in np.flatnonzero(able):
        bars = np.flatnonzero(np.isfinite(table[:, version]))
        first, end = int(bars[0]), int(bars[-1]) + 1
        its = own[first:end, None]
        if np.isfinite(its).all() and can_be_tested(its)[0]:
            grouped.setdefault((first, end), []).append(int(version))
    return grouped


def _difference(pair: Floats, counts: Floats, of: Of, level: float) -> Difference:
    bars = len(pair)
    if np.array_equal(pair[:, 0], pair[:, 1]):
        return Difference(0.0, 0.0, 0.0, 0.0, 0.0, level, bars)
    estimate, error, t = (_mean_draws if of == "mean" else _sharpe_draws)(pair, counts)
    if not _real(pair, error, of):
        return _unknown(level, bars)
    two_sided, one_sided = (float(np.quantile(values, level)) for values in (np.abs(t), t))
    return Difference(
        estimate=estimate,
        se=error,
        low=estimate - two_sided * error,
        high=estimate + two_sided * error,
        bound=estimate - one_sided * error,
        level=level,
        bars=bars,
    )


def _real(pair: Floats, error: float, of: Of) -> bool:
    """Tell whether an error is more than rounding: a shifted or levered copy of the champion has none."""
    if of == "mean":
        return bool(can_be_tested(pair[:, :1] - pair[:, 1:])[0])
    return error * math.sqrt(len(pair)) > _ROUNDING


def _mean_draws(pair: Floats, counts: Floats) -> tuple[float, float, Floats]:
    """Return the difference of means, its standard error, and t of each draw."""
    difference = pair[:, 0] - pair[:, 1]
    bars, mean = len(difference), float(difference.mean())
    deviation = difference - mean
    drawn = counts @ np.column_stack([deviation, deviation**2]) / bars
    error = np.sqrt(np.maximum(drawn[:, 1] - drawn[:, 0] ** 2, 0.0) / bars)
    return mean, float(deviation.std() / math.sqrt(bars)), _ratio(drawn[:, 0], error)


def _sharpe_draws(pair: Floats, counts: Floats) -> tuple[float, float, Floats]:
    """Return the difference of Sharpe ratios, its standard error, and t of each draw.

    With u the standardised return, a Sharpe ratio moves by u - SR (u² - 1) / 2 for each bar (Lo 2002); the
    error of a difference is the spread of the difference of these. Everything is a polynomial in the two
    returns, so that a draw needs the mean products of (1, x, x², y, y²) only.
    """
    sharpe = pair.mean(axis=0) / pair.std(axis=0)
    z = (pair - pair.mean(axis=0)) / pair.std(axis=0)
    basis = np.column_stack([np.ones(len(z)), z[:, 0], z[:, 0] ** 2, z[:, 1], z[:, 1] ** 2])
    upper = np.triu_indices(5)
    found = np.vstack([np.ones(len(z)), counts]) @ (basis[:, upper[0]] * basis[:, upper[1]]) / len(z)
    products = np.empty((len(found), 5, 5))
    products[:, upper[0], upper[1]] = products[:, upper[1], upper[0]] = found
    first, its = _influence(products[:, 0, 1], products[:, 0, 2], float(sharpe[0]))
    second, others = _influence(products[:, 0, 3], products[:, 0, 4], float(sharpe[1]))
    weights = np.column_stack([its[0] - others[0], its[1], its[2], -others[1], -others[2]])
    variance = np.einsum("di,dij,dj->d", weights, products, weights)
    error = np.sqrt(np.maximum(variance, 0.0) / len(z))
    difference = first - second
    t = _ratio(difference[1:] - difference[0], error[1:])
    return float(difference[0]), float(error[0]), t


def _influence(mean: Floats, square: Floats, sharpe: float) -> tuple[Floats, tuple[Floats, Floats, Floats]]:
    """Return the Sharpe ratio of draws, and how much 1, z and z² of a bar move it.

    Args:
        mean: of z = (return - mean) / spread over all bars, in each draw.
        square: mean of z² in each draw.
        sharpe: mean / spread of the returns over all bars.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(square - mean**2)
        ratio = (sharpe + mean) / spread
        half = ratio / 2.0
        constant = -mean / spread - half * ((mean / spread) ** 2 - 1.0)
        linear = 1.0 / spread + half * 2.0 * mean / spread**2
        return ratio, (constant, linear, -half / spread**2)


def _ratio(difference: Floats, error: Floats) -> Floats:
    """Return t of draws; infinite where a draw has no spread, so that it widens the interval."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = difference / error
    return np.where(np.isfinite(t), t, np.inf)


def _unknown(level: float, bars: int) -> Difference:
    return Difference(math.nan, math.nan, math.nan, math.nan, math.nan, level, bars)


__all__ = ["Difference", "Of", "paired_difference", "paired_differences"]
