"""The probability from which on a class is predicted, chosen by a criterion."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zoo.errors import ManifestError, did_you_mean

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

CRITERIA: Final = ("accuracy", "balanced_accuracy", "f1", "youden")


def choose_threshold(hit: NDArray[np.bool_], probability: Floats, threshold: str | float) -> float:
    """Return the probability from which on the second class is predicted.

    Candidates lie halfway between neighbouring probabilities, below the lowest and above the highest. Of
    those that are equally good the one nearest to 0.5 is taken, and the lower of two that are equally near.

    Args:
        hit: whether the row is of the second class; both occur.
        probability: calibrated probability of the second class.
        threshold: accuracy; balanced_accuracy, (true positive rate + true negative rate) / 2; f1,
            2 tp / (2 tp + fp + fn); youden, the sum of both rates less 1, which is best where balanced
            accuracy is; or a number, which is returned.
    """
    if not isinstance(threshold, str):
        return float(threshold)
    levels, place = np.unique(probability, return_inverse=True)
    positives = np.bincount(place[hit], minlength=len(levels))
    negatives = np.bincount(place[~hit], minlength=len(levels))
    # from the candidate below level i on, levels i and above are predicted positive; the last predicts nobody
    tp = np.append(positives[::-1].cumsum()[::-1], 0)
    fp = np.append(negatives[::-1].cumsum()[::-1], 0)
    candidates = _between(levels)
    if levels[-1] >= 1.0:
        tp, fp, candidates = tp[:-1], fp[:-1], candidates[:-1]  # nothing lies above 1
    worth = _worth(threshold, tp, fp, int(hit.sum()), int((~hit).sum()))
    best = candidates[worth == worth.max()]
    return float(best[np.argmin(np.abs(best - 0.5))])


def _between(levels: Floats) -> Floats:
    edges = np.concatenate([[0.0], levels, [1.0]])
    middle = edges[:-1] + (edges[1:] - edges[:-1]) / 2
    return np.where(middle > edges[:-1], middle, edges[1:])  # where no number lies between two levels


def _worth(criterion: str, tp: Counts, fp: Counts, positive: int, negative: int) -> NDArray[Any]:
    """Return what to maximise, in whole numbers where there are such, so that ties are exact."""
    tn = negative - fp
    if criterion == "accuracy":
        return tp + tn
    if criterion == "f1":
        return np.asarray(2 * tp / (tp + fp + positive))
    return tp * negative + tn * positive


def check_threshold(value: object) -> None:
    """Check that `value` names a criterion or lies between 0 and 1.

    Raises:
        ManifestError: it does neither.
    """
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if value in CRITERIA if isinstance(value, str) else number and 0 < float(value) < 1:  # type: ignore[arg-type]
        return
    raise ManifestError(
        f"threshold is {value!r}",
        expected=f"one of {', '.join(CRITERIA)}, or a number between 0 and 1",
        remedy=did_you_mean(value, CRITERIA),
    )


__all__ = ["CRITERIA", "check_threshold", "choose_threshold"]
