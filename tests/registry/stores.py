"""A store on either backend, for tests that look at it, and spoil it, past the registry."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from zoo.registry import Rebuilt, Registry

from .postgres_server import plain

BACKENDS = ("sqlite", "postgres")
TABLES = ("versions", "events", "trials")
GUARDS = (
    ("events_are_append_only_UPDATE", "events"),
    ("events_are_append_only_DELETE", "events"),
    ("trials_are_never_deleted", "trials"),
    ("trials_only_grow", "trials"),
)
#: for tests of what only one backend has
on_sqlite = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("store", ["postgres"], indirect=True)


class Place(ABC):
    """Where a store is.

    Attributes:
        url: as `Registry.open` takes it.
        root: the directory of all artefacts.
    """

    url: str
    root: Path

    @property
    def address(self) -> str:
        """URL and directory in one text, for other processes (`opened`)."""
        return f"{self.url}#{self.root}"

    def patient(self, seconds: float) -> str:
        """The same address with another timeout."""
        return f"{self.url}{'&' if '?' in self.url else '?'}timeout={seconds}#{self.root}"

    def open(self, **options: Any) -> Registry:
        return opened(self.address, **options)

    def rebuild(self) -> Rebuilt:
        return Registry.rebuild(self.url, artifacts=self.root)

    @abstractmethod
    def execute(self, *statements: str) -> None:
        """Run statements that are committed together."""

    @abstractmethod
    def fetch(self, query: str) -> list[tuple[Any, ...]]: ...

    @abstractmethod
    def lose(self) -> None:
        """Have the database vanish."""

    @abstractmethod
    def empty(self) -> None:
        """Have every table vanish; the place stays."""

    @abstractmethod
    def adopt(self, name: str) -> None:
        """Put what a rebuilding has made beside the database into its place."""

    @abstractmethod
    def spoil(self) -> None:
        """Make it one that cannot be read."""

    @abstractmethod
    def keep(self) -> Any:
        """Return a backup."""

    @abstractmethod
    def put_back(self, backup: Any) -> None:
        """Restore what `keep` returned."""

    @property
    @abstractmethod
    def refused(self) -> type[Exception]:
        """What the driver raises where a constraint or a trigger refuses a statement."""

    @abstractmethod
    def there(self) -> bool:
        """Whether anything was made."""

    @abstractmethod
    def unguard(self) -> None:
        """Drop the triggers that keep events and trials as they are."""

    @abstractmethod
    def blob(self, content: bytes) -> str:
        """A literal of SQL."""

    @abstractmethod
    def holding(self) -> contextlib.AbstractContextManager[None]:
        """Hold the write lock, as another process would."""

    @abstractmethod
    def another(self) -> Place:
        """A second store of this backend, not made yet."""

    @abstractmethod
    def at(self, name: str) -> Place:
        """What a rebuilding has called another database, with the same directory."""


class SQLitePlace(Place):
    """A file beside the artefacts."""

    backend = "sqlite"

    def __init__(self, root: Path, path: Path | None = None) -> None:
        self.root = root
        self.path = root / "registry.db" if path is None else path
        self.url = f"sqlite:///{self.path}"

    def execute(self, *statements: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(self.path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query).fetchall()

    def lose(self) -> None:
        self.path.unlink()

    def empty(self) -> None:
        self.path.write_bytes(b"")

    def adopt(self, name: str) -> None:
        Path(name).replace(self.path)

    def spoil(self) -> None:
        self.path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 20000)

    def keep(self) -> Any:
        return self.path.read_bytes()

    def put_back(self, backup: Any) -> None:
        self.path.write_bytes(backup)

    @property
    def refused(self) -> type[Exception]:
        return sqlite3.IntegrityError

    def there(self) -> bool:
        return self.path.exists()

    def unguard(self) -> None:
        self.execute(*(f"DROP TRIGGER {name}" for name, _ in GUARDS))

    def blob(self, content: bytes) -> str:
        return f"x'{content.hex()}'"

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        other = sqlite3.connect(self.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()

    def another(self) -> SQLitePlace:
        return SQLitePlace(self.root.parent / f"another-{secrets.token_hex(4)}")

    def at(self, name: str) -> SQLitePlace:
        return SQLitePlace(self.root, Path(name))


class PostgresPlace(Place):
    """A schema of a server's database."""

    backend = "postgres"

    def __init__(self, server: str, root: Path, schema: str | None = None) -> None:
        self.server, self.root = server, root
        self.schema = f"test_{secrets.token_hex(8)}" if schema is None else schema
        self.url = f"{server}{'&' if '?' in server else '?'}schema={self.schema}"

    def connect(self) -> Any:
        import psycopg

        connection = psycopg.connect(plain(self.server))
        connection.execute(f"SET search_path TO {self.schema}")
        return connection

    def execute(self, *statements: str) -> None:
        with self.connect() as connection:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self.schema}")
            for statement in statements:
                connection.execute(statement)

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return list(connection.execute(query).fetchall())

    def lose(self) -> None:
        self.execute(f"DROP SCHEMA {self.schema} CASCADE")

    def empty(self) -> None:
        self.lose()
        self.execute()

    def adopt(self, name: str) -> None:
        self.lose()
        self.execute(
            f"DROP SCHEMA {self.schema}", f"ALTER SCHEMA {self.at(name).schema} RENAME TO {self.schema}"
        )

    def spoil(self) -> None:
        self.execute("DROP TABLE versions")

    def keep(self) -> Any:
        with self.connect() as connection, connection.cursor() as cursor:
            found = {}
            for table in TABLES:
                with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                    found[table] = b"".join(map(bytes, copy))
            return found

    def put_back(self, backup: Any) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            for table, rows in backup.items():
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                cursor.execute(f"DELETE FROM {table}")
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    @property
    def refused(self) -> type[Exception]:
        import psycopg

        return psycopg.IntegrityError

    def there(self) -> bool:
        return bool(self.fetch(f"SELECT 1 FROM pg_namespace WHERE nspname = '{self.schema}'"))

    def unguard(self) -> None:
        self.execute(*(f"DROP TRIGGER {name} ON {table}" for name, table in GUARDS))

    def blob(self, content: bytes) -> str:
        return f"'\\x{content.hex()}'::bytea"

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        from zoo.registry.database import open_database

        database = open_database(self.url)
        with database.writing(create=False):
            yield
        database.close()

    def another(self) -> PostgresPlace:
        root = self.root.parent / f"another-{secrets.token_hex(4)}"
        return PostgresPlace(self.server, root, f"{self.schema}_{secrets.token_hex(4)}")

    def at(self, name: str) -> PostgresPlace:
        return PostgresPlace(self.server, self.root, name.partition("schema=")[2])

    def sweep(self) -> None:
        """Drop whatever the test has made."""
        found = self.fetch(f"SELECT nspname FROM pg_namespace WHERE nspname LIKE '{self.schema[:26]}%'")
        for (name,) in found:
            self.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')
        self.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")


def opened(address: str, **options: Any) -> Registry:
    """Open the store of an address; its artefacts lie beside SQLite's file unless it says otherwise."""
    url, _, root = address.partition("#")
    return Registry.open(url, artifacts=Path(root) if root else None, **options)


def root_of(address: str) -> Path:
    """The directory of an address's artefacts."""
    url, _, root = address.partition("#")
    return Path(root) if root else Path(url.removeprefix("sqlite:///")).parent


def numbered(address: str, number: int) -> str:
    """The address of one of several stores, none of which is made yet."""
    url, _, root = address.partition("#")
    if url.startswith("sqlite"):
        return f"sqlite:///{root}/{number}/registry.db#{root}/{number}"
    return f"{url}_{number}#{root}/{number}"
