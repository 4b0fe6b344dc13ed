"""Artefacts in a directory of this machine or of a share: `<root>/<line>/<version_id>/`.

A version's directory is written under a staging name, synced, and renamed into place while the database's
write lock is held.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from zoo.errors import StoreUnavailable
from zoo.registry.contract import DOCUMENT, FILES, LONGEST_WRITE, Artifacts, Registrations, corrupt
from zoo.registry.files import (
    check_place,
    make_directory,
    opened,
    read_regular,
    reporting,
    sync_directory,
    write_synced,
)
from zoo.registry.logfile import LogFile
from zoo.registry.version import NAME, VERSION_ID

_STAGING = re.compile(r"\.staging~(?P<version_id>[^~]+)~(?P<host>[^~]+)~(?P<pid>[0-9]+)~[0-9a-f]{8}")
_ASIDE = re.compile(r"\.aside~(?P<version_id>[^~]+)~[0-9a-f]{8}")


class Directories(Artifacts):
    """The directories below `root`.

    Args:
        root: the directory of the lines' directories; it need not exist.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.location = str(root)
        self.records = root
        self._log = LogFile(root)

    @property
    def log(self) -> LogFile:
        """`events.jsonl` below the root."""
        return self._log

    def ensure(self, *, writable: bool) -> None:
        """See `Artifacts.ensure`."""
        check_place(self.root, writable=writable)

    def directory(self, line: str, version_id: str) -> Path:
        """Return where a version's files are, or would be."""
        return self.root / line / version_id

    def address(self, line: str, version_id: str, name: str | None = None) -> str:
        """Return a path."""
        place = self.directory(line, version_id)
        return str(place if name is None else place / name)

    def uri(self, line: str, version_id: str) -> str:
        """Return the path as a URI."""
        return self.directory(line, version_id).as_uri()

    # --- reading --------------------------------------------------------------------------------

    def seems_free(self, line: str, version_id: str) -> bool:
        """Say whether there is nothing of the directory's name."""
        return not os.path.lexists(self.directory(line, version_id))

    def _read_document(self, line: str, version_id: str) -> bytes:
        return self._bytes(line, version_id, DOCUMENT)

    def _read_file(self, parsed: Mapping[str, Any], name: str, size: int) -> bytes:
        return self._bytes(parsed["line"], parsed["version_id"], name, limit=size)

    def _bytes(self, line: str, version_id: str, name: str, *, limit: int | None = None) -> bytes:
        path = self.address(line, version_id, name)
        try:
            return read_regular(self.root, Path(line) / version_id, name, limit=limit)
        except OSError as error:
            if error.errno == errno.ENOENT:
                raise corrupt(path, "the file is missing") from error
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise corrupt(path, "a symbolic link or a file stands in its way") from error
            if error.errno == errno.EINVAL:
                raise corrupt(path, str(error.strerror)) from error
            raise StoreUnavailable(
                f"it cannot be read ({error.strerror})", where=path, remedy="make it readable for this user"
            ) from error

    # --- writing --------------------------------------------------------------------------------

    def stage(self, line: str, version_id: str, files: Mapping[str, bytes]) -> Path:
        """Write the files to a new staging directory beside the version's place, synced to the disk."""
        self._line_directory(line)
        staging = self.root / line / f".staging~{version_id}~{here()}~{os.getpid()}~{secrets.token_hex(4)}"
        try:
            with reporting(staging):
                staging.mkdir()
                for name, content in files.items():
                    write_synced(staging / name, content)
                sync_directory(staging)
        except BaseException:
            self.discard(staging)
            raise
        return staging

    def publish(self, staged: Path, line: str, version_id: str) -> None:
        """Rename a staging directory into the version's place, which is free; needs the write lock."""
        place = self.directory(line, version_id)
        with reporting(place):
            staged.rename(place)
            sync_directory(place.parent)

    def set_aside(self, line: str, version_id: str) -> str | None:
        """Rename what stands in a version's place to a name that `verify` reports; needs the write lock."""
        place = self.directory(line, version_id)
        if not os.path.lexists(place):
            return None
        aside = place.with_name(f".aside~{version_id}~{secrets.token_hex(4)}")
        with reporting(place):
            place.rename(aside)
            sync_directory(place.parent)
        return str(aside)

    def size(self, line: str, version_id: str) -> int:
        """Return the bytes of a version's files but the document; links are not followed."""
        found = 0
        for name in FILES:
            with suppress(OSError):
                if name != DOCUMENT:
                    found += (self.directory(line, version_id) / name).lstat().st_size
        return found

    def strip(self, line: str, version_id: str) -> None:
        """Delete a version's files but for the document, which goes on describing it.

        Raises:
            StoreUnavailable: they cannot be deleted, or a link leads out of the store.
        """
        place = self.directory(line, version_id)
        with reporting(place), opened(self.root, Path(line) / version_id) as descriptor:
            for name in FILES:
                if name != DOCUMENT:
                    with suppress(FileNotFoundError):
                        os.unlink(name, dir_fd=descriptor)
            os.fsync(descriptor)

    def withdraw(self, staged: Path, line: str, version_id: str) -> None:
        """Rename the version's directory to what it was staged as, and delete that; needs the write lock."""
        with suppress(OSError):
            self.directory(line, version_id).rename(staged)
            self.discard(staged)

    def discard(self, staged: Path) -> None:
        """Delete a staging directory, as far as that is possible."""
        if staged.is_symlink() or staged.is_file():
            with suppress(OSError):
                staged.unlink()
        else:
            shutil.rmtree(staged, ignore_errors=True)

    def _line_directory(self, line: str) -> None:
        directory = self.root / line
        make_directory(self.root)
        if directory.is_symlink():
            raise StoreUnavailable(
                "a symbolic link leads out of the store",
                where=directory,
                expected="a directory",
                remedy="put the directory itself there, or choose another directory for all artefacts",
            )
        make_directory(directory)

    # --- surveying ------------------------------------------------------------------------------

    def versions(self) -> Iterator[tuple[str, str]]:
        """Yield `(line, version_id)` for whatever stands where a version would."""
        for entry in self._entries():
            if VERSION_ID.fullmatch(entry.name):
                yield entry.parent.name, entry.name

    def set_asides(self) -> Iterator[tuple[str, str]]:
        """Yield `(version_id, path)` for what `set_aside` has put away."""
        for entry in self._entries():
            if found := _ASIDE.fullmatch(entry.name):
                yield found["version_id"], str(entry)

    def sweep(self, registered: Registrations) -> tuple[str, ...]:  # none lies in a staging directory
        """Delete the staging directories of dead writers; return their paths below the root."""
        swept = []
        for entry in self._entries():
            if (found := _STAGING.fullmatch(entry.name)) and not alive(
                entry, found["host"], int(found["pid"])
            ):
                self.discard(entry)
                if not os.path.lexists(entry):
                    swept.append(str(entry.relative_to(self.root)))
        return tuple(swept)

    def _entries(self) -> Iterator[Path]:
        """Yield what stands in the lines' directories; links to directories are not entered."""
        if not self.root.is_dir():
            return
        with reporting(self.root):
            for line in sorted(self.root.iterdir()):
                if NAME.fullmatch(line.name) and line.is_dir() and not line.is_symlink():
                    yield from sorted(line.iterdir())


def here() -> str:
    """Name this machine, and the process ids' namespace in it: containers count from 1 again."""
    try:
        namespace = re.sub(r"\D", "", str(Path("/proc/self/ns/pid").readlink()))
    except OSError:
        namespace = ""
    return re.sub(r"[^A-Za-z0-9.-]", "_", socket.gethostname())[:48] + "." + namespace


def alive(staging: Path, host: str, pid: int) -> bool:
    """Say whether the writer of a staging directory may still be at work."""
    with suppress(OSError):
        if time.time() - staging.lstat().st_mtime > LONGEST_WRITE:
            return False
    return at_work(host, pid)


def at_work(host: str, pid: int) -> bool:
    """Say whether a process may be alive; of another machine's it is not known, so that it may."""
    if host != here():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


__all__ = ["Directories", "at_work", "here"]
