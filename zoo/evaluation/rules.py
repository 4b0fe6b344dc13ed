"""How versions are shadowed, compared and looked after: conf/shadow, leaderboard, attribution and drift."""

from __future__ import annotations

import math
from dataclasses import dataclass

from zoo.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ShadowRules:
    """How versions are shadowed; conf/shadow.

    Attributes:
        cap: challengers a run; None for all of them.
        soak_days: live bars before a challenger may be judged.
        seconds: that one version may take.
        proof: bars a run on which a version's prediction is made again from the data up to that bar alone.

    Raises:
        ConfigError: a number that is none.
    """

    cap: int | None = None
    soak_days: int = 63
    seconds: float = 60.0
    proof: int = 3

    def __post_init__(self) -> None:
        if self.cap is not None:
            _whole("shadow.cap", self.cap, 1)
        _whole("shadow.soak_days", self.soak_days, 1)
        _whole("shadow.proof", self.proof, 1)
        if not 0.0 < self.seconds < float("inf"):
            raise ConfigError(f"shadow.seconds: {self.seconds!r}", expected="a positive number")


@dataclass(frozen=True, slots=True)
class BoardRules:
    """How versions are compared; conf/leaderboard.

    Attributes:
        start: the first bar to compare, ISO 8601; None for the first that all who are compared have.
        coverage: share of the champion's bars that a version must have to be compared at all.
        permutations: of the champion's scores, as a baseline; 0 for none.
        draws: of each bootstrap; 0 leaves intervals and the confidence set out.
        blocks: of time, for the probability of overfitting; an even number.

    Raises:
        ConfigError: a number that is none.
    """

    start: str | None = None
    coverage: float = 0.9
    permutations: int = 200
    draws: int = 1_000
    blocks: int = 16

    def __post_init__(self) -> None:
        _whole("leaderboard.permutations", self.permutations, 0)
        _whole("leaderboard.draws", self.draws, 0)
        _whole("leaderboard.blocks", self.blocks, 2)
        if self.blocks % 2:
            raise ConfigError(f"leaderboard.blocks: {self.blocks}", expected="an even number")
        if not 0.0 < self.coverage <= 1.0:
            raise ConfigError(f"leaderboard.coverage: {self.coverage!r}", expected="a share in (0, 1]")


@dataclass(frozen=True, slots=True)
class DriftRules:
    """What counts as drift; conf/drift.

    Attributes:
        bars: the last so many bars of a record are looked at; None for all since training.
        bins: of PSI, between quantiles of training.
        psi: from here on a population shifted (Siddiqi 2006, a rule of thumb of credit scoring).
        significance: of the bars below which PSI and KS may be chance: one feature in so many exceeds one.
        missing: how much larger than in training the share of missing values may be.
        dispersion: spread of predictions over that in training; outside, a model scales differently, or says
            little.
        sign_balance: how far the share of positive predictions may lie from that in training.
        flat: the largest share of dates on which all predictions may be equal.

    Raises:
        ConfigError: a number that is none.
    """

    bars: int | None = None
    bins: int = 10
    psi: float = 0.25
    significance: float = 0.01
    missing: float = 0.05
    dispersion: tuple[float, float] = (0.5, 2.0)
    sign_balance: float = 0.25
    flat: float = 0.05

    def __post_init__(self) -> None:
        if self.bars is not None:
            _whole("drift.bars", self.bars, 1)
        _whole("drift.bins", self.bins, 2)
        for name in ("psi", "missing", "sign_balance", "flat"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"drift.{name}: {getattr(self, name)!r}", expected="a number of at least 0")
        if not 0.0 < self.significance < 1.0:
            raise ConfigError(f"drift.significance: {self.significance!r}", expected="a share in (0, 1)")
        found = tuple(self.dispersion)
        if len(found) != 2 or not 0.0 <= found[0] < found[1] < math.inf:
            raise ConfigError(
                f"drift.dispersion: {list(found)!r}", expected="two numbers, the smaller one first"
            )
        object.__setattr__(self, "dispersion", found)


@dataclass(frozen=True, slots=True)
class AttributionRules:
    """How differences are drawn; conf/attribution.

    Attributes:
        draws: of the bootstrap.
        seed: of the draws.
        level: of the two-sided intervals.

    Raises:
        ConfigError: a number that is none.
    """

    draws: int = 2_000
    seed: int = 0
    level: float = 0.95

    def __post_init__(self) -> None:
        _whole("attribution.draws", self.draws, 100)
        _whole("attribution.seed", self.seed, 0)
        if not 0.5 < self.level < 1.0:
            raise ConfigError(f"attribution.level: {self.level!r}", expected="a share in (0.5, 1)")


def _whole(name: str, value: object, least: int) -> None:
    if type(value) is not int or value < least:
        raise ConfigError(f"{name}: {value!r}", expected=f"a whole number of at least {least}")


__all__ = ["AttributionRules", "BoardRules", "DriftRules", "ShadowRules"]
