"""`version.json`: the document that describes a version wholly, so that a database can be made again from it.

Bump `FORMAT` when a field changes its meaning, and teach `parse` to read the older form.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import zoo
from zoo.errors import RegistryError
from zoo.registry import canonical
from zoo.registry.version import NO_PERMUTATION, Candidate, Version, fingerprint

FORMAT = 1
_TEXTS = ("version_id", "line", "label", "spec", "experiment", "fingerprint", "created_at", "zoo_version")
_MAPPINGS = ("overrides", "metrics", "lineage")
_FIELDS = (*_TEXTS, *_MAPPINGS, "permutation_id", "train_end", "inputs", "files")


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def write(candidate: Candidate, files: Mapping[str, bytes], created_at: str) -> bytes:
    """Return the bytes of the document for a candidate and the files beside it."""
    document = {
        "format": FORMAT,
        "version_id": candidate.version_id,
        "line": candidate.line,
        "label": candidate.label,
        "spec": candidate.spec,
        "experiment": candidate.experiment,
        "permutation_id": candidate.permutation_id,
        "train_end": None if candidate.train_end is None else candidate.train_end.isoformat(),
        "fingerprint": candidate.fingerprint,
        "created_at": created_at,
        "zoo_version": zoo.__version__,
        "inputs": canonical.encode(candidate.inputs, "inputs"),
        "overrides": canonical.encode(candidate.overrides, "overrides"),
        "metrics": canonical.encode(candidate.metrics, "metrics"),
        "lineage": canonical.encode(candidate.lineage, "lineage"),
        "files": {
            name: {"sha256": sha256(content), "bytes": len(content)} for name, content in files.items()
        },
    }
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False).encode("ascii") + b"\n"


def parse(content: bytes) -> dict[str, Any]:
    """Return the document in `content`.

    Raises:
        ValueError: it is no document of this format, or contradicts itself.
    """
    try:
        document = json.loads(content)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError("not a version document of this zoo")
    if wrong := [name for name in _FIELDS if not _plausible(name, document.get(name))]:
        raise ValueError(f"{', '.join(wrong)} missing or of the wrong type")
    if fingerprint(document["line"], document["label"], document["inputs"]) != document["fingerprint"]:
        raise ValueError("the fingerprint is not that of the inputs")
    return document


def _plausible(name: str, value: Any) -> bool:
    """Say whether a field could have been written by `write`."""
    if name == "permutation_id":
        return type(value) is int
    if name == "train_end":
        return value is None or datetime.date.fromisoformat(str(value)).isoformat() == value
    if name == "files":
        return isinstance(value, dict) and all(map(_is_record, value.values()))
    if name in _MAPPINGS:
        return isinstance(value, dict) and isinstance(canonical.loads(canonical.text(value)), dict)
    return isinstance(value, str) or name == "inputs"


def _is_record(value: Any) -> bool:
    types = {name: type(item) for name, item in value.items()} if isinstance(value, dict) else {}
    return types == {"bytes": int, "sha256": str}


def row(document: Mapping[str, Any], *, stage: str, digest: str) -> dict[str, Any]:
    """Return the row of the table `versions` that a document describes."""
    return {
        **{name: document[name] for name in (*_TEXTS, "permutation_id", "train_end")},
        **{name: canonical.text(document[name]) for name in _MAPPINGS},
        "stage": stage,
        "digest": digest,
    }


def from_row(row: Mapping[Any, Any]) -> Version:
    """Return the version that a row of `queries.listing` describes; its mappings are parsed when read.

    Raises:
        RegistryError: the row was damaged.
    """
    where = row["version_id"]
    try:
        train_end = None if row["train_end"] is None else datetime.date.fromisoformat(row["train_end"])
    except (TypeError, ValueError) as error:
        raise RegistryError("its row is damaged", where=where, remedy="run `zoo verify`") from error
    return Version(
        version_id=where,
        line=row["line"],
        label=row["label"],
        spec=row["spec"],
        experiment=row["experiment"],
        permutation_id=None if row["permutation_id"] == NO_PERMUTATION else row["permutation_id"],
        stage=row["stage"],
        fingerprint=row["fingerprint"],
        train_end=train_end,
        created_at=row["created_at"],
        overrides=canonical.Stored(row["overrides"], "overrides of", where),
        metrics=canonical.Stored(row["metrics"], "metrics of", where),
        lineage=canonical.Stored(row["lineage"], "lineage of", where),
        digest=row["digest"],
        zoo_version=row["zoo_version"],
        deleted_at=row.get("deleted_at"),
    )


__all__ = ["from_row", "parse", "row", "sha256", "write"]
