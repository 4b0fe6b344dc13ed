"""The roster: every spec file there is, read one by one, so that a bad one spoils no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zoo.configuration import conf_dirs, group_files, load_yaml, plain
from zoo.errors import SpecError, ZooError, did_you_mean
from zoo.line import Line, Lines
from zoo.settings import check_allowed
from zoo.spec import Spec, parse_spec


@dataclass(frozen=True, slots=True)
class Entry:
    """One spec file: what it says (None where it says nothing clear), and why it was refused, if it was."""

    name: str
    path: Path
    spec: Spec | None = None
    error: ZooError | None = None


def check_spec(spec: Spec, where: Path | str, allowed: Iterable[str], lines: Lines) -> Line:
    """Check a spec against what surrounds it, the allowlist and its line; return the line.

    Raises:
        OverrideNotAllowed: an override outside the allowlist.
        SpecError: an unknown line, or an override that the line locks.
    """
    check_allowed(spec.overrides, allowed, str(where))
    line = lines.get(spec.line, where)
    line.check_overrides(spec.overrides, where)
    return line


def read_entry(path: Path, paths: Mapping[str, Any], allowed: Iterable[str], lines: Lines) -> Entry:
    """Read one spec file; a failure becomes the entry's `error`."""
    try:
        if path.suffix != ".yaml":
            raise SpecError("is never read", where=path, expected="a name that ends in .yaml")
        spec = parse_spec(plain(load_yaml(path), {"paths": dict(paths)}, path), path)
        check_spec(spec, path, allowed, lines)
        return Entry(path.stem, path, spec)
    except ZooError as error:
        return Entry(path.stem, path, error=error)


def read_roster(
    paths: Mapping[str, Any], allowed: Iterable[str], directories: Iterable[Path] | None = None
) -> dict[str, Entry]:
    """Read every spec of conf/spec, in order of name.

    Args:
        paths: what `${paths.*}` stands for.
        allowed: the settings that a spec may override.
        directories: configuration directories, the winning one first; None takes the usual ones.
    """
    searched = conf_dirs() if directories is None else list(directories)
    allowed, lines = list(allowed), Lines(searched)
    files = {**_misnamed(searched), **group_files("spec", searched)}
    return unique_labels({n: read_entry(files[n], paths, allowed, lines) for n in sorted(files)})


def _misnamed(directories: Iterable[Path]) -> dict[str, Path]:
    """Return the files that Hydra would pass over in silence."""
    return {path.stem: path for d in directories for path in (d / "spec").glob("[!.]*.yml")}


def unique_labels(roster: dict[str, Entry]) -> dict[str, Entry]:
    """Refuse every spec that shares its label with another: their versions could not be told apart."""
    clashes = {e.name: label_clash(e.spec, e.path, roster) for e in roster.values() if e.spec is not None}
    return {
        name: e if (clash := clashes.get(name)) is None else replace(e, error=clash)
        for name, e in roster.items()
    }


def label_clash(spec: Spec, where: Path | str, roster: Mapping[str, Entry]) -> SpecError | None:
    """Return the error for a spec whose label another spec of the roster has, else None."""
    others = [
        str(entry.path)
        for name, entry in roster.items()
        if name != spec.name and entry.spec is not None and entry.spec.version_label == spec.version_label
    ]
    if not others:
        return None
    return SpecError(
        f"label: {spec.version_label!r} is also the label of {', '.join(others)}",
        where=where,
        remedy="give each spec a label of its own",
    )


def find(roster: Mapping[str, Entry], name: str) -> Entry:
    """Return the entry of a name, or raise `SpecError` with the nearest one."""
    if name not in roster:
        raise unknown_spec(name, roster)
    return roster[name]


def unknown_spec(name: str, known: Iterable[str]) -> SpecError:
    """Say that no spec has this name, and which is nearest."""
    known = sorted(known)
    return SpecError(
        f"no spec is called {name!r}",
        expected=f"one of {', '.join(known) or '(conf/spec is empty)'}",
        remedy=did_you_mean(name, known) or "see `python -m zoo list`",
    )


__all__ = [
    "Entry",
    "check_spec",
    "find",
    "label_clash",
    "read_entry",
    "read_roster",
    "unique_labels",
    "unknown_spec",
]
