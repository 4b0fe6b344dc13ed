"""What database and exported log say together: whether they belong to each other, and who is champion.

The log lies with the versions' directories and outlives the database. Whoever serves a champion looks at the
log's last line; only where the database does not have that event is the rest of the log read.
"""

from __future__ import annotations

from zoo.errors import LogAhead, StoreUnavailable
from zoo.registry import history, queries
from zoo.registry.contract import Artifacts
from zoo.registry.database import Database
from zoo.registry.eventlog import EventLog, looking
from zoo.registry.succession import succession
from zoo.registry.version import Version


def champion_of(database: Database, log: EventLog, line: str) -> Version | None:
    """Return a line's champion; None where it has none.

    A database that was put back from a backup still names its old champion. It serves as long as the log says
    the same; whom the log has replaced is not served without a word.

    Args:
        database: the store.
        log: its exported event log.
        line: the line.

    Raises:
        LogAhead: by the log it is another one, or the database is gone.
        StoreUnavailable: it cannot be read.
    """
    tail = log.tail()  # before the transaction, which then sees at least as much
    with looking(database, log) as connection:
        found = queries.champion(connection, line)
        try:
            log.check(connection, tail)
        except LogAhead as error:
            _check_same(log, line, found, error)
    return found


def _check_same(log: EventLog, line: str, found: Version | None, error: LogAhead) -> None:
    rows = log.read()
    past = succession(history.parse_mappings(rows[: history.sound(rows)]))
    ours = None if found is None else found.version_id
    if past.champions.get(line) != ours:
        raise LogAhead(
            f"by the event log the champion is {past.champions.get(line) or 'none'}, by the database "
            f"{ours or 'none'}, which lost events",
            where=f"{log.where}, line {line}",
            expected=error.expected,
            remedy=error.remedy,
        ) from error


def check_shared(database: Database, artifacts: Artifacts) -> None:
    """Refuse a place without a trace of the versions that a server's store has: it is another one's.

    Raises:
        StoreUnavailable: the database has events, and the place neither a log nor a version.
    """
    with database.reading() as connection:
        first = None if connection is None else queries.first_digest(connection)
    tail = artifacts.log.tail()
    if first is None or tail is None or tail.position or any(artifacts.versions()):
        return
    raise StoreUnavailable(
        "it holds no version, and the database has some",
        where=artifacts.location,
        expected="the place of all versions, the same on every machine",
        remedy="correct registry.artifacts; if it was lost, restore it from a backup, or go on without "
        "after `zoo verify`",
    )


__all__ = ["champion_of", "check_shared"]
