"""Metrics of predicted classes and probabilities; NaN where a metric is not defined, never a warning.

`positive` names the class that precision, recall and probabilities are about. It may be left out where the
classes are 0 and 1 (or -1 and 1, or false and true) and it is 1; anything else is not guessed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def accuracy(y: ArrayLike, pred: ArrayLike) -> float:
    """Return the share of predicted classes that are right; NaN without a row.

    Raises:
        ValueError: the lengths differ.
    """
    actual, predicted = _pair(y, pred)
    return float(np.mean(actual == predicted)) if len(actual) else float("nan")


def confusion(y: ArrayLike, pred: ArrayLike, *, positive: Any = None) -> tuple[int, int, int, int]:
    """Return how many rows are true negatives, false positives, false negatives and true positives.

    Raises:
        ValueError: the lengths differ, or `positive` is needed.
    """
    actual, predicted = _pair(y, pred)
    is_, said = _hits(actual, positive), _hits(predicted, positive)
    counts = np.bincount(2 * is_.astype(int) + said.astype(int), minlength=4)
    return int(counts[0]), int(counts[1]), int(counts[2]), int(counts[3])


def precision(y: ArrayLike, pred: ArrayLike, *, positive: Any = None) -> float:
    """Return the share of rows predicted `positive` that are; NaN when none was predicted so.

    Raises:
        ValueError: the lengths differ, or `positive` is needed.
    """
    actual, predicted = _pair(y, pred)
    return _share(_hits(actual, positive), _hits(predicted, positive))


def recall(y: ArrayLike, pred: ArrayLike, *, positive: Any = None) -> float:
    """Return the share of `positive` rows that were predicted so; NaN when there is none.

    Raises:
        ValueError: the lengths differ, or `positive` is needed.
    """
    actual, predicted = _pair(y, pred)
    return _share(_hits(predicted, positive), _hits(actual, positive))


def auc(y: ArrayLike, prob: ArrayLike, *, positive: Any = None) -> float:
    """Return the area under the ROC curve.

    It is the chance that a positive row scores above a negative one, ties counting half.

    Args:
        y: classes, one a row.
        prob: scores or probabilities of `positive`, one a row.
        positive: which class is the positive one.

    Returns:
        The area; NaN when only one class is present.

    Raises:
        ValueError: the lengths differ, a score is NaN or infinite, or `positive` is needed.
    """
    from sklearn.metrics import roc_auc_score

    actual, scores = _pair(y, prob)
    hit = _hits(actual, positive)
    return float(roc_auc_score(hit, scores)) if hit.any() and not hit.all() else float("nan")


def log_loss(y: ArrayLike, prob: ArrayLike, *, positive: Any = None) -> float:
    """Return the mean of -log(probability of what happened), in nats; NaN without a row.

    Probabilities of 0 and 1 are moved inwards by the float64 epsilon, as scikit-learn does.

    Args:
        y: classes, one a row.
        prob: probabilities of `positive`, one a row, from 0 to 1.
        positive: which class is the positive one.

    Raises:
        ValueError: the lengths differ, a probability lies outside 0 to 1, or `positive` is needed.
    """
    hit, chance = _probabilities(y, prob, positive)
    edge = float(np.finfo(np.float64).eps)
    chance = np.clip(chance, edge, 1.0 - edge)
    return float(-np.mean(np.log(np.where(hit, chance, 1.0 - chance)))) if len(hit) else float("nan")


def brier(y: ArrayLike, prob: ArrayLike, *, positive: Any = None) -> float:
    """Return the mean squared difference of probability and outcome (Brier 1950); NaN without a row.

    Args:
        y: classes, one a row.
        prob: probabilities of `positive`, one a row, from 0 to 1.
        positive: which class is the positive one.

    Raises:
        ValueError: the lengths differ, a probability lies outside 0 to 1, or `positive` is needed.
    """
    hit, chance = _probabilities(y, prob, positive)
    return float(np.mean((chance - hit) ** 2)) if len(hit) else float("nan")


def _hits(classes: NDArray[Any], positive: Any) -> NDArray[np.bool_]:
    """Tell which rows are of the positive class."""
    if positive is None:
        found = set(np.unique(classes).tolist())
        if not (found <= {0, 1} or found <= {-1, 1}):
            raise ValueError(f"classes are {sorted(found)[:5]}: name the positive one with positive=")
        positive = 1
    return np.asarray(classes == positive, dtype=bool)


def _share(of_these: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float(np.mean(of_these[among])) if among.any() else float("nan")


def _probabilities(
    y: ArrayLike, prob: ArrayLike, positive: Any
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    actual, given = _pair(y, prob)
    chance = given.astype(np.float64)
    if not bool(np.all((chance >= 0) & (chance <= 1))):
        raise ValueError("a probability is NaN or outside 0 to 1")
    return _hits(actual, positive), chance


def _pair(y: ArrayLike, other: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    actual, found = np.asarray(y), np.asarray(other)
    if actual.ndim != 1 or actual.shape != found.shape:
        raise ValueError(
            f"classes of shape {actual.shape}, predictions of shape {found.shape}; expected one a row"
        )
    return actual, found


__all__ = ["accuracy", "auc", "brier", "confusion", "log_loss", "precision", "recall"]
