"""Results that take long, kept beside the records until something that they follow from changes.

They are no evidence: whatever is missing, torn or of other inputs is computed again from the records.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FOLDER: Final = ".standings"
_FORMAT: Final = 3

Arrays = Mapping[str, NDArray[Any]]


def key_of(*told: object) -> str:
    """Return the digest of what a result follows from, as plain values."""
    return hashlib.sha256(json.dumps([_FORMAT, *told], sort_keys=True).encode()).hexdigest()


def recalled(root: Path | None, name: str, key: str) -> Arrays | None:
    """Return what is kept under a name and a key; None where it is another's, torn, or not there.

    Args:
        root: the directory of a line's records; None keeps nothing.
        name: of the result.
        key: digest of what it follows from.
    """
    if root is None:
        return None
    try:
        content = (root / FOLDER / f"{name}.bin").read_bytes()
        head, _, packed = content.partition(b"\n")
        if head.decode() != f"{key} {hashlib.sha256(packed).hexdigest()}":
            return None
        return _unpacked(packed)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(root: Path | None, name: str, key: str, arrays: Arrays) -> None:
    """Keep a result; where it cannot be written it is computed again the next time."""
    if root is None:
        return
    packed = _packed(arrays)
    place = root / FOLDER / f"{name}.bin"
    with suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        staging = place.with_name(f".{secrets.token_hex(8)}")
        staging.write_bytes(f"{key} {hashlib.sha256(packed).hexdigest()}\n".encode() + packed)
        staging.replace(place)


def _packed(arrays: Arrays) -> bytes:
    """Return a line of JSON that says what follows, and the arrays' bytes: a tenth of an archive's time."""
    told = {name: [found.dtype.str, list(found.shape)] for name, found in arrays.items()}
    pieces = [np.ascontiguousarray(found).tobytes() for found in arrays.values()]
    return b"".join([json.dumps(told).encode(), b"\n", *pieces])


def _unpacked(packed: bytes) -> Arrays:
    head, _, _ = packed.partition(b"\n")
    found: dict[str, NDArray[Any]] = {}
    offset = len(head) + 1
    for name, (kind, shape) in json.loads(head).items():
        dtype, count = np.dtype(kind), math.prod(shape)
        if dtype.hasobject:
            raise ValueError(f"{name} holds objects")
        found[name] = np.frombuffer(packed, dtype, count, offset).reshape(shape)
        offset += count * dtype.itemsize
    return found


__all__ = ["FOLDER", "Arrays", "keep", "key_of", "recalled"]
