"""Pass 1 of another library's experiment: what was logged is compared, and what was not is named."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zoo.errors import ReconstructionError
from zoo.experiment.directory import ExperimentDirectory, Round
from zoo.experiment.format import EXECUTION_TIME, ID
from zoo.promotion.cells import Cells, compare_cells, decimals_of
from zoo.promotion.comparison import Mismatch, compare_predictions
from zoo.promotion.foreign_runs import Run
from zoo.promotion.validation import Validation, reconstruction_error
from zoo.terms import FULL


def validate_foreign(
    directory: ExperimentDirectory,
    logged: Round,
    again: Run,
    parameters: Iterable[str],
    *,
    where: str,
    libraries: dict[str, tuple[str, str]],
) -> tuple[Validation, tuple[str, ...]]:
    """Compare a second run with what the directory has of the first.

    Args:
        directory: the experiment.
        logged: the permutation as the directory has it.
        again: the second run.
        parameters: columns that are parameters, as the decoder declares them.
        where: the experiment and permutation, for the error.
        libraries: what changed since the experiment, to be named in the error.

    Returns:
        What was compared, and the names of the metrics among it.

    Raises:
        ReconstructionError: with every mismatch, or because nothing was logged that could be compared.
    """
    exact = again.model.deterministic or logged.deterministic is True
    cells = _cells(directory, logged, again, frozenset(parameters), exact)
    predicted = {"preds": (logged.preds or None, again.preds), "probs": (logged.probs or None, again.probs)}
    mismatches = list(cells.mismatches)
    for name, (then, now) in predicted.items():
        if then is not None:
            mismatches += compare_predictions(name, then, _like(then, now or []), deterministic=exact)
    rows, silent = _alignment(logged.alignment, again.alignment)
    mismatches += rows
    if mismatches:
        raise reconstruction_error(mismatches, where, libraries)
    count = sum(value is not None for then, _ in predicted.values() for value in then or ())
    if not count and not any(_says_something(directory.cells[logged.id][name]) for name in cells.compared):
        raise ReconstructionError(
            "nothing was logged that could be compared",
            where=where,
            remedy="make the experiment again, with its metrics or its predictions",
        )
    unchecked = (*logged.unchecked, *cells.not_checked, *silent)
    found = Validation(
        FULL,
        len(cells.compared),
        count,
        volatile=logged.volatile,
        not_checked=tuple(dict.fromkeys(unchecked)),
    )
    return found, cells.compared


def _cells(
    directory: ExperimentDirectory, logged: Round, again: Run, parameters: frozenset[str], exact: bool
) -> Cells:
    """A parameter's column is no metric; one that the decoder does not declare is, where it is measured."""
    given = {name for name in logged.params if name not in again.metrics}
    skipped = {ID, EXECUTION_TIME, *logged.volatile, *parameters, *given}
    row = directory.cells[logged.id]
    metrics = {name: cell for name, cell in row.items() if name not in skipped and name[:1] != "_"}
    now = {name: value for name, value in again.metrics.items() if name not in skipped}
    decimals = {name: decimals_of(cells[name] for cells in directory.cells.values()) for name in metrics}
    return compare_cells(metrics, now, decimals, deterministic=exact)


def _like(then: Sequence[Any], now: list[Any]) -> list[Any]:
    """Probabilities of two classes may have been logged as those of the second alone."""
    if then and not isinstance(then[0], list) and now and isinstance(now[0], list) and len(now[0]) == 2:
        return [pair[1] for pair in now]
    return now


def _alignment(logged: Mapping[str, Any], again: Mapping[str, Any]) -> tuple[list[Mismatch], tuple[str, ...]]:
    """Compare what both runs say of the predictions' rows; dates count by what they are, not how written."""
    found: list[Mismatch] = []
    silent = tuple(f"alignment {name}" for name in logged if name not in again)
    for name, then in logged.items():
        if name in again and not _same(then, again[name]):
            found.append(Mismatch(f"alignment.{name}", then, again[name], 0.0))
    return found, silent


def _same(then: Any, now: Any) -> bool:
    if isinstance(then, list) and isinstance(now, Sequence) and not isinstance(now, str):
        return len(then) == len(now) and all(map(_same, then, now))
    if isinstance(then, str) and isinstance(now, dt.date):
        return _is_date(then, now)
    return bool(then == now)


def _is_date(text: str, date: dt.date) -> bool:
    if text in (date.isoformat(), str(date)):
        return True
    if text[10:11] not in ("", "T", " "):  # `fromisoformat` takes anything there
        return False
    try:
        return dt.datetime.fromisoformat(text) == date
    except (ValueError, TypeError):
        return False


def _says_something(cell: str) -> bool:
    """A number says something; an empty cell, NaN or a word would be the same after any change."""
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


__all__ = ["validate_foreign"]
