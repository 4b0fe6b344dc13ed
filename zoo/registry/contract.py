"""What the registry asks of the place where artefacts lie, whichever place it is.

A version's files are there whole or not at all, whatever stands in its place is never overwritten, and what
is read is given out only once it has the digest that was registered. Digests guard against damage and
replaced files; that of `version.json` is kept in the database, so that a document cannot vouch for itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import ArtifactCorrupt
from zoo.registry import document

if TYPE_CHECKING:
    from zoo.registry.eventlog import EventLog

DOCUMENT = "version.json"
SENSOR = "sensor.skops"
PREDICTIONS = "predictions.parquet"
CONFIG = "config.yaml"
FILES = (DOCUMENT, SENSOR, PREDICTIONS, CONFIG)
LONGEST_WRITE = 24 * 3600.0  # seconds; what is older was left behind, wherever its writer ran
LONGEST_DOCUMENT = 64 * 2**20  # bytes; what claims to be a document and is longer is not read

Registrations = Mapping[tuple[str, str], str]
"""Digests of `version.json`, by line and version id."""


class Artifacts(ABC):
    """The versions' files.

    Attributes:
        location: the place of all of them, as an error names it.
        records: the directory in which shadow records lie beside them; None where they lie elsewhere.
    """

    location: str
    records: Path | None = None

    @property
    @abstractmethod
    def log(self) -> EventLog:
        """The exported event log, which lies beside the versions."""

    @abstractmethod
    def ensure(self, *, writable: bool) -> None:
        """Raise what a first use would raise, and create nothing.

        Raises:
            StoreUnavailable: the place cannot be used.
        """

    @abstractmethod
    def address(self, line: str, version_id: str, name: str | None = None) -> str:
        """Return where a version, or a file of it, is or would be, as an error names it."""

    @abstractmethod
    def uri(self, line: str, version_id: str) -> str:
        """Return the same as a URI."""

    # --- reading --------------------------------------------------------------------------------

    def document(self, line: str, version_id: str, digest: str | None) -> tuple[bytes, dict[str, Any]]:
        """Return `version.json`, as bytes and parsed, once its bytes have the digest.

        Args:
            line: the version's line.
            version_id: the version.
            digest: SHA-256 of the bytes; None to take a place at its word, before it is registered.

        Raises:
            ArtifactCorrupt: missing, linked elsewhere, changed, or not this version's.
            StoreUnavailable: it cannot be read.
        """
        content = self._read_document(line, version_id)
        where = self.address(line, version_id, DOCUMENT)
        if digest is not None and document.sha256(content) != digest:
            raise corrupt(where, "the bytes are not those that were registered")
        try:
            parsed = document.parse(content)
        except ValueError as error:
            raise corrupt(where, str(error)) from error
        if (parsed["line"], parsed["version_id"]) != (line, version_id):
            raise corrupt(where, f"it describes {parsed['version_id']} of line {parsed['line']}")
        return content, parsed

    def file(self, parsed: Mapping[str, Any], name: str) -> bytes:
        """Return the bytes of one of the files that a document names, once they have its digest.

        Raises:
            ArtifactCorrupt: missing, linked elsewhere, or changed.
            StoreUnavailable: it cannot be read.
        """
        line, version_id = parsed["line"], parsed["version_id"]
        recorded = parsed["files"].get(name)
        if recorded is None:
            raise corrupt(self.address(line, version_id, DOCUMENT), f"it does not name {name}")
        content = self._read_file(parsed, name, recorded["bytes"])
        if document.sha256(content) != recorded["sha256"]:
            raise corrupt(self._whole_address(parsed, name), "the bytes are not those that were registered")
        return content

    def check(self, line: str, version_id: str, digest: str | None) -> tuple[bytes, dict[str, Any]]:
        """Return the document, as `document` does, once every file of the version has its digest.

        Raises:
            ArtifactCorrupt: naming the first file that has not.
            StoreUnavailable: one cannot be read.
        """
        content, parsed = self.document(line, version_id, digest)
        for name in FILES:
            if name != DOCUMENT:
                self.file(parsed, name)
        return content, parsed

    def _whole_address(self, parsed: Mapping[str, Any], name: str) -> str:
        """Return where a file that a document names is, for whoever wants to look."""
        return self.address(parsed["line"], parsed["version_id"], name)

    def seems_free(self, line: str, version_id: str) -> bool:
        """Say whether a look without a lock finds a version's place empty; False where a look is dear."""
        return False

    @abstractmethod
    def _read_document(self, line: str, version_id: str) -> bytes:
        """Return the bytes of `version.json`, whatever they are."""

    @abstractmethod
    def _read_file(self, parsed: Mapping[str, Any], name: str, size: int) -> bytes:
        """Return the bytes of a file that a document names; never more than `size` of them."""

    # --- writing --------------------------------------------------------------------------------

    @abstractmethod
    def stage(self, line: str, version_id: str, files: Mapping[str, bytes]) -> Any:
        """Write the files where no version is, durably; no lock is needed.

        Returns:
            What `publish`, `withdraw` and `discard` take.

        Raises:
            StoreUnavailable: they cannot be written; nothing is left behind.
        """

    @abstractmethod
    def publish(self, staged: Any, line: str, version_id: str) -> None:
        """Make a version of what was staged, in one step; its place is free. Needs the write lock.

        Raises:
            StoreUnavailable: it cannot be made one; `withdraw` takes back what may have been made.
        """

    @abstractmethod
    def set_aside(self, line: str, version_id: str) -> str | None:
        """Move what stands in a version's place to where `verify` reports it; needs the write lock.

        Returns:
            Where it is now; None when nothing stood there.
        """

    @abstractmethod
    def withdraw(self, staged: Any, line: str, version_id: str) -> None:
        """Take back what was published and not registered, if it can be; needs the write lock."""

    @abstractmethod
    def discard(self, staged: Any) -> None:
        """Delete what was staged and not published, as far as that is possible."""

    @abstractmethod
    def size(self, line: str, version_id: str) -> int:
        """Return the bytes of a version's files that `strip` would delete."""

    @abstractmethod
    def strip(self, line: str, version_id: str) -> None:
        """Delete a version's files but for the document, which goes on describing it.

        Raises:
            StoreUnavailable: they cannot be deleted.
        """

    # --- surveying ------------------------------------------------------------------------------

    @abstractmethod
    def versions(self) -> Iterator[tuple[str, str]]:
        """Yield `(line, version_id)` for whatever stands where a version would."""

    @abstractmethod
    def set_asides(self) -> Iterator[tuple[str, str]]:
        """Yield `(version_id, address)` for what `set_aside` has put away."""

    @abstractmethod
    def sweep(self, registered: Registrations) -> tuple[str, ...]:
        """Delete what dead writers left half-written; return where it was. Needs the write lock.

        Args:
            registered: what is registered, of which nothing is deleted.
        """


def corrupt(where: str, problem: str) -> ArtifactCorrupt:
    """Return the error of a file that is not the one that was registered."""
    return ArtifactCorrupt(
        problem,
        where=where,
        expected="the bytes that were registered",
        remedy="restore it from a backup; nothing of it was loaded",
    )


__all__ = [
    "CONFIG",
    "DOCUMENT",
    "FILES",
    "LONGEST_DOCUMENT",
    "LONGEST_WRITE",
    "PREDICTIONS",
    "SENSOR",
    "Artifacts",
    "Registrations",
    "corrupt",
]
