"""A line: what a champion is champion of, with the data and the target that its challengers share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from zoo.configuration import group_files, load_yaml, plain
from zoo.errors import ConfigError, LineMismatch, SpecError, check_keys, did_you_mean
from zoo.settings import DEFAULTS
from zoo.spec import NAME


@dataclass(frozen=True, slots=True)
class Line:
    """What the versions of a line have in common.

    Attributes:
        name: equals the file's stem.
        description: one sentence.
        data: the `_target_` of the data source.
        target: the `_target_` of what is predicted.
        horizon: bars that the champion's label looks ahead; 0 without a time axis.
        rebalance: bars between two rebalances; 0 without a time axis.
        locked: settings that no spec of the line may override.
    """

    name: str
    data: str
    target: str
    horizon: int
    rebalance: int
    description: str = ""
    locked: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that `Line(**values)` takes back."""
        return asdict(self)

    def check_overrides(self, overrides: Mapping[str, Any], where: Path | str) -> None:
        """Raise `SpecError` for an override of a locked setting."""
        for name in overrides:
            if name in self.locked:
                raise SpecError(
                    f"overrides.{name}: line {self.name!r} locks this setting",
                    where=where,
                    remedy="remove the override, or give the spec another line",
                )

    def check_manifest(self, manifest: Mapping[str, Any], where: str) -> None:
        """Raise `LineMismatch` where a manifest's data or target is not the line's."""
        for key, own in (("data", self.data), ("target", self.target)):
            found = (manifest.get(key) or {}).get("_target_")
            if found != own:
                raise LineMismatch(
                    f"{key} {found!r} is not that of line {self.name!r}",
                    where=where,
                    expected=repr(own),
                    remedy="give the spec the line that its experiment was made for",
                )


class Lines:
    """The lines of conf/line, each file read once, and only when a spec names it."""

    def __init__(self, directories: Iterable[Path] | None = None) -> None:
        self._directories = None if directories is None else list(directories)
        self._read: dict[str, Line] = {}

    def get(self, name: str, where: Path | str) -> Line:
        """Return one line; raises what `read_line` raises."""
        if name not in self._read:
            self._read[name] = read_line(name, where, self._directories)
        return self._read[name]


def read_lines(directories: list[Path] | None = None) -> dict[str, Path]:
    """Return the files of conf/line by name."""
    return group_files("line", directories)


def read_line(name: str, where: Path | str, directories: list[Path] | None = None) -> Line:
    """Read one line of conf/line.

    Args:
        name: the line's name.
        where: the spec that names it, for errors.
        directories: configuration directories, the winning one first; None takes the usual ones.

    Raises:
        SpecError: there is no such line.
        ConfigError: its file cannot be used.
    """
    files = read_lines(directories)
    if name not in files:
        raise SpecError(
            f"line: no line is called {name!r}",
            where=where,
            expected=f"one of {', '.join(files)}",
            remedy=did_you_mean(name, files) or f"declare it in conf/line/{name}.yaml",
        )
    return parse_line(plain(load_yaml(files[name]), {}, files[name]), files[name])


def parse_line(values: Mapping[str, Any], where: Path) -> Line:
    """Turn the plain values of a line file into a `Line`, or refuse it with the file's name."""
    known = [f.name for f in fields(Line)]
    check_keys(values, known, ConfigError, where=where)
    try:
        line = Line(**{**values, "locked": _locked(values.get("locked"), where)})
    except TypeError as error:
        raise ConfigError(str(error), where=where, expected=f"keys {', '.join(known)}") from error
    if line.name != where.stem or NAME.fullmatch(line.name) is None:
        raise ConfigError(f"name: {line.name!r} is not the file's stem", where=where, expected=where.stem)
    for key in ("horizon", "rebalance"):
        if type(getattr(line, key)) is not int or getattr(line, key) < 0:
            raise ConfigError(
                f"{key}: {getattr(line, key)!r} is no number of bars", where=where, expected="0 or more"
            )
    return line


def _locked(value: Any, where: Path) -> tuple[str, ...]:
    """Return the locked settings; a name that no setting has would lock nothing."""
    if value is None:
        return ()
    if not isinstance(value, list) or any(not isinstance(name, str) for name in value):
        raise ConfigError(
            f"locked: {value!r}", where=where, expected="a list of settings, such as [forward_days]"
        )
    for name in value:
        if name not in DEFAULTS:
            raise ConfigError(
                f"locked: no setting is called {name!r}",
                where=where,
                expected=f"one of {', '.join(DEFAULTS)}",
                remedy=did_you_mean(name, DEFAULTS),
            )
    return tuple(value)


__all__ = ["Line", "Lines", "parse_line", "read_line", "read_lines"]
