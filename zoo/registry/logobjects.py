"""The event log as objects: one an event, `events.log/000000000/000000000001.json`, each written once.

A thousand of them lie below a prefix, so that the last one is found with two listings however many there are.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from zoo.errors import StoreUnavailable
from zoo.registry import history
from zoo.registry.bucket import Bucket, Occupied
from zoo.registry.eventlog import EMPTY, EventLog, Row, Tail, ahead, counted, line, parse

NAME: Final = "events.log"  # no line has a dot in its name
_KEY: Final = re.compile(rf"{re.escape(NAME)}/[0-9]{{9}}/(?P<position>[0-9]{{12}})\.json")
_FOLDER: Final = re.compile(r"[0-9]{9}")
_LONGEST: Final = 2**24  # bytes of one event


class LogObjects(EventLog):
    """The log below the prefix of all artefacts.

    Args:
        bucket: the objects below that prefix.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self.where = bucket.url(NAME)
        self.name = NAME

    # --- reading --------------------------------------------------------------------------------

    def tail(self) -> Tail | None:
        """Return where the log ends; None where the last object is no event, or another one's."""
        folders = [name for name in self._bucket.names(NAME) if _FOLDER.fullmatch(name)]
        if not folders:
            return EMPTY
        last = f"{NAME}/{folders[-1]}/{self._bucket.names(f'{NAME}/{folders[-1]}')[-1]}"
        row = parse(self._bucket.read(last, _LONGEST) or b"")
        if row is None or _key(row["position"]) != last:
            return None
        return Tail(row["position"], row["digest"])

    def read(self) -> list[Row]:
        """Return every event of the log that is whole and under its own name."""
        return [row for position, row in self._parsed().items() if row and row["position"] == position]

    def entries(self) -> int:
        """Return how many objects there are."""
        return len(self._positions())

    def _positions(self) -> dict[int, str]:
        """Return the objects' keys by the position in their names, in order."""
        keys = (one.key for one in self._bucket.objects(NAME))
        return {int(found["position"]): key for key in keys if (found := _KEY.fullmatch(key))}

    def _contents(self) -> dict[int, bytes]:
        positions = self._positions()
        contents = self._bucket.read_all(positions.values())
        return {position: contents[key] for position, key in positions.items() if key in contents}

    def _parsed(self) -> dict[int, Row | None]:
        return {position: parse(content) for position, content in self._contents().items()}

    # --- writing; all of it needs the write lock -------------------------------------------------

    def heal(self, rows: Sequence[Row], *, replace: bool = False) -> tuple[str | None, str | None]:
        """See `EventLog.heal`; what is no copy of its event is moved aside and written again."""
        wanted = {row["position"]: line(row) for row in rows}
        held = self._contents()
        if held == wanted or history.breaks(rows):  # a copy of a broken chain would help nobody
            return None, None
        known = {row["digest"] for row in rows}
        unknown = [row for row in map(parse, held.values()) if row and row["digest"] not in known]
        if unknown and not replace:
            return None, ahead(self.where, unknown)
        damaged = [position for position, content in held.items() if wanted.get(position) != content]
        aside = self._set_aside(damaged) if damaged else None
        missing = [row for row in rows if held.get(row["position"]) != wanted[row["position"]]]
        self._append(missing, 0)
        if aside is None:
            return f"{self.where}: wrote {counted(len(missing))} that had not been written", None
        return f"{self.where}: was damaged, and was written anew; the damaged part is {aside}", None

    def sweep(self) -> tuple[str, ...]:
        """Nothing is left of a writer who was killed: an object is there whole or not at all."""
        return ()

    def _append(self, rows: Iterable[Row], size: int) -> None:  # of a file
        for row in rows:
            key = _key(row["position"])
            try:
                self._bucket.create(key, line(row))
            except Occupied as error:
                raise StoreUnavailable(
                    "another event stands in this one's place",
                    where=self._bucket.url(key),
                    remedy="run `zoo verify`",
                ) from error

    def _set_aside(self, positions: Iterable[int]) -> str:
        aside = f"events.damaged-{secrets.token_hex(4)}"
        moved: Mapping[str, str] = {
            _key(position): aside + _key(position).removeprefix(NAME) for position in positions
        }
        self._bucket.move(moved)
        return self._bucket.url(aside)


def _key(position: int) -> str:
    return f"{NAME}/{position // 1000:09d}/{position:012d}.json"


__all__ = ["NAME", "LogObjects"]
