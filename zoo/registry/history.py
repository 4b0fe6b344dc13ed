"""The event log: append-only, each event carrying the hash of the one before.

Changing, dropping or inserting an event anywhere but at the end breaks the chain; an event dropped at the end
is noticed because its version has none.
"""

from __future__ import annotations

import datetime
import getpass
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from zoo.errors import RegistryError
from zoo.registry import canonical
from zoo.registry.schema import events

REGISTERED = "registered"
PROMOTED = "promoted"
ROLLED_BACK = "rolled_back"
RETIRED = "retired"
DELETED = "deleted"
LOST = "lost"
_LAST = select(events.c.position, events.c.digest).order_by(events.c.position.desc()).limit(1)
FIRST = "0" * 64  # what the first event carries for the one before


@dataclass(frozen=True)
class Event:
    """One thing that happened to a version.

    Attributes:
        position: 1 for the first event of the store, then without a gap.
        kind: `registered`; `promoted` and `rolled_back`, by which the version became the champion;
            `retired`; `deleted`, by which its files went; `lost`, where a database was made anew and the
            version's files were not whole.
        line: the version's line.
        version_id: the version.
        at: UTC, ISO 8601 with microseconds; the order is `position`'s, since clocks jump.
        actor: the user's login name.
        host: the machine's name.
        reason: what the user gave as a reason, if anything.
        details: what else there is to know about this kind of event.
        previous: the digest of the event before.
        digest: SHA-256 over the canonical JSON of all the above.
    """

    position: int
    kind: str
    line: str
    version_id: str
    at: str
    actor: str
    host: str
    reason: str | None
    details: Mapping[str, Any]
    previous: str
    digest: str

    def as_dict(self) -> dict[str, Any]:
        """Return strict JSON types."""
        return {**self.__dict__, "details": canonical.presentable(self.details)}


def now() -> str:
    """Return the time in UTC, ISO 8601 with microseconds, of one width so that texts sort as times do."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")


def append(
    connection: Connection,
    kind: str,
    *,
    line: str,
    version_id: str,
    details: Mapping[str, Any],
    reason: str | None = None,
) -> Event:
    """Add an event at the end of the chain and return it; the caller holds the write lock."""
    last = connection.execute(_LAST).first()
    content = {
        "position": 1 if last is None else last.position + 1,
        "kind": kind,
        "line": line,
        "version_id": version_id,
        "at": now(),
        "actor": _actor(),
        "host": _printable(socket.gethostname()),
        "reason": reason,
        "details": canonical.text(canonical.encode(details)),
        "previous": FIRST if last is None else last.digest,
    }
    digest = canonical.digest(content)
    connection.execute(events.insert(), {**content, "digest": digest})
    return _event({**content, "digest": digest})


def parse(rows: Iterable[Row[Any]]) -> list[Event]:
    """Return the events that rows of the table describe.

    Raises:
        RegistryError: a row was damaged.
    """
    return parse_mappings(row._mapping for row in rows)


def parse_mappings(rows: Iterable[Mapping[Any, Any]]) -> list[Event]:
    """Do the same for columns by name, as the exported log has them."""
    return [_event(row) for row in rows]


def breaks(rows: Iterable[Mapping[Any, Any]]) -> list[tuple[str, str]]:
    """Return `(version_id, what is wrong)` for each event that does not follow from the one before.

    Args:
        rows: the columns of the table `events`, by name, in order of position.
    """
    found: list[tuple[str, str]] = []
    position, previous = 0, FIRST
    for row in rows:
        at, version_id = row["position"], row["version_id"]
        if at != position + 1:
            found.append((version_id, f"event {at} follows event {position}: some are missing"))
        elif row["previous"] != previous:
            found.append((version_id, f"event {at} does not carry the hash of the one before"))
        if not intact(row):
            found.append((version_id, f"event {at} was changed after it was written"))
        position, previous = at, row["digest"]
    return found


def sound(rows: Iterable[Mapping[Any, Any]]) -> int:
    """Return how many events, from the first on, follow each from the one before."""
    count, previous = 0, FIRST
    for row in rows:
        if row["position"] != count + 1 or row["previous"] != previous or not intact(row):
            break
        count, previous = count + 1, row["digest"]
    return count


def intact(row: Mapping[Any, Any]) -> bool:
    """Say whether an event still has the digest that it carries."""
    content = {name: row[name] for name in row if name != "digest"}
    return bool(canonical.digest(content) == row["digest"])


def _event(row: Mapping[Any, Any]) -> Event:
    content = dict(row)
    try:
        content["details"] = dict(canonical.loads(content["details"]))
    except (TypeError, ValueError) as error:
        raise RegistryError(f"event {content['position']} is damaged", remedy="run `zoo verify`") from error
    return Event(**content)


def _actor() -> str:
    try:
        return _printable(getpass.getuser())
    except (KeyError, OSError, ImportError):  # a container's user need not have a name
        return str(os.getuid())


def _printable(name: str) -> str:
    """Return a name as UTF-8 can hold it: the environment may hold any bytes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


__all__ = [
    "DELETED",
    "FIRST",
    "LOST",
    "PROMOTED",
    "REGISTERED",
    "RETIRED",
    "ROLLED_BACK",
    "Event",
    "append",
    "breaks",
    "intact",
    "now",
    "parse",
    "parse_mappings",
    "sound",
]
