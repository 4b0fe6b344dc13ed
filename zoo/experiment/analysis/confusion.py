"""Who was taken for what: counts of two classes, and the rates that follow from them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from zoo.experiment.analysis.record import Source, read_record

COUNTS: Final = ("true_negatives", "false_positives", "false_negatives", "true_positives")
RATES: Final = (
    "prevalence", "recall", "specificity", "precision", "negative_predictive_value", "accuracy",
    "balanced_accuracy", "f1", "matthews",
)  # fmt: skip
COLUMNS: Final = ("id", *COUNTS, *RATES)


def confusion(source: Source) -> pd.DataFrame:
    """Return each permutation's confusion on the test part.

    Args:
        source: the experiment.

    Returns:
        A row a permutation: `id`; the counts; `prevalence` (share of positive rows), `recall` (of positive
        rows that were predicted so), `specificity` (of negative ones), `precision` (of rows predicted
        positive that are), `negative_predictive_value` (likewise), `accuracy`, `balanced_accuracy` (mean of
        recall and specificity), `f1` (harmonic mean of precision and recall), `matthews` (Matthews 1975; the
        correlation of truth and prediction). A rate without a denominator is NaN, and so is all of a round
        without counts. Empty where no round recorded counts.
    """
    record = read_record(source)
    if not set(COUNTS) <= set(record.metrics.columns):
        return pd.DataFrame(columns=list(COLUMNS))
    counts = record.metrics[list(COUNTS)]
    rates = _rates(*(counts[name] for name in COUNTS))
    whole = counts.astype("Int64")
    return pd.concat([whole, rates], axis=1).reset_index()[list(COLUMNS)]


def _rates(
    tn: pd.Series[float], fp: pd.Series[float], fn: pd.Series[float], tp: pd.Series[float]
) -> pd.DataFrame:
    recall, specificity = _ratio(tp, tp + fn), _ratio(tn, tn + fp)
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return pd.DataFrame(
        {
            "prevalence": _ratio(tp + fn, tp + fn + tn + fp),
            "recall": recall,
            "specificity": specificity,
            "precision": _ratio(tp, tp + fp),
            "negative_predictive_value": _ratio(tn, tn + fn),
            "accuracy": _ratio(tp + tn, tp + fn + tn + fp),
            "balanced_accuracy": (recall + specificity) / 2,
            "f1": _ratio(2 * tp, 2 * tp + fp + fn),
            "matthews": _ratio(tp * tn - fp * fn, margins.pow(0.5)),
        }
    )


def _ratio(part: pd.Series[float], whole: pd.Series[float]) -> pd.Series[float]:
    return part / whole.where(whole > 0, np.nan)


__all__ = ["COLUMNS", "COUNTS", "RATES", "confusion"]
