"""Triggers, with which a database itself refuses what must never happen, whoever asks for it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

_NEVER: Final = "events are append-only"
_STAY: Final = "trials are never deleted"
_GROW: Final = "a trial is replaced only by one of which more is known"
_LESS: Final = """OLD.net_returns IS NOT NULL OR NEW.status = 'failed' OR NEW.position <> OLD.position
    OR NEW.line <> OLD.line OR NEW.content <> OLD.content OR NEW.recorded_at <> OLD.recorded_at
    OR (OLD.status = 'finished' AND NEW.net_returns IS NULL)"""

_SQLITE: Final = """
CREATE TRIGGER {name} BEFORE {verb} ON {table} {when}
BEGIN SELECT RAISE(ABORT, '{why}'); END
"""
#: DDL of Postgres: the code is that of a broken constraint, as SQLite's is
_FUNCTION: Final = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{why}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
_POSTGRES: Final = """
CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH {each} {when} EXECUTE FUNCTION {name}()
"""


def guard_events(connection: Connection) -> None:
    """Have the table `events` refuse every change but an insertion."""
    for verb in ("UPDATE", "DELETE", *_truncate(connection)):
        _guard(connection, f"events_are_append_only_{verb}", verb, "events", _NEVER)


def guard_trials(connection: Connection) -> None:
    """Have the table `trials` let no row go, nor become less."""
    _guard(connection, "trials_are_never_deleted", "DELETE", "trials", _STAY)
    for verb in _truncate(connection):
        _guard(connection, "trials_are_never_truncated", verb, "trials", _STAY)
    _guard(connection, "trials_only_grow", "UPDATE", "trials", _GROW, _LESS)


def _truncate(connection: Connection) -> tuple[str, ...]:
    return ("TRUNCATE",) if connection.dialect.name == "postgresql" else ()


def _guard(connection: Connection, name: str, verb: str, table: str, why: str, when: str = "") -> None:
    words = {"name": name, "verb": verb, "table": table, "why": why}
    if connection.dialect.name == "postgresql":
        each = "STATEMENT" if verb == "TRUNCATE" else "ROW"
        connection.exec_driver_sql(_FUNCTION.format(**words))
        connection.exec_driver_sql(_POSTGRES.format(**words, each=each, when=when and f"WHEN ({when})"))
    else:
        connection.exec_driver_sql(_SQLITE.format(**words, when=when and f"WHEN {when}"))


__all__ = ["guard_events", "guard_trials"]
