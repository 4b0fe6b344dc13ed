"""Who of a line's challengers should be champion, and why none of the others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.evaluation.decision import Decision
from zoo.evaluation.evidence import Contender, Evidence
from zoo.evaluation.score import luck_of_the_best, shrunken_sharpe
from zoo.evaluation.verdict import Judge

_CHALLENGER = "challenger"


@dataclass(frozen=True, slots=True)
class Candidacy:
    """One challenger's case.

    Attributes:
        version_id: the challenger.
        score: the shrunken Sharpe ratio by which it ranks; NaN ranks nowhere.
        decision: what the gate said.
        lost: why it is not the winner, a sentence each; empty for the winner.
    """

    version_id: str
    score: float
    decision: Decision
    lost: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values; the score may be NaN."""
        return {
            "version_id": self.version_id,
            "score": self.score,
            "lost": list(self.lost),
            "decision": self.decision.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Selection:
    """Who wins.

    Attributes:
        line: the line.
        gate: the gate's kind.
        champion: whom the winner would replace.
        winner: its id; None where nobody passed.
        candidates: all challengers, by score.
    """

    line: str
    gate: str
    champion: str | None
    winner: str | None
    candidates: tuple[Candidacy, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "line": self.line,
            "gate": self.gate,
            "champion": self.champion,
            "winner": self.winner,
            "candidates": [one.as_dict() for one in self.candidates],
        }


def select(judge: Judge, challengers: list[str] | None = None) -> Selection:
    """Return the challenger with the highest score among those that pass.

    Args:
        judge: the gate over the evidence.
        challengers: who is asked, with a record or without; None takes all that have one.
    """
    evidence = judge.evidence
    names = challengers
    if names is None:
        names = [name for name, one in evidence.contenders.items() if one.stage == _CHALLENGER]
    scores = scores_of(evidence)
    decided = {name: judge.decide(name) for name in names}
    able = [name for name in names if decided[name].passed and not math.isnan(scores.get(name, math.nan))]
    winner = max(able, key=lambda name: (scores[name], name), default=None)
    found = [
        Candidacy(name, scores.get(name, math.nan), decided[name], _lost(name, winner, scores, decided[name]))
        for name in names
    ]
    found.sort(key=lambda one: (-one.score if math.isfinite(one.score) else math.inf, one.version_id))
    return Selection(evidence.line, judge.gate.kind, evidence.champion, winner, tuple(found))


def scores_of(evidence: Evidence) -> dict[str, float]:
    """Return the shrunken Sharpe ratio of each version, by its replayed and its live bars."""
    luck = _luck(evidence)
    return {name: _score(one, luck) for name, one in evidence.contenders.items()}


def _luck(evidence: Evidence) -> float:
    """Return what the best of the ledger has by luck on replayed bars; without any, nothing is asked."""
    past = [one.replayed_net for one in evidence.contenders.values()]
    known = [net for net in past if np.isfinite(net).sum() > 1]
    if not known:
        return 0.0
    rows = np.isfinite(np.column_stack(known)).all(axis=1)
    table = np.column_stack(known)[rows]
    return luck_of_the_best(table, evidence.trials) if len(table) > 1 else math.nan


def _score(one: Contender, luck: float) -> float:
    record = one.recorded
    past, recent = one.net[record & ~one.live], one.net[record & one.live]
    return shrunken_sharpe(past, recent, benchmark=luck).value


def _lost(name: str, winner: str | None, scores: dict[str, float], decision: Decision) -> tuple[str, ...]:
    if name == winner:
        return ()
    failed = tuple(f"{condition.name}: {condition.reason}" for condition in decision.failures)
    if failed or winner is None:
        return failed or ("its record has no score to rank by",)
    return (f"it passes, and {winner} ranks higher: {scores[winner]:.4f} against {scores[name]:.4f}",)


__all__ = ["Candidacy", "Selection", "scores_of", "select"]
