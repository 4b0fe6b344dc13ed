"""One JSON text for one value: what is hashed, and what is stored.

The text is strict JSON (RFC 8259). What JSON cannot say is tagged, so that two different values never
share a text and `loads(text(encode(value)))` is the value again, with tuples as lists:

- a float that is not finite: `{"$float": "NaN"}`, `"Infinity"`, `"-Infinity"`;
- a mapping with a key that is no text, as in `class_weight: {0: 1, 1: 5}`: `{"$items": [[0, 1], [1, 5]]}`.

`1`, `1.0` and `true` differ: an estimator may treat them differently. A date is its ISO text.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import numbers
from collections.abc import Iterator, Mapping
from typing import Any

from zoo.errors import RegistryError

FLOAT = "$float"
ITEMS = "$items"
TAGS = frozenset({FLOAT, ITEMS})
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def encode(value: Any, where: str = "value") -> Any:
    """Return `value` as strict JSON types, tagged where JSON has no word for it.

    Args:
        value: None, bool, text, number, date, or mappings and sequences of these; NumPy scalars count
            as the numbers they hold.
        where: how an error names the value.

    Raises:
        RegistryError: for a value of any other type, or a mapping that uses a tag as a key.
    """
    match value:
        case None | bool():
            return value
        case str():
            return str.__str__(value)
        case numbers.Integral():
            return int(value)
        case numbers.Real() if not isinstance(value, numbers.Rational):
            return _float(float(value))
        case datetime.date():
            return value.isoformat()
        case Mapping():
            return _mapping(value, where)
        case list() | tuple():
            return [encode(item, f"{where}[{position}]") for position, item in enumerate(value)]
    if type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    raise RegistryError(
        f"{type(value).__name__} cannot be stored",
        where=where,
        expected="null, true or false, text, a number, a date, or mappings and lists of these",
        remedy="give its name or its parts instead",
    )


def _float(value: float) -> Any:
    if math.isfinite(value):
        return value
    return {FLOAT: "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}


def _mapping(value: Mapping[Any, Any], where: str) -> dict[str, Any]:
    if all(isinstance(key, str) for key in value):
        if not TAGS.isdisjoint(value):
            raise RegistryError(
                f"the keys {', '.join(sorted(TAGS))} are taken by the registry's own notation",
                where=where,
                remedy="rename the key",
            )
        return {str.__str__(key): encode(item, f"{where}.{key}") for key, item in value.items()}
    pairs = [[encode(key, f"{where} key"), encode(item, f"{where}.{key}")] for key, item in value.items()]
    return {ITEMS: sorted(pairs, key=lambda pair: text(pair[0]))}


def text(encoded: Any) -> str:
    """Return the one JSON text of an encoded value: sorted keys, no spaces, ASCII only."""
    return json.dumps(encoded, sort_keys=True, separators=(",", ":"), allow_nan=False)


def loads(content: str) -> Any:
    """Return the value of a canonical text, with lists for tuples and texts for dates.

    Raises:
        ValueError: it is no JSON, or a tag holds what it cannot hold.
    """
    try:
        return json.loads(content, object_hook=_untag)
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a canonical text: {error}") from error


def _untag(found: dict[str, Any]) -> Any:
    if FLOAT in found:
        return _NOT_FINITE[found[FLOAT]]
    if ITEMS in found:
        return dict(found[ITEMS])
    return found


class Stored(Mapping[str, Any]):
    """A mapping that is parsed from its canonical text when it is first looked into.

    A list of a thousand versions is mostly metrics that nobody looks at.

    Args:
        content: the canonical text of a mapping.
        *where: how an error names it, in words that are put together only then.
    """

    __slots__ = ("_content", "_value", "_where")

    def __init__(self, content: str, *where: str) -> None:
        self._content = content
        self._where = where
        self._value: dict[str, Any] | None = None

    def _parsed(self) -> dict[str, Any]:
        if self._value is None:
            try:
                self._value = dict(loads(self._content))
            except (TypeError, ValueError) as error:
                raise RegistryError(
                    "what the database holds is damaged",
                    where=" ".join(self._where),
                    remedy="run `zoo verify`",
                ) from error
        return self._value

    def __getitem__(self, key: str) -> Any:
        return self._parsed()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parsed())

    def __len__(self) -> int:
        return len(self._parsed())

    def __repr__(self) -> str:
        return repr(self._parsed())


def digest(encoded: Any) -> str:
    """Return the SHA-256 of the canonical text, as 64 hexadecimal digits."""
    return hashlib.sha256(text(encoded).encode("ascii")).hexdigest()


def presentable(value: Any) -> Any:
    """Return a stored value for people and for `format=json`: keys as text, and no tags.

    A float that is not finite becomes the text `NaN`, `Infinity` or `-Infinity`, which is how Protocol
    Buffers' JSON mapping writes it; Python's `float()` reads all three back.
    """
    if isinstance(value, Mapping):
        return {str(key): presentable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [presentable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return _float(value)[FLOAT]
    return value


__all__ = ["Stored", "digest", "encode", "loads", "presentable", "text"]
