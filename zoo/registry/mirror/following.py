"""Bringing one line's place on the server up to date: by looking at it, and changing what differs.

Nothing is remembered here. The server has a tag with the last event that it shows, so that usually only what
happened since is looked at; from the beginning, everything is. Doing it twice changes nothing. Processes may
do it at once: each looks at the registry again after it has written, so that the one that wrote last wrote
what is so; and of a version that two of them made, the first made stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from zoo.errors import MirrorRefused, VersionNotFound
from zoo.events import Advanced, Finished, Observer, Started, emit
from zoo.registry.history import Event
from zoo.registry.mirror.image import ARTIFACT, STAGE, Image, image_of
from zoo.registry.mirror.shelf import CURSOR, Shelf, Shown
from zoo.registry.store import Registry
from zoo.registry.version import Version

_FEW: Final = 20  # versions that are asked for one by one; more are listed
_ROUNDS: Final = 10  # looks at a registry in which something happens all the time


@dataclass
class Followed:
    """What was done for one line.

    Attributes:
        line: the line.
        model: the registered model's name.
        added: versions that were made there, in their order.
        changed: versions of which tags were changed.
        removed: versions that two processes had made; each is there once now.
        champion: to whom the alias points now; None where it points nowhere.
        moved: whether the alias was moved.
        strangers: versions there, with our tag, that the registry does not have; they are left alone.
        failures: versions that the server refused, and what it said.
        error: why nothing of the line could be done; None where that was not so.
    """

    line: str
    model: str
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    champion: str | None = None
    moved: bool = False
    strangers: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    error: str | None = None

    @property
    def trouble(self) -> list[str]:
        """What went wrong, a sentence each."""
        return ([] if self.error is None else [self.error]) + list(self.failures.values())

    def as_dict(self) -> dict[str, Any]:
        """Return strict JSON types."""
        failures = [{"version_id": name, "message": said} for name, said in self.failures.items()]
        return {**self.__dict__, "failures": failures}


class Following:
    """One line, and its place on the server.

    Args:
        registry: what is so.
        shelf: what is shown.
        line: the line.
        observers: told of every version.
    """

    def __init__(
        self, registry: Registry, shelf: Shelf, line: str, observers: Iterable[Observer] = ()
    ) -> None:
        self._registry = registry
        self._shelf = shelf
        self._line = line
        self._observers = tuple(observers)
        self._done = Followed(line, shelf.name)

    def run(self, *, anew: bool) -> Followed:
        """Show what happened since the last time, or with `anew` look at everything.

        Raises:
            MirrorUnavailable: the server does not answer.
            RegistryError: the registry cannot be read.
        """
        try:
            self._run(anew)
        except MirrorRefused as error:
            self._done.error = str(error)
        return self._done

    def _run(self, anew: bool) -> None:
        tags = self._shelf.model().tags
        since = 0 if anew else self._cursor(tags)
        for _ in range(_ROUNDS):
            events = self._registry.events(line=self._line, after=since)  # before versions: never too new
            self._show(events, everything=since == 0)
            self._point()
            if self._done.failures:
                break
            if events:
                since = events[-1].position
                self._shelf.mark(f"{since} {events[-1].digest}")
            if not self._registry.events(line=self._line, after=since):
                break

    def _cursor(self, tags: Mapping[str, str]) -> int:
        """Return the last event that is shown; 0 where it is not known, or not one of ours."""
        position, _, digest = tags.get(CURSOR, "").partition(" ")
        if not position.isdecimal() or int(position) < 1:
            return 0
        found = self._registry.events(line=self._line, after=int(position) - 1)
        shown = bool(found) and (found[0].position, found[0].digest) == (int(position), digest)
        return int(position) if shown else 0

    # --- versions -------------------------------------------------------------------------------

    def _show(self, events: Iterable[Event], *, everything: bool) -> None:
        names = _touched(events)
        few = len(names) <= _FEW and not everything
        there = {} if few else self._shelf.versions()
        task = f"mirror {self._line}"
        emit(self._observers, Started(task, len(names)))
        for version, own in self._few(names) if few else self._many(names):
            shown = self._shelf.versions(version.version_id) if few else there
            try:
                self._reconcile(
                    image_of(version, own, self._registry.place(version)), shown.get(version.version_id, [])
                )
            except MirrorRefused as error:
                self._done.failures[version.version_id] = str(error)
            emit(self._observers, Advanced(task, note=version.version_id))
        if everything:
            self._done.strangers = sorted(there.keys() - set(names))
        emit(self._observers, Finished(task))

    def _few(self, names: Iterable[str]) -> Iterable[tuple[Version, list[Event]]]:
        for name in names:
            try:
                yield self._registry.get(name), self._registry.events(version_id=name)
            except VersionNotFound:  # it was lost, and its event tells so
                continue

    def _many(self, names: Iterable[str]) -> Iterable[tuple[Version, list[Event]]]:
        own: dict[str, list[Event]] = {}
        for event in self._registry.events(line=self._line):
            own.setdefault(event.version_id, []).append(event)
        found = {version.version_id: version for version in self._registry.versions(line=self._line)}
        yield from ((found[name], own[name]) for name in names if name in found)

    def _reconcile(self, image: Image, shown: list[Shown]) -> None:
        if not shown:
            self._add(image)
            return
        keeper = shown[0]
        for other in shown[1:]:
            self._remove(image, other, keeper)
        wrong = {key: value for key, value in image.tags.items() if keeper.tags.get(key) != value}
        wrong.pop(ARTIFACT, None)
        if wrong:
            last = wrong.pop(STAGE, None)
            self._shelf.tag(keeper, [*wrong.items(), *([] if last is None else [(STAGE, last)])])
            if image.version_id not in self._done.changed:
                self._done.changed.append(image.version_id)

    def _add(self, image: Image) -> None:
        """Make a version, and unmake it where another process made it first."""
        try:
            mine = self._shelf.add(image)
        except MirrorRefused:
            if not self._shelf.versions(image.version_id):
                raise
            return  # another process was quicker, and took away the run of the two
        found = self._shelf.versions(image.version_id).get(image.version_id, [mine])
        first = found[0]
        if first.number < mine.number:
            self._remove(image, mine, first)
        else:
            self._done.added.append(image.version_id)

    def _remove(self, image: Image, shown: Shown, keeper: Shown) -> None:
        self._shelf.remove(shown, keeper)
        self._done.removed.append(image.version_id)

    # --- the alias ------------------------------------------------------------------------------

    def _point(self) -> None:
        """Have the alias point to the champion, wherever it pointed."""
        champion = self._registry.champion(self._line)
        current = self._shelf.model().champion
        self._done.champion = None if champion is None else champion.version_id
        wanted = None
        if champion is not None:
            found = self._shelf.versions(champion.version_id).get(champion.version_id)
            if not found:
                self._done.failures.setdefault(champion.version_id, "the champion is not there")
                return
            wanted = found[0].number
        if wanted != current:
            self._shelf.point(wanted)
            self._done.moved = True


def _touched(events: Iterable[Event]) -> list[str]:
    """Return the versions that events changed, those first that were changed first."""
    names: dict[str, None] = {}
    for event in events:
        names[event.version_id] = None
        replaced = event.details.get("replaced")
        if isinstance(replaced, str):
            names[replaced] = None
    return list(names)


__all__ = ["Followed", "Following"]
