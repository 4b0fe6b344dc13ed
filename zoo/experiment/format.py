"""The format of an experiment directory: file names, and how each value is written and read back.

Bump `FORMAT_VERSION` when a reader of the version before would misread a directory, and teach
`directory.read_metadata` what to do with the older one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from zoo.errors import ExperimentCorrupt

FORMAT_VERSION: Final = 1
METADATA: Final = "metadata.json"
ROUNDS: Final = "round_data.jsonl"
RESULTS: Final = "results.csv"
CHECKPOINT: Final = "checkpoint.json"
AUDIT: Final = "audit.jsonl"

#: every file of the format
FILES: Final = (METADATA, ROUNDS, RESULTS, CHECKPOINT, AUDIT)

#: what a writer that was killed may leave beside them
LEFTOVERS: Final = tuple(f".{name}.tmp" for name in FILES)

REMAKE: Final = "restore the directory from a copy, or make it again with overwrite=true"

#: series of a round in round_data.jsonl, besides its predictions
SERIES: Final = ("held_out", "quality")

ID: Final = "id"
EXECUTION_TIME: Final = "execution_time"
#: columns of results.csv that a second run does not reproduce
VOLATILE: Final = (EXECUTION_TIME,)


def dumps(value: object) -> str:
    """Write strict JSON on one line; NaN and infinities are refused."""
    return json.dumps(value, allow_nan=False, separators=(", ", ": "))


def loads(text: str, where: str) -> Any:
    """Read strict JSON.

    Raises:
        ExperimentCorrupt: not JSON, NaN or infinite numbers, or a key twice in one object.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) != len(keys):
            raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} stands twice")
        return dict(pairs)

    def refuse(token: str) -> Any:
        raise ValueError(f"{token} is no JSON number")

    def number(token: str) -> float:
        value = float(token)
        return value if math.isfinite(value) else refuse(token)

    try:
        return json.loads(text, parse_constant=refuse, parse_float=number, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise ExperimentCorrupt(f"is not JSON: {error}", where=where, remedy=REMAKE) from error


def read_text(path: Path) -> str:
    """Read a file of the directory as UTF-8.

    Raises:
        ExperimentCorrupt: missing, empty, unreadable or not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8")  # line ends as they are: they belong to what was written
    except FileNotFoundError as error:
        raise ExperimentCorrupt("is missing", where=path, remedy=REMAKE) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ExperimentCorrupt(f"cannot be read: {error}", where=path, remedy=REMAKE) from error
    if not text.strip():
        raise ExperimentCorrupt("is empty", where=path, remedy=REMAKE)
    return text


def read_whole_lines(path: Path) -> str:
    """Read the lines that have their ends; a last one without it was torn by its writer's death.

    Raises:
        ExperimentCorrupt: unreadable or not UTF-8; a missing file is an empty one.
    """
    try:
        content = path.read_bytes()
        return content[: content.rfind(b"\n") + 1].decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ExperimentCorrupt(f"cannot be read: {error}", where=path, remedy=REMAKE) from error


def write_cell(value: object) -> str:
    """Write one cell of results.csv at full precision: NaN as `nan`, None empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(float(value)) if isinstance(value, float) else str(value)


def kind_of(values: list[Any]) -> str:
    """Return the column type that holds all of `values`: `int`, `float`, `bool` or `str`."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool}:
        return "bool"
    if kinds <= {int}:
        return "int"
    return "float" if kinds <= {int, float} else "str"


def wider(kind: str, value: Any) -> str:
    """Return the column type that holds what a column of type `kind` holds, and `value` as well."""
    if value is None or kind == kind_of([value]) or (kind == "float" and kind_of([value]) == "int"):
        return kind
    return "float" if {kind, kind_of([value])} <= {"int", "float"} else "str"


#: what metadata.json declares of how rounds are made; every round carries its digest
DECLARED: Final = (
    "format_version",
    "manifest",
    "sfd_module",
    "params",
    "settings",
    "seed",
    "fingerprints",
    "libraries",
    "zoo_version",
)
#: what is declared only where it is not as usual, and is part of the digest only then
_TOLERANCES: Final = "tolerances"
_VOLATILE: Final = "volatile"


def declared_digest(metadata: Mapping[str, Any]) -> str:
    """Return the sha256 of what metadata.json declares.

    It guards against an edit of one file that another does not know of, not against somebody who edits both.
    """
    declared = {key: metadata.get(key) for key in DECLARED}
    if metadata.get(_TOLERANCES):
        declared[_TOLERANCES] = metadata[_TOLERANCES]
    if metadata.get(_VOLATILE) != list(VOLATILE):
        declared[_VOLATILE] = metadata.get(_VOLATILE)
    return _digest(declared)


def row_digest(metrics: Mapping[str, Any]) -> str:
    """Return the sha256 of a round's metrics; 1 and 1.0 are one number here, as in a column of floats."""

    def spelt(value: Any) -> str:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return repr(float(value)) if number else write_cell(value)

    return _digest({name: spelt(value) for name, value in metrics.items()})


def series_digest(found: Mapping[str, Any]) -> str:
    """Return the sha256 of the series of a round: what it would have earned, and how well it ranked."""
    return _digest({name: found.get(name) for name in SERIES})


def _digest(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def pretty(value: Mapping[str, Any]) -> str:
    """Write strict JSON that a person can read."""
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def now() -> str:
    """Return the time, UTC, in ISO format."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def read_cell(text: str, kind: str, where: str) -> Any:
    """Read one cell of results.csv by its column's declared type.

    Raises:
        ExperimentCorrupt: the text is no value of that type.
    """
    if text == "":
        return None
    try:
        return _READERS[kind](text)
    except (KeyError, ValueError) as error:
        raise ExperimentCorrupt(
            f"{text!r} is no {kind}", where=where, expected=f"a value of type {kind}", remedy=REMAKE
        ) from error


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "int": lambda text: int(text, 10),
    "float": float,
    "bool": lambda text: {"true": True, "false": False}[text],
    "str": str,
}


__all__ = [
    "AUDIT",
    "CHECKPOINT",
    "DECLARED",
    "EXECUTION_TIME",
    "FILES",
    "FORMAT_VERSION",
    "ID",
    "LEFTOVERS",
    "METADATA",
    "REMAKE",
    "RESULTS",
    "ROUNDS",
    "SERIES",
    "VOLATILE",
    "declared_digest",
    "dumps",
    "kind_of",
    "loads",
    "now",
    "pretty",
    "read_cell",
    "read_text",
    "read_whole_lines",
    "row_digest",
    "series_digest",
    "wider",
    "write_cell",
]
