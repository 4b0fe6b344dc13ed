"""The registry in a Postgres database: one store for a team, in a schema of its own.

Choices, each for a reason:

- Writers take an advisory lock for the length of their transaction: it covers tables that are not there yet,
  so that opening a new store is no race, and the directories, too. Its key is the schema's name.
- They read what is committed, since a snapshot taken while waiting for the lock would be out of date;
  readers see one snapshot, in a transaction that cannot write.
- Whoever holds the lock and says nothing for ten minutes loses it: a machine that vanished holds up nobody.
- Connections are kept, and never used after a fork. Nothing outlives a transaction on one, so that a pooler
  may stand in between.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from zoo.errors import StoreUnavailable
from zoo.registry import schema
from zoo.registry.address import Address
from zoo.registry.database import WRITING, Anew, Database
from zoo.registry.refusals import refusal

_SILENT: Final = "10min"
_MAY_WRITE = text(
    "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS standby, "
    "CASE WHEN current_schema() IS NULL THEN has_database_privilege(current_database(), 'CREATE') "
    "WHEN to_regclass('events') IS NULL THEN has_schema_privilege(current_schema(), 'CREATE') "
    "ELSE has_table_privilege('events', 'INSERT') END AS permitted"
)

_MAY_LOOK = text("SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = :name")


class Postgres(Database):
    """A schema of a Postgres database that may not be there yet.

    Args:
        url: `postgresql+psycopg://user@host:port/database`; see `zoo.registry.address`.

    Raises:
        ConfigError: for a URL that cannot be used.
    """

    home: Path | None = None

    def __init__(self, url: str) -> None:
        self._address = Address.of(url)
        self.name, self.timeout = self._address.name, self._address.timeout
        self._made: tuple[int, Engine] | None = None

    # --- looking --------------------------------------------------------------------------------

    def check(self, *, writable: bool) -> None:
        """Raise what a first use would raise, and create nothing."""
        with self.reading():
            pass
        if not writable:
            return
        with self._transaction(writing=True, lock=False) as connection:
            found = connection.execute(_MAY_WRITE).one()
        if found.standby:
            raise StoreUnavailable(
                "the server only reads (a standby, or default_transaction_read_only)",
                where=self.name,
                remedy="name the primary in registry.url",
            )
        if not found.permitted:
            raise StoreUnavailable(
                "this user may not write there", where=self.name, remedy=self._address.permission
            )

    @contextmanager
    def reading(self) -> Iterator[Connection | None]:
        """Yield a connection that sees one snapshot; None where there is no store yet."""
        with self._transaction(writing=False) as connection:
            yield connection if self.present(connection) else None

    def present(self, connection: Connection) -> bool:
        """Say whether the tables are there; a schema that may not be used is no empty store."""
        allowed = connection.execute(_MAY_LOOK, {"name": self._address.schema}).scalar()
        if allowed is False:
            raise StoreUnavailable(
                f"permission was refused to {self._address.user}",
                where=self.name,
                remedy=f'have its owner GRANT USAGE ON SCHEMA "{self._address.schema}", and SELECT there',
            )
        return allowed is not None and super().present(connection)

    def leftovers(self) -> bool:
        """Say that a schema without tables holds nothing."""
        return False

    # --- writing --------------------------------------------------------------------------------

    @contextmanager
    def writing(self, *, create: bool = True) -> Iterator[Connection]:
        """Yield a connection that holds the write lock; without `create` there may be no tables."""
        with self._transaction(writing=True) as connection:
            if create:
                self._make(connection)
            yield connection

    @contextmanager
    def anew(self, *, beside: bool, damaged: bool) -> Iterator[Anew]:
        """Yield a store in a transaction that also moves aside what stood in its place."""
        target = Postgres(self._address.renamed(self._beside("rebuilt")).url) if beside else self
        with target._transaction(writing=True) as connection:
            aside = None if beside else self._cleared(connection, damaged)
            made = Anew(connection, target.name, aside)
            target._make(connection)
            yield made
        if beside:
            target.close()

    def _cleared(self, connection: Connection, damaged: bool) -> str | None:
        """Rename a schema that cannot be read; what can be is another process's work."""
        if not schema.tables(connection):
            return None
        if not damaged:
            raise StoreUnavailable(
                "another process made a database meanwhile",
                where=self.name,
                remedy="look at it, then run again",
            )
        aside = self._address.renamed(self._beside("unreadable"))
        connection.exec_driver_sql(f'ALTER SCHEMA "{self._address.schema}" RENAME TO "{aside.schema}"')
        return aside.name

    def _make(self, connection: Connection) -> None:
        there = text("SELECT count(*) FROM pg_namespace WHERE nspname = :name")
        if not connection.execute(there, {"name": self._address.schema}).scalar():
            connection.exec_driver_sql(f'CREATE SCHEMA "{self._address.schema}"')
        schema.ensure(connection, self.name)

    def _beside(self, word: str) -> str:
        now = datetime.datetime.now(datetime.UTC)
        return f"{self._address.schema[:30]}_{word}_{now:%Y%m%dt%H%M%S%f}"

    # --- the connection -------------------------------------------------------------------------

    def close(self) -> None:
        """Close the connections of this process."""
        if self._made is not None and self._made[0] == os.getpid():
            self._made[1].dispose()
        self._made = None

    def _engine(self) -> Engine:
        if self._made is None or self._made[0] != os.getpid():
            driver = self._driver()
            engine = create_engine(
                "postgresql+psycopg://",
                creator=lambda: driver.connect(**self._address.connection()),
                poolclass=QueuePool,
                max_overflow=-1,
                pool_pre_ping=True,
                pool_recycle=600,
                pool_use_lifo=True,
            )
            event.listen(engine, "begin", self._begin)
            self._made = (os.getpid(), engine)
        return self._made[1]

    def _driver(self) -> Any:
        try:
            import psycopg
        except ImportError as error:
            raise StoreUnavailable(
                "psycopg, the driver for Postgres, cannot be loaded",
                where=self.name,
                remedy="pip install 'zoo[postgres]'",
            ) from error
        return psycopg

    @contextmanager
    def _transaction(self, *, writing: bool, lock: bool = True) -> Iterator[Connection]:
        with super()._transaction(writing=writing) as connection:
            if writing and lock:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": self._key})
            yield connection

    def _begin(self, connection: Connection) -> None:
        """Say what holds for one transaction; in one round trip, before it has seen anything."""
        path = f'SET LOCAL search_path TO "{self._address.schema}"'
        if connection.get_execution_options().get(WRITING, False):
            patience = max(1, round(1000 * self.timeout))  # 0 would wait for ever
            connection.exec_driver_sql(
                f"SET TRANSACTION ISOLATION LEVEL READ COMMITTED; {path}; "
                f"SET LOCAL lock_timeout = {patience}; "
                f"SET LOCAL idle_in_transaction_session_timeout = '{_SILENT}'; "
                "SELECT set_config('synchronous_commit', 'on', true) "
                "WHERE current_setting('synchronous_commit') = 'off'"
            )
        else:
            connection.exec_driver_sql(f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; {path}")

    @property
    def _key(self) -> int:
        digest = hashlib.sha256(f"zoo registry {self._address.schema}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    def _explain(self, error: DBAPIError) -> StoreUnavailable:
        return refusal(error, self._address)


__all__ = ["Postgres"]
