"""What each permutation would have earned on the test part, net of costs."""

from __future__ import annotations

from typing import Final

import pandas as pd

from zoo.experiment.analysis.record import Source, read_record
from zoo.manifest.held_out import COLUMNS as RECORDED
from zoo.manifest.held_out import FIGURES

#: the order of a reader: what was earned, for which risk, how reliably, at which cost
_ORDER: Final = (
    "net_sharpe", "net_annual_mean", "gross_annual_mean", "net_annual_volatility", "max_drawdown", "cvar",
    "turnover", "break_even_bps", "rank_ic_phases",
)  # fmt: skip
_SUFFIXES: Final = ("", "_se", "_min", "_median", "_max")
COLUMNS: Final = (
    "id",
    *(f"{name}{end}" for name in _ORDER for end in _SUFFIXES if f"{name}{end}" in RECORDED),
)


def net_results(source: Source) -> pd.DataFrame:
    """Return each permutation's net figures on the test part, as they were recorded.

    Figures are means over all starting phases; `_min`, `_median` and `_max` are over phases, `_se` is the
    mean of the phases' standard errors (of a Sharpe ratio: Lo 2002).

    Args:
        source: the experiment.

    Returns:
        A row a permutation: `id`; `net_sharpe` (annual) with `_se`, `_min`, `_median` and `_max`;
        `net_annual_mean` with the same; `gross_annual_mean`, `net_annual_volatility`, `cvar` (of a bar, a
        loss is positive) and `break_even_bps` with `_se`; `max_drawdown` (a positive share); `turnover` (a
        year); `rank_ic_phases` with all. NaN where a round did not record a figure, and only the columns that
        some round did. Empty where none recorded any: a table, or an experiment without portfolio.
    """
    record = read_record(source)
    recorded = [name for name in COLUMNS[1:] if name in record.metrics.columns]
    if not set(FIGURES) & set(recorded):
        return pd.DataFrame(columns=list(COLUMNS))
    return record.metrics[recorded].reset_index()


__all__ = ["COLUMNS", "net_results"]
