"""What a rank IC is worth on a line: planted into its own assets, policy and costs, as Sharpe ratios."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.errors import DataError
from zoo.metrics import rank_ic_by_date
from zoo.portfolio import Policy, rank_weighted

Floats = NDArray[np.float64]

_BASIS_POINT = 1e-4
_PAIRS = (500, 8_000)  # of rebalances: each with its mirror image, so that the mean is known well
_ENTRIES = 400_000  # rebalances × assets


@dataclass(frozen=True, slots=True, eq=False)
class Universe:
    """What a line trades, and how.

    Attributes:
        covariance: of the assets' returns over one bar; `covariance_of` estimates it.
        every: bars between two rebalances, and the horizon of a score.
        policy: scores to weights.
        bps: cost of each value traded, in basis points.
        persistence: correlation of a version's noise from one rebalance to the next; 0 trades the most.
        bars_per_year: of the data.

    Raises:
        DataError: no covariance, or a number outside its range.
    """

    covariance: Floats
    every: int = 21
    policy: Policy = rank_weighted
    bps: float = 10.0
    persistence: float = 0.0
    bars_per_year: float = 252.0

    def __post_init__(self) -> None:
        table = np.asarray(self.covariance, dtype=np.float64)
        square = table.ndim == 2 and table.shape[0] == table.shape[1] and len(table) > 1
        if not square or not np.isfinite(table).all() or not (np.diag(table) > 0).all():
            raise DataError(f"a covariance of shape {table.shape}", expected="assets × assets, finite")
        object.__setattr__(self, "covariance", table)
        if self.every < 1 or not self.bps >= 0 or not 0 <= self.persistence < 1 or not self.bars_per_year > 0:
            raise DataError(
                f"every {self.every} bars at {self.bps} bps, persistence {self.persistence}, "
                f"{self.bars_per_year} bars a year",
                expected="at least 1; at least 0; in [0, 1); more than 0",
            )


@dataclass(frozen=True, slots=True)
class Edge:
    """What the versions are worth: true annual Sharpe ratios, net.

    Attributes:
        version: of the one that deserves to pass.
        champion: of the champion; for `first`, of the hardest baseline.
        others: of every other version and trial.
        correlation: of the version's net returns with the champion's; None for that of any two trials.
    """

    version: float
    champion: float = 0.0
    others: float = 0.0
    correlation: float | None = None

    def __post_init__(self) -> None:
        sharpes = (self.version, self.champion, self.others)
        tied = 0.0 if self.correlation is None else self.correlation
        if not all(map(math.isfinite, sharpes)) or not -1.0 < tied < 1.0:
            raise DataError(
                f"an edge of {sharpes}, correlation {tied}", expected="Sharpe ratios; a number in (-1, 1)"
            )


def covariance_of(returns: ArrayLike) -> Floats:
    """Return the covariance of a panel of one-bar returns, assets that lack a bar of it left out.

    Args:
        returns: bars × assets.

    Raises:
        DataError: no table, or fewer than two assets with two bars and any spread.
    """
    table = np.asarray(returns, dtype=np.float64)
    if table.ndim != 2:
        raise DataError(f"returns of shape {table.shape}", expected="bars × assets")
    kept = table[:, np.isfinite(table).all(axis=0) & (np.ptp(table, axis=0) > 0)] if len(table) > 1 else table
    if len(kept) < 2 or kept.shape[1] < 2:
        raise DataError("no two assets have returns on every bar", expected="a panel without gaps")
    return np.cov(kept, rowvar=False)


def edge_of_rank_ic(universe: Universe, rank_ic: float, *, seed: int = 0) -> Edge:
    """Plant a rank IC, and return the Sharpe ratios with it and without it, net of costs.

    Scores and coming returns, in units of each asset's risk, are jointly normal, correlated so far that the
    rank IC is what was asked for on average. The scores' noise has the correlations of the assets, as signals
    have: a line of few effective names pays for it here. The champion and all others are noise, and pay costs
    too.

    Args:
        universe: the line.
        rank_ic: mean Spearman correlation of scores and returns by date, in (-0.5, 0.5).
        seed: of the simulation.

    Raises:
        DataError: another `rank_ic`.
    """
    if not abs(rank_ic) < 0.5:
        raise DataError(f"a rank IC of {rank_ic!r}", expected="a number in (-0.5, 0.5)")
    risk = np.sqrt(np.diag(universe.covariance))
    root = _root(universe.covariance / np.outer(risk, risk))
    rng = np.random.default_rng(seed)
    shape = (int(np.clip(_ENTRIES // len(risk), *_PAIRS)), len(risk))
    ahead = rng.normal(size=shape) @ root.T
    noise = _persistent(rng.normal(size=shape), universe.persistence) @ root.T
    share = 2.0 * math.sin(math.pi * rank_ic / 6.0)
    measured = _mean_rank_ic(ahead, noise, share, risk) if rank_ic else 0.0
    if measured:
        share = float(np.clip(share * rank_ic / measured, -0.99, 0.99))
    planted = _annual_sharpe(universe, ahead, noise, share, risk)
    without = _annual_sharpe(universe, ahead, noise, 0.0, risk)
    return Edge(version=planted, champion=without, others=without)


def _annual_sharpe(universe: Universe, ahead: Floats, noise: Floats, share: float, risk: Floats) -> float:
    """Return the net Sharpe ratio of scores that hold `share` of the coming return, mirror images too."""
    nets = []
    for sign in (1.0, -1.0):
        weights = universe.policy(_scores(sign * ahead, noise, share))
        gross = (weights * (sign * ahead) * risk).sum(axis=1) * math.sqrt(universe.every)
        traded = np.abs(np.diff(weights, axis=0)).sum(axis=1)
        nets.append(gross[1:] - universe.bps * _BASIS_POINT * traded)
    net = np.concatenate(nets)
    spread = float(net.std())
    return float(net.mean()) / spread * math.sqrt(universe.bars_per_year / universe.every) if spread else 0.0


def _scores(ahead: Floats, noise: Floats, share: float) -> Floats:
    found: Floats = share * ahead + math.sqrt(1.0 - share**2) * noise
    return found


def _mean_rank_ic(ahead: Floats, noise: Floats, share: float, risk: Floats) -> float:
    found = [
        rank_ic_by_date(_scores(sign * ahead, noise, share), sign * ahead * risk) for sign in (1.0, -1.0)
    ]
    return float(np.mean(found))


def _persistent(shocks: Floats, persistence: float) -> Floats:
    """Return an AR(1) by date with the spread of its shocks."""
    if not persistence:
        return shocks
    found = shocks.copy()
    for row in range(1, len(found)):
        found[row] = persistence * found[row - 1] + math.sqrt(1.0 - persistence**2) * shocks[row]
    return found


def _root(correlation: Floats) -> Floats:
    """Return a square root of a correlation matrix, of one without full rank too."""
    values, vectors = np.linalg.eigh(correlation)
    found: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    return found


__all__ = ["Edge", "Universe", "covariance_of", "edge_of_rank_ic"]
