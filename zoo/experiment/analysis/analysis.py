"""Everything that can be said of a finished experiment, at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from zoo.experiment.analysis.bootstrap import FEWEST, RESAMPLES
from zoo.experiment.analysis.confusion import confusion
from zoo.experiment.analysis.correlation import parameter_correlation
from zoo.experiment.analysis.distributions import metric_distributions
from zoo.experiment.analysis.importance import parameter_importance
from zoo.experiment.analysis.net import net_results
from zoo.experiment.analysis.overfitting import overfitting_tables
from zoo.experiment.analysis.quality import quality_by_date, quality_over_time
from zoo.experiment.analysis.record import Record, Source, read_record
from zoo.experiment.analysis.score import TEST, UNKNOWN, Score, resolve_score

#: the tables of an analysis, in the order in which they are read
TABLES: Final = (
    "importance",
    "correlation",
    "distributions",
    "net",
    "overfitting",
    "logits",
    "quality",
    "quality_by_date",
    "confusion",
)

_NOT_RECORDED: Final = {
    "importance": "no walk-forward score or no parameter is recorded; by=<metric> judges by another score",
    "correlation": "no walk-forward score or no parameter is recorded; by=<metric> judges by another score",
    "distributions": "no metric is recorded that is a number",
    "net": "no net figures are recorded: a table, a manifest without portfolio, or an older directory",
    "overfitting": "no net returns are recorded",
    "logits": "no probability of overfitting could be computed",
    "quality": "no rank IC a date is recorded: a table, or an older directory",
    "quality_by_date": "no rank IC a date is recorded: a table, or an older directory",
    "confusion": "no counts of two classes are recorded: a regression, or an older directory",
}
_CAVEATS: Final = {
    TEST: "{} is a metric of the test part: it explains, and must choose nothing",
    UNKNOWN: "the directory does not say on which part {} was measured: take it for the test part",
}


@dataclass(frozen=True, eq=False)
class Analysis:
    """All tables of one experiment.

    Attributes:
        record: what it recorded.
        score: what parameters are judged by; None where there is no walk-forward score and none was named.
        tables: by the names in `TABLES`, each as its function returns it.
        notes: by table, what its reader has to know; why it is empty, if it is.
    """

    record: Record
    score: Score | None
    tables: Mapping[str, pd.DataFrame]
    notes: Mapping[str, str]

    @property
    def best(self) -> int | None:
        """The id of the best permutation by the score; None without a finite one."""
        if self.score is None or not self.score.finite()[0].any():
            return None
        return int(self.score.ranked()[0])

    def best_first(self, table: str) -> pd.DataFrame:
        """Return a table with a row a permutation in the order of the score, or by id without one."""
        found = self.tables[table]
        if self.score is None or found.empty:
            return found
        return found.set_index("id").loc[self.score.ranked()].reset_index()


def analyse(source: Source, *, by: str | None = None, resamples: int = RESAMPLES) -> Analysis:
    """Read an experiment once, and compute every table.

    Args:
        source: the experiment.
        by: the score that parameters are judged by; see `resolve_score`.
        resamples: of every bootstrap and permutation test; all use the experiment's seed.

    Raises:
        ExperimentNotFound: there is no such directory.
        ExperimentCorrupt: it is not what was logged.
        ConfigError: `by` names no metric.
    """
    record = read_record(source)
    score = resolve_score(record, by)
    probability, logits = overfitting_tables(record)
    tables = {
        "importance": parameter_importance(record, by=by, resamples=resamples),
        "correlation": parameter_correlation(record, by=by, resamples=resamples),
        "distributions": metric_distributions(record),
        "net": net_results(record),
        "overfitting": probability,
        "logits": logits,
        "quality": quality_over_time(record),
        "quality_by_date": quality_by_date(record),
        "confusion": confusion(record),
    }
    return Analysis(record, score, tables, _notes(record, score, tables))


def _notes(record: Record, score: Score | None, tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    notes = {name: f"not recorded: {_NOT_RECORDED[name]}" for name in TABLES if tables[name].empty}
    said = [] if score is None or "importance" in notes else _of_score(score)
    return notes | ({name: "; ".join(said) for name in ("importance", "correlation")} if said else {})


def _of_score(score: Score) -> list[str]:
    """Say what keeps a score's tables from meaning what they seem to."""
    known, values = score.finite()
    scored = len(values)
    said = [_CAVEATS[score.part].format(score.column)] if score.part in _CAVEATS else []
    if scored < FEWEST:
        said.append(f"{scored} scored round{'' if scored == 1 else 's'}, and no interval below {FEWEST}")
    elif (distinct := len(set(values.tolist()))) < scored:
        said.append(f"{scored} scored rounds, of which {distinct} differ")
    if not known.all():
        said.append(f"no finite {score.column}: {', '.join(map(str, score.values.index[~known]))}")
    return said


__all__ = ["TABLES", "Analysis", "analyse"]
