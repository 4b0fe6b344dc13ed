"""The exported event log: a copy of the events that lies beside the versions and outlives the database.

One entry an event, oldest first, as a line of canonical JSON. The database goes first: an event is written
here after its transaction has committed, under the write lock again, together with whatever an earlier writer
that was killed has not come to write. So the log never tells of what did not happen. It may lack the last
events, until the next move or `verify`; if it has more than the database, then it is the database that lost
some, and nothing is written to either until somebody has looked.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from zoo.errors import LogAhead, RegistryError, StoreUnavailable
from zoo.registry import canonical, history
from zoo.registry.database import Database
from zoo.registry.schema import events

_COLUMNS = tuple(column.name for column in events.columns)

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Tail:
    """Where the log ends.

    Attributes:
        position: the last event's.
        digest: the last event's.
        size: of a file, the bytes up to the end of its line; what follows is a killed writer's torn line.
    """

    position: int
    digest: str
    size: int = 0


EMPTY = Tail(0, history.FIRST)


class EventLog(ABC):
    """The log, whichever place it lies in.

    Attributes:
        where: the log, as an error names it.
        name: its own name there.
    """

    where: str
    name: str

    # --- reading --------------------------------------------------------------------------------

    @abstractmethod
    def tail(self) -> Tail | None:
        """Return where the log ends; None where the last entry is whole and yet no event."""

    @abstractmethod
    def read(self) -> list[Row]:
        """Return every event of the log that is whole, as rows of the table `events`."""

    @abstractmethod
    def entries(self) -> int:
        """Return how many entries there are, damaged ones too."""

    def check(self, connection: Connection | None, tail: Tail | None) -> None:
        """Refuse to go on with a database that lost events.

        Args:
            connection: sees the database; None where there is none.
            tail: the end of the log, read before the connection's transaction began or under the write lock.

        Raises:
            LogAhead: the log's last event is not in the database.
        """
        if tail is None or tail == EMPTY or (connection is not None and _has(connection, tail)):
            return
        raise LogAhead(
            f"it holds event {tail.position}, and the database does not",
            where=self.where,
            expected="a database that has every event of the log: it is missing, or older than the log",
            remedy="make a new one with `zoo verify rebuild=true`; to begin anew, move the log away",
        )

    # --- writing; all of it needs the write lock -------------------------------------------------

    def extend(self, connection: Connection) -> int:
        """Append what the database has more; return how many events that were.

        Raises:
            StoreUnavailable: it cannot be written, or its end is damaged.
            LogAhead: it is not the beginning of the database's log.
        """
        tail = self.tail()
        if tail is None:
            raise StoreUnavailable("its last line is no event", where=self.where, remedy="run `zoo verify`")
        self.check(connection, tail)
        missing = _after(connection, tail.position)
        if missing:
            self._append(missing, tail.size)
        return len(missing)

    @abstractmethod
    def heal(self, rows: Sequence[Row], *, replace: bool = False) -> tuple[str | None, str | None]:
        """Bring the log up to the database's events, and keep a damaged one aside.

        Args:
            rows: every event of the database, in order.
            replace: keep also one aside that tells of more than the database.

        Returns:
            What was done, and what is wrong and was left alone; None for nothing.
        """

    @abstractmethod
    def sweep(self) -> tuple[str, ...]:
        """Delete what a writer left who was killed while it wrote the log anew; return the names."""

    @abstractmethod
    def _append(self, rows: Iterable[Row], size: int) -> None:
        """Write events after the end of the log, which is `size` bytes long where it is a file."""


@contextmanager
def looking(database: Database, log: EventLog) -> Iterator[Connection | None]:
    """Yield a connection that sees the store; None where there is none and never was.

    Args:
        database: the store.
        log: its event log, which is asked only where there is no database.

    Raises:
        LogAhead: there was a store: the log tells of events, and the database is gone.
        StoreUnavailable: it cannot be read.
    """
    with database.reading() as connection:
        if connection is not None:
            yield connection
            return
    tail = log.tail()
    with database.reading() as connection:  # once more: it may have been made meanwhile
        log.check(connection, tail)
        yield connection


@contextmanager
def recorded(
    database: Database, log: EventLog, notices: list[str], *, create: bool = False
) -> Iterator[Connection]:
    """Yield a connection that holds the write lock, and write the block's events to the log once it commits.

    A log that cannot be written is a notice: the move has happened, and `verify` writes what is missing.

    Args:
        database: the store.
        log: its event log.
        notices: takes what the user should know.
        create: make the store where there is none.

    Raises:
        LogAhead: the database lost events.
        StoreUnavailable: it cannot be locked or written.
    """
    with database.writing(create=create) as connection:
        log.check(connection, log.tail())
        yield connection
    try:
        with database.writing(create=False) as connection:
            log.extend(connection)
    except RegistryError as error:
        notices.append(f"the move is made, but the event log could not be written: {error}")


def line(row: Row) -> bytes:
    """Return an event as a line of the log; `details` is a mapping there, for those who read it."""
    content = {name: row[name] for name in _COLUMNS}
    with suppress(ValueError):  # `verify` tells of a damaged row; here it stays as it is
        content["details"] = json.loads(content["details"])
    return canonical.text(content).encode("ascii") + b"\n"


def parse(content: bytes) -> Row | None:
    """Return the event of a line, as a row of the table; None for what is no intact event."""
    try:
        row = json.loads(content)
        if not isinstance(row, dict) or sorted(row) != sorted(_COLUMNS):
            return None
        row["details"] = canonical.text(row["details"])
        return row if type(row["position"]) is int and history.intact(row) else None
    except (ValueError, TypeError, RecursionError):
        return None


def _has(connection: Connection, tail: Tail) -> bool:
    found = select(events.c.digest).where(events.c.position == tail.position)
    return connection.execute(found).scalar() == tail.digest


def _after(connection: Connection, position: int) -> list[Row]:
    query = select(events).where(events.c.position > position).order_by(events.c.position)
    return list(connection.execute(query).mappings())


def counted(count: int) -> str:
    """Return `1 event`, `2 events`."""
    return f"{count} event{'' if count == 1 else 's'}"


def ahead(where: str, unknown: Sequence[Row]) -> str:
    """Return the sentence on a log that tells of more than the database."""
    return (
        f"{where} holds {counted(len(unknown))} that the database does not have (the first is event "
        f"{unknown[0]['position']}): the database is older than the log, or another one; make a new one with "
        "`zoo verify rebuild=true`"
    )


__all__ = ["EMPTY", "EventLog", "Row", "Tail", "ahead", "counted", "line", "looking", "parse", "recorded"]
