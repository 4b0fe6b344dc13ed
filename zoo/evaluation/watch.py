"""Does the champion still earn what it is held to? An alarm that may be looked at every day.

The null, which an alarm contradicts: whatever happened before, the next bar's net P&L, in units of the risk
that could be known before it and with no gain counted beyond `most` such units, has a mean of at least the
baseline's:

    E[min(X_t / s_t, b) | past] >= m    for every t,

with X_t the net return of one bar, s_t the square root of an exponentially weighted mean of earlier squared
returns, b = `most`, and m = `baseline` / sqrt(bars a year). Nothing else is assumed: no distribution, no
constant or known volatility, no independence. s_t only chooses the units: with a baseline of 0 the null is
that the net P&L has a conditional mean of at least 0, whatever s_t is. (Not counting the rest of a gain asks
for a little more than a plain mean would: at eight units, and for returns as wild as a t distribution with
three degrees of freedom, 0.03 of annual Sharpe ratio. Losses are counted in full.)

The evidence of one bar is the bet 1 + λ (m - min(X_t / s_t, b)) with 0 < λ <= 1 / (b - m): never negative,
and with a mean of at most 1 under the null, an e-value (Waudby-Smith and Ramdas 2023). The Shiryaev-Roberts
e-detector R_t = (1 + R_(t-1)) · bet_t adds up the evidence of a change at each bar so far; R_t - t is a
supermartingale, so that the mean number of bars to a false alarm at R_t >= A is at least A, and the chance of
one within n bars at most n / A (Shin, Ramdas and Rinaldo 2023). The mean of several, each with its λ for a
shortfall that one would like to see, is such a detector again.

That holds for a champion that earns its baseline and no more: 30% of its three-year spans have a false alarm.
With half a Sharpe ratio above the baseline it is 11%, with a whole one 3%. So hold a champion to less than
what is expected of it.

P&L has to be that of one bar each: labels that overlap break this as they break every sequential test.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike

from zoo.errors import DataError

THRESHOLD: Final = 1_260
"""Bars, five years of them, that pass on average before a false alarm, or more."""

_CEILING: Final = 1e100  # evidence past it is cut off, which keeps it evidence, and finite
_QUIETEST: Final = 0.1  # of the risk at the start: nothing is divided by less


@dataclass(frozen=True, slots=True)
class Watch:
    """What a champion is held to, and how.

    Attributes:
        baseline: the annual net Sharpe ratio that it should have; 0 asks that it loses nothing. What it was
            promoted on, shrunken, is a fair one.
        threshold: A, the least mean number of bars to a false alarm.
        shortfalls: below the baseline, in annual Sharpe ratio, that the bets are made for, in equal parts.
        most: b, the gain of one bar beyond which nothing more is counted, in units of known risk.
        halflife: of the squared returns that the risk is known by, in bars.
        bars_per_year: of the returns.

    Raises:
        DataError: a value outside its range; a shortfall that would bet more than all.
    """

    baseline: float = 0.0
    threshold: float = THRESHOLD
    shortfalls: tuple[float, ...] = (0.5, 1.0, 1.5)
    most: float = 8.0
    halflife: float = 63.0
    bars_per_year: float = 252.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "shortfalls", tuple(self.shortfalls))
        for name in ("threshold", "most", "halflife", "bars_per_year"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise DataError(f"{name} is {getattr(self, name)!r}", where="watch", expected="more than 0")
        if not math.isfinite(self.baseline):
            raise DataError(f"baseline is {self.baseline!r}", where="watch", expected="a Sharpe ratio")
        most = self._largest * math.sqrt(self.bars_per_year)
        if not self.shortfalls or not all(0.0 < stake <= self._largest for stake in self.bets):
            raise DataError(
                f"shortfalls are {self.shortfalls!r}",
                where="watch",
                expected=f"annual Sharpe ratios above 0, up to {most:.2f}",
                remedy="lower `most` to bet on larger ones",
            )

    @property
    def mean(self) -> float:
        """M, what a bar should earn in units of risk."""
        return self.baseline / math.sqrt(self.bars_per_year)

    @property
    def bets(self) -> tuple[float, ...]:
        """Λ of each shortfall: the stake that grows fastest if the mean is as much lower, to first order."""
        return tuple(shortfall / math.sqrt(self.bars_per_year) for shortfall in self.shortfalls)

    @property
    def _largest(self) -> float:
        return 1.0 / (self.most - self.mean) if self.most > self.mean else 0.0


@dataclass(frozen=True, slots=True)
class WatchState:
    """Where a watch stands after some bars; `as_dict` is JSON, and `from_dict` goes on from it.

    Attributes:
        watch: what the champion is held to; another baseline needs another watch, from its beginning.
        evidence: R of each bet.
        risk: s of the next bar.
        quietest: the least that s may be.
        bars: how many had a return.
        missing: how many had none; they prove nothing, in either direction.
        alarm: on which of `bars`, counted from 1, the alarm went off; None before. It stays.
    """

    watch: Watch
    evidence: tuple[float, ...]
    risk: float
    quietest: float
    bars: int = 0
    missing: int = 0
    alarm: int | None = None

    @property
    def value(self) -> float:
        """The detector: the mean of the evidence of all bets."""
        return math.fsum(self.evidence) / len(self.evidence)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        watch = {**asdict(self.watch), "shortfalls": list(self.watch.shortfalls)}
        return {**asdict(self), "watch": watch, "evidence": list(self.evidence)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the state that `as_dict` gave.

        Raises:
            DataError: other keys, or values that no watch comes to.
        """
        try:
            watch = Watch(**values["watch"])
            state = cls(**{**values, "watch": watch, "evidence": tuple(values["evidence"])})
        except (KeyError, TypeError) as error:
            names = ", ".join(field.name for field in fields(cls))
            raise DataError(f"a watch that stands at {dict(values)!r}", expected=f"keys {names}") from error
        numbers = (*state.evidence, state.risk, state.quietest)
        counts = (state.bars, state.missing, 0 if state.alarm is None else state.alarm)
        sound = all(isinstance(number, int | float) and 0.0 <= number < math.inf for number in numbers)
        whole = all(type(count) is int and count >= 0 for count in counts)
        matching = len(state.evidence) == len(watch.bets)
        if not (sound and whole and matching and state.quietest > 0 and state.risk > 0):
            raise DataError(f"a watch that stands at {dict(values)!r}", expected="what a watch comes to")
        return state


def begin(watch: Watch, history: ArrayLike) -> WatchState:
    """Return the state before the first live bar.

    Args:
        watch: what the champion is held to.
        history: net returns from before, held out or replayed; only their risk is used.

    Raises:
        DataError: fewer than two returns, a NaN, or none but zeros.
    """
    values = np.asarray(history, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all() or not np.any(values):
        raise DataError("no risk can be told from the champion's past", expected="returns without a gap")
    risk = float(np.sqrt(np.mean(values**2)))
    return WatchState(watch, (0.0,) * len(watch.bets), risk, _QUIETEST * risk)


def advance(state: WatchState, net: ArrayLike) -> WatchState:
    """Return the state after some more bars; day by day or all at once comes to the same.

    Args:
        state: where the watch stood.
        net: live one-bar net returns, in the order of time; NaN for a bar without one.
    """
    for value in np.asarray(net, dtype=np.float64).reshape(-1):
        state = _after(state, float(value))
    return state


def _after(state: WatchState, value: float) -> WatchState:
    watch = state.watch
    if not math.isfinite(value):
        return replace(state, missing=state.missing + 1)
    lacking = watch.mean - min(value / state.risk, watch.most)
    evidence = tuple(
        min((1.0 + held) * max(1.0 + stake * lacking, 0.0), _CEILING)
        for held, stake in zip(state.evidence, watch.bets, strict=True)
    )
    keep = 0.5 ** (1.0 / watch.halflife)
    seen = min(abs(value), watch.most * state.risk)  # one gain, or one error, does not deafen the watch
    risk = math.sqrt(keep * state.risk**2 + (1.0 - keep) * seen**2)
    after = replace(state, evidence=evidence, risk=max(risk, state.quietest), bars=state.bars + 1)
    if after.alarm is None and after.value >= watch.threshold:
        return replace(after, alarm=after.bars)
    return after


@dataclass(frozen=True, slots=True)
class RunLength:
    """How long a watch takes to alarm at a true annual Sharpe ratio, simulated.

    Attributes:
        sharpe: the true one.
        mean: bars to the alarm; a lower bound where some paths have none.
        median: bars to the alarm; infinite where more than half of the paths have none.
        alarmed: the share of paths that alarmed within `limit`.
        limit: bars of a path.
    """

    sharpe: float
    mean: float
    median: float
    alarmed: float
    limit: int


def run_length(
    watch: Watch, sharpe: float, *, paths: int = 400, limit: int = 20 * 252, seed: int = 0
) -> RunLength:
    """Simulate the bars to an alarm, from the start of a watch on, with independent normal returns.

    Below the baseline that is the delay; at or above it, the time to a false alarm.

    Args:
        watch: what the champion is held to.
        sharpe: what it really has, annual.
        paths: how many are simulated.
        limit: after how many bars a path is given up.
        seed: of the returns.
    """
    rng = np.random.default_rng(seed)
    bets = np.array(watch.bets)[:, None]
    evidence, risk = np.zeros((len(bets), paths)), np.ones(paths)
    keep = 0.5 ** (1.0 / watch.halflife)
    ends = np.full(paths, math.inf)
    for bar in range(1, limit + 1):
        value = sharpe / math.sqrt(watch.bars_per_year) + rng.normal(size=paths)
        lacking = watch.mean - np.minimum(value / np.sqrt(risk), watch.most)
        evidence = np.minimum((1.0 + evidence) * np.maximum(1.0 + bets * lacking, 0.0), _CEILING)
        seen = np.minimum(value**2, watch.most**2 * risk)
        risk = np.maximum(keep * risk + (1.0 - keep) * seen, _QUIETEST**2)
        ends[np.isinf(ends) & (evidence.mean(axis=0) >= watch.threshold)] = bar
        if np.isfinite(ends).all():
            break
    return RunLength(
        sharpe=sharpe,
        mean=float(np.minimum(ends, limit).mean()),
        median=float(np.quantile(ends, 0.5, method="inverted_cdf")),
        alarmed=float(np.isfinite(ends).mean()),
        limit=limit,
    )


__all__ = ["THRESHOLD", "RunLength", "Watch", "WatchState", "advance", "begin", "run_length"]
