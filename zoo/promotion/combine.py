"""How several predictions become one: means, ranks and votes, over arrays.

What is combined is decided by what members offer, never by what they are called:

- probabilities of the same classes: their mean. Of two classes the second is predicted from the mean of the
  members' own thresholds on; without any such threshold, and with more classes, the most probable one is.
- classes only: a majority vote. A tie goes to the class that comes first in sorted order.
- scores: their mean, in the units of the target.

`rank_mean` is for scores of different scale: each member's scores become ranks within a date, from -1 to 1,
and these are averaged; a mean of raw scores would follow whoever shrinks least.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zoo.cohort import COMBINATIONS, MEAN, RANK_MEAN, VOTE
from zoo.errors import CohortError, did_you_mean

Floats = NDArray[np.float64]

PROBABILITIES: Final = "probabilities"
CLASSES: Final = "classes"
SCORES: Final = "scores"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a member's predictions are.

    Attributes:
        kind: `probabilities`, `classes` or `scores`.
        classes: in the model's order; none for scores.
        threshold: the probability from which on it predicts the second class; None where it chose none.
    """

    kind: str
    classes: tuple[Any, ...] = ()
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """How members are combined.

    Attributes:
        combine: `mean`, `rank_mean` or `vote`.
        of: what is combined: `probabilities`, `classes` or `scores`.
        classes: sorted; none for scores.
        threshold: of the mean probability of the second class; None where the most probable class is taken.
    """

    combine: str
    of: str
    classes: tuple[Any, ...] = ()
    threshold: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        classes = [value.item() if isinstance(value, np.generic) else value for value in self.classes]
        return {"combine": self.combine, "of": self.of, "classes": classes, "threshold": self.threshold}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Rule:
        """Read what `as_dict` gave."""
        return cls(values["combine"], values["of"], tuple(values["classes"]), values["threshold"])


def rule_of(offers: Mapping[str, Offer], combine: str | None = None) -> Rule:
    """Return how members are combined.

    Args:
        offers: what each member offers, by its name.
        combine: `mean`, `rank_mean`, `vote`, or None for what the offers suggest.

    Raises:
        CohortError: offers that cannot be combined so.
    """
    if combine is not None and combine not in COMBINATIONS:
        raise CohortError(
            f"combine is {combine!r}",
            expected=f"one of {', '.join(COMBINATIONS)}",
            remedy=did_you_mean(combine, COMBINATIONS),
        )
    kinds = {offer.kind for offer in offers.values()}
    if combine is None:
        combine = VOTE if CLASSES in kinds and SCORES not in kinds else MEAN
    if combine == VOTE:
        return _vote(offers)
    if combine == RANK_MEAN:
        return _ranks(offers)
    if kinds == {SCORES}:
        return Rule(MEAN, SCORES)
    if kinds == {PROBABILITIES}:
        return _probabilities(offers)
    raise _impossible(offers, "a mean needs scores of all members, or probabilities of all")


def _vote(offers: Mapping[str, Offer]) -> Rule:
    if any(offer.kind == SCORES for offer in offers.values()):
        raise _impossible(offers, "scores have no vote")
    classes = {value for offer in offers.values() for value in offer.classes}
    if len({isinstance(value, str) for value in classes}) > 1:
        raise _impossible(offers, "names and numbers are no classes of one target")
    return Rule(VOTE, CLASSES, tuple(sorted(classes)))


def _ranks(offers: Mapping[str, Offer]) -> Rule:
    """A probability of the second class ranks as a score does."""
    if any(offer.kind == CLASSES or len(offer.classes) > 2 for offer in offers.values()):
        raise _impossible(offers, "ranks need scores, or probabilities of two classes")
    return Rule(RANK_MEAN, SCORES)


def _probabilities(offers: Mapping[str, Offer]) -> Rule:
    known = {offer.classes for offer in offers.values()}
    if len(known) > 1:
        raise _impossible(offers, "probabilities of different classes have no mean")
    classes = known.pop()
    thresholds = [offer.threshold for offer in offers.values()]
    if len(classes) != 2 or all(threshold is None for threshold in thresholds):
        return Rule(MEAN, PROBABILITIES, classes)
    chosen = [0.5 if threshold is None else threshold for threshold in thresholds]
    mean = chosen[0] if len(set(chosen)) == 1 else math.fsum(chosen) / len(chosen)
    return Rule(MEAN, PROBABILITIES, classes, mean)


def _impossible(offers: Mapping[str, Offer], why: str) -> CohortError:
    offered = "; ".join(
        f"{name} offers {offer.kind}" + (f" of {', '.join(map(str, offer.classes))}" if offer.classes else "")
        for name, offer in offers.items()
    )
    return CohortError(
        f"its members cannot be combined, since {why}: {offered}",
        remedy="choose other members, or another `combine`",
    )


def combined(rule: Rule, said: Sequence[Mapping[str, Any]], date: NDArray[Any] | None) -> dict[str, Any]:
    """Return what a cohort predicts.

    Args:
        rule: how.
        said: what each member predicted of the same rows: `_preds`, and `_probs` where it gives them.
        date: each row's date, or a number for it; needed for ranks.

    Returns:
        `_preds`, and `_probs` (rows × classes) where probabilities were combined.
    """
    if rule.combine == VOTE:
        return {"_preds": majority([out["_preds"] for out in said], rule.classes)}
    if rule.combine == RANK_MEAN:
        if date is None:
            raise CohortError("ranks are taken within a date, and the rows have none")
        ranks = [ranks_by_date(score_of(out), date) for out in said]
        return {"_preds": np.mean(ranks, axis=0)}
    if rule.of == SCORES:
        return {"_preds": np.mean([score_of(out) for out in said], axis=0)}
    probs = np.mean([np.asarray(out["_probs"], dtype=np.float64) for out in said], axis=0)
    return {"_preds": _chosen(probs, rule), "_probs": probs}


def score_of(out: Mapping[str, Any]) -> Floats:
    """Return a number a row: the probability of the second of two classes, else the prediction."""
    probs = out.get("_probs")
    if probs is None:
        return np.asarray(out["_preds"], dtype=np.float64)
    return np.asarray(probs if np.ndim(probs) == 1 else probs[:, 1], dtype=np.float64)


def _chosen(probs: Floats, rule: Rule) -> NDArray[Any]:
    classes = np.asarray(rule.classes)
    if rule.threshold is None:
        return np.asarray(classes[np.argmax(probs, axis=1)])
    return np.asarray(classes[(probs[:, 1] >= rule.threshold).astype(np.intp)])


def majority(votes: Sequence[NDArray[Any]], classes: Sequence[Any]) -> NDArray[Any]:
    """Return the class with the most votes of each row; a tie goes to the first of `classes`.

    Args:
        votes: a class a row, of each member.
        classes: all that may occur, sorted.
    """
    known = np.asarray(classes)
    counts = np.stack([np.sum([vote == value for vote in votes], axis=0) for value in known])
    return np.asarray(known[np.argmax(counts, axis=0)])


def ranks_by_date(scores: Floats, date: NDArray[Any]) -> Floats:
    """Return average ranks within each date, from -1 to 1; 0 where a date has one row.

    Args:
        scores: finite, one a row.
        date: each row's date, or a number for it.
    """
    from scipy.stats import rankdata

    ranks = np.empty(len(scores))
    _, number = np.unique(date, return_inverse=True)
    order = np.argsort(number, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
        if len(rows) > 1:
            ranks[rows] = 2.0 * (rankdata(scores[rows]) - 1.0) / (len(rows) - 1) - 1.0
        else:
            ranks[rows] = 0.0
    return ranks


__all__ = [
    "CLASSES",
    "PROBABILITIES",
    "SCORES",
    "Offer",
    "Rule",
    "combined",
    "majority",
    "ranks_by_date",
    "rule_of",
    "score_of",
]
