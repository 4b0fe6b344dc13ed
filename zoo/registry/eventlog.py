"""`events.jsonl` beside the versions' directories: a copy of the event log that outlives the database.

One event a line, oldest first, as canonical JSON. The database goes first: an event is written here after its
transaction has committed, under the write lock again, together with whatever an earlier writer that was
killed has not come to write. So this file never tells of what did not happen. It may lack the last events,
until the next move or `verify`; if it has more than the database, then it is the database that lost some, and
nothing is written to either until somebody has looked.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from zoo.errors import LogAhead, RegistryError, StoreUnavailable
from zoo.registry import canonical, history
from zoo.registry.database import Database
from zoo.registry.files import make_directory, reporting, sync_directory, write_synced
from zoo.registry.schema import events

NAME = "events.jsonl"
_CHUNK = 64 * 1024
_COLUMNS = tuple(column.name for column in events.columns)

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Tail:
    """Where the log ends.

    Attributes:
        position: the last event's.
        digest: the last event's.
        size: bytes up to the end of its line; what follows is the torn line of a killed writer.
    """

    position: int
    digest: str
    size: int


_EMPTY = Tail(0, history.FIRST, 0)


class EventLog:
    """The log below the directory of all artefacts.

    Args:
        root: that directory; it need not exist.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / NAME

    # --- reading --------------------------------------------------------------------------------

    def tail(self) -> Tail | None:
        """Return where the log ends; None where the last line is whole and yet no event."""
        content, size = self._end()
        whole, newline, torn = content.rpartition(b"\n")
        if not newline:
            return _EMPTY
        row = parse(whole.rpartition(b"\n")[2])
        return None if row is None else Tail(row["position"], row["digest"], size - len(torn))

    def _end(self) -> tuple[bytes, int]:
        """Return the last two lines or more, and the size of the whole."""
        with reporting(self.path):
            if not self.path.exists():
                return b"", 0
            with self.path.open("rb") as file:
                size = start = file.seek(0, os.SEEK_END)
                content = b""
                while start > 0 and content.count(b"\n") < 2:
                    start = max(0, start - _CHUNK)
                    file.seek(start)
                    content = file.read(size - start)
        return content, size

    def read(self) -> list[Row]:
        """Return every event of the log that is whole, as rows of the table `events`."""
        with reporting(self.path):
            content = self.path.read_bytes() if self.path.exists() else b""
        return [row for line in content.splitlines() if (row := parse(line)) is not None]

    def check(self, connection: Connection | None, tail: Tail | None) -> None:
        """Refuse to go on with a database that lost events.

        Args:
            connection: sees the database; None where there is none.
            tail: the end of the log, read before the connection's transaction began or under the write lock.

        Raises:
            LogAhead: the log's last event is not in the database.
        """
        if tail is None or tail == _EMPTY or (connection is not None and _has(connection, tail)):
            return
        raise LogAhead(
            f"it holds event {tail.position}, and the database does not",
            where=self.path,
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
            raise StoreUnavailable("its last line is no event", where=self.path, remedy="run `zoo verify`")
        self.check(connection, tail)
        missing = _after(connection, tail.position)
        if missing:
            self._append(missing, tail.size)
        return len(missing)

    def heal(self, rows: Sequence[Row], *, replace: bool = False) -> tuple[str | None, str | None]:
        """Bring the log up to the database's events, and keep a damaged one aside.

        Args:
            rows: every event of the database, in order.
            replace: keep also one aside that tells of more than the database.

        Returns:
            What was done, and what is wrong and was left alone; None for nothing.
        """
        with reporting(self.path):
            content = self.path.read_bytes() if self.path.exists() else b""
        wanted = b"".join(map(line, rows))
        if content == wanted or history.breaks(rows):  # a copy of a broken chain would help nobody
            return None, None
        known = {row["digest"] for row in rows}
        unknown = [row for row in map(parse, content.splitlines()) if row and row["digest"] not in known]
        if unknown and not replace:
            return None, _ahead(self.path, unknown)
        kept, newline, _ = content.rpartition(b"\n")
        if wanted.startswith(kept + newline):
            missing = wanted[len(kept + newline) :].count(b"\n")
            self._append(rows[len(rows) - missing :], len(kept + newline))
            return f"{self.path}: wrote {_counted(missing)} that had not been written", None
        aside = self._replace(wanted)
        return f"{self.path}: was damaged, and was written anew; the damaged one is {aside}", None

    def sweep(self) -> tuple[str, ...]:
        """Delete what a writer left who was killed while it wrote the log anew; return the names."""
        found = sorted(self.path.parent.glob(f".{NAME}~*"))
        with reporting(self.path):
            for left in found:
                left.unlink()
        return tuple(left.name for left in found)

    def _append(self, rows: Iterable[Row], size: int) -> None:
        make_directory(self.path.parent)
        with reporting(self.path):
            new = not self.path.exists()
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
            with os.fdopen(os.open(self.path, flags, 0o666), "ab") as file:
                file.truncate(size)
                file.write(b"".join(map(line, rows)))
                file.flush()
                os.fsync(file.fileno())
            if new:
                sync_directory(self.path.parent)

    def _replace(self, content: bytes) -> Path:
        aside = self.path.with_name(f"{self.path.stem}.damaged-{secrets.token_hex(4)}.jsonl")
        temporary = self.path.with_name(f".{NAME}~{secrets.token_hex(4)}")
        with reporting(self.path):
            write_synced(temporary, content)
            os.link(self.path, aside)
            temporary.replace(self.path)
            sync_directory(self.path.parent)
        return aside


@contextmanager
def looking(database: Database, root: Path) -> Iterator[Connection | None]:
    """Yield a connection that sees the store; None where there is none and never was.

    Args:
        database: the store.
        root: the directory of all artefacts.

    Raises:
        LogAhead: there was a store: the log tells of events, and the database is gone.
        StoreUnavailable: it cannot be read.
    """
    with database.reading() as connection:
        if connection is not None:
            yield connection
            return
    log = EventLog(root)
    tail = log.tail()
    with database.reading() as connection:  # once more: it may have been made meanwhile
        log.check(connection, tail)
        yield connection


@contextmanager
def recorded(
    database: Database, root: Path, notices: list[str], *, create: bool = False
) -> Iterator[Connection]:
    """Yield a connection that holds the write lock, and write the block's events to the log once it commits.

    A log that cannot be written is a notice: the move has happened, and `verify` writes what is missing.

    Args:
        database: the store.
        root: the directory of all artefacts.
        notices: takes what the user should know.
        create: make the store where there is none.

    Raises:
        LogAhead: the database lost events.
        StoreUnavailable: it cannot be locked or written.
    """
    log = EventLog(root)
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


def _counted(count: int) -> str:
    return f"{count} event{'' if count == 1 else 's'}"


def _ahead(path: Path, unknown: Sequence[Row]) -> str:
    return (
        f"{path} holds {_counted(len(unknown))} that the database does not have (the first is event "
        f"{unknown[0]['position']}): the database is older than the log, or another one; make a new one with "
        "`zoo verify rebuild=true`"
    )


__all__ = ["NAME", "EventLog", "Tail", "line", "looking", "parse", "recorded"]
