"""One JSON text for one value: what is hashed, and what is stored.

The text is strict JSON (RFC 8259). What JSON cannot say is tagged, so that two different values never
share a text and `decode(encode(value))` is the value again, with tuples as lists:

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
from collections.abc import Mapping
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


def decode(value: Any) -> Any:
    """Return the value that `encode` was given, with lists for tuples and texts for dates."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if FLOAT in value:
        return _NOT_FINITE[value[FLOAT]]
    if ITEMS in value:
        return {decode(key): decode(item) for key, item in value[ITEMS]}
    return {key: decode(item) for key, item in value.items()}


def text(encoded: Any) -> str:
    """Return the one JSON text of an encoded value: sorted keys, no spaces, ASCII only."""
    return json.dumps(encoded, sort_keys=True, separators=(",", ":"), allow_nan=False)


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


__all__ = ["decode", "digest", "encode", "presentable", "text"]
