"""Choosing the members of a cohort: by scores of validation and of the walk-forward, never by a test metric.

`diverse` looks at predictions of the test part, since those are what an experiment records. A correlation of
predictions uses no label: what followed is not looked at, so that the test part still measures what was
chosen without it. It is not blind to the test part's features.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zoo.cohort import ALL, DIVERSE, FEWEST, PARETO, TOP_N, CohortSource
from zoo.errors import ExperimentError, did_you_mean
from zoo.experiment.directory import ExperimentDirectory, Round
from zoo.experiment.format import RESULTS
from zoo.experiment.integrity import check_row
from zoo.experiment.selection import PREFIX, choose
from zoo.metrics import rank_ic_by_date
from zoo.spec import Source, Top

VALIDATION: Final = "val_"
#: a score that is better when it is lower has this before it
LOWER: Final = "-"

#: two permutations of this likeness or more rank alike
_SAME: Final = 1.0 - 1e-9

Floats = NDArray[np.float64]
Scores = dict[int, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Members:
    """The permutations of a cohort.

    Attributes:
        ids: in increasing order.
        chosen: how, in words, for the version's lineage.
    """

    ids: tuple[int, ...]
    chosen: str


def choose_members(source: Source) -> Members:
    """Return the permutations of which a source makes a cohort.

    Raises:
        ExperimentError: a metric of the test part, or one that is not there; too few permutations.
        ExperimentCorrupt: a score that is not the one that was logged.
    """
    cohort = source.cohort or CohortSource()
    if cohort.select is None:
        top = source.permutations
        said = f"top {top.count} by {PREFIX}{top.by}, as logged" if isinstance(top, Top) else "by the spec"
        return Members(tuple(sorted(choose(source.experiment, top))), said)
    directory = ExperimentDirectory(source.experiment)
    columns = [column_of(directory, name) for name in cohort.by]
    scores = _scores(directory, columns)
    ids = _SELECTORS[cohort.select](directory, scores, cohort.count)
    _check_count(directory, cohort, ids)
    words = [cohort.select, *([str(cohort.count)] if cohort.count else [])]
    return Members(tuple(sorted(ids)), " ".join(words) + (f" by {' and '.join(columns)}" if columns else ""))


def _check_count(directory: ExperimentDirectory, cohort: CohortSource, ids: Sequence[int]) -> None:
    least = FEWEST if cohort.select == PARETO or cohort.count is None else cohort.count
    if len(ids) >= least:
        return
    why = {
        PARETO: ", since these beat all others in every score",
        DIVERSE: ", since of the better half by score all others rank as one of these does",
    }.get(str(cohort.select), " with a finite score")
    raise ExperimentError(
        f"{cohort.select} gives {len(ids)} permutations ({', '.join(map(str, ids))}){why}",
        where=directory.path,
        expected=f"at least {least} for a cohort",
        remedy="choose by other metrics, ask for fewer, or list the ids",
    )


def column_of(directory: ExperimentDirectory, name: str) -> str:
    """Return the column of a score, with a minus before it where lower is better.

    Args:
        directory: the experiment.
        name: of a metric, which means its walk-forward score, or of a column of validation or walk-forward.

    Raises:
        ExperimentError: it is a metric of the test part, or there is none.
    """
    sign, bare = (LOWER, name[1:]) if name.startswith(LOWER) else ("", name)
    known = {column for row in directory.results.values() for column in row}
    fair = sorted(column for column in known if column.startswith((PREFIX, VALIDATION)))
    for column in (bare, f"{PREFIX}{bare}"):
        if column in fair:
            return sign + column
    problem = "choosing by a test metric is refused" if bare in known else "there is no such score"
    short = [column.removeprefix(PREFIX) for column in fair]
    raise ExperimentError(
        f"cannot choose members by {name!r}: {problem}",
        where=directory.path,
        expected=f"by: one of {', '.join(short)}" if fair else "an experiment with walk-forward scores",
        remedy=did_you_mean(bare, [*short, *fair]) or "list the ids instead",
    )


def _scores(directory: ExperimentDirectory, columns: Sequence[str]) -> Scores:
    """Return the scores of every permutation that has them all, higher being better; each row is checked."""
    found: Scores = {}
    for number, row in directory.results.items():
        check_row(directory.round(number), f"{directory.path / RESULTS}")
        values = [_signed(row.get(column.removeprefix(LOWER)), column) for column in columns]
        if all(value is not None for value in values):
            found[number] = tuple(value for value in values if value is not None)
    return found


def _signed(value: Any, column: str) -> float | None:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return -float(value) if column.startswith(LOWER) else float(value)


def _all(directory: ExperimentDirectory, scores: Scores, count: int | None) -> list[int]:
    return list(scores)


def _top(directory: ExperimentDirectory, scores: Scores, count: int | None) -> list[int]:
    """The best by the first score; ties: the lower id."""
    return sorted(scores, key=lambda number: (-scores[number][0], number))[:count]


def _pareto(directory: ExperimentDirectory, scores: Scores, count: int | None) -> list[int]:
    """Those that no other equals in every score and beats in one; of too many the best by the first."""
    front = {a: s for a, s in scores.items() if not any(_beats(t, s) for t in scores.values())}
    return _top(directory, front, count)


def _beats(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a != b and all(x >= y for x, y in zip(a, b, strict=True))


def _diverse(directory: ExperimentDirectory, scores: Scores, count: int | None) -> list[int]:
    """The best, then again and again whose predictions are least like those chosen already.

    Only the better half by score may join: of all models a random one is the least like any other. Nor may
    one that ranks every date as a chosen one does: it would only be counted twice.
    """
    wanted = count or FEWEST
    pool = _top(directory, scores, max(wanted, math.ceil(len(scores) / 2)))
    panels = {number: _panel(directory.round(number)) for number in pool}
    chosen, waiting = pool[:1], pool[1:]
    while waiting and len(chosen) < wanted:
        alike = {n: max(likeness(panels[n], panels[other]) for other in chosen) for n in waiting}
        waiting = [n for n in waiting if alike[n] < _SAME]
        chosen += sorted(waiting, key=lambda n: (alike[n], -scores[n][0], n))[:1]
        waiting = [n for n in waiting if n not in chosen]
    return chosen


_SELECTORS: Final = {ALL: _all, TOP_N: _top, PARETO: _pareto, DIVERSE: _diverse}


@dataclass(frozen=True, slots=True)
class _Panel:
    """Predictions by row (date, or one for a table) and column."""

    rows: Sequence[Any]
    columns: Sequence[Any]
    values: Floats


def _panel(logged: Round) -> _Panel:
    """Return the recorded predictions: probabilities where there are any; classes by their order."""
    given = logged.preds if logged.probs is None else logged.probs
    if any(isinstance(value, str) for value in given):
        codes = {value: place for place, value in enumerate(sorted({v for v in given if v is not None}))}
        given = [None if value is None else codes[value] for value in given]
    values = np.array([np.nan if value is None else float(value) for value in given])
    rows, columns = logged.alignment.get("dates"), logged.alignment.get("assets")
    if rows is None or columns is None:
        names = logged.alignment.get("rows") or range(len(values))
        return _Panel(["all"], list(names), values[None, :])
    return _Panel(rows, columns, values.reshape(len(rows), len(columns)))


def likeness(a: _Panel, b: _Panel) -> float:
    """Return the mean rank correlation over the dates that two permutations predict.

    Returns:
        1 where it is not defined: who ranks nothing adds nothing.
    """
    other_rows, other_columns = set(b.rows), set(b.columns)
    rows = [row for row in a.rows if row in other_rows]
    columns = [column for column in a.columns if column in other_columns]
    sides = [side.values[np.ix_(_at(side.rows, rows), _at(side.columns, columns))] for side in (a, b)]
    series = rank_ic_by_date(*sides)
    known = series[np.isfinite(series)]
    return float(known.mean()) if known.size else 1.0


def _at(names: Sequence[Any], wanted: Sequence[Any]) -> list[int]:
    place: Mapping[Any, int] = {name: number for number, name in enumerate(names)}
    return [place[name] for name in wanted]


__all__ = ["LOWER", "VALIDATION", "Members", "choose_members", "column_of", "likeness"]
