"""Moves between the stages: challenger -> champion -> archived, challenger -> retired, archived -> champion.

Each is one transaction with one event under the write lock. A champion changes by compare-and-swap only: the
caller says whom it takes for the champion, and where that is no longer so, nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, update

from zoo.errors import ChampionChanged, ConfigError, MoveRefused, NoChampion, VersionDeleted
from zoo.registry import history, queries
from zoo.registry.contract import Artifacts
from zoo.registry.database import Database
from zoo.registry.eventlog import looking, recorded
from zoo.registry.history import Event
from zoo.registry.schema import versions
from zoo.registry.succession import SOURCES, succession
from zoo.registry.version import ARCHIVED, CHALLENGER, CHAMPION, RETIRED, Version, check_text

NO_GATE: Final = "none"
_REMEDIES: Final = {
    (history.PROMOTED, ARCHIVED): "it was champion before: `zoo rollback` brings it back",
    (history.PROMOTED, RETIRED): "what is retired stays so; train it under another label",
    (history.ROLLED_BACK, CHALLENGER): "`zoo promote` makes a challenger the champion",
    (history.ROLLED_BACK, RETIRED): "what is retired stays so; train it under another label",
    (history.RETIRED, CHAMPION): "promote another version or roll back first",
    (history.RETIRED, ARCHIVED): "it serves no more; `zoo gc` deletes its files",
}


@dataclass(frozen=True)
class Move:
    """What a move came to.

    Attributes:
        version: the version that was asked for, as it is now.
        changed: False where it was there already; then there is no event.
        replaced: the champion before, where the champion changed.
        event: what was recorded.
        notices: sentences for the user.
    """

    version: Version
    changed: bool
    replaced: str | None
    event: Event | None
    notices: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return strict JSON types."""
        return {
            "version_id": self.version.version_id,
            "line": self.version.line,
            "stage": self.version.stage,
            "changed": self.changed,
            "replaced": self.replaced,
            "event": None if self.event is None else self.event.as_dict(),
            "notices": list(self.notices),
        }


@dataclass(frozen=True)
class Store:
    """Where moves are made: the database and the directories."""

    database: Database
    artifacts: Artifacts

    def whole(self, version: Version) -> None:
        """Raise unless a version can be loaded: a champion whose files are damaged would serve nobody.

        Raises:
            VersionDeleted: its files were deleted.
            ArtifactCorrupt: its files are not as they were.
        """
        if version.deleted_at is not None:
            raise deleted(version)
        self.artifacts.check(version.line, version.version_id, version.digest)


def promote(
    store: Store,
    version_id: str,
    *,
    expect: str | None,
    reason: str | None,
    decision: Mapping[str, Any] | None = None,
) -> Move:
    """Make a challenger the champion of its line, and archive the champion before.

    Promoting the champion again is a notice, whatever was expected.

    Args:
        store: the registry.
        version_id: the challenger.
        expect: the champion that it is to replace; None where the line has none.
        reason: why; needed where there is no decision.
        decision: what the gate said, for the event; None where no gate was asked, which the event says.

    Raises:
        ConfigError: there is neither a reason nor a decision.
        VersionNotFound: no version has this id.
        ChampionChanged: the champion is another one than was expected.
        MoveRefused: the version is no challenger.
        VersionDeleted, ArtifactCorrupt: it could not be loaded.
        LogAhead: the database lost events that the exported log has.
        StoreUnavailable: the store cannot be locked or written.
    """
    reason = _reason(reason)
    if reason is None and decision is None:
        raise ConfigError(
            "a promotion without a gate's decision needs a reason", expected='reason="..."', where=version_id
        )
    details = {"gate": NO_GATE if decision is None else dict(decision)}
    return _crown(store, history.PROMOTED, _look_up(store, version_id), expect, reason, details)


def roll_back(
    store: Store, line: str, *, expect: str | None, to: str | None = None, reason: str | None = None
) -> Move:
    """Make an archived version the champion again, and archive the champion.

    Args:
        store: the registry.
        line: the line.
        expect: the champion that is to go.
        to: an archived version; None for the champion before the current one. Rolling back twice goes back
            two: the champions that were rolled back are not come back to.
        reason: why.

    Raises:
        NoChampion: the line has no champion, or none before the current one.
        VersionNotFound, ChampionChanged, MoveRefused, VersionDeleted, ArtifactCorrupt: as `promote`.
        LogAhead, StoreUnavailable: as `promote`.
    """
    version = _before(store, line, expect) if to is None else _look_up(store, to)
    if version.line != line:
        raise MoveRefused(f"{version.version_id} is of line {version.line}", where=line)
    return _crown(store, history.ROLLED_BACK, version, expect, _reason(reason), {})


def retire(store: Store, version_id: str, *, reason: str | None) -> Move:
    """Take a challenger out of the race; it stays registered. Retiring it again is a notice.

    Raises:
        VersionNotFound: no version has this id.
        MoveRefused: it is champion, or was.
        LogAhead, StoreUnavailable: as `promote`.
    """
    notices: list[str] = []
    _look_up(store, version_id)
    with recorded(store.database, store.artifacts.log, notices) as connection:
        version = queries.find(connection, version_id)
        if version.stage == RETIRED:
            return _unchanged(version, "is retired already")
        _check_source(history.RETIRED, version)
        event = _retire(connection, version, _reason(reason))
    return Move(replace(version, stage=RETIRED), True, None, event, tuple(notices))


def retire_challenger(store: Store, version_id: str, reason: str) -> Move | None:
    """Do the same for what was a challenger when it was looked up; None where it is none any more."""
    notices: list[str] = []
    with recorded(store.database, store.artifacts.log, notices) as connection:
        version = queries.find(connection, version_id)
        if version.stage != CHALLENGER:
            return None
        event = _retire(connection, version, reason)
    return Move(replace(version, stage=RETIRED), True, None, event, tuple(notices))


def _retire(connection: Connection, version: Version, reason: str | None) -> Event:
    _set_stage(connection, version, RETIRED)
    return history.append(
        connection,
        history.RETIRED,
        line=version.line,
        version_id=version.version_id,
        details={},
        reason=reason,
    )


def deleted(version: Version) -> VersionDeleted:
    """Return the error of a version whose files are gone."""
    return VersionDeleted(
        f"its files were deleted at {version.deleted_at}",
        where=version.version_id,
        expected="a version that has its files",
        remedy="its row and its events are kept; to train it again, give its spec another label",
    )


def _crown(
    store: Store,
    kind: str,
    version: Version,
    expect: str | None,
    reason: str | None,
    details: Mapping[str, Any],
) -> Move:
    """Swap the champion if it is the expected one; the files are checked first, without the lock."""
    seen = version.stage
    if seen != CHAMPION:
        _check_champion(version.line, _champion(store, version.line), expect)
        _check_source(kind, version)
        store.whole(version)
    notices: list[str] = []
    with recorded(store.database, store.artifacts.log, notices) as connection:
        version = queries.find(connection, version.version_id)
        if version.stage == CHAMPION:
            return _unchanged(version, f"is the champion of {version.line} already")
        current = queries.champion(connection, version.line)
        _check_champion(version.line, current, expect)
        _check_source(kind, version)
        if version.deleted_at is not None or seen == CHAMPION:
            store.whole(version)
        if current is not None:
            _set_stage(connection, current, ARCHIVED)
        _set_stage(connection, version, CHAMPION)
        event = history.append(
            connection,
            kind,
            line=version.line,
            version_id=version.version_id,
            details={"replaced": expect, **details},
            reason=reason,
        )
    return Move(replace(version, stage=CHAMPION), True, expect, event, tuple(notices))


def _before(store: Store, line: str, expect: str | None) -> Version:
    """Return the version that a rollback of the line goes back to."""
    with looking(store.database, store.artifacts.log) as connection:
        past = succession([] if connection is None else queries.reigns(connection, line))
        earlier = [queries.find(connection, name) for name in reversed(past.earlier.get(line, []))]
        current = queries.champion(connection, line)
    if current is None and not earlier:
        raise NoChampion("the line has no champion", where=line, remedy="promote a version first")
    _check_champion(line, current, expect)
    for version in earlier:
        if version.deleted_at is None:
            return version
    now = "the one that was lost" if current is None else current.version_id
    raise NoChampion(
        f"no champion before {now} is left to go back to",
        where=line,
        remedy="`zoo history` lists those that were champion; name one with version=",
    )


def _look_up(store: Store, version_id: str) -> Version:
    with looking(store.database, store.artifacts.log) as connection:
        return queries.find(connection, version_id)


def _champion(store: Store, line: str) -> Version | None:
    with looking(store.database, store.artifacts.log) as connection:
        return queries.champion(connection, line)


def _check_champion(line: str, current: Version | None, expect: str | None) -> None:
    found = None if current is None else current.version_id
    if found != expect:
        raise ChampionChanged(
            f"the champion is {found or 'none'}",
            current=found,
            where=line,
            expected=expect or "none",
            remedy="look at it, then ask again with expect= the current one",
        )


def _check_source(kind: str, version: Version) -> None:
    if version.stage not in SOURCES[kind]:
        raise MoveRefused(
            f"it is {version.stage}",
            where=version.version_id,
            expected=f"a version that is {' or '.join(SOURCES[kind])}",
            remedy=_REMEDIES.get((kind, version.stage)),
        )


def _set_stage(connection: Connection, version: Version, stage: str) -> None:
    row = (versions.c.version_id == version.version_id) & (versions.c.stage == version.stage)
    connection.execute(update(versions).where(row).values(stage=stage))


def _unchanged(version: Version, why: str) -> Move:
    return Move(version, False, None, None, (f"{version.version_id} {why}; nothing was changed",))


def _reason(reason: str | None) -> str | None:
    """Return a reason without its margins; one that says nothing is none."""
    if reason is None:
        return None
    check_text("reason", reason)
    return reason.strip() or None


__all__ = ["NO_GATE", "Move", "Store", "deleted", "promote", "retire", "retire_challenger", "roll_back"]
