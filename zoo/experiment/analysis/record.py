"""What an experiment recorded, checked once and held without its predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zoo.errors import ExperimentCorrupt
from zoo.experiment.completeness import is_ours
from zoo.experiment.directory import ExperimentDirectory, Round, check_row
from zoo.experiment.format import METADATA, REMAKE, RESULTS, declared_digest
from zoo.experiment.runlog import RUNNING


@dataclass(frozen=True)
class Record:
    """A finished experiment: its metadata, and each of its rounds without predictions.

    Attributes:
        name: the directory's name.
        path: the directory.
        metadata: what metadata.json says.
        rounds: by id; every row is the one that was logged, where that can be told.
        finished: whether the run is over; of one that was stopped, the rounds that it has finished.
        failed: the permutations that failed, by id: `params`, `error`, `message`; None where nothing says
            whether any did.
    """

    name: str
    path: Path
    metadata: Mapping[str, Any]
    rounds: tuple[Round, ...]
    finished: bool
    failed: Mapping[int, Mapping[str, Any]] | None

    @property
    def ours(self) -> bool:
        """Whether zoo wrote the directory."""
        return is_ours(self.metadata)

    @property
    def seed(self) -> int:
        """The experiment's seed; 0 where none was recorded."""
        seed = self.metadata.get("seed")
        return seed if type(seed) is int and seed >= 0 else 0

    @property
    def ids(self) -> pd.Index:
        """The ids of the rounds, in order."""
        return pd.Index([found.id for found in self.rounds], name="id", dtype="int64")

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """Rounds × parameters, as declared: numbers, text, lists; None where a round has no such one."""
        declared = list(self.metadata.get("params") or {})
        names = dict.fromkeys([*declared, *(name for found in self.rounds for name in found.params)])
        used = [name for name in names if any(name in found.params for found in self.rounds)]
        columns = {name: [found.params.get(name) for found in self.rounds] for name in used}
        return pd.DataFrame(
            {name: pd.Series(values, self.ids, dtype=object) for name, values in columns.items()},
            index=self.ids,
        )

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """Rounds × metrics that are numbers; NaN where a round has none, or one that is no number."""
        names = dict.fromkeys(name for found in self.rounds for name in found.metrics)
        columns = {name: [found.metrics.get(name) for found in self.rounds] for name in names}
        return pd.DataFrame(
            {name: pd.Series(_floats(c), self.ids) for name, c in columns.items() if _numeric(c)},
            index=self.ids,
            dtype=float,
        )


Source = Record | ExperimentDirectory | Path | str


def read_record(source: Source) -> Record:
    """Read a finished experiment; a `Record` is returned as it is.

    Raises:
        ExperimentNotFound: there is no such directory.
        ExperimentCorrupt: a file that cannot be read, a row, a series or a declaration that is not the one
            that was logged.
    """
    if isinstance(source, Record):
        return source
    directory = source if isinstance(source, ExperimentDirectory) else ExperimentDirectory(source)
    finished = directory.metadata.get("status") != RUNNING
    if not finished and not directory.unfinished:
        directory = ExperimentDirectory(directory.path, unfinished=True)
    declared = declared_digest(directory.metadata)
    rounds = []
    for number in directory.ids:
        found = directory.round(number)
        check_row(found, f"{directory.path / RESULTS}")
        if found.digests is not None and found.digests.get("declared") != declared:
            raise ExperimentCorrupt(
                f"is not what permutation {number} was logged under",
                where=directory.path / METADATA,
                remedy=REMAKE,
            )
        rounds.append(replace(found, preds=[], probs=None))
    failed = directory.failed
    return Record(
        directory.name,
        directory.path,
        directory.metadata,
        tuple(rounds),
        finished,
        failed if failed or "failed" in directory.metadata else None,
    )


def _numeric(values: list[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in known)


def _floats(values: list[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([np.nan if value is None else float(value) for value in values])


__all__ = ["Record", "Source", "read_record"]
