"""The ledger: every permutation ever evaluated for a line, counted once by content.

From it come the N, the V and the sets of every later test. A trial that failed, or whose returns are no
numbers, is in N like any other: leaving it out would make the best of the others look better than it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Select, func, select

from zoo.errors import RegistryError
from zoo.registry import schema
from zoo.registry.database import Database
from zoo.registry.eventlog import EventLog
from zoo.registry.history import now
from zoo.registry.schema import trials
from zoo.registry.trial import FAILED, Trial, Window, from_row, rank, to_row

if TYPE_CHECKING:
    from zoo.registry.trial import Returns

_AT_ONCE: Final = 500  # contents a query: SQLite takes 999 parameters, or more

Matrix = tuple[tuple[str, ...], "Returns"]


@dataclass(frozen=True, eq=False)
class TrialSet:
    """The trials of one target, calendar and window: only these can be compared bar by bar.

    A trial without returns belongs to a set without calendar and window, so that each trial is in one set and
    the sets of a line add up to its count, which is the N of a test.

    Attributes:
        line: their line.
        target: what they predict, as canonical JSON.
        calendar: SHA-256 over the dates of their returns; None for trials without returns.
        window: the first and the last of these dates; None for trials without returns.
        trials: all of them, in the order of recording.
    """

    line: str
    target: str
    calendar: str | None
    window: Window | None
    trials: tuple[Trial, ...]

    @property
    def failed(self) -> int:
        """How many failed."""
        return sum(trial.status == FAILED for trial in self.trials)

    @property
    def finished(self) -> int:
        """How many finished, with returns or without."""
        return len(self.trials) - self.failed

    @property
    def nan(self) -> int:
        """How many have returns that are no numbers, and thus no Sharpe ratio."""
        return sum(trial.has_nan for trial in self.trials)

    def matrix(self) -> Matrix:
        """Return the contents of the trials that have returns, and these as bars × trials, float32.

        Raises:
            RegistryError: two trials of one calendar have not the same number of bars.
        """
        import numpy as np

        found = {trial.content: trial.net for trial in self.trials if trial.net is not None}
        if len({len(net) for net in found.values()}) > 1:
            raise RegistryError(
                "trials of one calendar have different numbers of bars",
                where=f"line {self.line}",
                remedy="run `zoo verify`",
            )
        if not found:
            return (), np.empty((0, 0), dtype=np.float32)
        return tuple(found), np.column_stack(list(found.values()))

    @cached_property
    def variance(self) -> float:
        """V of the deflated Sharpe ratio: `zoo.metrics.trial_variance` over the trials that have returns.

        Per period; near-duplicates count once. NaN where no trial has a Sharpe ratio.
        """
        from zoo.metrics import trial_variance

        return trial_variance(self.matrix()[1])

    @cached_property
    def mean_correlation(self) -> float:
        """Mean correlation of two different trials that have a Sharpe ratio; NaN with fewer than two.

        For unit vectors z that is (|Σ z|² - n) / (n (n - 1)), which needs no matrix of all pairs.
        """
        import numpy as np

        table = self.matrix()[1].astype(np.float64)
        table = table[:, np.isfinite(table).all(axis=0)]
        if len(table) < 2 or table.shape[1] < 2:
            return math.nan
        deviation = table - table.mean(axis=0)
        norm = np.linalg.norm(deviation, axis=0)
        real = norm > 1e-12 * np.sqrt(len(table)) * np.abs(table).max(axis=0)
        count = int(real.sum())
        if count < 2:
            return math.nan
        total = (deviation[:, real] / norm[real]).sum(axis=1)
        return float((total @ total - count) / (count * (count - 1)))


class Ledger:
    """The trials of a registry's store, made at the first record and never before.

    Args:
        database: the registry's.
        log: the exported event log, which tells of a database that is gone.
        read_only: refuse `record`.
    """

    def __init__(self, database: Database, *, log: EventLog, read_only: bool = False) -> None:
        self._database = database
        self._log = log
        self._read_only = read_only

    # --- recording ------------------------------------------------------------------------------

    def record(self, line: str, found: Iterable[Trial]) -> int:
        """Count trials, each once by content; all of them or, when something goes wrong, none.

        A trial that is known stays as it is, unless it failed before, or had no returns before, and now has
        more: it keeps its place and the time at which it was counted first.

        Args:
            line: whose trials they are.
            found: the trials; contents may repeat.

        Returns:
            How many were not counted before.

        Raises:
            RegistryError: the registry was opened to read, or a trial is another line's or cannot be kept.
            LogAhead: the database lost events that the exported log has.
            StoreUnavailable: the store cannot be locked or written.
        """
        if self._read_only:
            raise RegistryError("the registry was opened to read", remedy="open it without read_only")
        best = _best(line, found)
        tail = self._log.tail()
        with self._database.reading() as connection:
            self._log.check(connection, tail)
            fresh = best if connection is None else _fresh(connection, line, best)
        if not fresh:
            return 0  # without the write lock: the usual case when an experiment is used again
        with self._database.writing() as connection:
            return _write(connection, line, fresh)

    # --- reading --------------------------------------------------------------------------------

    def trials(
        self,
        line: str,
        *,
        target: str | None = None,
        calendar: str | None = None,
        window: Window | None = None,
    ) -> list[Trial]:
        """Return the trials of a line with these properties, in the order of recording.

        Raises:
            RegistryError: a row was damaged.
        """
        query = select(trials).where(trials.c.line == line).order_by(trials.c.position)
        wanted = ((trials.c.target, target), (trials.c.calendar, calendar))
        for column, value in (*wanted, (trials.c.window, None if window is None else "/".join(window))):
            if value is not None:
                query = query.where(column == value)
        return [from_row(row) for row in self._rows(query)]

    def lines(self) -> list[str]:
        """Return the lines that have trials, sorted."""
        query = select(trials.c.line).distinct().order_by(trials.c.line)
        return [row["line"] for row in self._rows(query)]

    def count(self, line: str) -> int:
        """Return the N of every test: all trials of the line, failed and NaN ones too."""
        query = select(func.count().label("n")).select_from(trials).where(trials.c.line == line)
        return sum(row["n"] for row in self._rows(query))

    def sets(self, line: str) -> list[TrialSet]:
        """Return the trials of a line by target, calendar and window, in the order of their first trial."""
        grouped: dict[tuple[str, str | None, Window | None], list[Trial]] = {}
        for trial in self.trials(line):
            grouped.setdefault((trial.target, trial.calendar, trial.window), []).append(trial)
        return [TrialSet(line, *key, tuple(members)) for key, members in grouped.items()]

    def matrix(self, line: str, target: str, calendar: str, window: Window) -> Matrix:
        """Return the contents of a set's trials, and their returns as bars × trials, float32."""
        return self._set(line, target, calendar, window).matrix()

    def variance(self, line: str, target: str, calendar: str, window: Window) -> float:
        """Return the V of a set; see `TrialSet.variance`. The N that goes with it is `count`."""
        return self._set(line, target, calendar, window).variance

    def _set(self, line: str, target: str, calendar: str, window: Window) -> TrialSet:
        found = self.trials(line, target=target, calendar=calendar, window=window)
        return TrialSet(line, target, calendar, window, tuple(found))

    def _rows(self, query: Select[Any]) -> Sequence[Mapping[Any, Any]]:
        with self._database.reading() as connection:
            if connection is None or not schema.has_ledger(connection, self._database.path):
                return []
            return connection.execute(query).mappings().all()


def _best(line: str, found: Iterable[Trial]) -> dict[str, Trial]:
    """Return one trial a content, the one of which most is known; the first of equals."""
    best: dict[str, Trial] = {}
    for trial in found:
        if trial.line != line:
            raise RegistryError(
                f"a trial of line {trial.line!r}",
                where=f"{trial.experiment}, permutation {trial.permutation_id}",
                expected=f"one of line {line!r}",
            )
        if trial.content not in best or _rank(best[trial.content]) < _rank(trial):
            best[trial.content] = trial
    return best


def _rank(trial: Trial) -> int:
    return rank(trial.status, trial.net is not None)


def _fresh(connection: Connection, line: str, best: Mapping[str, Trial]) -> dict[str, Trial]:
    """Return the trials of which the store does not know as much already."""
    if not schema.has_ledger(connection, "the store"):
        return dict(best)
    known = {row["content"]: row["rank"] for row in _known(connection, line, best)}
    return {name: trial for name, trial in best.items() if known.get(name, -1) < _rank(trial)}


def _known(connection: Connection, line: str, contents: Iterable[str]) -> Iterator[dict[str, Any]]:
    has_returns = trials.c.net_returns.is_not(None).label("has_returns")
    columns = (trials.c.content, trials.c.position, trials.c.recorded_at, trials.c.status, has_returns)
    names = list(contents)
    for start in range(0, len(names), _AT_ONCE):
        chunk = names[start : start + _AT_ONCE]
        query = select(*columns).where(trials.c.line == line, trials.c.content.in_(chunk))
        for row in connection.execute(query).mappings():
            yield {**row, "rank": rank(row["status"], row["has_returns"])}


def _write(connection: Connection, line: str, fresh: Mapping[str, Trial]) -> int:
    """Insert what is new and replace what has grown; the caller holds the write lock."""
    known = {row["content"]: row for row in _known(connection, line, fresh)}
    last = connection.execute(select(func.max(trials.c.position))).scalar() or 0
    at = now()
    added: list[dict[str, Any]] = []
    for content, trial in fresh.items():
        old = known.get(content)
        if old is None:
            added.append(to_row(trial, position=last + len(added) + 1, recorded_at=at))
        elif old["rank"] < _rank(trial):
            row = to_row(trial, position=old["position"], recorded_at=old["recorded_at"])
            connection.execute(trials.update().where(trials.c.position == old["position"]).values(row))
    if added:
        connection.execute(trials.insert(), added)
    return len(added)


__all__ = ["Ledger", "TrialSet"]
