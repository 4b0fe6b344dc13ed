"""Does a refit of another library's model still resemble the one that was measured? As for our own models.

Of another library's rows only their order is known: the rows of the train part are drawn again in blocks of
the cube root of their number, and the model is trained on each draw by its own means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from zoo.errors import ForeignCodeError
from zoo.promotion.agreement import (
    Agreement,
    Opinion,
    check_agreement,
    compared,
    figures_of,
    floored,
)
from zoo.promotion.bootstrap import ordered_rows
from zoo.promotion.foreign_model import PREDS, PROBS, ForeignModel, probabilities
from zoo.promotion.foreign_runs import X_TEST, X_TRAIN, Fitted, Run, listed
from zoo.terms import BOOTSTRAP, OFF

Y_TRAIN, Y_TEST = "y_train", "y_test"
_SEED = 0


def foreign_agreement(variant: Run, whole: Fitted, floor: str | float, where: str) -> Agreement:
    """Compare the refit with the variant on the variant's test rows.

    Args:
        variant: trained on the original split.
        whole: trained on everything.
        floor: `bootstrap`, a number, or `off`.
        where: the experiment and permutation, for the error.

    Raises:
        AgreementError: below the floor, or not to be told.
    """
    mine = opinion(variant.model, variant.prepared)
    found = compared(mine, opinion(whole.model, test_rows(variant, whole)))
    if floor == BOOTSTRAP:
        draws, block = ordered_rows(variant.trained_rows, _SEED)
        refits = (partial(_redrawn, variant, rows) for rows in draws)
        found = floored(found, figures_of(refits, found.figure, mine, where), block)
    elif floor != OFF:
        found = replace(found, floor=float(floor), how="number")
    check_agreement(found, where)
    return found


def opinion(model: ForeignModel, prepared: Mapping[str, Any]) -> Opinion:
    """Return what a model says of the test rows: scores, and classes where its predictions are no floats."""
    out = model.predict(prepared)
    preds, probs = np.asarray(out[PREDS]), probabilities(out)
    floats = preds.dtype.kind == "f"
    scores = preds.astype(np.float64).ravel() if probs is None and floats else probs
    unordered = np.full(len(preds), np.nan)
    classes = None if floats and out.get(PROBS) is None else preds.ravel()
    return Opinion((unordered if scores is None else scores)[None, :], classes)


def test_rows(variant: Run, whole: Fitted) -> Mapping[str, Any]:
    """Return the variant's test rows as the refit's own preparation has them, where they can be told.

    A preparation may scale by what it trains on. Where the last labels of everything are those of the test
    part, the last rows are its rows; else the variant's own are taken.
    """
    X = whole.prepared[X_TRAIN]
    labels, last = listed(whole.prepared.get(Y_TRAIN)), listed(variant.prepared.get(Y_TEST))
    if not last or not labels or labels[-len(last) :] != last or len(labels) != len(X):
        return variant.prepared
    try:
        rows = taken(X, np.arange(len(X) - len(last), len(X)))
    except ForeignCodeError:
        return variant.prepared
    return {**variant.prepared, X_TEST: rows}


def taken(values: Any, rows: Any) -> Any:
    """Return rows of a frame, a column, an array or a list, by position.

    Raises:
        ForeignCodeError: nobody knows how to take rows of it.
    """
    if isinstance(values, pd.DataFrame | pd.Series):
        return values.iloc[rows]
    if isinstance(values, list | tuple):
        return [values[row] for row in rows]
    try:
        return values[rows]
    except Exception as error:  # whatever a library's own container raises
        raise ForeignCodeError(f"rows of a {type(values).__name__} cannot be taken: {error}") from error


def _redrawn(variant: Run, rows: Any) -> Opinion:
    """Train on rows that were drawn again; whatever belongs to the train part is drawn along."""
    count = variant.trained_rows
    drawn = {
        name: taken(value, rows)
        for name, value in variant.prepared.items()
        if name.endswith("_train") and hasattr(value, "__len__") and len(value) == count
    }
    return opinion(variant.retrain({**variant.prepared, **drawn}), variant.prepared)


__all__ = ["foreign_agreement", "opinion", "taken", "test_rows"]
