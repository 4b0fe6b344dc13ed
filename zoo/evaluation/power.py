"""How long until a verdict? The chance that a gate opens for a given edge, after so many years of evidence.

In two steps, each a simulation. The first plants an edge into the line's own assets, rebalances, policy and
costs, and measures what Sharpe ratio that is, net (`edge_of_rank_ic`); an edge may as well be given as
Sharpe ratios. The second draws what the versions would measure after some years, and lets them pass the gate
or not (`gate_power`). Over years of daily returns a measured Sharpe ratio is normal around the true one, so
that thousands of zoos take a second; `benchmarks/gate_zoos.py` shows that whole zoos, day by day, pass as
often as is said here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.errors import DataError
from zoo.metrics import expected_maximum_sharpe, rank_ic_by_date
from zoo.portfolio import Policy, rank_weighted

Gate = Literal["superior", "non_inferior", "first"]
Floats = NDArray[np.float64]

_BASIS_POINT = 1e-4
_PAIRS = (500, 2_000)  # of rebalances: each with its mirror image, so that the mean is known well
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
        correlation: of the version's net returns with the champion's.
    """

    version: float
    champion: float = 0.0
    others: float = 0.0
    correlation: float = 0.0

    def __post_init__(self) -> None:
        numbers = (self.version, self.champion, self.others, self.correlation)
        if not all(map(math.isfinite, numbers)) or not -1.0 < self.correlation < 1.0:
            raise DataError(f"an edge of {numbers}", expected="Sharpe ratios, and a correlation in (-1, 1)")


@dataclass(frozen=True, slots=True)
class Contest:
    """Whom a version has to stand out among.

    Attributes:
        trials: N of the ledger, the version and the champion included.
        versions: ever shadowed, the version included and the champion not.
        correlation: of the net returns of any two trials.
        held_out_years: of held-out evidence, on which skill is tested; None where one record serves both
            tests and grows.
        margin: δ of `non_inferior`, in annual Sharpe ratio.
        size: of each test.
        draws: zoos that are simulated.
        seed: of the draws.
    """

    trials: int = 20
    versions: int = 19
    correlation: float = 0.0
    held_out_years: float | None = None
    margin: float = 0.25
    size: float = 0.05
    draws: int = 4_000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.versions <= self.trials or self.draws < 100:
            raise DataError(
                f"{self.versions} versions of {self.trials} trials in {self.draws} draws",
                expected="at least one version, as many trials, 100 draws",
            )
        years = 1.0 if self.held_out_years is None else self.held_out_years
        if not 0 <= self.correlation < 1 or not years > 0 or not self.margin >= 0 or not 0 < self.size < 0.5:
            raise DataError(
                f"correlation {self.correlation}, {years} years, margin {self.margin}, size {self.size}",
                expected="in [0, 1); more than 0; at least 0; in (0, 0.5)",
            )


@dataclass(frozen=True, slots=True)
class Verdict:
    """When a gate will have decided.

    Attributes:
        gate: which.
        years: of evidence until the edge passes with the probability asked for; infinite where the horizon
            comes first.
        horizon_years: how long one is willing to wait.
        power: the chance to pass at the horizon.
        undecidable: whether the horizon comes first.
    """

    gate: Gate
    years: float
    horizon_years: float
    power: float
    undecidable: bool


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

    Scores are the coming return in units of each asset's risk, less the mean, with as much noise as leaves
    the rank IC asked for on average. The noise has the correlations of the assets, as signals have: a line of
    few effective names pays for it here. The champion and all others are noise, and pay costs too.

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


def gate_power(gate: Gate, edge: Edge, contest: Contest, years: float) -> float:
    """Return the chance that the version passes a gate, and ranks first, after `years` of evidence.

    `superior` and `first`: it has skill among all trials, is better than the champion (or baseline) by StepM
    among all versions, and has the highest shrunken Sharpe ratio. `non_inferior`: the lower bound of its
    difference from the champion lies above -margin.

    Raises:
        DataError: an unknown gate, or no time.
    """
    if gate not in get_args(Gate):
        raise DataError(f"no gate is called {gate!r}", expected=f"one of {', '.join(get_args(Gate))}")
    if not 0.0 < years < math.inf:
        raise DataError(f"{years!r} years of evidence", expected="more than 0")
    return _share_passed(gate, edge, contest, years, _Zoos.of(edge, contest))


def time_to_verdict(
    gate: Gate, edge: Edge, contest: Contest, *, horizon_years: float, power: float = 0.8
) -> Verdict:
    """Return after how many years of evidence an edge passes with a chance of `power`.

    Args:
        gate: which.
        edge: what is to be found.
        contest: among whom.
        horizon_years: how long one is willing to wait.
        power: the chance asked for.

    Returns:
        Undecidable where the horizon comes first; the chance at the horizon is there in any case.

    Raises:
        DataError: an unknown gate, no horizon, or a `power` that is no share.
    """
    if not 0.0 < power < 1.0:
        raise DataError(f"power is {power!r}", expected="a share in (0, 1), such as 0.8")
    reached = gate_power(gate, edge, contest, horizon_years)
    if not reached >= power:
        return Verdict(gate, math.inf, horizon_years, reached, undecidable=True)
    zoos, low, high = _Zoos.of(edge, contest), 0.0, horizon_years
    while high - low > 0.01 * horizon_years:
        middle = (low + high) / 2.0
        if _share_passed(gate, edge, contest, middle, zoos) >= power:
            high = middle
        else:
            low = middle
    return Verdict(gate, high, horizon_years, reached, undecidable=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Zoos:
    """Standard errors of measured Sharpe ratios, one zoo a row; held out, and live.

    `version`, `champion` and `others` are correlated as the contest and the edge say; `unseen` is the largest
    of the trials that are no versions.
    """

    version: Floats
    champion: Floats
    others: Floats
    unseen: Floats
    live: _Zoos | None = field(default=None)

    @classmethod
    def of(cls, edge: Edge, contest: Contest) -> _Zoos:
        rng = np.random.default_rng(contest.seed)
        held_out = cls._drawn(rng, edge, contest)
        if contest.held_out_years is None:
            return held_out
        live = cls._drawn(rng, edge, contest)
        return cls(held_out.version, held_out.champion, held_out.others, held_out.unseen, live)

    @classmethod
    def _drawn(cls, rng: np.random.Generator, edge: Edge, contest: Contest) -> _Zoos:
        from scipy.special import ndtri_exp

        common, own = math.sqrt(contest.correlation), math.sqrt(1.0 - contest.correlation)
        shared, champion, version = rng.normal(size=(3, contest.draws))
        others = rng.normal(size=(contest.draws, contest.versions - 1))
        rest = max(contest.trials - contest.versions - 1, 0)  # one trial is the champion
        uniform = rng.uniform(size=contest.draws)
        unseen = ndtri_exp(np.log(uniform) / rest) if rest else np.full(contest.draws, -np.inf)
        tied = _tie(edge, contest)
        version = tied * champion + math.sqrt(1.0 - tied**2) * version
        return cls(
            common * shared + own * version,
            common * shared + own * champion,
            common * shared[:, None] + own * others,
            common * shared + own * unseen,
        )


def _tie(edge: Edge, contest: Contest) -> float:
    """Return the correlation of version and champion beyond what all trials have in common."""
    tied = (edge.correlation - contest.correlation) / (1.0 - contest.correlation)
    return float(np.clip(tied, -0.999, 0.999)) if edge.correlation else 0.0


def _share_passed(gate: Gate, edge: Edge, contest: Contest, years: float, zoos: _Zoos) -> float:
    live = zoos if zoos.live is None else zoos.live
    if gate == "non_inferior":
        spread = math.sqrt(2.0 * (1.0 - contest.correlation) * (1.0 - _tie(edge, contest)))
        quantile = NormalDist().inv_cdf(1.0 - contest.size)
        gap = edge.version - edge.champion + contest.margin
        passed = gap * math.sqrt(years) + live.version - live.champion > quantile * spread
        return float(passed.mean())
    held_out_years = years if contest.held_out_years is None else contest.held_out_years
    passed = (
        _skilled(edge, contest, held_out_years, zoos)
        & _better(edge, contest, years, live)
        & _first(edge, contest, (held_out_years, years), zoos)
    )
    return float(passed.mean())


def _skilled(edge: Edge, contest: Contest, years: float, zoos: _Zoos) -> NDArray[np.bool_]:
    highest = np.maximum(np.maximum(zoos.version, zoos.unseen), zoos.others.max(axis=1, initial=-np.inf))
    if contest.trials > contest.versions:
        highest = np.maximum(highest, zoos.champion)
    found: NDArray[np.bool_] = edge.version * math.sqrt(years) + zoos.version > _bar(highest, contest)
    return found


def _better(edge: Edge, contest: Contest, years: float, live: _Zoos) -> NDArray[np.bool_]:
    """Tell in which zoos the first step of StepM finds the version; later steps find little more."""
    wide = math.sqrt(2.0 * (1.0 - contest.correlation))
    narrow = wide * math.sqrt(1.0 - _tie(edge, contest))
    own = (live.version - live.champion) / narrow
    others = (live.others - live.champion[:, None]) / wide
    bar = _bar(np.maximum(own, others.max(axis=1, initial=-np.inf)), contest)
    found: NDArray[np.bool_] = (edge.version - edge.champion) * math.sqrt(years) / narrow + own > bar
    return found


def _first(edge: Edge, contest: Contest, years: tuple[float, float], zoos: _Zoos) -> NDArray[np.bool_]:
    """Tell in which zoos the version has the highest shrunken Sharpe ratio."""
    if zoos.live is None:
        highest = edge.others * math.sqrt(years[0]) + zoos.others.max(axis=1, initial=-np.inf)
        found: NDArray[np.bool_] = edge.version * math.sqrt(years[0]) + zoos.version > highest
        return found
    own = _score(edge.version, zoos.version, zoos.live.version, contest, years)
    others = _score(edge.others, zoos.others, zoos.live.others, contest, years)
    return np.asarray(own > others.max(axis=1, initial=-np.inf))


def _score(
    sharpe: float, held_out: Floats, live: Floats, contest: Contest, years: tuple[float, float]
) -> Floats:
    """Return what the shrunken Sharpe ratio ranks by: its denominator is the same for all."""
    luck = expected_maximum_sharpe(contest.trials, (1.0 - contest.correlation) / years[0])
    before = np.maximum(sharpe + held_out / math.sqrt(years[0]) - luck, 0.0)
    found: Floats = years[0] * before + years[1] * (sharpe + live / math.sqrt(years[1]))
    return found


def _bar(maxima: Floats, contest: Contest) -> float:
    return float(np.quantile(maxima, 1.0 - contest.size))


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
    scores = share * _demeaned(ahead) + math.sqrt(1.0 - share**2) * _demeaned(noise)
    return np.asarray(scores, dtype=np.float64)


def _mean_rank_ic(ahead: Floats, noise: Floats, share: float, risk: Floats) -> float:
    found = [
        rank_ic_by_date(_scores(sign * ahead, noise, share), sign * ahead * risk) for sign in (1.0, -1.0)
    ]
    return float(np.mean(found))


def _demeaned(values: Floats) -> Floats:
    found: Floats = values - values.mean(axis=1, keepdims=True)
    return found


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


__all__ = [
    "Contest",
    "Edge",
    "Gate",
    "Universe",
    "Verdict",
    "covariance_of",
    "edge_of_rank_ic",
    "gate_power",
    "time_to_verdict",
]
