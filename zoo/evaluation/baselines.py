"""What costs no thought, under the same policy, costs and phases: who does not beat it has found nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zoo.evaluation.ground import Ground, Held
from zoo.metrics import sharpe_ratio

Floats = NDArray[np.float64]

MOMENTUM: Final = "momentum_12_1"
EQUAL_WEIGHT: Final = "equal_weight"
ZERO: Final = "zero"
PERMUTED: Final = "permuted"
REFIT: Final = "champion_refit"

_MONTHS: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class Permuted:
    """What somebody's turnover earns without the signal.

    Attributes:
        sharpe: annual net Sharpe ratio of each permutation.
        turnover: what each of them traded in a year.
        own_turnover: what the scores themselves traded.
    """

    sharpe: Floats
    turnover: Floats
    own_turnover: float

    def share_below(self, sharpe: float) -> float:
        """Return the share of permutations whose Sharpe ratio is lower; NaN for NaN."""
        known = self.sharpe[np.isfinite(self.sharpe)]
        if not len(known) or np.isnan(sharpe):
            return float("nan")
        return float(np.mean(known < sharpe))


def momentum_scores(ground: Ground) -> Floats:
    """Return 12-1 momentum on every bar: the log return from twelve months to one month ago."""
    from zoo.features import momentum

    month = max(round(ground.costs.bars_per_year / _MONTHS), 1)
    found: Floats = momentum(ground.data.close, lookback=_MONTHS * month, skip=month).to_numpy()
    return found


def hold_momentum(ground: Ground, start: int, horizon: int) -> Held:
    """Hold 12-1 momentum from a bar on."""
    return ground.hold(momentum_scores(ground)[start:], start, horizon)


def permute(ground: Ground, scores: Floats, start: int, horizon: int, *, count: int, seed: int) -> Permuted:
    """Hold scores whose names were exchanged within every date.

    One permutation of the names is kept through time, so that what is held changes as it did: the weights of
    a date are those of the scores, and so is what is traded, but for drift. One of its own for every date
    would turn everything over at every rebalance, and lose to anything.

    Args:
        ground: what is judged on.
        scores: bars × assets, from `start` on.
        start: the bar of the first row.
        horizon: bars that they look ahead.
        count: of permutations.
        seed: of the permutations.
    """
    chance = np.random.default_rng(seed)
    known = np.isfinite(scores)
    sharpes, turnovers = np.full(count, np.nan), np.full(count, np.nan)
    for number in range(count):
        names = chance.permutation(scores.shape[1])
        moved = np.where(known, scores[:, names], np.nan)
        held = ground.hold(moved, start, horizon, ranked=False)
        sharpes[number] = annual_sharpe(held, ground)
        turnovers[number] = held.figures["annual_turnover"].mean
    own = ground.hold(scores, start, horizon, ranked=False).figures["annual_turnover"].mean
    return Permuted(sharpes, turnovers, own)


def annual_sharpe(held: Held, ground: Ground) -> float:
    """Return the annual Sharpe ratio of holding all phases in equal parts."""
    return sharpe_ratio(held.net).value * float(np.sqrt(ground.costs.bars_per_year))


__all__ = [
    "EQUAL_WEIGHT",
    "MOMENTUM",
    "PERMUTED",
    "REFIT",
    "ZERO",
    "Permuted",
    "annual_sharpe",
    "hold_momentum",
    "momentum_scores",
    "permute",
]
