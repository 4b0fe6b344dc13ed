"""How each metric is spread over the rounds."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from zoo.experiment.analysis.record import Source, read_record
from zoo.experiment.analysis.score import part_of

QUANTILES: Final = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
COLUMNS: Final = ("metric", "part", "rounds", "count", "nan", "mean", "sd", "min", *QUANTILES, "max")


def metric_distributions(source: Source) -> pd.DataFrame:
    """Return the distribution of every metric that is a number.

    Args:
        source: the experiment.

    Returns:
        A row a metric, as recorded: `metric`, `part` (of the data on which it was measured), `rounds` (that
        finished), `count` (finite values), `nan` (NaN, infinite or missing ones), `mean`, `sd` (n - 1; NaN
        for one value), `min`, `q05`, `q25`, `median`, `q75`, `q95` (linear interpolation), `max`.
    """
    record = read_record(source)
    rows = [
        (name, part_of(str(name), ours=record.ours), *_spread(column))
        for name, column in record.metrics.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _spread(column: pd.Series[float]) -> tuple[float, ...]:
    values = column[np.isfinite(column)]
    quantiles = [float(values.quantile(q)) for q in QUANTILES.values()]
    ends = (float(values.min()), *quantiles, float(values.max()))
    return (
        len(column),
        len(values),
        len(column) - len(values),
        float(values.mean()),
        float(values.std()),
        *ends,
    )


__all__ = ["COLUMNS", "QUANTILES", "metric_distributions"]
