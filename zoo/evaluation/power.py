"""How long until a verdict? The chance that a gate opens for a given edge, after so many years of evidence.

An edge is a set of true Sharpe ratios, which `edge_of_rank_ic` finds for a rank IC on the line's own assets.
Here it is drawn what the versions would measure after some years, and they pass the gate or not. Over years
of daily returns a measured Sharpe ratio is normal around the true one, so that thousands of zoos take a
second; `benchmarks/gate_zoos.py` shows that whole zoos, day by day, pass as often as is said here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from zoo.errors import DataError
from zoo.evaluation.edge import Edge, Floats
from zoo.evaluation.skill import clear_loss
from zoo.metrics import expected_maximum_sharpe

_BARS_PER_YEAR = 252  # of days; only a logarithm of a logarithm of it counts

Gate = Literal["superior", "non_inferior", "first"]


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
    if edge.correlation is None:
        return 0.0
    return float(
        np.clip((edge.correlation - contest.correlation) / (1.0 - contest.correlation), -0.999, 0.999)
    )


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
    """Tell in which zoos the version passes the max-t test, whose bar clear losers do not raise."""
    root = math.sqrt(years)
    loss = clear_loss(round(years * _BARS_PER_YEAR))
    size = contest.size * (1.0 - NormalDist().cdf(loss))
    rivals, sharpes = [zoos.others], [edge.others] * zoos.others.shape[1]
    if contest.trials > contest.versions:
        rivals, sharpes = [zoos.champion[:, None], *rivals], [edge.champion, *sharpes]
    noise = np.hstack(rivals)
    stays = np.array(sharpes) * root + noise >= loss
    free = np.where(
        np.roll(stays, 1, axis=0), noise, -np.inf
    )  # who stays in one zoo, and the luck of another
    highest = np.maximum(np.maximum(zoos.version, zoos.unseen), free.max(axis=1, initial=-np.inf))
    found: NDArray[np.bool_] = edge.version * root + zoos.version > float(np.quantile(highest, 1.0 - size))
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


__all__ = [
    "Contest",
    "Gate",
    "Verdict",
    "gate_power",
    "time_to_verdict",
]
