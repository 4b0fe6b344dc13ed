"""Modules that lay in an experiment's directory, kept with the sensors whose features or models they define.

The source travels with the sensor; whether it is imported says the trust list, never the artefact.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace

from zoo.errors import ArtifactCorrupt, TrustError
from zoo.trust import LOCAL_PREFIX, Trust, check_form, load_source, local_name, local_source, source_digest

#: where modules lie in a sensor's file
FOLDER = "modules/"


@dataclass(frozen=True, slots=True)
class LocalModule:
    """A module by its own name, and its source as it was when it was first loaded."""

    stem: str
    source: bytes

    @property
    def digest(self) -> str:
        """The sha256 of its source with LF line endings: what `trust.hashes` holds."""
        return source_digest(self.source)

    @property
    def name(self) -> str:
        """The name under which it is known once it is loaded."""
        return local_name(self.stem, self.digest)

    @property
    def member(self) -> str:
        """Its path in a sensor's file, which is a zip archive."""
        return f"{FOLDER}{self.digest[:16]}/{self.stem}.py"

    def trusted(self, trust: Trust) -> bool:
        """Tell whether it may be imported."""
        return trust.local or self.digest in trust.hashes

    def load(self, trust: Trust, where: str) -> Trust:
        """Import it, and return a trust list that covers what it defines.

        Raises:
            TrustError: not trusted, so that nothing was imported; or it cannot be imported here.
        """
        if not self.trusted(trust):
            raise TrustError(
                f"module {self.stem!r} of the experiment's directory is not trusted, and was not imported",
                where=where,
                expected=f"trust.local=true, or its sha256 {self.digest} in trust.hashes",
                remedy=f"read {self.member} in sensor.skops, a zip archive, then trust it; "
                "{'x_test': X} needs no module",
            )
        try:
            load_source(self.stem, self.source, trust, where=f"{where}/{self.member}")
        except ImportError as error:
            raise TrustError(
                f"module {self.stem!r} cannot be imported: {error}",
                where=where,
                remedy="install what it needs",
            ) from error
        return replace(trust, prefixes=(*trust.prefixes, f"{self.name}."))


def modules_of(trust: Trust) -> tuple[LocalModule, ...]:
    """Return the local modules that a pipeline's trust list covers, of those that were loaded here."""
    prefixes = [prefix.rstrip(".") for prefix in trust.prefixes if prefix.startswith(LOCAL_PREFIX)]
    names = [name for name in prefixes if name in sys.modules]
    return tuple(
        LocalModule(name.removeprefix(LOCAL_PREFIX).partition("_")[2], local_source(name))
        for name in dict.fromkeys(names)
    )


def load_trusted(modules: Iterable[LocalModule], trust: Trust, where: str) -> Trust:
    """Import the modules that are trusted, and return a trust list that covers what they define."""
    for module in modules:
        if module.trusted(trust):
            trust = module.load(trust, where)
    return trust


def parse_member(member: str, source: bytes, where: str) -> LocalModule:
    """Return the module in a member of a sensor's file.

    Raises:
        ArtifactCorrupt: its name is no module's, or another source was stored under it.
    """
    stem = member.rpartition("/")[2].removesuffix(".py")
    try:
        module = LocalModule(check_form(stem), source)
    except TrustError as error:
        raise _misplaced(member, where) from error
    if module.member != member:
        raise _misplaced(member, where)
    return module


def _misplaced(member: str, where: str) -> ArtifactCorrupt:
    return ArtifactCorrupt(
        f"holds {member!r}, which is no module as it was stored",
        where=where,
        expected=f"{FOLDER}<the beginning of its sha256>/<its name>.py",
        remedy="restore it from a copy",
    )


__all__ = ["FOLDER", "LocalModule", "load_trusted", "modules_of", "parse_member"]
