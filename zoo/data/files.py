"""Panels and tables from files: CSV and Parquet; one file, many, long or wide."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeAlias

from zoo.data import cache as caching
from zoo.data.columns import Columns, Roles
from zoo.data.dataset import Dataset, DateLike
from zoo.data.layouts import long_panel, table, wide_panel
from zoo.data.reading import read
from zoo.data.rows import Rows
from zoo.data.sources import tabular
from zoo.data.table import Table
from zoo.errors import DataError

PathLike: TypeAlias = "str | Path"
Paths: TypeAlias = "PathLike | Sequence[PathLike] | Mapping[str, PathLike]"

CSV: Final = (".csv", ".csv.gz")
PARQUET: Final = (".parquet", ".pq")
_MAGIC: Final = "*?["


def csv(
    path: Paths,
    *,
    columns: Mapping[str, Any] | None = None,
    factors: PathLike | None = None,
    start: DateLike | None = None,
    end: DateLike | None = None,
    freq: str | None = None,
    cache: PathLike | None = None,
) -> Dataset | Table:
    """Return the panel (or table) of CSV files.

    Long layout: rows of a date, an asset and fields, in one file or in several. Without an asset column each
    file is one asset, named after the file; `asset: null` says that all files are the same one. Wide layout:
    `path` is a mapping of fields to files that have a column of dates and a column an asset. A table:
    `columns` has `target`.

    Args:
        path: a file, a pattern such as `prices/*.csv`, a list of them, or a mapping of fields to files.
        columns: which column is what: `date` (its name, or `{name, format, zone}`), `asset`, `factors` (a
            list), and a column for each field; where they are called `date, asset, open, high, low, close,
            volume`, nothing need be said. Of a table: `target`, and `features` to keep fewer than all.
        factors: a file of factor returns, a column of dates and a column a factor; `columns: {factors: ...}`
            then picks some of them.
        start: the first bar to keep.
        end: the last bar to keep.
        freq: `ME` for month ends, None for the bars as they are.
        cache: a directory that keeps what was read as Parquet, under the hash of the files' content.

    Raises:
        DataError: a file that is missing or cannot be read, a column that is missing, a date or number that
            is none, dates out of order or there twice, time zones that are mixed, no rows; naming file, line
            and column.
    """
    request = _Request(path, Columns.of(columns), factors, CSV)
    data = request.load() if cache is None else caching.through(cache, request.key(), request.load)
    return clipped(data, start, end, freq)


def parquet(
    path: Paths,
    *,
    columns: Mapping[str, Any] | None = None,
    factors: PathLike | None = None,
    start: DateLike | None = None,
    end: DateLike | None = None,
    freq: str | None = None,
) -> Dataset | Table:
    """Return the panel (or table) of Parquet files; arguments, layouts and errors are those of `csv`.

    A frame that pandas saved with its index of dates has them in the column of the index' name, or in `date`.
    """
    return clipped(_Request(path, Columns.of(columns), factors, PARQUET).load(), start, end, freq)


def clipped(
    data: Dataset | Table, start: DateLike | None, end: DateLike | None, freq: str | None
) -> Dataset | Table:
    """Return a panel cut to its dates and resampled; cut first.

    Raises:
        DataError: a table, which has no dates; no bar between.
    """
    if start is None and end is None and freq is None:
        return data
    if isinstance(data, Table):
        raise DataError("a table has no start, end or freq", where=data.name, remedy="leave them out")
    cut = data.between(start, end)
    return cut if freq is None else cut.resample(freq)


class _Request:
    """What was asked for, with its files found."""

    def __init__(
        self, path: Paths, columns: Columns, factors: PathLike | None, suffixes: Sequence[str]
    ) -> None:
        self.columns, self.suffixes = columns, suffixes
        self.wide = {k: Path(v).expanduser() for k, v in path.items()} if isinstance(path, Mapping) else {}
        self.files = [] if isinstance(path, Mapping) else expand(path)
        self.factors = None if factors is None else Path(factors).expanduser()
        first = [*self.files, *self.wide.values()][:1]
        self.name = "".join(_stem(p) if len(self.files) == 1 else p.resolve().parent.name for p in first)
        if isinstance(path, Mapping) and (columns.is_table or columns.fields or not path):
            raise DataError(
                "a path for each field, and columns of a long layout or a table"
                if path
                else "an empty mapping of fields to files",
                expected="{close: file, ...}, with no columns but date and factors",
            )

    def key(self) -> str:
        """Return the hash of the content of all files and of how they are read."""
        roles = {name: caching.file_content(path) for name, path in self.wide.items()}
        files = [(_stem(path), caching.file_content(path)) for path in self.files]
        beside = None if self.factors is None else caching.file_content(self.factors)
        return caching.key("files", [roles, files, beside, asdict(self.columns), list(self.suffixes)])

    def load(self) -> Dataset | Table:
        """Read the files."""
        if self.columns.is_table:
            parts = [Rows.of(tabular(path=path).frame, str(path)) for path in self.files]
            return table(_same_columns(parts), self.columns, self.name)
        factors = None if self.factors is None else self._beside(self.factors)
        if self.wide:
            fields = {name: read(path, self._wide, self.suffixes) for name, path in self.wide.items()}
            return wide_panel(fields, self.columns, self.name, factors)
        rows, roles = self._long()
        return long_panel(rows, roles, self.name, factors)

    def _long(self) -> tuple[Rows, Roles]:
        found: list[Roles] = []

        def choose(names: list[str], where: str) -> tuple[Sequence[str], Sequence[str]]:
            if found:
                found[0].check(names, where)
            else:
                found.append(self.columns.roles(names, where, factors=self.factors is None))
            return found[0].text, found[0].numeric

        parts = [read(path, choose, self.suffixes) for path in self.files]
        roles = found[0]
        if roles.asset is not None or self.columns.explicit_asset or len(parts) == 1:
            return Rows.joined(parts), roles
        return _one_asset_a_file(parts, self.files, roles)

    def _wide(self, names: list[str], where: str) -> tuple[Sequence[str], Sequence[str]]:
        date = self.columns.date.name
        Roles(self.columns.date, None, {}).check(names, where)
        return [date], [name for name in names if name != date]

    def _beside(self, path: Path) -> Rows:
        rows = read(path, self._wide, self.suffixes)
        if not self.columns.factors:
            return rows
        roles = Roles(self.columns.date, None, {}, self.columns.factors)
        roles.check(list(rows.frame.columns), rows.where)
        return Rows(rows.frame[[*roles.text, *roles.numeric]], rows.origins)


def expand(path: PathLike | Sequence[PathLike]) -> list[Path]:
    """Return the files of a path, a pattern or a list of them; those of a pattern sorted by name.

    Raises:
        DataError: nothing matches, or there is no path at all.
    """
    given = [path] if isinstance(path, str | Path) else list(path)
    found: list[Path] = []
    for one in given:
        place = Path(one).expanduser()
        if place.exists() or not any(letter in str(place) for letter in _MAGIC):
            found.append(place)
            continue
        matches = sorted(
            Path(match)
            for match in glob.glob(str(place), recursive=True)  # noqa: PTH207 - absolute patterns too
        )
        if not matches:
            raise DataError("no file matches", where=place, expected="at least one file")
        found += matches
    if not found:
        raise DataError("no path", expected="a file, a pattern, or a list of files")
    return found


def _one_asset_a_file(parts: Sequence[Rows], files: Sequence[Path], roles: Roles) -> tuple[Rows, Roles]:
    named = []
    for part, path in zip(parts, files, strict=True):
        if any(_stem(path) == _stem(other) for other in files if other is not path):
            raise DataError(
                f"two files for asset {_stem(path)!r}",
                where=path,
                remedy="add an asset column, or asset: null",
            )
        named.append(Rows(part.frame.assign(asset=_stem(path)), part.origins))
    return Rows.joined(named), Roles(roles.date, "asset", roles.fields, roles.factors)


def _same_columns(parts: Sequence[Rows]) -> Rows:
    first = parts[0]
    for part in parts[1:]:
        if list(part.frame.columns) != list(first.frame.columns):
            raise DataError(
                "other columns than the first file",
                where=part.where,
                expected=", ".join(map(str, first.frame.columns)),
            )
    return Rows.joined(parts)


def _stem(path: Path) -> str:
    suffix = max((s for s in (*CSV, *PARQUET) if path.name.lower().endswith(s)), key=len, default="")
    return path.name[: len(path.name) - len(suffix)]


__all__ = ["CSV", "PARQUET", "clipped", "csv", "expand", "parquet"]
