"""Choosing permutations: by id, or by the walk-forward score on train + validation; never by test."""

from __future__ import annotations

import math
from pathlib import Path

from zoo.errors import ExperimentError, did_you_mean
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.format import RESULTS
from zoo.experiment.integrity import check_row
from zoo.spec import Top

PREFIX = "selection_"


def choose(path: Path | str, permutations: tuple[int, ...] | Top) -> tuple[int, ...]:
    """Return the ids that a source names.

    Args:
        path: the experiment directory.
        permutations: ids, taken as they are, or `Top`.

    Raises:
        ExperimentError: no walk-forward score of that metric, or fewer scored permutations than asked for.
    """
    if not isinstance(permutations, Top):
        return permutations
    directory = ExperimentDirectory(path)
    column = f"{PREFIX}{permutations.by}"
    scores = {number: row[column] for number, row in directory.results.items() if column in row}
    if not scores:
        raise _unknown(directory, permutations.by)
    scored = {n: s for n, s in scores.items() if isinstance(s, float | int) and math.isfinite(s)}
    if len(scored) < permutations.count:
        raise ExperimentError(
            f"has {len(scored)} permutations with a finite {column}",
            where=directory.path,
            expected=f"at least {permutations.count}",
            remedy="ask for fewer",
        )
    for number in scores:  # a score that was edited would choose another permutation
        check_row(directory.round(number), f"{directory.path / RESULTS}")
    ranked = sorted(scored, key=lambda number: (-scored[number], number))
    return tuple(ranked[: permutations.count])


def _unknown(directory: ExperimentDirectory, by: str) -> ExperimentError:
    columns = {c for row in directory.results.values() for c in row if c.startswith(PREFIX)}
    offered = sorted(c.removeprefix(PREFIX) for c in columns)
    return ExperimentError(
        f"has no walk-forward score {by!r}, and selecting by a test metric is refused",
        where=directory.path,
        expected=f"by: one of {', '.join(offered)}" if offered else "an experiment with walk-forward scores",
        remedy=did_you_mean(by, offered) or "list the ids instead",
    )


__all__ = ["PREFIX", "choose"]
