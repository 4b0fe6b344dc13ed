"""In which direction a parameter moves a score."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.experiment.analysis.bootstrap import NOWHERE, RESAMPLES, percentile_interval
from zoo.experiment.analysis.importance import epsilon_squared, eta_squared
from zoo.experiment.analysis.levels import Levels, levels_of
from zoo.experiment.analysis.record import Source, read_record
from zoo.experiment.analysis.score import resolve_score

Floats = NDArray[np.float64]

SPEARMAN: Final = "spearman"
CORRELATION_RATIO: Final = "correlation ratio"
COLUMNS: Final = ("parameter", "score", "part", "measure", "levels", "rounds", "correlation", "low", "high")


def parameter_correlation(
    source: Source, *, by: str | None = None, resamples: int = RESAMPLES
) -> pd.DataFrame:
    """Return each parameter's association with a score, with its bootstrap interval over rounds.

    Args:
        source: the experiment.
        by: see `resolve_score`.
        resamples: of the bootstrap, which uses the experiment's seed.

    Returns:
        A row a parameter, as declared: `parameter`, `score`, `part`, `measure` (`spearman` for numbers, from
        -1 to 1; `correlation ratio` for categories, η from 0 to 1, which has no direction), `levels`,
        `rounds` (with a finite score), `correlation`, `low` and `high` (95%, percentile; that of a
        correlation ratio from the corrected ε², so that it may reach 0). NaN where it is not defined; the
        ends with fewer than 5 rounds, too. Empty without a score or without parameters.

    Raises:
        ConfigError: `by` names no metric.
    """
    record = read_record(source)
    score = resolve_score(record, by)
    if score is None:
        return pd.DataFrame(columns=list(COLUMNS))
    finite, values = score.finite()
    rows = [
        (
            name,
            score.column,
            score.part,
            *_association(values, levels_of(column[finite]), record.seed, resamples),
        )
        for name, column in record.parameters.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _association(values: Floats, levels: Levels, seed: int, resamples: int) -> tuple[Any, ...]:
    n, k, numbers = len(values), len(levels.labels), levels.numbers
    if numbers is not None:
        found = float(spearman(values, numbers))
        ends = percentile_interval(spearman, values, numbers, seed=seed, resamples=resamples)
        return SPEARMAN, k, n, found, *(ends if math.isfinite(found) else NOWHERE)
    found = float(np.sqrt(eta_squared(values, levels.codes)))
    ends = percentile_interval(epsilon_squared, values, levels.codes, seed=seed, resamples=resamples)
    rooted = (math.sqrt(max(end, 0.0)) if math.isfinite(end) else end for end in ends)
    return CORRELATION_RATIO, k, n, found, *(rooted if math.isfinite(found) else NOWHERE)


def spearman(x: Floats, y: Floats, axis: int = -1) -> Floats:
    """Return Spearman's rank correlation over the last axis, ties by average ranks.

    Args:
        x: (..., rounds).
        y: of the same shape.
        axis: the last; scipy passes it.

    Returns:
        NaN with fewer than three rounds (two always correlate perfectly), or where one side is constant.
    """
    from scipy.stats import rankdata

    if x.shape[-1] < 3:
        return np.full(x.shape[:-1], np.nan)
    left, right = (rankdata(side, axis=-1) - (x.shape[-1] + 1) / 2 for side in (x, y))
    scale = np.sqrt((left**2).sum(axis=-1) * (right**2).sum(axis=-1))
    found = np.full(scale.shape, np.nan)
    np.divide((left * right).sum(axis=-1), scale, out=found, where=scale > 0)
    return found


__all__ = ["COLUMNS", "CORRELATION_RATIO", "SPEARMAN", "parameter_correlation", "spearman"]
