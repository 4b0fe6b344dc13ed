"""Artefacts in an object store, which knows no rename: the document is what makes a version.

    <line>/<version_id>/version.json           the document; a version is there if this is
    <line>/<version_id>/<seal>/sensor.skops     its files, under a digest that follows from the document
    <line>/<version_id>/<seal>/writer~...       who writes them, until they are published

Each writer writes its files under a seal of its own, so that none meets another's, dead or alive. Then, while
the database's write lock is held, the document is written, on the condition that none is there, and read
back. A writer that dies before leaves files that no document names: they are in nobody's way, and `verify`
deletes them. One that dies after leaves a whole version, which the next registration of the same content
takes over.
"""

from __future__ import annotations

import datetime
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from zoo.errors import RegistryError, StoreUnavailable
from zoo.location import ObjectStore
from zoo.registry import canonical, document
from zoo.registry.artifacts import at_work, here
from zoo.registry.bucket import Bucket, Found, Occupied
from zoo.registry.contract import (
    DOCUMENT,
    LONGEST_DOCUMENT,
    LONGEST_WRITE,
    Artifacts,
    Registrations,
    corrupt,
)
from zoo.registry.logobjects import LogObjects
from zoo.registry.version import NAME, VERSION_ID

_WRITER: Final = re.compile(r"writer~(?P<host>[^~/]+)~(?P<pid>[0-9]+)")
_ASIDE: Final = re.compile(r"aside\.(?P<version_id>[^.]+)\.[0-9a-f]{8}")
_SEAL: Final = re.compile(r"[0-9a-f]{32}")


def seal(parsed: Mapping[str, Any]) -> str:
    """Return the digest under which a document's files lie: of their digests, and of when it was written."""
    content = {name: parsed[name] for name in ("version_id", "created_at", "files")}
    return canonical.digest(content)[:32]


@dataclass
class Staged:
    """Files that were written and not published.

    Attributes:
        key: the prefix of the version.
        seal: the name below the version under which they lie.
        content: the document.
        sizes: of the other files, in bytes.
        published: whether the document may be there.
    """

    key: str
    seal: str
    content: bytes
    sizes: Mapping[str, int]
    published: bool = False

    @property
    def place(self) -> str:
        """The prefix of the files."""
        return f"{self.key}/{self.seal}"

    @property
    def writer(self) -> str:
        """The object that says who is at work."""
        return f"{self.place}/writer~{here()}~{os.getpid()}"


class Objects(Artifacts):
    """The objects below a prefix.

    Args:
        store: the prefix; the bucket has to exist.
    """

    def __init__(self, store: ObjectStore) -> None:
        self.location = store.url
        self._bucket = Bucket(store)
        self._log = LogObjects(self._bucket)

    @property
    def log(self) -> LogObjects:
        """An object an event, below the prefix."""
        return self._log

    def ensure(self, *, writable: bool) -> None:
        """Ask for the bucket where something is to be written; who only reads the database needs none."""
        if writable:
            self._bucket.check()

    def address(self, line: str, version_id: str, name: str | None = None) -> str:
        """Return a URL; of a file that is not the document, without its seal."""
        return self._bucket.url(f"{line}/{version_id}" if name is None else f"{line}/{version_id}/{name}")

    def uri(self, line: str, version_id: str) -> str:
        """Return the URL of the version."""
        return self.address(line, version_id)

    # --- reading --------------------------------------------------------------------------------

    def _read_document(self, line: str, version_id: str) -> bytes:
        content = self._bucket.read(f"{line}/{version_id}/{DOCUMENT}", LONGEST_DOCUMENT)
        where = self.address(line, version_id, DOCUMENT)
        if content is None:
            raise corrupt(where, "the object is missing")
        if len(content) > LONGEST_DOCUMENT:
            raise corrupt(where, f"more than {LONGEST_DOCUMENT} bytes")
        return content

    def _read_file(self, parsed: Mapping[str, Any], name: str, size: int) -> bytes:
        content = self._bucket.read(_key(parsed, name), size)
        if content is None:
            raise corrupt(self._whole_address(parsed, name), "the object is missing")
        if len(content) != size:
            found = f"more than {size}" if len(content) > size else f"{len(content)}"
            raise corrupt(self._whole_address(parsed, name), f"{found} bytes, not {size}")
        return content

    def _whole_address(self, parsed: Mapping[str, Any], name: str) -> str:
        return self._bucket.url(_key(parsed, name))

    # --- writing --------------------------------------------------------------------------------

    def stage(self, line: str, version_id: str, files: Mapping[str, bytes]) -> Staged:
        """Write all but the document under a seal of its own, behind a note on who writes."""
        content = files[DOCUMENT]
        others = {name: one for name, one in files.items() if name != DOCUMENT}
        staged = Staged(
            f"{line}/{version_id}",
            seal(document.parse(content)),
            content,
            {name: len(one) for name, one in others.items()},
        )
        if self._bucket.objects(staged.place):
            raise self._taken(staged)  # equal bytes, written by another in the same microsecond
        try:
            self._create(staged.writer, b"", staged)
            for name, one in others.items():
                self._create(f"{staged.place}/{name}", one, staged)
        except BaseException:
            self.discard(staged)
            raise
        return staged

    def publish(self, staged: Staged, line: str, version_id: str) -> None:
        """Write the document, if all that it names is there and no other is; then read it back."""
        found = {one.key.rpartition("/")[2]: one.size for one in self._bucket.objects(staged.place)}
        if any(found.get(name) != size for name, size in staged.sizes.items()):
            raise StoreUnavailable(
                "what was written is not there any more",
                where=self._bucket.url(staged.place),
                remedy="run again; nothing was registered",
            )
        staged.published = True  # said first: the answer may be lost
        key = f"{staged.key}/{DOCUMENT}"
        self._create(key, staged.content, staged)
        if self._bucket.read(key, len(staged.content)) != staged.content:
            raise self._taken(staged)

    def _create(self, key: str, content: bytes, staged: Staged) -> None:
        try:
            self._bucket.create(key, content)
        except Occupied as error:
            raise self._taken(staged) from error

    def _taken(self, staged: Staged) -> StoreUnavailable:
        return StoreUnavailable(
            "another writer was here at the same time, and is not in this database",
            where=self._bucket.url(staged.key),
            expected="one database for these artefacts",
            remedy="see who else writes there, then run again; nothing was registered",
        )

    def set_aside(self, line: str, version_id: str) -> str | None:
        """Move a document, and what lies under its version but living writers' files, to another name."""
        key = f"{line}/{version_id}"
        found = self._bucket.objects(key)
        if all(one.key != f"{key}/{DOCUMENT}" for one in found):
            return None
        aside = f"{line}/aside.{version_id}.{secrets.token_hex(4)}"
        writing = {place for place, files in _attempts(found) if _note(files) is not None}
        writing.discard(f"{key}/{self._sealed(line, version_id)}")
        moved = [one.key for one in found if one.key.rpartition("/")[0] not in writing]
        moved.sort(key=lambda name: name != f"{key}/{DOCUMENT}")  # without it there is no version any more
        self._bucket.move({name: aside + name.removeprefix(key) for name in moved})
        return self._bucket.url(aside)

    def withdraw(self, staged: Staged, line: str, version_id: str) -> None:
        """Delete the document, if it is the one that was published, and then its files."""
        with suppress(RegistryError):
            key = f"{staged.key}/{DOCUMENT}"
            if self._bucket.read(key, len(staged.content)) == staged.content:
                self._bucket.delete([key])
            staged.published = False
            self.discard(staged)

    def discard(self, staged: Staged) -> None:
        """Delete what was staged; of what was published only the note on who wrote it."""
        files = [] if staged.published else [f"{staged.place}/{name}" for name in staged.sizes]
        with suppress(RegistryError):
            self._bucket.delete([*files, staged.writer])  # the note goes last: it lets `verify` find the rest

    def size(self, line: str, version_id: str) -> int:
        """Return the bytes of the objects below the document's seal."""
        return sum(one.size for one in self._files(line, version_id))

    def strip(self, line: str, version_id: str) -> None:
        """Delete the objects below the document's seal."""
        self._bucket.delete(one.key for one in self._files(line, version_id))

    def _files(self, line: str, version_id: str) -> list[Found]:
        found = self._sealed(line, version_id)
        return [] if found is None else self._bucket.objects(f"{line}/{version_id}/{found}")

    def _sealed(self, line: str, version_id: str, digest: str | None = None) -> str | None:
        """Return the seal of the document that is there; None where none is, or where it is no document."""
        try:
            return seal(self.document(line, version_id, digest)[1])
        except StoreUnavailable:
            raise
        except RegistryError:
            return None

    # --- surveying ------------------------------------------------------------------------------

    def versions(self) -> Iterator[tuple[str, str]]:
        """Yield `(line, version_id)` of every document that stands where a version's would."""
        for one in self._bucket.objects():
            line, _, rest = one.key.partition("/")
            version_id, _, name = rest.partition("/")
            if name == DOCUMENT and NAME.fullmatch(line) and VERSION_ID.fullmatch(version_id):
                yield line, version_id

    def set_asides(self) -> Iterator[tuple[str, str]]:
        """Yield `(version_id, url)` for what `set_aside` has put away."""
        places = {tuple(one.key.split("/")[:2]) for one in self._bucket.objects() if one.key.count("/") > 1}
        for line, name in sorted(places):
            if found := _ASIDE.fullmatch(name):
                yield found["version_id"], self._bucket.url(f"{line}/{name}")

    def sweep(self, registered: Registrations) -> tuple[str, ...]:
        """Delete the files of dead writers which no document names; return their prefixes.

        Where the document of what is registered is missing or changed, nothing can be told from it, and all
        of that version stays.
        """
        swept = []
        for place, files in _attempts(self._bucket.objects()):
            line, version_id, found = place.split("/")
            note = _note(files)
            if note is None or _alive(note):
                continue
            digest = registered.get((line, version_id))
            named = self._sealed(line, version_id, digest)
            if named is None and digest is not None:
                continue
            if found == named:
                self._bucket.delete([note.key])
                continue
            self._bucket.delete([*(one.key for one in files if one is not note), note.key])
            swept.append(place)
        return tuple(swept)


def _key(parsed: Mapping[str, Any], name: str) -> str:
    return f"{parsed['line']}/{parsed['version_id']}/{seal(parsed)}/{name}"


def _attempts(found: Iterable[Found]) -> Iterator[tuple[str, list[Found]]]:
    """Yield `(<line>/<version_id>/<seal>, objects)` for every writer's files, published or not."""
    for place, files in groupby(found, key=lambda one: one.key.rpartition("/")[0]):
        parts = place.split("/")
        if len(parts) == 3 and VERSION_ID.fullmatch(parts[1]) and _SEAL.fullmatch(parts[2]):
            yield place, list(files)


def _note(files: Iterable[Found]) -> Found | None:
    """Return the object that says who writes; None where that is over."""
    return next((one for one in files if _WRITER.fullmatch(one.key.rpartition("/")[2])), None)


def _alive(note: Found) -> bool:
    """Say whether the writer may still be at work."""
    if note.modified is not None:
        age = datetime.datetime.now(datetime.UTC) - note.modified
        if age.total_seconds() > LONGEST_WRITE:
            return False
    found = _WRITER.fullmatch(note.key.rpartition("/")[2])
    return found is not None and at_work(found["host"], int(found["pid"]))


__all__ = ["Objects", "Staged", "seal"]
