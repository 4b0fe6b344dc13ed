"""The roster: every spec file there is, read one by one, so that a bad one spoils no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zoo.configuration import group_files, load_yaml, plain
from zoo.errors import SpecError, ZooError, did_you_mean
from zoo.line import read_line
from zoo.settings import check_allowed
from zoo.spec import Spec, parse_spec


@dataclass(frozen=True, slots=True)
class Entry:
    """One spec file: what it says, or why it was refused."""

    name: str
    path: Path
    spec: Spec | None = None
    error: ZooError | None = None


def check_spec(
    spec: Spec, where: Path | str, allowed: Iterable[str], directories: list[Path] | None = None
) -> Spec:
    """Check a spec against what surrounds it: the allowlist and its line.

    Raises:
        OverrideNotAllowed: an override outside the allowlist.
        SpecError: an unknown line, or an override that the line locks.
    """
    check_allowed(spec.overrides, allowed, str(where))
    read_line(spec.line, where, directories).check_overrides(spec.overrides, where)
    return spec


def read_entry(
    path: Path, paths: Mapping[str, Any], allowed: Iterable[str], directories: list[Path] | None = None
) -> Entry:
    """Read one spec file; a failure becomes the entry's `error`."""
    try:
        values = plain(load_yaml(path), {"paths": dict(paths)}, path)
        return Entry(path.stem, path, check_spec(parse_spec(values, path), path, allowed, directories))
    except ZooError as error:
        return Entry(path.stem, path, error=error)


def read_roster(
    paths: Mapping[str, Any], allowed: Iterable[str], directories: list[Path] | None = None
) -> dict[str, Entry]:
    """Read every spec of conf/spec, in order of name.

    Args:
        paths: what `${paths.*}` stands for.
        allowed: the settings that a spec may override.
        directories: configuration directories, the winning one first; None takes the usual ones.
    """
    allowed = list(allowed)
    files = group_files("spec", directories)
    return unique_labels({n: read_entry(p, paths, allowed, directories) for n, p in files.items()})


def unique_labels(roster: dict[str, Entry]) -> dict[str, Entry]:
    """Refuse every spec that shares its label with another: their versions could not be told apart."""
    owners: dict[str, list[Entry]] = {}
    for entry in roster.values():
        if entry.spec is not None:
            owners.setdefault(entry.spec.version_label, []).append(entry)
    clashes = {e.name: _clash(label, e, es) for label, es in owners.items() if len(es) > 1 for e in es}
    return {
        name: replace(e, spec=None, error=clashes[name]) if name in clashes else e
        for name, e in roster.items()
    }


def _clash(label: str, entry: Entry, owners: list[Entry]) -> SpecError:
    others = ", ".join(str(e.path) for e in owners if e is not entry)
    return SpecError(
        f"label: {label!r} is also the label of {others}",
        where=entry.path,
        remedy="give each spec a label of its own",
    )


def find(roster: Mapping[str, Entry], name: str) -> Entry:
    """Return the entry of a name, or raise `SpecError` with the nearest one."""
    if name not in roster:
        raise SpecError(
            f"no spec is called {name!r}",
            expected=f"one of {', '.join(roster) or '(conf/spec is empty)'}",
            remedy=did_you_mean(name, roster) or "see `python -m zoo list`",
        )
    return roster[name]


__all__ = ["Entry", "check_spec", "find", "read_entry", "read_roster", "unique_labels"]
