"""The database behind the registry: what every backend does, and which one a URL asks for.

A writer holds one lock for the length of its transaction, so that rows, events and directories change
together; a reader sees one state of the store and never makes anything. `zoo.registry.sqlite` and
`zoo.registry.postgres` say how.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from zoo.errors import ConfigError, StoreUnavailable
from zoo.registry import schema

BUSY_TIMEOUT: Final = 30.0
WRITING: Final = "zoo_writing"  # the option of a connection that is to take the write lock
POSTGRES: Final = ("postgresql+psycopg", "postgresql", "postgres")
_LONGEST_TIMEOUT: Final = 24 * 3600.0  # SQLite and Postgres count milliseconds in 32 bits


@dataclass
class Anew:
    """A store that is being made from nothing.

    Attributes:
        connection: writes to it.
        name: how messages call it; a URL or a path that can be used once the block is over.
        aside: where the one went that could not be read; None where there was none, and until it is known.
    """

    connection: Connection
    name: str
    aside: str | None = None


class Database(ABC):
    """A store that may not be there yet.

    Attributes:
        name: how messages call it; never with a password.
        home: the directory in which artefacts lie where nothing else is said; None where there is none.
        timeout: seconds to wait for another writer.
    """

    name: str
    home: Path | None
    timeout: float

    # --- looking --------------------------------------------------------------------------------

    @abstractmethod
    def check(self, *, writable: bool) -> None:
        """Raise what a first use would raise, and create nothing.

        Args:
            writable: complain also about what cannot be written.

        Raises:
            StoreUnavailable: it cannot be reached, or may not be used.
            SchemaMismatch: the tables are another program's, or of another zoo.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection | None]:
        """Yield a connection that sees one state of the store; None where there is no store yet."""

    @abstractmethod
    def leftovers(self) -> bool:
        """Say whether something is in the store's place that has none of its tables."""

    def seems_there(self) -> bool:
        """Say whether a look that costs nothing finds a store; False where a look is dear."""
        return False

    def damage(self, connection: Connection) -> list[str]:
        """Return what the database finds wrong with its own pages; empty when all is well."""
        return []

    # --- writing --------------------------------------------------------------------------------

    @abstractmethod
    def writing(self, *, create: bool = True) -> AbstractContextManager[Connection]:
        """Yield a connection that holds the write lock; commit at the end, roll back on any error.

        Args:
            create: make the store where there is none; otherwise a missing one is an error or has no tables.
        """

    @abstractmethod
    def anew(self, *, beside: bool, damaged: bool) -> AbstractContextManager[Anew]:
        """Yield a store that is there whole once the block is over, or not at all.

        Args:
            beside: leave the store alone and make another one beside it; otherwise in the store's place.
            damaged: move aside what is in the store's place; otherwise there must be nothing.

        Raises:
            StoreUnavailable: another process made one meanwhile, or it cannot be written.
        """

    def settle(self, connection: Connection) -> None:
        """Have the coming commit remove what a writer left who was killed before it was of use."""
        return

    def sweep(self) -> tuple[str, ...]:
        """Delete what a rebuilding left that was killed; return the names."""
        return ()

    # --- what backends share --------------------------------------------------------------------

    @abstractmethod
    def close(self) -> None:
        """Let go of every connection."""

    @abstractmethod
    def _engine(self) -> Engine:
        """Return the engine, made at its first use."""

    @abstractmethod
    def _explain(self, error: DBAPIError) -> StoreUnavailable:
        """Say what the driver's error means, and what to do."""

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        try:
            with (
                self._engine().connect().execution_options(**{WRITING: writing}) as connection,
                connection.begin(),
            ):
                yield connection
        except DBAPIError as error:
            raise self._explain(error) from error

    def present(self, connection: Connection) -> bool:
        """Say whether the tables are there; see `zoo.registry.schema.present`."""
        return schema.present(connection, self.name)


def open_database(url: str) -> Database:
    """Return the store that a URL names; nothing is connected to, and nothing made.

    Args:
        url: `sqlite:///path`, or `postgresql+psycopg://user@host/database` with `?schema=` for a store of its
            own in it (zoo); each with `?timeout=seconds` for how long to wait for another writer (30).

    Raises:
        ConfigError: for a URL that names neither.
    """
    if url.partition("://")[0] in POSTGRES:
        from zoo.registry.postgres import Postgres

        return Postgres(url)
    from zoo.registry.sqlite import SQLite

    return SQLite(url)


def seconds(url: str, options: Mapping[str, str]) -> float:
    """Return the timeout of a URL's options.

    Raises:
        ConfigError: it is no number of seconds.
    """
    try:
        timeout = float(options.get("timeout", BUSY_TIMEOUT))
    except ValueError as error:
        raise bad_url(url, "the timeout is no number of seconds") from error
    if not (math.isfinite(timeout) and 0 <= timeout <= _LONGEST_TIMEOUT):
        raise bad_url(url, "this timeout cannot be used")
    return timeout


def bad_url(url: str, problem: str, remedy: str = "correct registry.url") -> ConfigError:
    """Return the error of a URL that cannot be used; of one that may hold a password it shows the scheme."""
    scheme, separator, _ = url.partition("://")
    shown = url if scheme == "sqlite" or not separator else f"{scheme}://..."
    return ConfigError(
        problem,
        where=f"registry.url {shown}",
        expected="sqlite:///path/to/registry.db or postgresql+psycopg://user@host/database?schema=zoo, with "
        "timeout=seconds if need be",
        remedy=remedy,
    )


__all__ = ["BUSY_TIMEOUT", "POSTGRES", "WRITING", "Anew", "Database", "bad_url", "open_database", "seconds"]
