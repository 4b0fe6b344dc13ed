"""By how much is a version better than the champion: an interval, and a bound below which it is not.

Sharpe ratios and means are per bar, never annualised. The intervals are for reading; the bound is what
non-inferiority asks for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
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

_VERSIONS: Final = 64  # at once: with 2,000 draws 1 MB a table
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
    least_block: float = 1.0,
) -> Difference:
    """Return what `paired_differences` says of one version.

    Raises:
        DataError: what is no series, and all that `paired_differences` raises.
    """
    column = np.asarray(version, dtype=np.float64)
    if column.ndim != 1:
        raise DataError(f"a version of shape {column.shape}", expected="one series")
    asked = {"level": level, "draws": draws, "seed": seed, "least_block": least_block}
    return paired_differences(column[:, None], champion, of=of, **asked)[0]  # type: ignore[arg-type]


def paired_differences(
    versions: ArrayLike,
    champion: ArrayLike,
    *,
    of: Of = "sharpe",
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
    least_block: float = 1.0,
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
        least_block: mean length of a block at least, such as the horizon of labels that overlap; never more
            than a third of the bars.

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
        block = max(block_length(differences_of(part, its)), min(least_block, len(its) / 3.0))
        counts = resamples(len(its), block=block, draws=draws, seed=seed).counts
        for start in range(0, len(members), _VERSIONS):
            some = slice(start, start + _VERSIONS)
            for member, figure in zip(
                members[some], _intervals(part[:, some], its, counts, of, level), strict=True
            ):
                found[member] = figure
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


def _intervals(table: Floats, own: Floats, counts: Floats, of: Of, level: float) -> Iterator[Difference]:
    """Give the difference of each version, in the order of the columns."""
    bars = len(own)
    estimates, errors, t = (_mean_draws if of == "mean" else _sharpe_draws)(table, own, counts)
    with np.errstate(invalid="ignore"):  # of a copy, all of whose draws are infinite
        two_sided, one_sided = np.quantile(np.abs(t), level, axis=0), np.quantile(t, level, axis=0)
    for version, estimate in enumerate(estimates):
        if np.array_equal(table[:, version], own):
            yield Difference(0.0, 0.0, 0.0, 0.0, 0.0, level, bars)
        elif not _real(table[:, version] - own, float(errors[version]), of):
            yield _unknown(level, bars)
        else:
            wide, down = two_sided[version] * errors[version], one_sided[version] * errors[version]
            yield Difference(
                estimate=float(estimate),
                se=float(errors[version]),
                low=float(estimate - wide),
                high=float(estimate + wide),
                bound=float(estimate - down),
                level=level,
                bars=bars,
            )


def _real(difference: Floats, error: float, of: Of) -> bool:
    """Tell whether an error is more than rounding: a shifted or levered copy of the champion has none."""
    if of == "mean":
        return bool(can_be_tested(difference[:, None])[0])
    return error * math.sqrt(len(difference)) > _ROUNDING


def _mean_draws(table: Floats, own: Floats, counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each version's difference of means, its standard error, and t of each draw."""
    difference = table - own[:, None]
    bars, mean = len(difference), difference.mean(axis=0)
    deviation = difference - mean
    drawn, square = (counts @ power / bars for power in (deviation, deviation**2))
    error = np.sqrt(np.maximum(square - drawn**2, 0.0) / bars)
    return mean, deviation.std(axis=0) / math.sqrt(bars), _ratio(drawn, error)


def _sharpe_draws(table: Floats, own: Floats, counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each version's difference of Sharpe ratios, its standard error, and t of each draw.

    With u the standardised return, a Sharpe ratio moves by u - SR (u² - 1) / 2 for each bar (Lo 2002); the
    error of a difference is the spread of the difference of these. Everything is a polynomial in the two
    returns, so that a draw needs no more than twelve of their mean products.
    """
    bars = len(own)
    draws = np.vstack([np.ones(bars), counts]) / bars  # the first row is the sample itself
    x, y = _standardised(table), _standardised(own[:, None])
    x1, x2, x3, x4 = (draws @ x**power for power in (1, 2, 3, 4))
    y1, y2, y3, y4 = (draws @ y**power for power in (1, 2, 3, 4))
    xy, xxy, xyy, xxyy = (draws @ product for product in (x * y, x**2 * y, x * y**2, x**2 * y**2))
    first, a, b, c = _influence(x1, x2, table.mean(axis=0) / table.std(axis=0))
    second, d, e, f = _influence(y1, y2, own.mean() / own.std())
    # the mean square of a + b x + c x² - (d + e y + f y²)
    own_terms = b**2 * x2 + 2 * b * c * x3 + c**2 * x4 + e**2 * y2 + 2 * e * f * y3 + f**2 * y4
    common = b * e * xy + b * f * xyy + c * e * xxy + c * f * xxyy
    variance = (a - d) * (a - d + 2 * (b * x1 + c * x2 - e * y1 - f * y2)) + own_terms - 2 * common
    error = np.sqrt(np.maximum(variance, 0.0) / bars)
    difference = first - second
    return difference[0], error[0], _ratio(difference[1:] - difference[0], error[1:])


def _standardised(values: Floats) -> Floats:
    found: Floats = (values - values.mean(axis=0)) / values.std(axis=0)
    return found


def _influence(mean: Floats, square: Floats, sharpe: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the Sharpe ratio of draws, and how much 1, z and z² of a bar move it.

    Args:
        mean: of z = (return - mean) / spread over all bars, draws × versions.
        square: mean of z², likewise.
        sharpe: mean / spread of the returns over all bars.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(square - mean**2)
        ratio = (sharpe + mean) / spread
        half = ratio / 2.0
        constant = -mean / spread - half * ((mean / spread) ** 2 - 1.0)
        linear = 1.0 / spread + half * 2.0 * mean / spread**2
        return ratio, constant, linear, -half / spread**2


def _ratio(difference: Floats, error: Floats) -> Floats:
    """Return t of draws; infinite where a draw has no spread, so that it widens the interval."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = difference / error
    return np.where(np.isfinite(t), t, np.inf)


def _unknown(level: float, bars: int) -> Difference:
    return Difference(math.nan, math.nan, math.nan, math.nan, math.nan, level, bars)


__all__ = ["Difference", "Of", "paired_difference", "paired_differences"]
