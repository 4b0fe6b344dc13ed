"""The registry: immutable versions, who registered and moved them when, and their files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from zoo.errors import ArtifactCorrupt, ConfigError, NoChampion, RegistryError, did_you_mean
from zoo.location import ObjectStore, Place, located
from zoo.registry import document, moves, queries
from zoo.registry.artifacts import Directories
from zoo.registry.collection import Collection, Shadowed, collect
from zoo.registry.comparison import Comparison, compare
from zoo.registry.contract import DOCUMENT, FILES, SENSOR, Artifacts
from zoo.registry.database import Database, open_database
from zoo.registry.eventlog import looking
from zoo.registry.history import DELETED, LOST, PROMOTED, RETIRED, ROLLED_BACK, Event
from zoo.registry.ledger import Ledger
from zoo.registry.moves import Move, Store, deleted
from zoo.registry.objects import Objects
from zoo.registry.rebuilding import Rebuilt, rebuild
from zoo.registry.registration import register
from zoo.registry.schema import versions
from zoo.registry.sharing import champion_of, check_shared
from zoo.registry.verification import VerifyReport, verify
from zoo.registry.version import CHALLENGER, Candidate, Registered, Version

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from zoo.promotion import Cohort, Sensor
    from zoo.trust import Trust


class Registry:
    """A store of versions, made at the first registration and never before.

    Use `Registry.open`; the result is a context manager, and may be shared by threads and used after a fork.
    """

    def __init__(self, database: Database, artifacts: Artifacts, *, read_only: bool) -> None:
        self._database = database
        self._artifacts = artifacts
        self._read_only = read_only

    @classmethod
    def open(cls, url: str, *, artifacts: Place | str | None = None, read_only: bool = False) -> Self:
        """Open a store, or the place where one will be; nothing is created before `register`.

        Args:
            url: `sqlite:///path`, or `postgresql+psycopg://user@host/database?schema=zoo`, with
                `?timeout=seconds` for how long to wait for other writers (30).
            artifacts: the directory of the versions' directories, that of SQLite's file unless given; or an
                object store: `s3://bucket/zoo`, or `ObjectStore("s3://bucket/zoo", {"endpoint_url": ...})`.
            read_only: refuse to register and to move. Where there never was a store, it reads as an empty one
                either way; where its database is gone and its event log is not, reading raises LogAhead.

        Raises:
            ConfigError: for a URL that cannot be used, or a server's without a directory.
            StoreUnavailable: the database or the directory cannot be used, or it is another store's.
            SchemaMismatch: the tables are another program's, or of another zoo.
        """
        database = open_database(url)
        database.check(writable=not read_only)
        lying = _artifacts(database, artifacts)
        lying.ensure(writable=not read_only)
        if not read_only and database.home is None:
            check_shared(database, lying)
        return cls(database, lying, read_only=read_only)

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
        return Ledger(self._database, log=self._artifacts.log, read_only=self._read_only)

    @classmethod
    def rebuild(cls, url: str, *, artifacts: Place | str | None = None) -> Rebuilt:
        """Make a new database from the directories and the exported log; see `zoo.registry.rebuilding`.

        Args:
            url: the store's, as `open` takes it; a database that cannot be read is moved aside, one that can
                stays where it is, and the new one lies beside it.
            artifacts: where the versions lie, as `open` takes it.

        Raises:
            RegistryError: there is nothing to make it from.
            StoreUnavailable: the old one is locked, or the new one cannot be written.
            SchemaMismatch: the old one is another program's, or of another zoo.
        """
        database = open_database(url)
        try:
            return rebuild(database, _artifacts(database, artifacts))
        finally:
            database.close()

    # --- reading --------------------------------------------------------------------------------

    def versions(
        self,
        *,
        line: str | None = None,
        spec: str | None = None,
        stage: str | None = None,
        limit: int | None = None,
    ) -> list[Version]:
        """Return the versions with these properties, the newest first; at most `limit` of them."""
        query = queries.listing().order_by(versions.c.position.desc()).limit(limit)
        for column, value in ((versions.c.line, line), (versions.c.spec, spec), (versions.c.stage, stage)):
            if value is not None:
                query = query.where(column == value)
        with self._looking() as connection:
            rows = () if connection is None else queries.plain_rows(connection.execute(query))
            return [document.from_row(row) for row in rows]

    def get(self, version_id: str) -> Version:
        """Return one version by its whole id.

        Raises:
            VersionNotFound: no version has this id; the beginning of one is not enough.
        """
        with self._looking() as connection:
            return queries.find(connection, version_id)

    def champion(self, line: str) -> Version | None:
        """Return the line's champion; None when it has none.

        Raises:
            LogAhead: by the exported event log it is another one, and the database lost that.
        """
        return champion_of(self._database, self._artifacts.log, line)

    def latest(self, spec: str) -> Version | None:
        """Return the version that was registered last for a spec; None when there is none."""
        return next(iter(self.versions(spec=spec, limit=1)), None)

    def events(
        self, *, line: str | None = None, version_id: str | None = None, after: int = 0
    ) -> list[Event]:
        """Return what happened, the oldest first; nothing up to the position `after`."""
        with self._looking() as connection:
            if connection is None:
                return []
            return queries.events_of(connection, line=line, version_id=version_id, after=after)

    def lines(self) -> list[str]:
        """Return the lines that have versions, sorted."""
        with self._looking() as connection:
            return [] if connection is None else queries.lines(connection)

    @property
    def store_id(self) -> str | None:
        """The digest of the store's first event, which no other store has; None while it has no event."""
        with self._looking() as connection:
            return None if connection is None else queries.first_digest(connection)

    def place(self, version: Version) -> str:
        """Return where a version's files are, as an address."""
        return self._artifacts.uri(version.line, version.version_id)

    def history(self, line: str) -> list[Event]:
        """Return how the line's versions were moved, the oldest first: `events` without registrations."""
        kinds = (PROMOTED, ROLLED_BACK, RETIRED, DELETED, LOST)
        with self._looking() as connection:
            return [] if connection is None else queries.events_of(connection, line=line, kinds=kinds)

    def diff(self, a: str, b: str) -> Comparison:
        """Put two versions side by side: parameters, settings, overrides, data, libraries and metrics.

        Raises:
            VersionNotFound: no version has one of the ids.
        """
        return compare(self.get(a), self.get(b))

    def read(self, version_id: str, filename: str) -> bytes:
        """Return a file of a version; the digest was checked on these very bytes.

        Args:
            version_id: the whole id.
            filename: `version.json`, `sensor.skops`, `predictions.parquet` or `config.yaml`.

        Raises:
            VersionNotFound: no version has this id.
            RegistryError: versions have no such file.
            VersionDeleted: its files were deleted; `version.json` stays.
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
        return self._read(self.get(version_id), filename)

    def load(self, version_id: str, *, trusted: Trust | Iterable[str] | None = None) -> Sensor | Cohort:
        """Return a version's sensor, or cohort; digest and types are checked before anything of it is built.

        Args:
            version_id: the whole id, of a version in whatever stage.
            trusted: what may be imported, beside what zoo's own code trusts.

        Raises:
            VersionNotFound: no version has this id.
            VersionDeleted: its files were deleted.
            ArtifactCorrupt: they are not as they were registered.
            TrustError: a type outside the trust list.
            StoreUnavailable: it cannot be read.
        """
        return self._load(self.get(version_id), trusted)

    def load_champion(self, line: str, *, trusted: Trust | Iterable[str] | None = None) -> Sensor | Cohort:
        """Return the sensor, or cohort, of the line's champion.

        Raises:
            NoChampion: the line has none.
            ArtifactCorrupt, TrustError, StoreUnavailable: as `load`.
        """
        champion = self.champion(line)
        if champion is None:
            raise NoChampion(
                "the line has no champion", where=line, remedy="`zoo promote version=<id>` makes one"
            )
        return self._load(champion, trusted)

    def _load(self, version: Version, trusted: Trust | Iterable[str] | None) -> Sensor | Cohort:
        from zoo.promotion.cohort import load_predictor

        where = self._artifacts.address(version.line, version.version_id, SENSOR)
        return load_predictor(self._read(version, SENSOR), trusted, where)

    def _read(self, version: Version, filename: str) -> bytes:
        """Return a file of a version, once its bytes have their digest."""
        try:
            content, parsed = self._artifacts.document(version.line, version.version_id, version.digest)
            return content if filename == DOCUMENT else self._artifacts.file(parsed, filename)
        except ArtifactCorrupt:
            version = self.get(version.version_id)  # it may have been deleted since it was looked up
            if version.deleted_at is None or filename == DOCUMENT:
                raise
        raise deleted(version)

    def verify(self) -> VerifyReport:
        """Check rows, directories, digests and events; delete what dead writers left half-written.

        Where there is a store it needs the write lock, also when opened with `read_only`; it never makes one.

        Raises:
            StoreUnavailable: the store cannot be locked or read.
        """
        return verify(self._database, self._artifacts)

    def _looking(self) -> AbstractContextManager[Connection | None]:
        return looking(self._database, self._artifacts.log)

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
        self._check_writable()
        return register(self._database, self._artifacts, candidate)

    # --- moving ---------------------------------------------------------------------------------

    def promote(
        self,
        version_id: str,
        *,
        expect: str | None,
        reason: str | None = None,
        decision: Mapping[str, Any] | None = None,
    ) -> Move:
        """Make a challenger the champion of its line; see `zoo.registry.moves.promote`.

        Args:
            version_id: the challenger.
            expect: the champion that it is to replace; None where the line has none.
            reason: why; needed where there is no decision.
            decision: what the gate said; None where no gate was asked.
        """
        self._check_writable()
        return moves.promote(self._store, version_id, expect=expect, reason=reason, decision=decision)

    def rollback(
        self, line: str, *, expect: str | None, version_id: str | None = None, reason: str | None = None
    ) -> Move:
        """Bring an archived champion back; see `zoo.registry.moves.roll_back`.

        Args:
            line: the line.
            expect: the champion that is to go.
            version_id: whom to bring back; None for the champion before.
            reason: why.
        """
        self._check_writable()
        return moves.roll_back(self._store, line, expect=expect, to=version_id, reason=reason)

    def retire(self, version_id: str, *, reason: str | None = None) -> Move:
        """Take a challenger out of the race; see `zoo.registry.moves.retire`."""
        self._check_writable()
        return moves.retire(self._store, version_id, reason=reason)

    def retire_spec(self, spec: str, *, reason: str) -> list[Move]:
        """Retire every challenger of a spec, each with an event of its own; a champion keeps serving.

        Returns:
            What changed; nothing where another process was first.
        """
        self._check_writable()
        challengers = self.versions(spec=spec, stage=CHALLENGER)
        return [
            move
            for version in reversed(challengers)
            if (move := moves.retire_challenger(self._store, version.version_id, reason)) is not None
        ]

    def gc(self, *, dry_run: bool = True, keep: int = 3, shadowed: Shadowed | None = None) -> Collection:
        """Delete the files of versions that serve no more; see `zoo.registry.collection.collect`.

        Args:
            dry_run: only say which these are.
            keep: former champions of each line that keep their files, 1 or more.
            shadowed: says why a version's shadow results are still wanted, None where they are not; unless it
                is given, all of them are. `zoo.evaluation.retention` knows which the leaderboard compares.
        """
        if not dry_run:
            self._check_writable()
        return collect(self._store, dry_run=dry_run, keep=max(1, keep), shadowed=shadowed)

    @property
    def _store(self) -> Store:
        return Store(self._database, self._artifacts)

    def _check_writable(self) -> None:
        if self._read_only:
            raise RegistryError("the registry was opened to read", remedy="open it without read_only")


def _artifacts(database: Database, place: Place | str | None) -> Artifacts:
    """Return the artefacts at a place; beside the database's file where none is named."""
    if place is None:
        place = _home(database)
    if isinstance(place, str):
        place = located(place, default=Path())
    if isinstance(place, ObjectStore):
        return Objects(place)
    return Directories(Path(place).absolute())


def _home(database: Database) -> Path:
    if database.home is None:
        raise ConfigError(
            "no place is given for the versions' files",
            where=database.name,
            expected="a directory that every machine of the team sees, or an object store",
            remedy="set registry.artifacts",
        )
    return database.home


__all__ = ["Registry"]
