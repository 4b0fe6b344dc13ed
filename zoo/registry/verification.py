"""`verify`: rows against directories and events, every digest, the chain of events and its exported copy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from zoo.errors import RegistryError
from zoo.registry import document, history, schema, trial
from zoo.registry.contract import Artifacts, Registrations
from zoo.registry.database import Database
from zoo.registry.eventlog import EventLog
from zoo.registry.succession import succession


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        version_id: the version that it touches; None when it touches the store as a whole.
        kind: `database` (its pages), `events` (the chain), `row` (a row that contradicts its document or
            its events, or an event without a row), `artefact` (files missing or changed), `unregistered` (a
            directory without a row), `set_aside` (what stood in a version's place before), `trial` (a row
            of the ledger that was changed, or is gone), `log` (the exported event log tells of more than the
            database).
        message: one sentence, with the remedy.
    """

    version_id: str | None
    kind: str
    message: str


@dataclass(frozen=True)
class VerifyReport:
    """What `verify` found.

    Attributes:
        checked: how many versions were checked.
        problems: what is wrong.
        swept: the staging directories of dead writers that were deleted, relative to the artefacts.
        healed: what was written into the exported event log.
        trials: how many trials of the ledger were checked.
    """

    checked: int
    problems: tuple[Problem, ...]
    swept: tuple[str, ...]
    healed: tuple[str, ...] = ()
    trials: int = 0

    @property
    def ok(self) -> bool:
        """Nothing is wrong; leftovers of dead writers are no fault."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Return strict JSON types."""
        return {
            "ok": self.ok,
            "checked": self.checked,
            "trials": self.trials,
            "problems": [asdict(problem) for problem in self.problems],
            "swept": list(self.swept),
            "healed": list(self.healed),
        }


@dataclass(frozen=True)
class _Survey:
    """What is there at one moment, taken under the write lock."""

    rows: Sequence[Row[Any]]
    events: Sequence[Row[Any]]
    trials: Sequence[Row[Any]]
    directories: frozenset[tuple[str, str]]
    damage: Sequence[str]
    swept: tuple[str, ...]
    healed: tuple[str, ...] = ()
    log: tuple[str, ...] = ()


def verify(database: Database, artifacts: Artifacts) -> VerifyReport:
    """Check the whole store; delete what dead writers left half-written, and complete the exported log.

    The write lock is held while rows and directories are listed, so that no registration is seen half-way;
    the files are read after it is released, since a registered version never changes.
    """
    survey = _survey(database, artifacts)
    gone: set[str] = set()
    for event in survey.events:
        if event.kind == history.DELETED:
            gone.add(event.version_id)
        elif event.kind == history.REGISTERED:  # again, after it was lost
            gone.discard(event.version_id)
    problems = [
        *(Problem(None, "database", f"{line}; restore the file from a backup") for line in survey.damage),
        *(
            Problem(version_id, "events", message)
            for version_id, message in history.breaks(event._mapping for event in survey.events)
        ),
        *(Problem(None, "log", line) for line in survey.log),
        *_events_against_rows(survey),
        *_stages(survey),
        *(problem for row in survey.rows for problem in _row_against_directory(row, artifacts, gone)),
        *_directories_without_row(survey, artifacts),
        *_set_aside(artifacts),
        *(Problem(None, "trial", message) for message in trial.breaks(survey.trials)),
    ]
    return VerifyReport(len(survey.rows), tuple(problems), survey.swept, survey.healed, len(survey.trials))


def _survey(database: Database, artifacts: Artifacts) -> _Survey:
    log = artifacts.log
    known = log.entries()  # before we look for the database: a new one is there before its log
    with database.reading() as connection:
        there = connection is not None
    if not there:
        lost = (_lost(log, known),) if known else ()
        swept = artifacts.sweep(_told(log))
        return _Survey((), (), (), frozenset(artifacts.versions()), (), swept, log=lost)
    with database.writing(create=False) as connection:
        return _listing(connection, database, artifacts)


def _listing(connection: Connection, database: Database, artifacts: Artifacts) -> _Survey:
    if schema.present(connection, database.path):
        database.settle(connection)
    events = connection.execute(select(schema.events).order_by(schema.events.c.position)).all()
    rows = connection.execute(select(schema.versions).order_by(schema.versions.c.position)).all()
    log = artifacts.log
    done, wrong = log.heal([event._mapping for event in events])
    return _Survey(
        rows=rows,
        events=events,
        trials=_trials(connection, database),
        directories=frozenset(artifacts.versions()),
        damage=database.damage(connection),
        swept=(*log.sweep(), *artifacts.sweep({(row.line, row.version_id): row.digest for row in rows})),
        healed=() if done is None else (done,),
        log=() if wrong is None else (wrong,),
    )


def _lost(log: EventLog, known: int) -> str:
    return (
        f"{log.where} holds {known} event{'' if known == 1 else 's'}, and the database is gone: restore it "
        "from a backup, or make a new one with `zoo verify rebuild=true`"
    )


def _told(log: EventLog) -> Registrations:
    """Return what was registered, as the log tells of it where there is no database."""
    return {
        (event.line, event.version_id): str(event.details.get("digest"))
        for event in history.parse_mappings(log.read())
        if event.kind == history.REGISTERED
    }


def _trials(connection: Connection, database: Database) -> Sequence[Row[Any]]:
    if not schema.present(connection, database.path) or not schema.has_ledger(connection, database.path):
        return ()
    return connection.execute(select(schema.trials).order_by(schema.trials.c.position)).all()


def _events_against_rows(survey: _Survey) -> Iterator[Problem]:
    """Each version has one event that says so, with the same digest; each such event has its version."""
    registered = [event for event in survey.events if event.kind == history.REGISTERED]
    counts = Counter(event.version_id for event in registered)
    counts.subtract(event.version_id for event in survey.events if event.kind == history.LOST)
    digests = {event.version_id: _digest(event) for event in registered}
    for row in survey.rows:
        if counts[row.version_id] != 1:
            yield Problem(
                row.version_id, "row", f"{counts[row.version_id]} events say that it was registered, not 1"
            )
        elif digests[row.version_id] != row.digest:
            yield Problem(row.version_id, "row", "its digest is not the one that its event recorded")
    for version_id in (+counts).keys() - {row.version_id for row in survey.rows}:
        yield Problem(version_id, "row", "an event says that it was registered, and its row is gone")


def _stages(survey: _Survey) -> Iterator[Problem]:
    """Each version is in the stage into which the events have brought it."""
    try:
        found = succession(history.parse(survey.events))
    except RegistryError as error:
        yield Problem(None, "events", str(error))
        return
    for version_id, sentence in found.impossible:
        yield Problem(version_id, "events", sentence)
    for row in survey.rows:
        stage = found.stages.get(row.version_id, row.stage)
        if row.stage != stage:
            yield Problem(row.version_id, "row", f"its stage is {row.stage}, and its events say {stage}")


def _digest(event: Row[Any]) -> object:
    try:
        return history.parse([event])[0].details.get("digest")
    except RegistryError:
        return None


def _row_against_directory(row: Row[Any], artifacts: Artifacts, gone: Set[str]) -> Iterator[Problem]:
    """Check a version's files; of a deleted one only the document is left."""
    check = artifacts.document if row.version_id in gone else artifacts.check
    try:
        _, parsed = check(row.line, row.version_id, row.digest)
    except RegistryError as error:
        yield Problem(row.version_id, "artefact", str(error))
        return
    described = document.row(parsed, stage=row.stage, digest=row.digest)
    differing = [name for name, value in described.items() if row._mapping[name] != value]
    if differing:
        yield Problem(
            row.version_id, "row", f"{', '.join(differing)} in the database is not what version.json says"
        )


def _directories_without_row(survey: _Survey, artifacts: Artifacts) -> Iterator[Problem]:
    registered = {(row.line, row.version_id) for row in survey.rows}
    for line, version_id in sorted(survey.directories - registered):
        try:
            artifacts.check(line, version_id, None)
        except RegistryError as error:
            message = f"the directory is not registered and not whole: {error}"
        else:
            message = (
                f"{artifacts.address(line, version_id)} is whole but not registered (a writer was killed, "
                "or the database is older than it); run its spec again, which takes it over"
            )
        yield Problem(version_id, "unregistered", message)


def _set_aside(artifacts: Artifacts) -> Iterator[Problem]:
    for version_id, path in artifacts.set_asides():
        yield Problem(
            version_id,
            "set_aside",
            f"{path} was found damaged in the version's place; look at it, then delete it",
        )


__all__ = ["Problem", "VerifyReport", "verify"]
