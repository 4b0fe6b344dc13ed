"""What a promotion leaves behind besides the model: predictions, and what it was fitted on."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from zoo.experiment.pipeline import Done
from zoo.manifest.cube import PanelCube, Sample
from zoo.promotion.sensor import scores_of


def predictions_of(variant: Done, refit: Done) -> pd.DataFrame:
    """Return the variant's predictions on the test part and the refit's on all usable rows.

    Returns:
        Columns `part` (`test`, `refit`), then `date` and `asset` (or `row` for a table), then `prediction`.
    """
    pieces = [
        _frame("test", variant, variant.prepared.test),
        _frame("refit", refit, refit.prepared.train),
    ]
    return pd.concat(pieces, ignore_index=True)


def _frame(part: str, done: Done, sample: Sample) -> pd.DataFrame:
    scores, cube = scores_of(done.model, sample.X), done.prepared.cube
    if sample.grid is None or not isinstance(cube, PanelCube):
        return pd.DataFrame({"part": part, "row": sample.keys["rows"], "prediction": scores})
    dates = cube.dates[sample.position]  # not read back from their texts: a zone has two offsets a year
    assets = np.array(sample.keys["assets"], dtype=object)[sample.grid.asset]
    return pd.DataFrame({"part": part, "date": dates, "asset": assets, "prediction": scores})


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


__all__ = ["counts", "predictions_of", "train_end"]
