"""What a promotion leaves behind besides the model: predictions, and how the refit resembles the variant."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from zoo.experiment.pipeline import Done
from zoo.manifest.cube import PanelCube, Sample
from zoo.metrics import rank_ic_by_date
from zoo.models import SklearnModel
from zoo.promotion.sensor import scores_of


def predictions_of(variant: Done, refit: Done) -> pd.DataFrame:
    """Return the variant's predictions on the test part and the refit's on all usable rows.

    Returns:
        Columns `part` (`test`, `refit`), then `date` and `asset` (or `row` for a table), then `prediction`.
    """
    pieces = [
        _frame("test", variant.model, variant.prepared.test),
        _frame("refit", refit.model, refit.prepared.train),
    ]
    return pd.concat(pieces, ignore_index=True)


def _frame(part: str, model: SklearnModel, sample: Sample) -> pd.DataFrame:
    scores = scores_of(model, sample.X)
    if sample.grid is None:
        return pd.DataFrame({"part": part, "row": sample.keys["rows"], "prediction": scores})
    dates = pd.to_datetime(np.array(sample.keys["dates"]))[sample.grid.date]
    assets = np.array(sample.keys["assets"], dtype=object)[sample.grid.asset]
    return pd.DataFrame({"part": part, "date": dates, "asset": assets, "prediction": scores})


def agreement(variant: Done, refit: Done) -> dict[str, Any]:
    """Compare the refit with the variant on the variant's test rows.

    Returns:
        `rank_correlation`: the mean per-date Spearman correlation (over all rows for a table), None where no
        date has three different scores.
    """
    sample = variant.prepared.test
    a, b = scores_of(variant.model, sample.X), scores_of(refit.model, sample.X)
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    panels = (
        (a[None, :], b[None, :]) if sample.grid is None else (sample.grid.spread(a), sample.grid.spread(b))
    )
    series = rank_ic_by_date(*panels)
    known = series[np.isfinite(series)]
    return {"rank_correlation": float(known.mean()) if known.size else None, "dates": int(known.size)}


def train_end(refit: Done) -> dt.date | None:
    """Return the last bar that any training label uses; None without a time axis."""
    cube, sample = refit.prepared.cube, refit.prepared.train
    if not isinstance(cube, PanelCube):
        return None
    last: dt.date = cube.dates[int(sample.position[sample.labelled].max()) + cube.horizon].date()
    return last


def counts(sample: Sample) -> dict[str, int]:
    """Return how many labelled rows and dates a sample has."""
    rows = int(sample.labelled.sum())
    dates = {} if sample.grid is None else {"n_dates": int(np.unique(sample.position[sample.labelled]).size)}
    return {"n_obs": rows, **dates}


__all__ = ["agreement", "counts", "predictions_of", "train_end"]
