"""The shadow record of one version: files of days, and an index whose lines carry those before them.

    <artefacts>/<line>/shadow/<version_id>/
        index.jsonl                                    what it is about, then a line a file
        20180102_20181231_5f3c0a9b.parquet             days, named by the first, the last and the content

A file is synced and renamed into place before its line is appended, so that whoever is killed leaves whole
days; what has no line was never recorded. Days are written once: when the same bar is predicted differently
later, because the data was revised, that prediction is kept beside the first, which stays what counts.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from zoo.errors import RecordBusy, RecordCorrupt, StoreUnavailable
from zoo.evaluation.days import Days
from zoo.evaluation.visible import text_of

FORMAT: Final = 1
FOLDER: Final = "shadow"
INDEX: Final = "index.jsonl"
DAYS: Final = "days"
REVISED: Final = "revised"
_STAGING: Final = ".staging~"
_LOCK: Final = ".lock"
Kind = Literal["days", "revised"]


@dataclass(frozen=True, slots=True)
class About:
    """Which version a record is of, as far as judging its predictions asks.

    Attributes:
        version_id: the version.
        line: its line.
        spec: its spec.
        experiment: of which permutation it is.
        permutation_id: which one; None for a cohort.
        train_end: the last bar that a training label used, ISO 8601.
        trained_until: the last bar of the data that it was trained on, ISO 8601; None where it is not known.
        registered_at: UTC, ISO 8601: what came later is live.
        horizon: bars that it looks ahead.
    """

    version_id: str
    line: str
    spec: str
    experiment: str
    permutation_id: int | None
    train_end: str
    trained_until: str | None
    registered_at: str
    horizon: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a record.

    Attributes:
        kind: `days`, or `revised` for what the same bars are predicted as on revised data.
        file: its name.
        first: its first bar, ISO 8601.
        last: its last bar.
        bars: how many.
        live: how many of them are live.
        sha256: of its bytes.
        bytes: how many it has.
        visible: digest of what was visible at the record's last bar when it was written.
        written_at: UTC, ISO 8601.
    """

    kind: Kind
    file: str
    first: str
    last: str
    bars: int
    live: int
    sha256: str
    bytes: int
    visible: str
    written_at: str


@dataclass(frozen=True)
class Index:
    """What a record holds.

    Attributes:
        about: the version.
        entries: its files, in the order of writing.
        head: digest of the last line, and by it of all.
        size: bytes of the whole lines; what comes after was torn by a writer's death.
    """

    about: About
    entries: tuple[Entry, ...]
    head: str
    size: int

    def of(self, kind: Kind) -> tuple[Entry, ...]:
        """Return the entries of one kind."""
        return tuple(entry for entry in self.entries if entry.kind == kind)

    @cached_property
    def last(self) -> pd.Timestamp | None:
        """The last bar that was predicted."""
        days = self.of(DAYS)
        return pd.Timestamp(days[-1].last) if days else None

    @property
    def bars(self) -> int:
        """How many bars were predicted."""
        return sum(entry.bars for entry in self.of(DAYS))

    @property
    def live(self) -> int:
        """How many of them are live."""
        return sum(entry.live for entry in self.of(DAYS))


class Record:
    """One version's directory.

    Args:
        root: the directory of all records of a line; `records_of` finds them.
        version_id: the version.
    """

    def __init__(self, root: Path, version_id: str) -> None:
        self.version_id = version_id
        self.path = root / version_id

    # --- reading --------------------------------------------------------------------------------

    def index(self) -> Index | None:
        """Return what the record holds; None where there is none.

        Raises:
            RecordCorrupt: a line that is none, or does not carry the one before.
        """
        path = self.path / INDEX
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnavailable(f"cannot be read ({error.strerror})", where=path) from error
        whole = content[: content.rfind(b"\n") + 1]
        lines = whole.splitlines(keepends=True)
        if not lines:
            return None
        return _parse(lines, self.version_id, path)

    def days(self, kind: Kind = DAYS, index: Index | None = None) -> Days | None:
        """Return all days of a kind; None where there are none.

        Raises:
            RecordCorrupt: a file is missing, torn or edited; the message names it.
        """
        found = self.index() if index is None else index
        parts = [] if found is None else [self._read(entry) for entry in found.of(kind)]
        return Days.joined(parts) if parts else None

    def check(self, index: Index) -> None:
        """Compare every file with its digest.

        Raises:
            RecordCorrupt: one is missing, torn or edited; the message names it.
        """
        for entry in index.entries:
            self._bytes(entry)

    def unlisted(self, index: Index | None) -> list[str]:
        """Return the names of files of days that no line of the index names."""
        known = set() if index is None else {entry.file for entry in index.entries}
        return sorted(path.name for path in self.path.glob("*.parquet") if path.name not in known)

    def _bytes(self, entry: Entry) -> bytes:
        path = self.path / entry.file
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise _corrupt("the file is missing", path) from error
        except OSError as error:
            raise StoreUnavailable(f"cannot be read ({error.strerror})", where=path) from error
        if len(content) < entry.bytes:
            raise _corrupt(f"the file is torn: {len(content)} bytes of {entry.bytes}", path)
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise _corrupt("the file was edited: its bytes are not those that were recorded", path)
        return content

    def _read(self, entry: Entry) -> Days:
        content, path = self._bytes(entry), self.path / entry.file
        days = Days.from_parquet(content, path)
        found = (len(days), int(days.live.sum()), text_of(days.dates[0]), text_of(days.dates[-1]))
        if found != (entry.bars, entry.live, entry.first, entry.last):
            raise _corrupt("its days are not those of its line in the index", path)
        return days

    # --- writing; under the lock ----------------------------------------------------------------

    def begin(self, about: About) -> Index:
        """Start a record, or go on with it: what a killed writer left half-written is taken away.

        Raises:
            RecordCorrupt: the record is another version's, or damaged.
        """
        with _disk(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            for left in self.path.glob(f"{_STAGING}*"):
                left.unlink()
            found = self.index()
            if found is None:
                (self.path / INDEX).write_bytes(b"")
                self._append({"format": FORMAT, **asdict(about)}, "")
                _sync(self.path)
                _sync(self.path.parent)
            elif (self.path / INDEX).stat().st_size > found.size:
                os.truncate(self.path / INDEX, found.size)
        index = self.index()
        if index is None or index.about != about:
            raise _corrupt("describes another version", self.path / INDEX)
        return index

    def append(self, index: Index, days: Days, visible: str, kind: Kind = DAYS) -> Index:
        """Write days, and return the index with them.

        Args:
            index: as it is now.
            days: later ones than it has; of kind `revised`, some that it has.
            visible: digest of what is visible at the record's last bar, these days included.
            kind: `days` or `revised`.
        """
        content = days.to_parquet()
        digest = hashlib.sha256(content).hexdigest()
        first, last = days.dates[0], days.dates[-1]
        prefix = "revised_" if kind == REVISED else ""
        name = f"{prefix}{_stamp(first)}_{_stamp(last)}_{digest[:8]}.parquet"
        entry = Entry(
            kind=kind,
            file=name,
            first=text_of(first),
            last=text_of(last),
            bars=len(days),
            live=int(days.live.sum()),
            sha256=digest,
            bytes=len(content),
            visible=visible,
            written_at=dt.datetime.now(dt.UTC).isoformat(timespec="microseconds"),
        )
        with _disk(self.path / name):
            staging = self.path / f"{_STAGING}{secrets.token_hex(4)}"
            with staging.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            staging.replace(self.path / name)  # of the same name only what holds the same bytes
            _sync(self.path)
            head, size = self._append(asdict(entry), index.head)
        return Index(index.about, (*index.entries, entry), head, index.size + size)

    def _append(self, line: Mapping[str, Any], previous: str) -> tuple[str, int]:
        told = {**line, "previous": previous}
        digest = _digest(told)
        text = json.dumps({**told, "digest": digest}, sort_keys=True).encode() + b"\n"
        with (self.path / INDEX).open("ab") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return digest, len(text)


# --- all records of a line ----------------------------------------------------------------------


def records_root(artifacts: Path, line: str) -> Path:
    """Return the directory of a line's records."""
    return artifacts / line / FOLDER


def records_of(root: Path) -> list[Record]:
    """Return every record there is, by version id."""
    if not root.is_dir():
        return []
    return [Record(root, path.name) for path in sorted(root.iterdir()) if (path / INDEX).is_file()]


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Be the only writer of a line's records for the length of the block.

    Raises:
        RecordBusy: somebody else is.
        StoreUnavailable: the directory cannot be made or written.
    """
    from filelock import FileLock, Timeout

    with _disk(root):
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise RecordBusy(
                "another process shadows this line, or deletes files of it",
                where=root,
                remedy="wait until it is done",
            ) from error
    try:
        yield
    finally:
        lock.release()


def _parse(lines: list[bytes], version_id: str, path: Path) -> Index:
    previous, parsed = "", []
    for number, line in enumerate(lines, start=1):
        try:
            found = json.loads(line)
            digest = found.pop("digest")
            own = _digest(found)
            carried = found.pop("previous")
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise _corrupt(f"line {number} is none of an index", path) from error
        if own != digest:
            raise _corrupt(f"line {number} was edited", path)
        if carried != previous:
            raise _corrupt(f"lines are missing before line {number}", path)
        parsed.append(found)
        previous = digest
    try:
        if parsed[0].pop("format", None) != FORMAT:
            raise _corrupt("line 1 has another format", path)
        about, entries = About(**parsed[0]), tuple(Entry(**entry) for entry in parsed[1:])
    except TypeError as error:
        raise _corrupt(f"a line has other keys ({error})", path) from error
    if about.version_id != version_id:
        raise _corrupt(f"describes {about.version_id}", path)
    _check_order(entries, path)
    return Index(about, entries, previous, sum(map(len, lines)))


def _digest(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _check_order(entries: tuple[Entry, ...], path: Path) -> None:
    """Refuse days that are recorded twice: the first prediction of a bar is the one that counts."""
    last: pd.Timestamp | None = None
    for entry in entries:
        if entry.kind == DAYS:
            if last is not None and not pd.Timestamp(entry.first) > last:
                raise _corrupt(f"{entry.file} does not come after {text_of(last)}", path)
            last = pd.Timestamp(entry.last)


@contextmanager
def _disk(where: Path) -> Iterator[None]:
    """Say what the disk refuses in one line."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise StoreUnavailable(
            "the disk is full" if full else f"cannot be written ({error.strerror or error})",
            where=error.filename or where,
            remedy="free some space and run again; whole days are kept" if full else "look at the directory",
        ) from error


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _stamp(bar: pd.Timestamp) -> str:
    return bar.strftime("%Y%m%d" if text_of(bar) == bar.date().isoformat() else "%Y%m%dT%H%M%S")


def _corrupt(problem: str, where: Path) -> RecordCorrupt:
    return RecordCorrupt(problem, where=where, remedy="restore it from a backup; nothing of it was used")


__all__ = [
    "DAYS",
    "FOLDER",
    "INDEX",
    "REVISED",
    "About",
    "Entry",
    "Index",
    "Record",
    "records_of",
    "records_root",
    "writing",
]
