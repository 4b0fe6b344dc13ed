"""The figure by which the leaderboard ranks: a Sharpe ratio, shrunken by what evidence there is.

Held-out evidence was chosen among many, so it counts only as far as it exceeds what the best of so many is
expected to have by luck. Live evidence was chosen by nobody, and counts whole, with its sign. Both are
shrunken towards zero as if five years without any return had come before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.errors import DataError
from zoo.metrics import expected_maximum_sharpe, moments, trial_variance

Kind = Literal["held_out", "replayed", "live"]
"""Of a return: inside the experiment; after it, on a bar that existed already; on one that came later."""

PRIOR: Final = 1_260
"""T_0: bars without any return, five years of days."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ShrunkenSharpe:
    """A score and what it is made of, all per bar.

    Attributes:
        value: `held_out` + `live`; NaN, which ranks nowhere, where evidence is damaged.
        held_out: the part of held-out and replayed bars: never negative.
        live: the part of live bars.
        held_out_sharpe: as measured; NaN without bars.
        live_sharpe: as measured; NaN with fewer than two bars.
        held_out_bars: T_h.
        live_bars: T_live.
        benchmark: SR0.
    """

    value: float
    held_out: float
    live: float
    held_out_sharpe: float
    live_sharpe: float
    held_out_bars: int
    live_bars: int
    benchmark: float


def shrunken_sharpe(
    held_out: ArrayLike, live: ArrayLike, *, benchmark: float, prior: int = PRIOR
) -> ShrunkenSharpe:
    """Return (T_h · max(0, SR_h - SR0) + T_live · SR_live) / (T_0 + T_h + T_live).

    Args:
        held_out: net returns of bars that existed when the version was registered, replayed ones included.
        live: net returns of bars that arrived later.
        benchmark: SR0, what the best of the ledger is expected to have without skill; `luck_of_the_best`.
        prior: T_0.

    Returns:
        A part without bars is 0, and so is a live one of a single bar, of which nothing is known yet. A part
        with a NaN, or constant, has no Sharpe ratio, and then there is no score.

    Raises:
        DataError: returns that are no series, or a `prior` below 1.
    """
    if prior < 1:
        raise DataError(f"a prior of {prior!r} bars", expected="at least 1")
    past, recent = _series(held_out), _series(live)
    before, since = moments(past).sharpe, moments(recent).sharpe
    late = len(recent) if len(recent) > 1 or not np.isfinite(recent).all() else 0
    total = prior + len(past) + late
    excess = before - benchmark
    earned = 0.0 if not len(past) else math.nan if math.isnan(excess) else max(0.0, excess)
    first = len(past) * earned / total
    second = late * since / total if late else 0.0
    return ShrunkenSharpe(
        first + second, first, second, before, since, len(past), len(recent), float(benchmark)
    )


def luck_of_the_best(returns: ArrayLike, trials: int) -> float:
    """Return SR0: the Sharpe ratio per bar that the best of a ledger is expected to have without skill.

    `zoo.metrics.expected_maximum_sharpe` of all trials, with the variance of one set's: near-duplicates count
    once in the variance, and all of them in `trials`.

    Args:
        returns: bars × trials of one target, calendar and window, net.
        trials: N of the ledger, failed ones included.

    Returns:
        NaN where no trial of the set has a Sharpe ratio.
    """
    return expected_maximum_sharpe(trials, trial_variance(returns))


def by_kind(net: ArrayLike, kinds: Sequence[Kind]) -> tuple[Floats, Floats]:
    """Return the held-out and the live returns of a record; a replayed bar is held out, and never live.

    Args:
        net: one return a bar.
        kinds: what each bar was to the version.

    Raises:
        DataError: as many kinds as returns there are not, or another kind.
    """
    values = _series(net)
    if len(kinds) != len(values):
        raise DataError(f"{len(kinds)} kinds of {len(values)} returns", expected="one each")
    unknown = sorted(set(kinds) - set(get_args(Kind)))
    if unknown:
        raise DataError(f"evidence of kind {unknown[0]!r}", expected=f"one of {', '.join(get_args(Kind))}")
    live = np.array([kind == "live" for kind in kinds], dtype=bool)
    return values[~live], values[live]


def _series(returns: ArrayLike) -> Floats:
    values = np.asarray(returns, dtype=np.float64)
    if values.ndim != 1:
        raise DataError(f"returns of shape {values.shape}", expected="one dimension")
    return values


__all__ = ["PRIOR", "Kind", "ShrunkenSharpe", "by_kind", "luck_of_the_best", "shrunken_sharpe"]
