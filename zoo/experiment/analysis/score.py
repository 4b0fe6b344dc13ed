"""Which score a parameter is judged by: the walk-forward score, unless another is asked for by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ConfigError, did_you_mean
from zoo.experiment.analysis.record import Record, Source, read_record
from zoo.experiment.selection import PREFIX

WALK_FORWARD: Final = "walk-forward on train + validation"
VALIDATION: Final = "validation"
TEST: Final = "test"
UNKNOWN: Final = "not recorded"

_VALIDATION_PREFIX: Final = "val_"
_TEST_PREFIX: Final = "test_"
_LOWER_IS_BETTER: Final = frozenset(
    ("mse", "log_loss", "brier", "max_drawdown", "cvar", "turnover", "net_annual_volatility")
)


@dataclass(frozen=True, eq=False)
class Score:
    """One number a round.

    Attributes:
        column: its column in results.csv.
        part: of the data on which it was measured: `WALK_FORWARD`, `VALIDATION`, `TEST`, or `UNKNOWN` where
            the directory does not say.
        values: by id; NaN where a round has none.
    """

    column: str
    part: str
    values: pd.Series[float]

    @property
    def selects(self) -> bool:
        """Whether a permutation may be chosen by it: nobody who chose by the test part has one any more."""
        return self.part in (WALK_FORWARD, VALIDATION)

    def finite(self) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Return which rounds have a finite score, and those scores."""
        values = np.asarray(self.values, dtype=np.float64)
        known = np.isfinite(values)
        return known, values[known]

    def ranked(self) -> pd.Index:
        """Return the ids, the best first; ties by id, those without a score last."""
        low = self.column.removeprefix(PREFIX).removeprefix(_VALIDATION_PREFIX) in _LOWER_IS_BETTER
        return (
            self.values.where(self.finite()[0])
            .sort_values(ascending=low, kind="stable", na_position="last")
            .index
        )


def part_of(column: str, *, ours: bool = True) -> str:
    """Return the part of the data on which a column of results.csv was measured.

    Args:
        column: its name.
        ours: whether zoo wrote the directory; another library's columns do not say.
    """
    if column.startswith(PREFIX):
        return WALK_FORWARD
    if column.startswith(_VALIDATION_PREFIX):
        return VALIDATION
    return TEST if ours or column.startswith(_TEST_PREFIX) else UNKNOWN


def resolve_score(source: Source, by: str | None = None) -> Score | None:
    """Return the score that `by` names.

    A bare name means what it means in a spec, the walk-forward score of that metric; where there is none, the
    column of that name. `val_rank_ic` and `test_rank_ic` name the parts.

    Args:
        source: the experiment.
        by: a metric; None takes the score that the search was run by.

    Returns:
        None where nothing was asked for and no walk-forward score was recorded: a metric of the test part is
        never taken unasked.

    Raises:
        ConfigError: there is no such metric.
    """
    record = read_record(source)
    if by is None:
        return _declared(record)
    for column in (f"{PREFIX}{by}", by, by.removeprefix(_TEST_PREFIX)):
        if column in record.metrics.columns:
            return _score(record, column)
    offered = [name.removeprefix(PREFIX) for name in record.metrics.columns]
    raise ConfigError(
        f"by: no metric is called {by!r}",
        where=record.path,
        expected=f"one of {', '.join(dict.fromkeys(offered)) or '(none recorded)'}",
        remedy=did_you_mean(by, offered),
    )


def _declared(record: Record) -> Score | None:
    """Return the search's own score, else the first that a round has."""
    columns = [name for name in record.metrics.columns if name.startswith(PREFIX)]
    offered = [name for name in columns if np.isfinite(record.metrics[name]).any()] or columns
    asked = f"{PREFIX}{(record.metadata.get('search') or {}).get('score')}"
    if not offered:
        return None
    return _score(record, asked if asked in offered else offered[0])


def _score(record: Record, column: str) -> Score:
    return Score(column, part_of(column, ours=record.ours), record.metrics[column])


__all__ = ["TEST", "UNKNOWN", "VALIDATION", "WALK_FORWARD", "Score", "part_of", "resolve_score"]
