"""What data was, in a few words and one hash: rows, columns, first, last, content.

The content hash is taken over values, names and their order, never over how a library happens to store them:
`datetime64[s]` or `[ns]`, `str` or `object`, `float32` or `float64`, `1` or `1.0` are the same content.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from zoo.errors import DataError

_SHOWN = 5  # names that a sentence lists before it only counts the rest


@dataclass(frozen=True)
class Fingerprint:
    """What data was when it was used.

    Args:
        rows: number of rows (dates of a panel).
        columns: a table's column names; a panel's `field:…`, `asset:…` and `factor:…`.
        first: the first date in ISO form, None without a time axis.
        last: the last date in ISO form, None without a time axis.
        content: sha256 in hexadecimal over every value, name and date, in order.
    """

    rows: int
    columns: tuple[str, ...]
    first: str | None
    last: str | None
    content: str

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; `from_dict` reads it back."""
        return {**asdict(self), "columns": list(self.columns)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Fingerprint:
        """Read what `as_dict` gave.

        Raises:
            DataError: a key is missing, unknown or of the wrong type.
        """
        if not isinstance(cast(object, record), Mapping):
            raise _malformed(f"a fingerprint is a {type(record).__name__}")
        for key in (*_CHECKS, *record):
            if key not in record or key not in _CHECKS:
                raise _malformed(f"key {key!r} is {'unknown' if key in record else 'missing'}")
            if not _CHECKS[key](record[key]):
                raise _malformed(f"{key} is {record[key]!r}")
        return cls(**{**record, "columns": tuple(record["columns"])})

    def differences(self, other: Fingerprint) -> list[str]:
        """Say how `other`, seen now, differs from this one, which was logged; empty when they agree."""
        found = [
            f"{name}: {then} logged, {now} now"
            for name, then, now in (
                ("rows", self.rows, other.rows),
                ("first date", self.first, other.first),
                ("last date", self.last, other.last),
            )
            if then != now
        ]
        found += _column_differences(self.columns, other.columns)
        if self.content != other.content:
            what = (
                "content differs" if found else "content differs: same rows, columns and dates, other values"
            )
            found.append(f"{what} (sha256 {self.content[:12]} logged, {other.content[:12]} now)")
        return found


_CHECKS = {
    "rows": lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "columns": lambda value: isinstance(value, list | tuple) and all(isinstance(name, str) for name in value),
    "first": lambda value: value is None or isinstance(value, str),
    "last": lambda value: value is None or isinstance(value, str),
    "content": lambda value: isinstance(value, str),
}


def _malformed(problem: str) -> DataError:
    return DataError(
        f"malformed fingerprint: {problem}",
        expected="rows (a count), columns (names), first and last (dates or null), content (a sha256)",
    )


def _column_differences(then: Sequence[str], now: Sequence[str]) -> list[str]:
    if tuple(then) == tuple(now):
        return []
    gone = [name for name in then if name not in set(now)]
    new = [name for name in now if name not in set(then)]
    found = [f"columns logged, missing now: {_some(gone)}"] if gone else []
    found += [f"columns new since: {_some(new)}"] if new else []
    return found or ["columns: the same names in another order"]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


__all__ = ["Fingerprint"]
