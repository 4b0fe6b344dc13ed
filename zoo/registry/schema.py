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
    UniqueConstraint,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.schema import CreateIndex

from zoo.errors import SchemaMismatch
from zoo.registry.version import STAGES

SCHEMA_VERSION = 2

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
_BY_LINE = Index("versions_by_line", versions.c.line, versions.c.position)  # the newest of a line
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
    Column("position", Integer, primary_key=True),  # 1, 2, 3, ...: a gap is a missing trial
    Column("line", String(64), nullable=False),
    Column("content", String(64), nullable=False),
    Column("experiment", Text, nullable=False),
    Column("permutation_id", Integer, nullable=False),
    Column("recorded_at", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("target", Text, nullable=False),
    Column("calendar", Text),
    Column("window", Text),  # first/last, an interval of ISO 8601
    Column("metrics", Text, nullable=False),
    Column("net_returns", LargeBinary),  # float32, little-endian, one a bar
    Column("digest", String(64), nullable=False),
    UniqueConstraint("line", "content", name="counted_once_a_line"),
    CheckConstraint("status IN ('failed', 'finished')", name="known_status"),
)

#: what stores of the same version may lack; it is for speed alone, and an older zoo need not know of it
_LATER = CreateIndex(_BY_LINE, if_not_exists=True)

_APPEND_ONLY = """
CREATE TRIGGER events_are_append_only_{verb} BEFORE {verb} ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
"""
_TRIALS_STAY = """
CREATE TRIGGER trials_are_never_deleted BEFORE DELETE ON trials
BEGIN SELECT RAISE(ABORT, 'trials are never deleted'); END
"""
_TRIALS_GROW = """
CREATE TRIGGER trials_only_grow BEFORE UPDATE ON trials
WHEN OLD.net_returns IS NOT NULL OR NEW.status = 'failed' OR NEW.position <> OLD.position
    OR NEW.line <> OLD.line OR NEW.content <> OLD.content OR NEW.recorded_at <> OLD.recorded_at
    OR (OLD.status = 'finished' AND NEW.net_returns IS NULL)
BEGIN SELECT RAISE(ABORT, 'a trial is replaced only by one of which more is known'); END
"""


def present(connection: Connection, where: object) -> bool:
    """Say whether the tables are there; False for a database without any table.

    An older store is there, too: what can be read of it is read, and the next writer brings it up to date.

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
    found = _found(connection)
    if len(found) != 1 or found[0] not in range(1, SCHEMA_VERSION + 1):
        raise SchemaMismatch(
            f"schema version {', '.join(map(str, found)) or 'unknown'}",
            where=where,
            expected=f"version {SCHEMA_VERSION}, the one of this zoo, or an older one",
            remedy="upgrade zoo, or open the store with the zoo that wrote it",
        )
    return True


def has_ledger(connection: Connection, where: object) -> bool:
    """Say whether the trials of a store can be read: they cannot before version 2, when none were recorded.

    Raises:
        SchemaMismatch: an older store that holds trials all the same.
    """
    if _found(connection) != [1]:
        return True
    if connection.execute(select(func.count()).select_from(trials)).scalar():
        raise SchemaMismatch(
            "the trials are of schema version 1",
            where=where,
            expected=f"version {SCHEMA_VERSION}",
            remedy="apply a spec or run an experiment, which brings the store up to date",
        )
    return False


def _found(connection: Connection) -> list[int]:
    return list(connection.execute(select(schema_version.c.version)).scalars().all())


def ensure(connection: Connection, where: object) -> None:
    """Make the tables or bring older ones up to date, in the caller's transaction, under its write lock."""
    if present(connection, where):
        if _found(connection) == [1]:
            _from_1(connection)
        if connection.dialect.name == "sqlite":
            connection.execute(_LATER)
        return
    metadata.create_all(connection, checkfirst=False)
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.execute(text(_APPEND_ONLY.format(verb=verb)))
    _guard_trials(connection)
    connection.execute(schema_version.insert().values(version=SCHEMA_VERSION))


def _guard_trials(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        for trigger in (_TRIALS_STAY, _TRIALS_GROW):
            connection.execute(text(trigger))


def _from_1(connection: Connection) -> None:
    """Give the trials their status, their digest, and a content that is unique a line; keep every row.

    Version 1 had no status: a trial without returns and without any metric had failed.
    """
    from zoo.registry.trial import FAILED, FINISHED, digest

    connection.execute(text("ALTER TABLE trials RENAME TO trials_of_version_1"))
    trials.create(connection)
    for old in connection.execute(text("SELECT * FROM trials_of_version_1 ORDER BY position")).mappings():
        nothing = old["net_returns"] is None and old["metrics"] == "{}"
        row = {**old, "status": FAILED if nothing else FINISHED}
        if old["net_returns"] is None:
            row |= {"calendar": None, "window": None}
        connection.execute(trials.insert().values(**row, digest=digest(row)))
    connection.execute(text("DROP TABLE trials_of_version_1"))
    _guard_trials(connection)
    connection.execute(schema_version.update().values(version=2))


__all__ = [
    "SCHEMA_VERSION",
    "ensure",
    "events",
    "has_ledger",
    "metadata",
    "present",
    "schema_version",
    "trials",
    "versions",
]
