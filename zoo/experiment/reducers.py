"""Pruning: what the log so far says about what need not be run. Each decision carries its evidence.

A reducer looks at finished rounds and returns operations for the queue. It is a pure function of the log: run
again over the same log it decides the same, which is how a decision is replayed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from zoo.errors import ManifestError, did_you_mean
from zoo.experiment.domain import ParamDomain
from zoo.experiment.queue import Operation


@dataclass(frozen=True)
class LogRow:
    """A round as reducers see it.

    Attributes:
        number: its id.
        params: its parameters.
        score: the walk-forward score; NaN where the round failed or has none.
        seconds: how long it took.
    """

    number: int
    params: Mapping[str, Any]
    score: float
    seconds: float


@dataclass(frozen=True)
class Decision:
    """Operations with the evidence for them."""

    reducer: str
    operations: tuple[Operation, ...]
    evidence: Mapping[str, Any]


class Reducer(Protocol):
    """Looks at the log, decides nothing (None) or something."""

    def decide(self, log: Sequence[LogRow], domain: ParamDomain) -> Decision | None:
        """Return a decision over what was logged so far."""
        ...


@dataclass(frozen=True)
class Sanity:
    """Removes a value whose rounds mostly fail or score NaN.

    Attributes:
        max_nan: the share of NaN above which a value goes.
        min_rounds: how many rounds a value must have had.
    """

    max_nan: float = 0.5
    min_rounds: int = 4

    def decide(self, log: Sequence[LogRow], domain: ParamDomain) -> Decision | None:
        """Look at every value of every parameter."""
        operations, evidence = [], {}
        for name in domain.names:
            shares = {v: _share_nan(log, name, v) for v in domain.values(name)}
            bad = [
                v
                for v, (rounds, share) in shares.items()
                if rounds >= self.min_rounds and share > self.max_nan
            ]
            if bad and len(bad) < len(shares):
                operations.append(Operation("remove", name, tuple(bad)))
                evidence[name] = {str(v): {"rounds": shares[v][0], "share_nan": shares[v][1]} for v in bad}
        return Decision("sanity", tuple(operations), evidence) if operations else None


def _share_nan(log: Sequence[LogRow], name: str, value: Any) -> tuple[int, float]:
    rows = [row for row in log if _is(row.params[name], value)]
    return len(rows), float(np.mean([math.isnan(row.score) for row in rows])) if rows else 0.0


@dataclass(frozen=True)
class Budget:
    """Stops the search after so many rounds, or so many seconds of rounds.

    Attributes:
        rounds: how many rounds at most; None for no limit.
        seconds: how many seconds of rounds at most; None for no limit.
    """

    rounds: int | None = None
    seconds: float | None = None

    def decide(self, log: Sequence[LogRow], domain: ParamDomain) -> Decision | None:
        """Compare what was spent with what may be."""
        spent = math.fsum(row.seconds for row in log)
        over = (self.rounds is not None and len(log) >= self.rounds) or (
            self.seconds is not None and spent >= self.seconds
        )
        evidence = {"rounds": len(log), "seconds": round(spent, 3)}
        return Decision("budget", (Operation("trim", count=0),), evidence) if over else None


@dataclass(frozen=True)
class Focus:
    """Keeps the neighbourhood of the best: the span of each number in the best rounds, and one place around.

    Attributes:
        top: the share of rounds that count as the best.
        min_rounds: how many scored rounds there must be.
    """

    top: float = 0.2
    min_rounds: int = 20

    def decide(self, log: Sequence[LogRow], domain: ParamDomain) -> Decision | None:
        """Narrow each parameter to one place around the best rounds' values."""
        scored = [row for row in log if math.isfinite(row.score)]
        if len(scored) < self.min_rounds:
            return None
        best = sorted(scored, key=lambda row: (-row.score, row.number))[
            : max(1, round(self.top * len(scored)))
        ]
        operations = [op for name in domain.names if (op := self._narrow(name, best, domain)) is not None]
        evidence = {"best": [row.number for row in best], "worst_of_best": best[-1].score}
        return Decision("focus", tuple(operations), evidence) if operations else None

    def _narrow(self, name: str, best: Sequence[LogRow], domain: ParamDomain) -> Operation | None:
        values = domain.values(name)
        if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
            return None
        ordered = sorted(values)
        places = [ordered.index(row.params[name]) for row in best if row.params[name] in ordered]
        if not places:
            return None
        low, high = max(0, min(places) - 1), min(len(ordered) - 1, max(places) + 1)
        if (low, high) == (0, len(ordered) - 1):
            return None
        return Operation("keep_between", name, (ordered[low], ordered[high]))


@dataclass(frozen=True)
class Correlation:
    """Fixes a parameter that does not matter: its value explains next to nothing of the score.

    The share of the score's variance between the groups of a parameter's values (the correlation ratio, η²,
    Fisher 1925) is compared with what chance alone gives, (k - 1) / (n - 1) for k groups among n rounds.

    Attributes:
        max_ratio: η² at or below this multiple of chance means that it does not matter.
        min_rounds: how many scored rounds there must be.
    """

    max_ratio: float = 0.5
    min_rounds: int = 30

    def decide(self, log: Sequence[LogRow], domain: ParamDomain) -> Decision | None:
        """Keep the best value of each parameter that does not matter."""
        scored = [row for row in log if math.isfinite(row.score)]
        if len(scored) < self.min_rounds:
            return None
        operations, evidence = [], {}
        for name in domain.names:
            groups = {
                repr(v): [r.score for r in scored if _is(r.params[name], v)] for v in domain.values(name)
            }
            filled = {k: g for k, g in groups.items() if g}
            if len(filled) < 2:
                continue
            share, chance = _correlation_ratio(list(filled.values())), (len(filled) - 1) / (len(scored) - 1)
            if share <= self.max_ratio * chance:
                best = max(filled, key=lambda k: float(np.mean(filled[k])))
                value = next(v for v in domain.values(name) if repr(v) == best)
                operations.append(Operation("keep", name, (value,)))
                evidence[name] = {"share": share, "chance": chance}
        return Decision("correlation", tuple(operations), evidence) if operations else None


def _correlation_ratio(groups: Sequence[Sequence[float]]) -> float:
    pooled = np.concatenate([np.asarray(group) for group in groups])
    total = float(((pooled - pooled.mean()) ** 2).sum())
    between = sum(len(group) * (float(np.mean(group)) - float(pooled.mean())) ** 2 for group in groups)
    return between / total if total > 0 else 0.0


@dataclass(frozen=True)
class Saturation:
    """Stops the search when the best score has not grown for a while.

    Attributes:
        patience: how many rounds without gain are enough.
        min_gain: what counts as a gain.
    """

    patience: int = 50
    min_gain: float = 0.0

    def decide(self, log: Sequence[LogRow], domain: ParamDomain) -> Decision | None:
        """Find the last round that gained."""
        best, since = -math.inf, 0
        for row in log:
            if row.score > best + self.min_gain:
                best, since = row.score, 0
            else:
                since += 1
        evidence = {"best": best, "rounds_without_gain": since}
        stop = since >= self.patience and math.isfinite(best)
        return Decision("saturation", (Operation("trim", count=0),), evidence) if stop else None


def _is(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(a == b)


REDUCERS: Final[dict[str, type[Any]]] = {
    "sanity": Sanity,
    "budget": Budget,
    "focus": Focus,
    "correlation": Correlation,
    "saturation": Saturation,
}


def build_reducers(declared: Mapping[str, Any] | None, where: str | None = None) -> list[Reducer]:
    """Return the declared reducers in order.

    Raises:
        ManifestError: no such reducer, or an option that it does not take.
    """
    built: list[Reducer] = []
    for name, options in (declared or {}).items():
        if name not in REDUCERS:
            raise ManifestError(
                f"search.reducers.{name}: no such reducer",
                where=where,
                expected=f"one of {', '.join(REDUCERS)}",
                remedy=did_you_mean(name, REDUCERS),
            )
        try:
            built.append(REDUCERS[name](**(options or {})))
        except TypeError as error:
            raise ManifestError(f"search.reducers.{name}: {error}", where=where) from error
    return built


__all__ = [
    "REDUCERS",
    "Budget",
    "Correlation",
    "Decision",
    "Focus",
    "LogRow",
    "Reducer",
    "Sanity",
    "Saturation",
    "build_reducers",
]
