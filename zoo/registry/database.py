"""The database behind the registry: one place that opens, locks and translates its errors.

Choices for SQLite, each for a reason:

- The rollback journal (SQLite's default), not WAL: WAL needs shared memory, which a network share has not,
  and it leaves `-wal` and `-shm` files even beside a database that is only read. Writes are few and short.
- `synchronous=EXTRA`: `FULL`, and the directory is synced after the journal is removed, so that a commit
  survives a power cut right after it.
- We say BEGIN ourselves; Python's driver would begin late, and never with the lock that a writer needs.
- A connection a transaction, closed after it: a process may fork, and nobody holds a file that was replaced.
- Readers open the file for writing if they may: only so can they roll back what a killed writer left. They
  never create it.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from zoo.errors import ConfigError, StoreDamaged, StoreUnavailable
from zoo.registry import schema
from zoo.registry.files import check_place, make_directory, reporting

BUSY_TIMEOUT = 30.0
_LONGEST_TIMEOUT = 24 * 3600.0  # SQLite counts milliseconds in 32 bits
_SCHEME = "sqlite:///"
_WRITING = "zoo_writing"


class Database:
    """A SQLite file that may not be there yet.

    Args:
        url: `sqlite:///path`, with `?timeout=seconds` for how long to wait for another writer (30).

    Raises:
        ConfigError: for a URL that names no SQLite file.
    """

    def __init__(self, url: str) -> None:
        self.path, self.timeout = _parse(url)
        self._engine: Engine | None = None

    def check(self, *, writable: bool) -> None:
        """Raise what a first use would raise, and create nothing.

        Args:
            writable: complain also about what cannot be written.

        Raises:
            StoreUnavailable: the file or its directory cannot be used.
            SchemaMismatch: the file is another program's, or of another zoo.
        """
        check_place(self.path.parent, writable=writable)
        with reporting(self.path):
            if writable and self.path.exists() and not os.access(self.path, os.W_OK):
                raise PermissionError(errno.EACCES, "access refused", str(self.path))
        with self.reading():
            pass

    @contextmanager
    def reading(self) -> Iterator[Connection | None]:
        """Yield a connection that sees one state of the store; None where there is no store yet."""
        with reporting(self.path):
            missing = not self.path.exists()
        if missing:
            yield None
            return
        with self._transaction(writing=False) as connection:
            yield connection if schema.present(connection, self.path) else None

    @contextmanager
    def writing(self, *, create: bool = True) -> Iterator[Connection]:
        """Yield a connection that holds the write lock; commit at the end, roll back on any error.

        Args:
            create: make the file and the tables where there are none; otherwise a missing file is an error,
                and the tables may be missing.
        """
        if create:
            make_directory(self.path.parent)
            with reporting(self.path):
                if not self.path.exists():
                    self.path.touch()
        with self._transaction(writing=True) as connection:
            if create:
                schema.ensure(connection, self.path)
            yield connection

    def damage(self, connection: Connection) -> list[str]:
        """Return what the database finds wrong with its own pages; empty when all is well."""
        found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(10)")]
        return [] if found == ["ok"] else found

    def settle(self, connection: Connection) -> None:
        """Have the coming commit remove a journal that a writer left who was killed before it was of use."""
        if self.path.with_name(f"{self.path.name}-journal").exists():
            # for an equal value SQLite writes no page, and so no journal
            connection.exec_driver_sql("UPDATE schema_version SET version = version + 1")
            connection.exec_driver_sql("UPDATE schema_version SET version = version - 1")

    def close(self) -> None:
        """Let go of the engine; no connection outlives its transaction anyway."""
        self._engine = None

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        if self._engine is None:
            self._engine = self._connectable()
        try:
            with (
                self._engine.connect().execution_options(**{_WRITING: writing}) as connection,
                connection.begin(),
            ):
                yield connection
        except DBAPIError as error:
            raise self._explain(error) from error

    def _connectable(self) -> Engine:
        # A plain path would create the file; mode=rw never does.
        return _engine(f"{self.path.as_uri()}?mode=rw", self.timeout)

    def _explain(self, error: DBAPIError) -> StoreUnavailable:
        name = str(getattr(error.orig, "sqlite_errorname", ""))
        unknown = (f"the database refused: {error.orig}", "run `zoo verify`")
        known = (found for prefix, found in _EXPLANATIONS.items() if name.startswith(prefix))
        problem, remedy = next(known, unknown)
        kind = StoreDamaged if name.startswith(_DAMAGE) else StoreUnavailable
        return kind(problem.format(timeout=self.timeout), where=self.path, remedy=remedy)


@lru_cache(maxsize=16)
def _engine(uri: str, timeout: float) -> Engine:
    """Return the engine of a file: one for all who open it, since it remembers how statements are compiled.

    It holds no connection, and so nothing of the file, and nothing that a fork could break.
    """

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)
        connection.execute("PRAGMA synchronous=EXTRA")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    """Begin a transaction: the one place that knows how a dialect takes the write lock."""
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


_DAMAGE = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_EXPLANATIONS: dict[str, tuple[str, str]] = {
    "SQLITE_BUSY": (
        "the database is locked by another process for more than {timeout:g} s",
        "wait for that process, or give more time with ?timeout=seconds in registry.url",
    ),
    "SQLITE_NOTADB": (
        "the file is no SQLite database",
        "set registry.url to another path, restore the file, or make a new one from the versions' "
        "directories and the event log with `zoo verify rebuild=true`",
    ),
    "SQLITE_CORRUPT": (
        "the database is damaged",
        "restore the file from a backup, or make a new one from the versions' directories and the event "
        "log with `zoo verify rebuild=true`",
    ),
    "SQLITE_FULL": ("the disk is full", "free some space and run again; nothing was changed"),
    "SQLITE_IOERR": ("the disk failed or is full", "free some space and run again; nothing was changed"),
    "SQLITE_READONLY": ("the database cannot be written", "make the file and its directory writable"),
    "SQLITE_CANTOPEN": (
        "the database cannot be opened",
        "make the path a file that this user may read and write",
    ),
    "SQLITE_PERM": (
        "the database cannot be opened",
        "make the path a file that this user may read and write",
    ),
}


def _parse(url: str) -> tuple[Path, float]:
    """Split a URL; the path is taken as it stands, since `${paths.outputs}` is put in unquoted."""
    if not url.startswith(_SCHEME):
        backend = url.partition("://")[0] if "://" in url else "a plain path"
        raise _bad_url(url, f"{backend} is not supported")
    path, _, query = url.removeprefix(_SCHEME).partition("?")
    if path in ("", ":memory:"):
        raise _bad_url(url, "a registry in memory would be lost")
    options = dict(parse_qsl(query, keep_blank_values=True))
    try:
        timeout = float(options.pop("timeout", BUSY_TIMEOUT))
    except ValueError as error:
        raise _bad_url(url, "the timeout is no number of seconds") from error
    if options or not 0 <= timeout <= _LONGEST_TIMEOUT:
        raise _bad_url(url, f"{', '.join(options) or 'this timeout'} cannot be used")
    return Path(path).absolute(), timeout


def _bad_url(url: str, problem: str) -> ConfigError:
    return ConfigError(
        problem,
        where=f"registry.url {url.rpartition('@')[2]}",  # what stands before an @ may be a password
        expected="sqlite:///path/to/registry.db, with ?timeout=seconds if need be",
        remedy="correct registry.url",
    )


__all__ = ["BUSY_TIMEOUT", "Database"]
