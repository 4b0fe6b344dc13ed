"""`gc`: give back the space of versions that serve no more.

What is registered is never lost: of a version that is retired or archived the model, the predictions and the
configuration are deleted; its row, its events and `version.json`, which describes it wholly, stay. The event
comes first. Whoever is killed after it leaves files that no one can load, and the next `gc` deletes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import select

from zoo.errors import RegistryError
from zoo.registry import document, history, queries
from zoo.registry.eventlog import looking, recorded
from zoo.registry.moves import Store
from zoo.registry.schema import versions
from zoo.registry.succession import Succession, succession
from zoo.registry.version import ARCHIVED, CHALLENGER, CHAMPION, Version

Shadowed = Callable[[Version], str | None]
RECORDS: Final = "shadow"  # the directory of a line's shadow records, in which each version has one


@dataclass(frozen=True)
class Item:
    """One version, and what becomes of its files.

    Attributes:
        version_id: the version.
        stage: its stage.
        bytes: what its files take, without `version.json`.
        why: the reason for deleting or for keeping them.
    """

    version_id: str
    stage: str
    bytes: int
    why: str


@dataclass(frozen=True)
class Collection:
    """What `gc` did, or would do.

    Attributes:
        dry_run: nothing was deleted.
        deleted: whose files are gone, or would be.
        kept: the other versions that are not challengers, and why.
        notices: sentences for the user.
    """

    dry_run: bool
    deleted: tuple[Item, ...]
    kept: tuple[Item, ...]
    notices: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return strict JSON types."""
        return {
            "dry_run": self.dry_run,
            "bytes": sum(item.bytes for item in self.deleted),
            "deleted": [asdict(item) for item in self.deleted],
            "kept": [asdict(item) for item in self.kept],
            "notices": list(self.notices),
        }


def collect(store: Store, *, dry_run: bool, keep: int, shadowed: Shadowed | None) -> Collection:
    """Delete the files of versions that serve no more, or say which these are.

    Kept are a champion, a challenger, the last `keep` former champions of each line and whom a rollback goes
    back to, what has shadow results, and what does not verify: somebody should look at that first.

    Args:
        store: the registry.
        dry_run: delete nothing.
        keep: former champions of each line that keep their files, 1 or more.
        shadowed: says why a version's shadow results are still wanted, None where they are not; unless it is
            given, all of them are.

    Raises:
        LogAhead: the database lost events that the exported log has.
        StoreUnavailable: the store cannot be locked, read or written.
    """
    shadowed = _any_record(store) if shadowed is None else shadowed
    found, past = _survey(store)
    needed = _needed(past, keep)
    doomed, kept, notices = [], [], list[str]()
    for version in found:
        size = store.artifacts.size(version.line, version.version_id)
        why = _why_kept(store, version, needed, shadowed)
        if why is not None:
            kept.append(Item(version.version_id, version.stage, size, why))
        elif version.deleted_at is None or size:
            doomed.append((version, Item(version.version_id, version.stage, size, _why_deleted(version))))
    if not dry_run:
        doomed = [pair for pair in doomed if _delete(store, pair[0], keep, shadowed, notices)]
    return Collection(dry_run, tuple(item for _, item in doomed), tuple(kept), tuple(notices))


def _survey(store: Store) -> tuple[list[Version], Succession]:
    """Return every version that is no challenger, the oldest first, and the succession on all lines."""
    query = queries.listing().where(versions.c.stage != CHALLENGER).order_by(versions.c.position)
    with looking(store.database, store.artifacts.root) as connection:
        if connection is None:
            return [], Succession()
        found = [document.from_row(row) for row in connection.execute(query).mappings()]
        lines = connection.execute(select(versions.c.line).distinct()).scalars().all()
        return found, succession(event for line in lines for event in queries.reigns(connection, line))


def _needed(past: Succession, keep: int) -> dict[str, str]:
    """Return who keeps its files for a rollback, and why."""
    found: dict[str, str] = {}
    for former in past.former.values():
        found |= dict.fromkeys(former[:keep], f"one of the last {keep} former champions")
    for earlier in past.earlier.values():
        found |= dict.fromkeys(earlier[-1:], "a rollback goes back to it")
    return found


def _why_kept(store: Store, version: Version, needed: dict[str, str], shadowed: Shadowed) -> str | None:
    """Say why a version keeps its files; None for one that does not."""
    if version.stage == CHAMPION:
        return "it is champion"
    if version.deleted_at is not None:
        return None
    if version.version_id in needed:
        return needed[version.version_id]
    if (why := shadowed(version)) is not None:
        return why
    try:
        store.whole(version)
    except RegistryError as error:
        return f"it does not verify: {error}"
    return None


def _why_deleted(version: Version) -> str:
    if version.deleted_at is not None:
        return f"an earlier gc, at {version.deleted_at}, was stopped before it had deleted them"
    return "a former champion of long ago" if version.stage == ARCHIVED else "it was retired"


def _delete(store: Store, version: Version, keep: int, shadowed: Shadowed, notices: list[str]) -> bool:
    """Record that the files go, unless they are needed by now; then delete them."""
    if version.deleted_at is None:
        with recorded(store.database, store.artifacts.root, notices) as connection:
            now = queries.find(connection, version.version_id)
            past = succession(queries.reigns(connection, version.line))
            needed = now.version_id in _needed(past, keep) or shadowed(now) is not None
            if needed or now.stage != version.stage or now.deleted_at is not None:
                return False
            history.append(
                connection,
                history.DELETED,
                line=version.line,
                version_id=version.version_id,
                details={"bytes": store.artifacts.size(version.line, version.version_id)},
                reason=_why_deleted(version),
            )
    store.artifacts.strip(version.line, version.version_id)
    return True


def _any_record(store: Store) -> Shadowed:
    """Return what wants every version that was ever shadowed: which bars are compared is not known here."""

    def shadowed(version: Version) -> str | None:
        there = (store.artifacts.root / version.line / RECORDS / version.version_id).exists()
        return "it has shadow results" if there else None

    return shadowed


__all__ = ["RECORDS", "Collection", "Item", "Shadowed", "collect"]
