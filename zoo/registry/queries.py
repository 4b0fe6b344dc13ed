"""What is asked of the tables in more than one place.

What is asked at every registration and every load is put together once: building a statement takes SQLAlchemy
several times as long as SQLite takes to answer it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, Select, bindparam, or_, select

from zoo.errors import VersionNotFound, did_you_mean
from zoo.registry import document, history
from zoo.registry.history import DELETED, LOST, PROMOTED, REGISTERED, ROLLED_BACK, Event
from zoo.registry.schema import events, versions
from zoo.registry.version import CHAMPION, Version


@cache
def listing() -> Select[Any]:
    """Return the query of all versions, with `deleted_at`: when a version's files were deleted, else NULL."""
    later = events.alias("later")  # lost, and registered again: what was deleted was another directory
    again = (
        select(later.c.position)
        .where(
            later.c.version_id == events.c.version_id,
            later.c.kind == REGISTERED,
            later.c.position > events.c.position,
        )
        .correlate(events)
        .exists()
    )
    of_version = (events.c.version_id == versions.c.version_id) & (events.c.kind == DELETED) & ~again
    return select(versions, events.c.at.label("deleted_at")).select_from(
        versions.outerjoin(events, of_version)
    )


def plain_rows(result: CursorResult[Any]) -> Iterator[dict[str, Any]]:
    """Yield rows as dictionaries: of many rows SQLAlchemy's own mappings cost more than the query."""
    names = tuple(result.keys())
    return (dict(zip(names, row, strict=True)) for row in result.all())


@cache
def _one() -> Select[Any]:
    return listing().where(versions.c.version_id == bindparam("version_id"))


@cache
def _same() -> Select[Any]:
    same_id = versions.c.version_id == bindparam("version_id")
    return listing().where(or_(same_id, versions.c.fingerprint == bindparam("fingerprint")))


@cache
def _champion() -> Select[Any]:
    return select(versions).where(versions.c.line == bindparam("line"), versions.c.stage == CHAMPION)


def find(connection: Connection | None, version_id: str) -> Version:
    """Return one version by its whole id.

    Args:
        connection: sees the database; None where there is none.
        version_id: the id.

    Raises:
        VersionNotFound: no version has this id; the nearest one is named.
    """
    if connection is None:
        raise _not_found(version_id, ())
    row = connection.execute(_one(), {"version_id": version_id}).first()
    if row is None:
        raise _not_found(version_id, connection.execute(select(versions.c.version_id)).scalars().all())
    return document.from_row(row._asdict())


def alike(connection: Connection, version_id: str, fingerprint: str) -> Sequence[Row[Any]]:
    """Return the rows that have this id, or this fingerprint."""
    return connection.execute(_same(), {"version_id": version_id, "fingerprint": fingerprint}).all()


def champion(connection: Connection | None, line: str) -> Version | None:
    """Return a line's champion; None where it has none."""
    if connection is None:
        return None
    row: Row[Any] | None = connection.execute(_champion(), {"line": line}).first()
    return None if row is None else document.from_row(row._asdict())


def events_of(
    connection: Connection,
    *,
    line: str | None = None,
    version_id: str | None = None,
    kinds: Iterable[str] | None = None,
    after: int = 0,
) -> list[Event]:
    """Return the events with these properties beyond a position, the oldest first."""
    query = select(events).where(events.c.position > after).order_by(events.c.position)
    for column, value in ((events.c.line, line), (events.c.version_id, version_id)):
        if value is not None:
            query = query.where(column == value)
    if kinds is not None:
        query = query.where(events.c.kind.in_(list(kinds)))
    return history.parse(connection.execute(query).all())


def lines(connection: Connection) -> list[str]:
    """Return the lines that have versions, sorted."""
    return sorted(connection.execute(select(versions.c.line).distinct()).scalars())  # as no locale would


def first_digest(connection: Connection) -> str | None:
    """Return the digest of the first event; None where there is no event."""
    return connection.execute(select(events.c.digest).where(events.c.position == 1)).scalar()


def reigns(connection: Connection, line: str) -> list[Event]:
    """Return the events by which the line's champion changed, the oldest first."""
    return events_of(connection, line=line, kinds=(PROMOTED, ROLLED_BACK, LOST))


def _not_found(version_id: str, known: Sequence[str]) -> VersionNotFound:
    longer = [name for name in known if name.startswith(version_id)] if version_id else []
    hint = f"did you mean {longer[0]!r}?" if len(longer) == 1 else did_you_mean(version_id, known)
    return VersionNotFound(
        f"no version {version_id!r}",
        expected="the whole id of a registered version" if known else "a version, and none is registered yet",
        remedy=hint or "`zoo versions` lists them",
    )


__all__ = ["alike", "champion", "events_of", "find", "first_digest", "lines", "listing", "reigns"]
