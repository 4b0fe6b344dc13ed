"""The event log as a file, `events.jsonl`, beside the versions' directories: one event a line."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from zoo.registry import history
from zoo.registry.eventlog import EMPTY, EventLog, Row, Tail, ahead, counted, line, parse
from zoo.registry.files import make_directory, reporting, sync_directory, write_synced

NAME = "events.jsonl"
_CHUNK = 64 * 1024


class LogFile(EventLog):
    """The log below the directory of all artefacts.

    Args:
        root: that directory; it need not exist.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / NAME
        self.where = str(self.path)
        self.name = NAME

    # --- reading --------------------------------------------------------------------------------

    def tail(self) -> Tail | None:
        """Return where the log ends; None where the last line is whole and yet no event."""
        content, size = self._end()
        whole, newline, torn = content.rpartition(b"\n")
        if not newline:
            return EMPTY
        row = parse(whole.rpartition(b"\n")[2])
        return None if row is None else Tail(row["position"], row["digest"], size - len(torn))

    def _end(self) -> tuple[bytes, int]:
        """Return the last two lines or more, and the size of the whole."""
        with reporting(self.path):
            if not self.path.exists():
                return b"", 0
            with self.path.open("rb") as file:
                size = start = file.seek(0, os.SEEK_END)
                content = b""
                while start > 0 and content.count(b"\n") < 2:
                    start = max(0, start - _CHUNK)
                    file.seek(start)
                    content = file.read(size - start)
        return content, size

    def read(self) -> list[Row]:
        """Return every event of the log that is whole, as rows of the table `events`."""
        with reporting(self.path):
            content = self.path.read_bytes() if self.path.exists() else b""
        return [row for line in content.splitlines() if (row := parse(line)) is not None]

    def entries(self) -> int:
        """Return how many lines there are, damaged ones too, but for a torn last one."""
        with reporting(self.path):
            return self.path.read_bytes().count(b"\n") if self.path.exists() else 0

    # --- writing; all of it needs the write lock -------------------------------------------------

    def heal(self, rows: Sequence[Row], *, replace: bool = False) -> tuple[str | None, str | None]:
        """See `EventLog.heal`."""
        with reporting(self.path):
            content = self.path.read_bytes() if self.path.exists() else b""
        wanted = b"".join(map(line, rows))
        if content == wanted or history.breaks(rows):  # a copy of a broken chain would help nobody
            return None, None
        known = {row["digest"] for row in rows}
        unknown = [row for row in map(parse, content.splitlines()) if row and row["digest"] not in known]
        if unknown and not replace:
            return None, ahead(self.where, unknown)
        kept, newline, _ = content.rpartition(b"\n")
        if wanted.startswith(kept + newline):
            missing = wanted[len(kept + newline) :].count(b"\n")
            self._append(rows[len(rows) - missing :], len(kept + newline))
            return f"{self.path}: wrote {counted(missing)} that had not been written", None
        aside = self._replace(wanted)
        return f"{self.path}: was damaged, and was written anew; the damaged one is {aside}", None

    def sweep(self) -> tuple[str, ...]:
        """Delete what a writer left who was killed while it wrote the log anew; return the names."""
        found = sorted(self.path.parent.glob(f".{NAME}~*"))
        with reporting(self.path):
            for left in found:
                left.unlink()
        return tuple(left.name for left in found)

    def _append(self, rows: Iterable[Row], size: int) -> None:
        make_directory(self.path.parent)
        with reporting(self.path):
            new = not self.path.exists()
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
            with os.fdopen(os.open(self.path, flags, 0o666), "ab") as file:
                file.truncate(size)
                file.write(b"".join(map(line, rows)))
                file.flush()
                os.fsync(file.fileno())
            if new:
                sync_directory(self.path.parent)

    def _replace(self, content: bytes) -> Path:
        aside = self.path.with_name(f"{self.path.stem}.damaged-{secrets.token_hex(4)}.jsonl")
        temporary = self.path.with_name(f".{NAME}~{secrets.token_hex(4)}")
        with reporting(self.path):
            write_synced(temporary, content)
            os.link(self.path, aside)
            temporary.replace(self.path)
            sync_directory(self.path.parent)
        return aside


__all__ = ["NAME", "LogFile"]
