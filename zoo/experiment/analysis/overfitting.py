"""Would choosing the best of these rounds have chosen well? PBO over all of them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from zoo.experiment.analysis.record import Record, Source, read_record
from zoo.experiment.analysis.trials import Trials, comparable
from zoo.metrics import Overfitting, probability_of_overfitting

BLOCKS: Final = 16
_WINDOW: Final = ("bars", "first", "last", "calendar")
_LEFT_OUT: Final = ("failed", "incomplete", "not_recorded", "other_window")
COLUMNS: Final = (
    "probability", "trials", "distinct", "splits", "blocks", *_WINDOW,
    *(name for reason in _LEFT_OUT for name in (reason, f"{reason}_ids")),
)  # fmt: skip


def overfitting(source: Source, *, blocks: int = BLOCKS) -> pd.DataFrame:
    """Return the probability of backtest overfitting over all rounds' daily net returns.

    Bailey et al. 2017, by `zoo.metrics.probability_of_overfitting`. The PBO of noise has a mean of 0.47 and
    lies between 0.16 and 0.82, so it decides nothing. Nobody is dropped in silence: whoever is not compared
    is counted and named.

    Args:
        source: the experiment.
        blocks: of time; an even number.

    Returns:
        One row: `probability` (NaN with fewer than two trials, or fewer than two bars a block), `trials`
        (compared), `distinct` (of different returns: a parameter that only scales predictions makes clones),
        `splits`, `blocks`, `bars`, `first`, `last` and `calendar` (the window that the trials share); then,
        each as a count and as a list of ids: `failed` (no round; None where failures were not recorded),
        `incomplete` (a NaN among the returns), `not_recorded` (no returns), `other_window` (of bars that
        cannot be matched). Empty where no round recorded returns.

    Raises:
        ExperimentCorrupt: a round says another number of bars than it has.
        ValueError: `blocks` is no even number.
    """
    return overfitting_tables(source, blocks=blocks)[0]


def overfitting_logits(source: Source, *, blocks: int = BLOCKS) -> pd.DataFrame:
    """Return the distribution behind the PBO.

    Args:
        source: the experiment.
        blocks: of time; an even number.

    Returns:
        A row a distinct logit, ascending: `logit` (of the relative rank out of sample of the trial that was
        best in sample; at most 0 is overfit), `splits` (in how many it came out). Empty where there is no
        PBO.

    Raises:
        ExperimentCorrupt, ValueError: as `overfitting`.
    """
    return overfitting_tables(source, blocks=blocks)[1]


def overfitting_tables(source: Source, *, blocks: int = BLOCKS) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what `overfitting` and `overfitting_logits` do, having counted once.

    Raises:
        ExperimentCorrupt, ValueError: as `overfitting`.
    """
    record = read_record(source)
    trials = comparable(record)
    found = probability_of_overfitting(trials.returns, blocks=blocks)
    logits, splits = np.unique(found.logits.round(12), return_counts=True)
    distribution = pd.DataFrame({"logit": logits, "splits": splits})
    if trials.window is None:
        return pd.DataFrame(columns=list(COLUMNS)), distribution
    row = _row(record, trials, found, blocks)
    return pd.DataFrame([row], columns=list(COLUMNS), dtype=object), distribution


def _row(record: Record, trials: Trials, found: Overfitting, blocks: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "probability": found.probability,
        "trials": len(trials.ids),
        "distinct": _distinct(trials),
        "splits": len(found.logits),
        "blocks": blocks,
        **{name: getattr(trials.window, name) for name in _WINDOW},
    }
    failed = None if record.failed is None else tuple(record.failed)
    for name, ids in zip(_LEFT_OUT, (failed, *(getattr(trials, n) for n in _LEFT_OUT[1:])), strict=True):
        row |= {name: None if ids is None else len(ids), f"{name}_ids": None if ids is None else list(ids)}
    return row


def _distinct(trials: Trials) -> int:
    return len({column.tobytes() for column in trials.returns.T})


__all__ = ["BLOCKS", "COLUMNS", "overfitting", "overfitting_logits", "overfitting_tables"]
