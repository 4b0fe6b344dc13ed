"""The registry: immutable versions, who registered them when, and their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Row, select

from zoo.errors import RegistryError, VersionNotFound, did_you_mean
from zoo.registry import document, history
from zoo.registry.artifacts import DOCUMENT, FILES, Artifacts
from zoo.registry.database import Database
from zoo.registry.files import check_place
from zoo.registry.history import Event
from zoo.registry.ledger import Ledger
from zoo.registry.registration import register
from zoo.registry.schema import events, versions
from zoo.registry.verification import VerifyReport, verify
from zoo.registry.version import CHAMPION, Candidate, Registered, Version


class Registry:
    """A store of versions, made at the first registration and never before.

    Use `Registry.open`; the result is a context manager, and may be shared by threads and used after a fork.
    """

    def __init__(self, database: Database, artifacts: Artifacts, *, read_only: bool) -> None:
        self._database = database
        self._artifacts = artifacts
        self._read_only = read_only

    @classmethod
    def open(cls, url: str, *, artifacts: Path | None = None, read_only: bool = False) -> Self:
        """Open a store, or the place where one will be; nothing is created before `register`.

        Args:
            url: `sqlite:///path`, with `?timeout=seconds` for how long to wait for other writers (30).
            artifacts: the directory of the versions' directories; the database's own unless given.
            read_only: refuse `register`. A missing store reads as an empty one either way.

        Raises:
            ConfigError: for a URL that cannot be used.
            StoreUnavailable: the file or the directory cannot be used.
            SchemaMismatch: the file is another program's, or of another zoo.
        """
        database = Database(url)
        database.check(writable=not read_only)
        root = database.path.parent if artifacts is None else Path(artifacts).absolute()
        check_place(root, writable=not read_only)
        return cls(database, Artifacts(root), read_only=read_only)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def ledger(self) -> Ledger:
        """Every permutation ever evaluated, by line: what registered versions were chosen from."""
        return Ledger(self._database, read_only=self._read_only)

    # --- reading --------------------------------------------------------------------------------

    def versions(
        self, *, line: str | None = None, spec: str | None = None, stage: str | None = None
    ) -> list[Version]:
        """Return the versions with these properties, the newest first."""
        query = select(versions).order_by(versions.c.position.desc())
        for column, value in ((versions.c.line, line), (versions.c.spec, spec), (versions.c.stage, stage)):
            if value is not None:
                query = query.where(column == value)
        with self._database.reading() as connection:
            rows = [] if connection is None else connection.execute(query).mappings().all()
        return [document.from_row(row) for row in rows]

    def get(self, version_id: str) -> Version:
        """Return one version by its whole id.

        Raises:
            VersionNotFound: no version has this id; the beginning of one is not enough.
        """
        with self._database.reading() as connection:
            row = None if connection is None else _by_id(connection, version_id)
            known = [] if connection is None or row is not None else _ids(connection)
        if row is None:
            raise _not_found(version_id, known)
        return document.from_row(row._asdict())

    def champion(self, line: str) -> Version | None:
        """Return the line's champion; None when it has none."""
        return next(iter(self.versions(line=line, stage=CHAMPION)), None)

    def latest(self, spec: str) -> Version | None:
        """Return the version that was registered last for a spec; None when there is none."""
        query = select(versions).where(versions.c.spec == spec).order_by(versions.c.position.desc()).limit(1)
        with self._database.reading() as connection:
            row = None if connection is None else connection.execute(query).first()
        return None if row is None else document.from_row(row._asdict())

    def events(self, *, line: str | None = None, version_id: str | None = None) -> list[Event]:
        """Return what happened, the oldest first."""
        query = select(events).order_by(events.c.position)
        for column, value in ((events.c.line, line), (events.c.version_id, version_id)):
            if value is not None:
                query = query.where(column == value)
        with self._database.reading() as connection:
            rows = [] if connection is None else connection.execute(query).all()
        return history.parse(rows)

    def read(self, version_id: str, filename: str) -> bytes:
        """Return a file of a version; the digest was checked on these very bytes.

        Args:
            version_id: the whole id.
            filename: `version.json`, `sensor.skops`, `predictions.parquet` or `config.yaml`.

        Raises:
            VersionNotFound: no version has this id.
            RegistryError: versions have no such file.
            ArtifactCorrupt: the file is missing, linked elsewhere, or not as it was registered.
            StoreUnavailable: it cannot be read.
        """
        if filename not in FILES:
            raise RegistryError(
                f"no file {filename!r}",
                where=version_id,
                expected=" or ".join(FILES),
                remedy=did_you_mean(filename, FILES),
            )
        version = self.get(version_id)
        content, parsed = self._artifacts.document(version.line, version_id, version.digest)
        return content if filename == DOCUMENT else self._artifacts.file(parsed, filename)

    def verify(self) -> VerifyReport:
        """Check rows, directories, digests and events; delete what dead writers left half-written.

        Where there is a store it needs the write lock, also when opened with `read_only`; it never makes one.

        Raises:
            StoreUnavailable: the store cannot be locked or read.
        """
        return verify(self._database, self._artifacts)

    # --- registering ----------------------------------------------------------------------------

    def register(self, candidate: Candidate) -> Registered:
        """Register a candidate as a challenger; the same content again changes nothing.

        Whatever goes wrong, either nothing is registered or the whole version is.

        Raises:
            RegistryError: the registry was opened to read, or the candidate's values cannot be kept.
            VersionConflict: another content has this version id.
            ArtifactCorrupt: the content is registered, and its files are not as they were.
            StoreUnavailable: the store cannot be locked or written.
        """
        if self._read_only:
            raise RegistryError("the registry was opened to read", remedy="open it without read_only")
        return register(self._database, self._artifacts, candidate)


def _by_id(connection: Connection, version_id: str) -> Row[Any] | None:
    return connection.execute(select(versions).where(versions.c.version_id == version_id)).first()


def _ids(connection: Connection) -> Sequence[str]:
    return connection.execute(select(versions.c.version_id)).scalars().all()


def _not_found(version_id: str, known: Sequence[str]) -> VersionNotFound:
    longer = [name for name in known if name.startswith(version_id)] if version_id else []
    hint = f"did you mean {longer[0]!r}?" if len(longer) == 1 else did_you_mean(version_id, known)
    return VersionNotFound(
        f"no version {version_id!r}",
        expected="the whole id of a registered version" if known else "a version, and none is registered yet",
        remedy=hint or "`zoo versions` lists them",
    )


__all__ = ["Registry"]
