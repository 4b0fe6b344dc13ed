"""`verify rebuild=true`: a new database from the versions' directories and the exported event log.

The events of the log are taken over as they stand, as far as their chain is whole. Each version that they
tell of comes back in the stage into which they brought it, if its directory has the digests that they
recorded. What cannot be brought back is an event of the new database as well (`lost`), so that no one is
champion whose files are gone. The old database is never replaced while it can be read: the new one then lies
beside it.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from zoo.errors import RegistryError, StoreDamaged, StoreUnavailable
from zoo.registry import document, history, schema
from zoo.registry.contract import Artifacts
from zoo.registry.database import Database
from zoo.registry.eventlog import EventLog, Row
from zoo.registry.files import reporting, sync_directory
from zoo.registry.history import LOST, REGISTERED
from zoo.registry.succession import Succession, succession
from zoo.registry.version import CHALLENGER


@dataclass(frozen=True)
class Rebuilt:
    """What came of rebuilding.

    Attributes:
        path: the new database.
        in_place: it is where the registry looks for it; otherwise the old one can be read, and stayed there.
        moved_aside: where the old one is now, which could not be read; None where there was none.
        versions: how many versions it holds.
        events: how many events.
        trials: how many trials were taken over from the old database.
        not_restored: sentences on what could not be brought back.
    """

    path: Path
    in_place: bool
    moved_aside: Path | None
    versions: int
    events: int
    trials: int
    not_restored: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return strict JSON types."""
        aside = None if self.moved_aside is None else str(self.moved_aside)
        return {**asdict(self), "path": str(self.path), "moved_aside": aside} | {
            "not_restored": list(self.not_restored)
        }


def rebuild(database: Database, artifacts: Artifacts) -> Rebuilt:
    """Make a new database.

    Raises:
        RegistryError: there is neither a log nor a directory to make it from.
        SchemaMismatch: the old one is another program's, or of another zoo.
        StoreUnavailable: the old one is locked, or the new one cannot be written.
    """
    old = _Old.of(database, artifacts)
    log = artifacts.log
    rows, missing = _sound(log)
    if not rows and not any(artifacts.versions()):
        raise RegistryError(
            "there is nothing to make a database from",
            where=artifacts.location,
            expected=f"{log.name}, or directories of versions",
            remedy="restore them from a backup",
        )
    making = Database(f"sqlite:///{database.path.with_name(f'.rebuild~{secrets.token_hex(4)}.db')}")
    try:
        with making.writing() as connection:
            said = [*missing, *_fill(connection, rows, artifacts)]
            trials = _take_trials(connection, old, said)
            made = _count(connection)
        target = database.path if not old.readable else _beside(database.path, "rebuilt")
        aside = _install(making.path, target, database.path if old.damaged else None)
    finally:
        making.close()
        for left in (making.path, making.path.with_name(making.path.name + "-journal")):
            left.unlink(missing_ok=True)
    if not old.readable:
        _export(database, log)
    return Rebuilt(target, not old.readable, aside, *made, trials, tuple(said))


# --- what there is ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Old:
    """The database that there is.

    Attributes:
        readable: it has the tables, and every row of them can be read.
        damaged: there is a file, and it cannot be read.
        trials: the rows of its ledger, where they can be read.
    """

    readable: bool
    damaged: bool
    trials: Sequence[Row] | None

    @classmethod
    def of(cls, database: Database, artifacts: Artifacts) -> _Old:
        trials: Sequence[Row] | None = None
        try:
            with database.reading() as connection:
                if connection is None:
                    return cls(False, database.path.exists() and database.path.stat().st_size > 0, None)
                with contextlib.suppress(RegistryError):
                    trials = _rows(connection, database)
                for table in (schema.versions, schema.events):
                    connection.execute(select(table)).all()
        except StoreDamaged:
            return cls(False, True, trials)
        with contextlib.suppress(RegistryError), database.writing(create=False) as connection:
            artifacts.log.extend(connection)  # what it has more than the log is not to be lost
        return cls(True, False, trials)


def _rows(connection: Connection, database: Database) -> Sequence[Row]:
    if not schema.has_ledger(connection, database.path):
        return ()
    return connection.execute(select(schema.trials).order_by(schema.trials.c.position)).mappings().all()


def _sound(log: EventLog) -> tuple[list[Row], list[str]]:
    """Return the events of the log up to the first that does not follow from the one before."""
    lines = log.entries()
    if not lines:
        return [], [f"{log.where} is missing or empty: who was champion or retired is not known"]
    rows = log.read()
    sound = history.sound(rows)
    if sound == lines:
        return rows, []
    return rows[:sound], [
        f"{log.where}: its chain is whole up to event {sound}; what came after is not restored"
    ]


# --- what is made of it -------------------------------------------------------------------------


def _fill(connection: Connection, rows: Sequence[Row], artifacts: Artifacts) -> Iterator[str]:
    """Insert the events and what they tell of; yield what could not be brought back."""
    for row in rows:
        connection.execute(schema.events.insert().values(**row))
    events = history.parse_mappings(rows)
    past = succession(events)
    digests = {event.version_id: event.details.get("digest") for event in events if event.kind == REGISTERED}
    lines = {event.version_id: event.line for event in events if event.kind == REGISTERED}
    for version_id in dict.fromkeys(event.version_id for event in events if event.version_id in past.stages):
        yield from _restore(connection, artifacts, past, lines[version_id], version_id, digests[version_id])
    yield from _adopt(connection, artifacts, set(past.stages))


def _restore(
    connection: Connection, artifacts: Artifacts, past: Succession, line: str, version_id: str, digest: object
) -> Iterator[str]:
    """Bring one version back, or record that it is lost."""
    check = artifacts.document if version_id in past.deleted else artifacts.check
    try:
        _, parsed = check(line, version_id, str(digest))
    except RegistryError as error:
        stage = past.stages[version_id]
        details = {"stage": stage, "why": str(error)}
        history.append(connection, LOST, line=line, version_id=version_id, details=details)
        yield f"{version_id} ({stage} of {line}): {error}"
        return
    connection.execute(
        schema.versions.insert().values(
            document.row(parsed, stage=past.stages[version_id], digest=str(digest))
        )
    )


def _adopt(connection: Connection, artifacts: Artifacts, known: set[str]) -> Iterator[str]:
    """Register what lies in directories and is in no event, the oldest first, as challengers."""
    found = []
    for line, version_id in artifacts.versions():
        if version_id in known:
            continue
        try:
            content, parsed = artifacts.check(line, version_id, None)
        except RegistryError as error:
            yield f"{version_id} (in no event): {error}"
        else:
            found.append((parsed["created_at"], version_id, document.sha256(content), parsed))
    for _, version_id, digest, parsed in sorted(found, key=lambda one: one[:2]):
        same = schema.versions.c.fingerprint == parsed["fingerprint"]
        if connection.execute(select(schema.versions.c.version_id).where(same)).first() is not None:
            yield f"{version_id} (in no event): its content has another id already"
            continue
        row = document.row(parsed, stage=CHALLENGER, digest=digest)
        connection.execute(schema.versions.insert().values(row))
        details = {"spec": row["spec"], "fingerprint": row["fingerprint"], "digest": digest, "rebuilt": True}
        history.append(connection, REGISTERED, line=row["line"], version_id=version_id, details=details)


def _take_trials(connection: Connection, old: _Old, said: list[str]) -> int:
    if old.trials is None:
        said.append(
            "the ledger of trials, which only the old database had: `zoo experiment experiment=<name> "
            "resume=true` counts the rounds of a finished experiment again"
        )
        return 0
    for row in old.trials:
        connection.execute(schema.trials.insert().values(**row))
    return len(old.trials)


def _count(connection: Connection) -> tuple[int, int]:
    tables = (schema.versions, schema.events)
    versions, events = (len(connection.execute(select(table.c.position)).all()) for table in tables)
    return versions, events


# --- where it goes ------------------------------------------------------------------------------


def _beside(path: Path, word: str) -> Path:
    now = datetime.datetime.now(datetime.UTC)
    return path.with_name(f"{path.stem}.{word}-{now:%Y%m%dT%H%M%S_%fZ}{path.suffix}")


def _install(made: Path, target: Path, damaged: Path | None) -> Path | None:
    """Give the new database its name, which nothing else may have by now; return where the old one went."""
    aside = None
    with reporting(target):
        if damaged is not None:
            aside = _beside(damaged, "unreadable")
            damaged.rename(aside)
        elif target.exists() and target.stat().st_size == 0:
            target.unlink()  # a store that nobody has filled
        try:
            os.link(made, target)
        except FileExistsError as error:
            raise StoreUnavailable(
                "another process made a database meanwhile", where=target, remedy="look at it, then run again"
            ) from error
        sync_directory(target.parent)
    return aside


def _export(database: Database, log: EventLog) -> None:
    """Bring the log up to the new database; where its chain was broken, keep the old one aside."""
    with database.writing(create=False) as connection:
        rows: list[Mapping[Any, Any]] = list(
            connection.execute(select(schema.events).order_by(schema.events.c.position)).mappings()
        )
        log.heal(rows, replace=True)


__all__ = ["Rebuilt", "rebuild"]
