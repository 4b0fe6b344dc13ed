"""The version directories: `<root>/<line>/<version_id>/`, each written whole or not at all.

A directory is written under a staging name, synced, and renamed into place while the database's write lock
is held. Nothing that stands in a version's place is ever overwritten. Digests guard against damage and
replaced files; that of `version.json` is kept in the database, so that a document cannot vouch for itself.
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

from zoo.errors import ArtifactCorrupt, StoreUnavailable
from zoo.registry import document
from zoo.registry.files import make_directory, opened, read_regular, reporting, sync_directory, write_synced
from zoo.registry.version import NAME, VERSION_ID

DOCUMENT = "version.json"
SENSOR = "sensor.skops"
PREDICTIONS = "predictions.parquet"
CONFIG = "config.yaml"
FILES = (DOCUMENT, SENSOR, PREDICTIONS, CONFIG)

_STAGING = re.compile(r"\.staging~(?P<version_id>[^~]+)~(?P<host>[^~]+)~(?P<pid>[0-9]+)~[0-9a-f]{8}")
_ASIDE = re.compile(r"\.aside~(?P<version_id>[^~]+)~[0-9a-f]{8}")
_LONGEST_WRITE = 24 * 3600.0  # seconds; what is older was left behind, wherever its writer ran


class Artifacts:
    """The directories below `root`.

    Args:
        root: the directory of the lines' directories; it need not exist.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def directory(self, line: str, version_id: str) -> Path:
        """Return where a version's files are, or would be."""
        return self.root / line / version_id

    # --- reading --------------------------------------------------------------------------------

    def document(self, line: str, version_id: str, digest: str | None) -> tuple[bytes, dict[str, Any]]:
        """Return `version.json`, as bytes and parsed, once its bytes have the digest.

        Args:
            line: the version's line.
            version_id: the version.
            digest: SHA-256 of the bytes; None to take a directory at its word, before it is registered.

        Raises:
            ArtifactCorrupt: missing, linked elsewhere, changed, or not this version's.
        """
        content = self._bytes(line, version_id, DOCUMENT)
        path = self.directory(line, version_id) / DOCUMENT
        if digest is not None and document.sha256(content) != digest:
            raise _corrupt(path, "the bytes are not those that were registered")
        try:
            parsed = document.parse(content)
        except ValueError as error:
            raise _corrupt(path, str(error)) from error
        if (parsed["line"], parsed["version_id"]) != (line, version_id):
            raise _corrupt(path, f"it describes {parsed['version_id']} of line {parsed['line']}")
        return content, parsed

    def file(self, parsed: Mapping[str, Any], name: str) -> bytes:
        """Return the bytes of one of the files that a document names, once they have its digest.

        Raises:
            ArtifactCorrupt: missing, linked elsewhere, or changed.
        """
        line, version_id = parsed["line"], parsed["version_id"]
        recorded = parsed["files"].get(name)
        if recorded is None:
            raise _corrupt(self.directory(line, version_id) / DOCUMENT, f"it does not name {name}")
        content = self._bytes(line, version_id, name, limit=recorded["bytes"])
        if document.sha256(content) != recorded["sha256"]:
            raise _corrupt(
                self.directory(line, version_id) / name, "the bytes are not those that were registered"
            )
        return content

    def check(self, line: str, version_id: str, digest: str | None) -> tuple[bytes, dict[str, Any]]:
        """Return the document, as `document` does, once every file of the directory has its digest.

        Raises:
            ArtifactCorrupt: naming the first file that has not.
        """
        content, parsed = self.document(line, version_id, digest)
        for name in FILES:
            if name != DOCUMENT:
                self.file(parsed, name)
        return content, parsed

    def _bytes(self, line: str, version_id: str, name: str, *, limit: int | None = None) -> bytes:
        path = self.directory(line, version_id) / name
        try:
            return read_regular(self.root, Path(line) / version_id, name, limit=limit)
        except OSError as error:
            if error.errno == errno.ENOENT:
                raise _corrupt(path, "the file is missing") from error
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise _corrupt(path, "a symbolic link or a file stands in its way") from error
            if error.errno == errno.EINVAL:
                raise _corrupt(path, str(error.strerror)) from error
            raise StoreUnavailable(
                f"it cannot be read ({error.strerror})", where=path, remedy="make it readable for this user"
            ) from error

    # --- writing --------------------------------------------------------------------------------

    def stage(self, line: str, version_id: str, files: Mapping[str, bytes]) -> Path:
        """Write the files to a new staging directory beside the version's place, synced to the disk.

        Raises:
            StoreUnavailable: the disk is full, or the directory cannot be written; nothing is left behind.
        """
        self._line_directory(line)
        staging = self.root / line / f".staging~{version_id}~{_here()}~{os.getpid()}~{secrets.token_hex(4)}"
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

    def publish(self, staging: Path, line: str, version_id: str) -> None:
        """Rename a staging directory into the version's place, which is free; needs the write lock."""
        place = self.directory(line, version_id)
        with reporting(place):
            staging.rename(place)
            sync_directory(place.parent)

    def set_aside(self, line: str, version_id: str) -> Path | None:
        """Rename what stands in a version's place to a name that `verify` reports; needs the write lock.

        Returns:
            The new path; None when nothing stood there.
        """
        place = self.directory(line, version_id)
        if not os.path.lexists(place):
            return None
        aside = place.with_name(f".aside~{version_id}~{secrets.token_hex(4)}")
        with reporting(place):
            place.rename(aside)
            sync_directory(place.parent)
        return aside

    def size(self, line: str, version_id: str) -> int:
        """Return the bytes of a version's files that `strip` would delete; links are not followed."""
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

    def withdraw(self, line: str, version_id: str) -> None:
        """Take back a directory whose registration failed, if it can be; needs the write lock."""
        place = self.directory(line, version_id)
        staging = place.with_name(f".staging~{version_id}~{_here()}~{os.getpid()}~{secrets.token_hex(4)}")
        with suppress(OSError):
            place.rename(staging)
            self.discard(staging)

    def discard(self, leftover: Path) -> None:
        """Delete a staging directory, as far as that is possible."""
        if leftover.is_symlink() or leftover.is_file():
            with suppress(OSError):
                leftover.unlink()
        else:
            shutil.rmtree(leftover, ignore_errors=True)

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

    def set_asides(self) -> Iterator[tuple[str, Path]]:
        """Yield `(version_id, path)` for what `set_aside` has put away."""
        for entry in self._entries():
            if found := _ASIDE.fullmatch(entry.name):
                yield found["version_id"], entry

    def sweep(self) -> tuple[str, ...]:
        """Delete the staging directories of dead writers; return their paths below the root."""
        swept = []
        for entry in self._entries():
            if (found := _STAGING.fullmatch(entry.name)) and not _alive(
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


def _here() -> str:
    """Name this machine, and the process ids' namespace in it: containers count from 1 again."""
    try:
        namespace = re.sub(r"\D", "", str(Path("/proc/self/ns/pid").readlink()))
    except OSError:
        namespace = ""
    return re.sub(r"[^A-Za-z0-9.-]", "_", socket.gethostname())[:48] + "." + namespace


def _alive(staging: Path, host: str, pid: int) -> bool:
    """Say whether the writer of a staging directory may still be at work."""
    with suppress(OSError):
        if time.time() - staging.lstat().st_mtime > _LONGEST_WRITE:
            return False
    if host != _here():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _corrupt(path: Path, problem: str) -> ArtifactCorrupt:
    return ArtifactCorrupt(
        problem,
        where=path,
        expected="the bytes that were registered",
        remedy="restore it from a backup; nothing of it was loaded",
    )


__all__ = ["CONFIG", "DOCUMENT", "FILES", "PREDICTIONS", "SENSOR", "Artifacts"]
