"""The registry in a SQLite file: nothing to install, one machine or a shared directory.

Choices, each for a reason:

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

import datetime
import errno
import os
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from zoo.errors import StoreDamaged, StoreUnavailable
from zoo.registry import schema
from zoo.registry.artifacts import alive, here
from zoo.registry.database import WRITING, Anew, Database, bad_url, seconds
from zoo.registry.files import check_place, make_directory, reporting, sync_directory

_SCHEME = "sqlite:///"
_REBUILDING = re.compile(r"\.rebuild~(?P<host>[^~]+)~(?P<pid>[0-9]+)~[0-9a-f]{8}\.db(-journal)?")


class SQLite(Database):
    """A SQLite file that may not be there yet.

    Args:
        url: `sqlite:///path`, with `?timeout=seconds` for how long to wait for another writer (30).

    Raises:
        ConfigError: for a URL that names no SQLite file.
    """

    def __init__(self, url: str) -> None:
        self.path, self.timeout = _parse(url)
        self.name, self.home = str(self.path), self.path.parent

    # --- looking --------------------------------------------------------------------------------

    def check(self, *, writable: bool) -> None:
        """Raise what a first use would raise, and create nothing."""
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
            yield connection if self.present(connection) else None

    def leftovers(self) -> bool:
        """Say whether there is a file with something in it."""
        return self.seems_there()

    def seems_there(self) -> bool:
        """Say whether there is a file with something in it; it may be no store."""
        return self.path.exists() and self.path.stat().st_size > 0

    def damage(self, connection: Connection) -> list[str]:
        """Return what SQLite finds wrong with its pages."""
        found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(10)")]
        return [] if found == ["ok"] else found

    # --- writing --------------------------------------------------------------------------------

    @contextmanager
    def writing(self, *, create: bool = True) -> Iterator[Connection]:
        """Yield a connection that holds the write lock; without `create` a missing file is an error."""
        if create:
            make_directory(self.path.parent)
            with reporting(self.path):
                if not self.path.exists():
                    self.path.touch()
        with self._transaction(writing=True) as connection:
            if create:
                schema.ensure(connection, self.name)
            yield connection

    @contextmanager
    def anew(self, *, beside: bool, damaged: bool) -> Iterator[Anew]:
        """Yield a store in a file of its own, which gets its name after the commit."""
        check_place(self.path.parent, writable=True)
        target = self._beside("rebuilt") if beside else self.path
        hidden = f".rebuild~{here()}~{os.getpid()}~{secrets.token_hex(4)}.db"
        making = SQLite(f"{_SCHEME}{self.path.with_name(hidden)}")
        try:
            with making.writing() as connection:
                made = Anew(connection, str(target))
                yield made
            made.aside = self._install(making.path, target, unreadable=damaged)
        finally:
            making.close()
            for left in (making.path, making.path.with_name(f"{hidden}-journal")):
                left.unlink(missing_ok=True)

    def settle(self, connection: Connection) -> None:
        """Have the coming commit remove a journal that a writer left who was killed before it was of use."""
        if self.path.with_name(f"{self.path.name}-journal").exists():
            # for an equal value SQLite writes no page, and so no journal
            connection.exec_driver_sql("UPDATE schema_version SET version = version + 1")
            connection.exec_driver_sql("UPDATE schema_version SET version = version - 1")

    def sweep(self) -> tuple[str, ...]:
        """Delete the files of rebuildings whose process is dead."""
        swept = []
        with reporting(self.path):
            for left in sorted(self.path.parent.glob(".rebuild~*")):
                found = _REBUILDING.fullmatch(left.name)
                if found and not alive(left, found["host"], int(found["pid"])):
                    left.unlink(missing_ok=True)
                    swept.append(left.name)
        return tuple(swept)

    def close(self) -> None:
        """Nothing is held: no connection outlives its transaction."""

    # --- the file -------------------------------------------------------------------------------

    def _beside(self, word: str) -> Path:
        now = datetime.datetime.now(datetime.UTC)
        return self.path.with_name(f"{self.path.stem}.{word}-{now:%Y%m%dT%H%M%S_%fZ}{self.path.suffix}")

    def _install(self, made: Path, target: Path, *, unreadable: bool) -> str | None:
        """Give the new file its name, which nothing else may have by now; return where the old one went."""
        aside = None
        with reporting(target):
            if unreadable:
                aside = self._beside("unreadable")
                self.path.rename(aside)
            elif target.exists() and target.stat().st_size == 0:
                target.unlink()  # a store that nobody has filled
            try:
                os.link(made, target)
            except FileExistsError as error:
                raise StoreUnavailable(
                    "another process made a database meanwhile",
                    where=target,
                    remedy="look at it, then run again",
                ) from error
            sync_directory(target.parent)
        return None if aside is None else str(aside)

    def _engine(self) -> Engine:
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
    writing = connection.get_execution_options().get(WRITING, False)
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
        raise bad_url(url, f"{backend} is not supported")
    path, _, query = url.removeprefix(_SCHEME).partition("?")
    if path in ("", ":memory:"):
        raise bad_url(url, "a registry in memory would be lost")
    options = dict(parse_qsl(query, keep_blank_values=True))
    timeout = seconds(url, options)
    if unknown := options.keys() - {"timeout"}:
        raise bad_url(url, f"{', '.join(sorted(unknown))} cannot be used")
    return Path(path).absolute(), timeout


__all__ = ["SQLite"]
