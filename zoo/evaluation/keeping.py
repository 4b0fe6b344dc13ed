"""Results that take long, kept beside the records until something that they follow from changes.

They are no evidence: whatever is missing, torn or of other inputs is computed again from the records.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FOLDER: Final = ".standings"
_FORMAT: Final = 2

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
        content = (root / FOLDER / f"{name}.npz").read_bytes()
        head, _, packed = content.partition(b"\n")
        if head.decode() != f"{key} {hashlib.sha256(packed).hexdigest()}":
            return None
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            return {one: arrays[one] for one in arrays.files}
    except (OSError, ValueError, KeyError):
        return None


def keep(root: Path | None, name: str, key: str, arrays: Arrays) -> None:
    """Keep a result; where it cannot be written it is computed again the next time."""
    if root is None:
        return
    buffer = io.BytesIO()
    np.savez(buffer, **dict(arrays))  # type: ignore[arg-type]  # no name is a keyword of it
    packed = buffer.getvalue()
    place = root / FOLDER / f"{name}.npz"
    with suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        staging = place.with_name(f".{secrets.token_hex(8)}")
        staging.write_bytes(f"{key} {hashlib.sha256(packed).hexdigest()}\n".encode() + packed)
        staging.replace(place)


__all__ = ["FOLDER", "Arrays", "keep", "key_of", "recalled"]
