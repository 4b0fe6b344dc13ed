"""Who was champion when, and which stage each version is in: read off the events alone.

The stages in the table `versions` are what is asked every day; these are what `verify` and a rebuilt database
hold against them. The champions of a line are a stack: a promotion puts the new one on top, and a rollback
takes off those above the one that it goes back to. What lies below the top is what a rollback goes back to
where no version is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from zoo.registry.history import DELETED, LOST, PROMOTED, REGISTERED, RETIRED, ROLLED_BACK, Event
from zoo.registry.version import ARCHIVED, CHALLENGER, CHAMPION
from zoo.registry.version import RETIRED as RETIRED_STAGE

#: the stages that a version may come from, by the kind of the event that moves it
SOURCES = {PROMOTED: (CHALLENGER,), ROLLED_BACK: (ARCHIVED,), RETIRED: (CHALLENGER,)}


@dataclass
class Succession:
    """What the events come to.

    Attributes:
        stages: each version's stage, by id.
        champions: by line, its champion.
        earlier: by line, the champions whom a rollback goes back to, the nearest last.
        former: by line, every version that was champion and is not, the last one first.
        deleted: the versions whose files were deleted.
        impossible: `(version_id, sentence)` for each event that cannot have happened.
    """

    stages: dict[str, str] = field(default_factory=dict)
    champions: dict[str, str] = field(default_factory=dict)
    earlier: dict[str, list[str]] = field(default_factory=dict)
    former: dict[str, list[str]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    impossible: list[tuple[str, str]] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Take one more event into account."""
        version_id, stage = event.version_id, self.stages.get(event.version_id)
        if event.kind in SOURCES and stage not in SOURCES[event.kind]:
            self._impossible(event, f"it was {stage or 'not registered'}")
        if event.kind == REGISTERED:
            self.stages[version_id] = CHALLENGER
        elif event.kind == RETIRED:
            self.stages[version_id] = RETIRED_STAGE
        elif event.kind == DELETED:
            if stage not in (RETIRED_STAGE, ARCHIVED):
                self._impossible(event, f"it was {stage or 'not registered'}")
            self.deleted.add(version_id)
        elif event.kind == LOST:
            self._forget(event)
        elif event.kind in (PROMOTED, ROLLED_BACK):
            self._crown(event)

    def _crown(self, event: Event) -> None:
        before = self.champions.get(event.line)
        if event.details.get("replaced") != before:
            self._impossible(event, f"the champion was {before or 'none'}")
        if before == event.version_id:
            return
        earlier, former = self.earlier.setdefault(event.line, []), self.former.setdefault(event.line, [])
        if event.version_id in earlier:  # a rollback passes over those in between
            del earlier[earlier.index(event.version_id) :]
        elif before is not None:
            earlier.append(before)
        if before is not None:
            self.stages[before] = ARCHIVED
            former.insert(0, before)
        self.former[event.line] = [name for name in dict.fromkeys(former) if name != event.version_id]
        self.champions[event.line] = event.version_id
        self.stages[event.version_id] = CHAMPION

    def _forget(self, event: Event) -> None:
        if self.champions.get(event.line) == event.version_id:
            del self.champions[event.line]
        for names in (self.earlier.get(event.line, []), self.former.get(event.line, [])):
            if event.version_id in names:
                names.remove(event.version_id)
        self.stages.pop(event.version_id, None)
        self.deleted.discard(event.version_id)

    def _impossible(self, event: Event, why: str) -> None:
        sentence = f"event {event.position} says that it was {event.kind.replace('_', ' ')}, but {why}"
        self.impossible.append((event.version_id, sentence))


def succession(events: Iterable[Event]) -> Succession:
    """Return what events come to.

    Args:
        events: in order of position; those that `queries.reigns` gives are enough for a line's `champions`,
            `earlier` and `former`.
    """
    found = Succession()
    for event in events:
        found.add(event)
    return found


__all__ = ["SOURCES", "Succession", "succession"]
