"""The canonical bytes of columns, for a content hash that outlives a library's choice of dtypes."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import struct
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import DataError

FORMAT = b"zoo content 1"
"""Hashed first: whoever changes the encoding below counts up, so that no old hash matches by accident."""

Column: TypeAlias = "pd.Series[Any] | pd.Index[Any]"

_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_EXACT = 2**53  # integers up to here are floats without loss
_NAT = np.iinfo(np.int64).min
_BY_TEXT = (dt.date, dt.time, dt.timedelta, decimal.Decimal, pd.Period, bytes)


class ContentHash:
    """A sha256 fed part by part; every part carries its length, so that no two run together."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256(FORMAT)

    def names(self, kind: str, names: Iterable[str]) -> None:
        """Add names (of fields, assets, factors or columns) in their order."""
        self._part(kind, b"".join(_element(name, kind) for name in names))

    def matrix(self, values: NDArray[np.float64]) -> None:
        """Add an array of floats, row by row."""
        self._part("shape", repr(values.shape).encode())
        self._part("floats", _floats(values))

    def column(self, values: Column, where: str) -> None:
        """Add a column of any dtype.

        Raises:
            DataError: an element has no canonical form; `where` names its column.
        """
        self._part("length", str(len(values)).encode())
        self._part(*_encoded(values, where))

    def hexdigest(self) -> str:
        """Return the hash so far, in hexadecimal."""
        return self._hash.hexdigest()

    def _part(self, kind: str, data: bytes) -> None:
        self._hash.update(struct.pack("<QQ", len(kind), len(data)) + kind.encode())
        self._hash.update(data)


def _encoded(values: Column, where: str) -> tuple[str, bytes]:
    if values.dtype.kind in "mM":
        return _times(pd.Index(values))
    if isinstance(values.dtype, np.dtype) and _is_exact(values.to_numpy()):
        return "floats", _floats(values.to_numpy())
    # Strings, categories, nullable and object dtypes, huge integers: what the elements are decides.
    elements = [None if _is_missing(element) else element for element in values.astype(object)]
    present = [element for element in elements if element is not None]
    if all(_is_float(element) for element in present):
        return "floats", _floats(np.array(elements, dtype=np.float64))
    if all(isinstance(element, dt.datetime) for element in present):
        try:
            return _times(pd.DatetimeIndex(elements))
        except (TypeError, ValueError):
            pass  # several time zones: each element by itself
    return "elements", b"".join(_element(element, where) for element in elements)


def _is_exact(values: NDArray[Any]) -> bool:
    if values.dtype.kind in "iu":
        return values.size == 0 or bool(values.max() <= _EXACT and values.min() >= -_EXACT)
    return values.dtype.kind in "fb"


def _floats(values: NDArray[Any]) -> bytes:
    # Adding zero turns -0.0 into 0.0; a NaN may carry any payload, so all become one.
    canonical = np.asarray(values, dtype="<f8") + 0.0
    canonical[np.isnan(canonical)] = np.nan
    return canonical.tobytes()


def _times(values: pd.Index[Any]) -> tuple[str, bytes]:
    """Encode as days since 1970 and nanoseconds of the day, which no unit can overflow."""
    zone = getattr(values, "tz", None)
    plain = values if zone is None else pd.DatetimeIndex(values).tz_convert("UTC").tz_localize(None)
    ticks = np.asarray(plain)
    missing = np.isnat(ticks)
    if missing.all():
        return "floats", _floats(np.full(len(values), np.nan))
    per_day = _PER_DAY[np.datetime_data(ticks.dtype)[0]]
    days, rest = np.divmod(ticks.astype(np.int64), per_day)
    encoded = np.stack([days, rest * (_PER_DAY["ns"] // per_day)], axis=1).astype("<i8")
    encoded[missing] = _NAT
    return f"{values.dtype.kind} {zone}", encoded.tobytes()


def _is_missing(element: object) -> bool:
    return (
        element is None
        or element is pd.NA
        or element is pd.NaT
        or (_is_float(element) and element != element)
    )


def _is_float(element: object) -> bool:
    if isinstance(element, float | bool | np.floating | np.bool_):
        return True
    if not isinstance(element, int | np.integer):
        return False
    number = int(element)
    return abs(number) <= _EXACT or (number.bit_length() <= 1023 and int(float(number)) == number)


def _element(element: Any, where: str) -> bytes:
    if element is None:
        kind, data = b"-", b""
    elif _is_float(element):
        kind, data = b"n", _floats(np.array([element]))
    elif isinstance(element, int | np.integer):
        kind, data = b"i", str(int(element)).encode()
    elif isinstance(element, str):
        kind, data = b"s", element.encode("utf-8", "surrogatepass")
    elif isinstance(element, dt.datetime):
        kind, data = b"t", f"{pd.Timestamp(element).as_unit('ns').isoformat()} {element.tzinfo}".encode()
    elif isinstance(element, _BY_TEXT):
        kind, data = b"o", f"{type(element).__name__} {element!s}".encode()
    else:
        raise DataError(
            f"a value of type {type(element).__name__} cannot be fingerprinted",
            where=f"column {where!r}",
            expected="numbers, strings, booleans or dates",
        )
    return kind + struct.pack("<Q", len(data)) + data


def first_and_last(index: Sequence[Any] | pd.Index[Any]) -> tuple[str | None, str | None]:
    """Return the first and last date in ISO form (a bare date at midnight); None without a time axis."""
    if not isinstance(index, pd.DatetimeIndex) or not len(index):
        return None, None
    return iso(index[0]), iso(index[-1])


def iso(moment: pd.Timestamp) -> str:
    """Return a timestamp in ISO form, at midnight without zone as a bare date."""
    bare = moment.tz is None and moment == moment.normalize()
    return moment.date().isoformat() if bare else moment.isoformat()


__all__ = ["FORMAT", "Column", "ContentHash", "first_and_last", "iso"]
