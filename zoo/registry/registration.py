"""Registering: a version is there whole, or not at all, wherever its writer dies.

The files are written and synced under a staging name, without a lock. Then, under the write lock: look again,
insert the row and its event, rename, commit. A writer that dies

- before the rename leaves a staging directory, which `verify` sweeps;
- between rename and commit leaves a whole directory without a row, which the next registration of the same
  content takes over;
- after the commit leaves the version; the next writer, or `verify`, puts its event into the exported log.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from zoo.errors import ArtifactCorrupt, RegistryError, VersionConflict
from zoo.registry import document, history, predictions, queries
from zoo.registry.contract import CONFIG, DOCUMENT, PREDICTIONS, SENSOR, Artifacts
from zoo.registry.database import Database
from zoo.registry.eventlog import recorded
from zoo.registry.moves import deleted
from zoo.registry.schema import versions
from zoo.registry.version import CHALLENGER, CHAMPION, Candidate, Registered, Version


def register(database: Database, artifacts: Artifacts, candidate: Candidate) -> Registered:
    """Register a candidate as a challenger; the same content again changes nothing.

    Raises:
        RegistryError: the candidate's values cannot be kept.
        VersionConflict: another content has this version id.
        VersionDeleted: the content is registered, and its files were deleted.
        ArtifactCorrupt: the content is registered, and its files are not as they were.
        LogAhead: the database lost events that the exported log has.
        StoreUnavailable: the store cannot be locked or written.
    """
    table = predictions.to_parquet(candidate.predictions)
    # what has no directory is hardly registered: then the write transaction, which looks again, is enough;
    # but where there is no database yet, none is made before the log has been looked at
    free = artifacts.seems_free(candidate.line, candidate.version_id) and database.seems_there()
    known = None if free else _known(database, artifacts, candidate)
    if known is None:
        added = _stage_and_add(database, artifacts, candidate, table)
        if added is not None:
            return added
        known = _known(database, artifacts, candidate)  # another process was first
    if known is None:
        raise RegistryError("the version vanished while it was registered", where=candidate.version_id)
    version = document.from_row(known._asdict())
    if version.deleted_at is not None:
        raise deleted(version)
    _, parsed = artifacts.check(known.line, known.version_id, known.digest)
    notices = (*_differences(artifacts, parsed, table), *_stays(version))
    return Registered(version, created=False, notices=notices)


def _known(database: Database, artifacts: Artifacts, candidate: Candidate) -> Row[Any] | None:
    log = artifacts.log
    tail = log.tail()  # before the transaction, which then sees at least as much
    with database.reading() as connection:
        log.check(connection, tail)
        return None if connection is None else _find(connection, candidate)


def _find(connection: Connection, candidate: Candidate) -> Row[Any] | None:
    """Return the row of the candidate's content, if it is registered."""
    for row in queries.alike(connection, candidate.version_id, candidate.fingerprint):
        if row.version_id != candidate.version_id or row.fingerprint != candidate.fingerprint:
            raise _conflict(candidate, row.version_id, row.fingerprint)
        return row
    return None


def _conflict(candidate: Candidate, version_id: str, fingerprint: str) -> VersionConflict:
    return VersionConflict(
        f"{version_id} with fingerprint {fingerprint} is there already",
        where=candidate.version_id,
        expected=f"no other content of this id (this one's fingerprint is {candidate.fingerprint})",
        remedy="give the spec another label",
    )


def _stage_and_add(
    database: Database, artifacts: Artifacts, candidate: Candidate, table: bytes
) -> Registered | None:
    """Add the candidate; None when another process has added it meanwhile."""
    files = {SENSOR: candidate.sensor, PREDICTIONS: table, CONFIG: candidate.config.encode()}
    files[DOCUMENT] = document.write(candidate, files, history.now())
    staging = artifacts.stage(candidate.line, candidate.version_id, files)
    published = False
    said: list[str] = []
    try:
        with recorded(database, artifacts.log, said, create=True) as connection:
            if _find(connection, candidate) is not None:
                return None
            left = _left_behind(artifacts, candidate)
            if left is not None:
                notices = (
                    f"{candidate.version_id}: took over the directory of an interrupted registration",
                    *_differences(artifacts, document.parse(left), table),
                )
                added = _add(connection, left, notices, taken_over=True)
            else:
                notices = _set_aside(artifacts, candidate)
                added = _add(connection, files[DOCUMENT], notices, taken_over=False)
                published = True  # said first: an interrupt may come right after the rename
                artifacts.publish(staging, candidate.line, candidate.version_id)
        return replace(added, notices=(*added.notices, *said))
    except BaseException:
        if published:
            _withdraw(database, artifacts, candidate, staging)
        raise
    finally:
        artifacts.discard(staging)


def _stays(version: Version) -> tuple[str, ...]:
    """Say that training a retired or archived version again brings nothing back."""
    if version.stage in (CHALLENGER, CHAMPION):
        return ()
    return (f"{version.version_id}: is {version.stage}, and stays so",)


def _left_behind(artifacts: Artifacts, candidate: Candidate) -> bytes | None:
    """Return the document of a whole directory without a row; None where there is none."""
    line, version_id = candidate.line, candidate.version_id
    try:
        content, parsed = artifacts.check(line, version_id, None)
    except ArtifactCorrupt:
        return None
    if parsed["fingerprint"] != candidate.fingerprint:
        raise _conflict(candidate, artifacts.address(line, version_id), parsed["fingerprint"])
    return content


def _set_aside(artifacts: Artifacts, candidate: Candidate) -> tuple[str, ...]:
    """Clear the version's place of what is no whole version, and keep it."""
    aside = artifacts.set_aside(candidate.line, candidate.version_id)
    if aside is None:
        return ()
    return (f"{candidate.version_id}: a damaged directory stood in its place and was kept as {aside}",)


def _add(connection: Connection, content: bytes, notices: tuple[str, ...], *, taken_over: bool) -> Registered:
    """Insert the row and its event for a document."""
    digest = document.sha256(content)
    row = document.row(document.parse(content), stage=CHALLENGER, digest=digest)
    connection.execute(versions.insert(), row)
    version = document.from_row(row)
    history.append(
        connection,
        history.REGISTERED,
        line=version.line,
        version_id=version.version_id,
        details={
            "spec": version.spec,
            "fingerprint": version.fingerprint,
            "digest": digest,
            "taken_over": taken_over,
            "notices": notices,
        },
    )
    return Registered(version, created=True, notices=notices)


def _withdraw(database: Database, artifacts: Artifacts, candidate: Candidate, staging: Any) -> None:
    """Take the files back, unless the row is there after all; what stays can be taken over later."""
    with suppress(RegistryError), database.writing(create=False) as connection:
        if not database.present(connection) or _find(connection, candidate) is None:
            artifacts.withdraw(staging, candidate.line, candidate.version_id)


def _differences(artifacts: Artifacts, parsed: Mapping[str, Any], table: bytes) -> tuple[str, ...]:
    """Say where the refit came out differently from the one that is registered."""
    found = predictions.difference(artifacts.file(parsed, PREDICTIONS), table)
    if found is None:
        return ()
    return (f"{parsed['version_id']}: {found}; the registered artefact stays",)


__all__ = ["register"]
