"""Which column is what: the mapping `columns` of YAML, checked once against the columns that there are."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from zoo.data.names import checked_names
from zoo.errors import DataError, did_you_mean

#: taken by default, where a column is called so
FIELDS: Final = ("open", "high", "low", "close", "volume")
_DATE_KEYS: Final = ("name", "format", "zone")


@dataclass(frozen=True)
class DateColumn:
    """The column of dates.

    Args:
        name: its name.
        format: as in `strptime`, or the unit `s`, `ms`, `us` or `ns` of numbers since 1970; None for ISO
            8601.
        zone: the time zone: dates without one are in it, dates with one are converted to it.
    """

    name: str = "date"
    format: str | None = None
    zone: str | None = None


@dataclass(frozen=True)
class Roles:
    """What each column of a long layout is, by the names that they have in the source.

    Args:
        date: the column of dates.
        asset: the column of assets, or None where the source holds one asset.
        fields: columns by field.
        factors: columns of factor returns.
    """

    date: DateColumn
    asset: str | None
    fields: Mapping[str, str]
    factors: tuple[str, ...] = ()

    @property
    def numeric(self) -> list[str]:
        """The columns that hold numbers, each once."""
        return list(dict.fromkeys([*self.fields.values(), *self.factors]))

    @property
    def text(self) -> list[str]:
        """The columns that hold dates and names."""
        return [self.date.name] if self.asset is None else [self.date.name, self.asset]

    def check(self, found: Sequence[str], where: str) -> None:
        """Check that another source has these columns too.

        Raises:
            DataError: one is missing.
        """
        for name in (*self.text, *self.numeric):
            require(name, found, where)


@dataclass(frozen=True)
class Columns:
    """The mapping `columns`: `date, asset, factors` and fields of a panel, `target, features` of a table.

    Args:
        date: the column of dates.
        asset: the column of assets; `asset` is taken where there is such a column, null says that there is
            none.
        fields: columns by field; None takes those of `open, high, low, close, volume` that there are.
        factors: columns of factor returns.
        target: the label's column; a source with a target is a table.
        features: the table's other columns to keep; None keeps all.
    """

    date: DateColumn = field(default_factory=DateColumn)
    asset: str | None = "asset"
    fields: Mapping[str, str] | None = None
    factors: tuple[str, ...] = ()
    target: str | None = None
    features: tuple[str, ...] | None = None
    explicit_asset: bool = False

    @classmethod
    def of(cls, given: object) -> Columns:
        """Read what YAML or a caller gave; None is all defaults.

        Raises:
            DataError: no mapping, a word that does not go with the others, or a value that is no column name.
        """
        if given is None:
            return cls()
        if isinstance(given, Columns):
            return given
        if not isinstance(given, Mapping):
            raise _wrong(
                f"columns are a {type(given).__name__}", "a mapping such as {date: Date, close: Price}"
            )
        if "target" in given or "features" in given:
            return _of_table(given)
        fields = {
            str(word): _name(word, value)
            for word, value in given.items()
            if word not in ("date", "asset", "factors")
        }
        asset = given.get("asset", "asset")
        return cls(
            date=_date(given.get("date", "date")),
            asset=None if asset is None else _name("asset", asset),
            fields=fields or None,
            factors=_names("factors", given.get("factors", ())),
            explicit_asset="asset" in given,
        )

    @property
    def is_table(self) -> bool:
        """Whether these are columns of a table."""
        return self.target is not None

    def roles(self, found: Sequence[str], where: str, *, factors: bool = True) -> Roles:
        """Return what each of the columns `found` is in a long layout.

        Args:
            found: the names of the source's columns.
            where: what messages call the source.
            factors: whether the factors are columns of this source, and not of one beside it.

        Raises:
            DataError: a column that is named is missing, or occurs twice.
        """
        checked_names(found, "column", where)
        asset = self.asset if self.explicit_asset or self.asset in found else None
        fields = self.fields
        if fields is None:
            fields = {name: name for name in FIELDS if name in found}
            require("close", found, where)
        roles = Roles(self.date, asset, fields, self.factors if factors else ())
        roles.check(found, where)
        return roles


def require(name: str, found: Sequence[str], where: str) -> None:
    """Check that a source has a column.

    Raises:
        DataError: it has not; the message lists those that it has.
    """
    if name not in found:
        near = did_you_mean(name, found) or did_you_mean(
            name.lower(), [n for n in found if n == name.title()]
        )
        shown = ", ".join(found[:12]) + (f" and {len(found) - 12} more" if len(found) > 12 else "")
        raise DataError(
            f"no column {name!r}",
            where=where,
            expected=f"one of {shown}",
            remedy=near or "say which column is what with columns: {...}",
        )


def _of_table(given: Mapping[Any, Any]) -> Columns:
    for word in given:
        if word not in ("target", "features"):
            raise _wrong(
                f"columns of a table: {word!r} does not go with target or features",
                "target and features (a table), or date, asset, factors and fields (a panel)",
            )
    if "target" not in given:
        raise _wrong("columns of a table: no target", "target: the column that holds the label")
    features = given.get("features")
    return Columns(
        target=_name("target", given["target"]),
        features=None if features is None else _names("features", features),
    )


def _date(given: object) -> DateColumn:
    if not isinstance(given, Mapping):
        return DateColumn(_name("date", given))
    for key, value in given.items():
        if key not in _DATE_KEYS:
            raise _wrong(
                f"columns.date: no such key {key!r}",
                f"one of {', '.join(_DATE_KEYS)}",
                did_you_mean(key, _DATE_KEYS),
            )
        _name(f"date.{key}", value)
    spec = DateColumn(**{"name": "date", **given})
    if spec.zone is not None:
        _check_zone(spec.zone)
    return spec


def _check_zone(zone: str) -> dt.tzinfo:
    try:
        return zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = did_you_mean(zone, zoneinfo.available_timezones())
        raise _wrong(
            f"columns.date.zone: no time zone {zone!r}", "a name such as Europe/Berlin", near
        ) from error


def _name(word: object, value: object) -> str:
    if not isinstance(value, str) or not value:
        near = did_you_mean(word, ["factors", "features"]) if isinstance(value, list | tuple) else None
        raise _wrong(
            f"columns.{word} is {value!r}, a {type(value).__name__}", "the name of one column, a string", near
        )
    return value


def _names(word: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_name(word, value),)
    if not isinstance(value, Sequence):
        raise _wrong(f"columns.{word} is {value!r}, a {type(value).__name__}", "a list of column names")
    return tuple(checked_names(value, "column", f"columns.{word}"))


def _wrong(problem: str, expected: str, remedy: str | None = None) -> DataError:
    return DataError(problem, expected=expected, remedy=remedy)


__all__ = ["FIELDS", "Columns", "DateColumn", "Roles", "require"]
