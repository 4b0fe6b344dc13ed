"""The tables, and how a new store comes to have them.

JSON is kept as the canonical text of `zoo.registry.canonical`, so that every database keeps the same bytes.
To change a table: raise `SCHEMA_VERSION` by one and have `ensure` bring older stores up to it, in the
caller's transaction.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    select,
    text,
)

from zoo.errors import SchemaMismatch
from zoo.registry.version import STAGES

SCHEMA_VERSION = 1

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, nullable=False))

versions = Table(
    "versions",
    metadata,
    Column("position", Integer, primary_key=True),  # the order of registering; clocks jump back
    Column("version_id", String(96), nullable=False, unique=True),
    Column("line", String(64), nullable=False),
    Column("label", String(64), nullable=False),
    Column("spec", String(64), nullable=False),
    Column("experiment", Text, nullable=False),
    Column("permutation_id", Integer, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("train_end", String(10)),
    Column("created_at", String(32), nullable=False),
    Column("overrides", Text, nullable=False),
    Column("metrics", Text, nullable=False),
    Column("lineage", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("zoo_version", String(32), nullable=False),
    CheckConstraint("stage IN ({})".format(", ".join(f"'{stage}'" for stage in STAGES)), name="known_stage"),
)
Index("versions_by_spec", versions.c.spec, versions.c.position)
Index("versions_by_line_and_stage", versions.c.line, versions.c.stage, versions.c.position)
Index(  # whatever a later move gets wrong, a line never has two champions
    "one_champion_a_line",
    versions.c.line,
    unique=True,
    sqlite_where=text("stage = 'champion'"),
    postgresql_where=text("stage = 'champion'"),
)

events = Table(
    "events",
    metadata,
    Column("position", Integer, primary_key=True),  # 1, 2, 3, ...: a gap is a missing event
    Column("kind", String(32), nullable=False),
    Column("line", String(64), nullable=False),
    Column("version_id", String(96), nullable=False),
    Column("at", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("reason", Text),
    Column("details", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
)
Index("events_by_version", events.c.version_id, events.c.position)
Index("events_by_line", events.c.line, events.c.position)

trials = Table(  # every permutation ever run: the N and the sets of every later test come from here
    "trials",
    metadata,
    Column("position", Integer, primary_key=True),
    Column("line", String(64), nullable=False),
    Column("content", String(64), nullable=False, unique=True),
    Column("experiment", Text, nullable=False),
    Column("permutation_id", Integer, nullable=False),
    Column("recorded_at", String(32), nullable=False),
    Column("target", Text, nullable=False),
    Column("calendar", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("metrics", Text, nullable=False),
    Column("net_returns", LargeBinary),
)

_APPEND_ONLY = """
CREATE TRIGGER events_are_append_only_{verb} BEFORE {verb} ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
"""


def present(connection: Connection, where: object) -> bool:
    """Say whether the tables are there; False for a database without any table.

    Raises:
        SchemaMismatch: the tables are another program's, or of another zoo.
    """
    names = set(inspect(connection).get_table_names())
    if not names:
        return False
    if schema_version.name not in names:
        raise SchemaMismatch(
            f"a database with other tables ({', '.join(sorted(names)[:3])})",
            where=where,
            expected="a registry of zoo, or a new file",
            remedy="set registry.url to another path",
        )
    found = connection.execute(select(schema_version.c.version)).scalars().all()
    if found != [SCHEMA_VERSION]:
        raise SchemaMismatch(
            f"schema version {', '.join(map(str, found)) or 'unknown'}",
            where=where,
            expected=f"version {SCHEMA_VERSION}, the one of this zoo",
            remedy="upgrade zoo, or open the store with the zoo that wrote it",
        )
    return True


def ensure(connection: Connection, where: object) -> None:
    """Make the tables unless they are there, inside the caller's transaction and under its write lock."""
    if present(connection, where):
        return
    metadata.create_all(connection, checkfirst=False)
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.execute(text(_APPEND_ONLY.format(verb=verb)))
    connection.execute(schema_version.insert().values(version=SCHEMA_VERSION))


__all__ = [
    "SCHEMA_VERSION",
    "ensure",
    "events",
    "metadata",
    "present",
    "schema_version",
    "trials",
    "versions",
]
