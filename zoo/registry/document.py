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
from zoo.registry.version import Candidate, Version, fingerprint

FORMAT = 1
_TEXTS = ("version_id", "line", "label", "spec", "experiment", "fingerprint", "created_at", "zoo_version")
_MAPPINGS = ("overrides", "metrics", "lineage")


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
    document = json.loads(content)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError("not a version document of this zoo")
    wrong = [name for name in _TEXTS if not isinstance(document.get(name), str)]
    wrong += [name for name in (*_MAPPINGS, "files") if not isinstance(document.get(name), dict)]
    if not isinstance(document.get("permutation_id"), int) or "inputs" not in document:
        wrong.append("permutation_id or inputs")
    if wrong:
        raise ValueError(f"{', '.join(wrong)} missing or of the wrong type")
    if fingerprint(document["line"], document["label"], document["inputs"]) != document["fingerprint"]:
        raise ValueError("the fingerprint is not that of the inputs")
    return document


def version(document: Mapping[str, Any], *, stage: str, digest: str) -> Version:
    """Return the version that a document describes; `digest` is that of its bytes."""
    train_end = document["train_end"]
    return Version(
        **{name: document[name] for name in _TEXTS},
        **{name: canonical.decode(document[name]) for name in _MAPPINGS},
        permutation_id=document["permutation_id"],
        train_end=None if train_end is None else datetime.date.fromisoformat(train_end),
        stage=stage,
        digest=digest,
    )


def row(document: Mapping[str, Any], *, stage: str, digest: str) -> dict[str, Any]:
    """Return the row of the table `versions` that a document describes."""
    return {
        **{name: document[name] for name in (*_TEXTS, "permutation_id", "train_end")},
        **{name: canonical.text(document[name]) for name in _MAPPINGS},
        "stage": stage,
        "digest": digest,
    }


def from_row(row: Mapping[str, Any]) -> Version:
    """Return the version that a row of the table `versions` describes.

    Raises:
        RegistryError: the row was damaged.
    """
    try:
        document = {**row, **{name: json.loads(row[name]) for name in _MAPPINGS}}
        return version(document, stage=row["stage"], digest=row["digest"])
    except ValueError as error:
        raise RegistryError(
            "its row is damaged", where=row["version_id"], remedy="run `zoo verify`"
        ) from error


__all__ = ["from_row", "parse", "row", "sha256", "version", "write"]
