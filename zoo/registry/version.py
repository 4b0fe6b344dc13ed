"""What is registered: a candidate on its way in, a version once it is there."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from zoo.errors import RegistryError
from zoo.registry import canonical

if TYPE_CHECKING:
    import pandas as pd

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
VERSION_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}-[0-9]{8}-[0-9a-f]{8}")
CHALLENGER = "challenger"
CHAMPION = "champion"
RETIRED = "retired"
ARCHIVED = "archived"
STAGES = (CHALLENGER, CHAMPION, RETIRED, ARCHIVED)
NO_TIME_AXIS = "00000000"
#: kept where a version is no single permutation but a cohort, whose lineage lists its members
NO_PERMUTATION = -1

Metrics = Mapping[str, Mapping[str, float | int | str | None]]


def check_name(kind: str, name: object) -> None:
    """Refuse a name that could not be a directory.

    Raises:
        RegistryError: naming the offender.
    """
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise RegistryError(
            f"{kind} {name!r} cannot be a directory's name",
            expected="1 to 64 letters, digits, '_' or '-', not beginning with '-'",
            remedy=f"rename the {kind}",
        )


def check_text(kind: str, value: object) -> None:
    """Refuse what is no text, or holds what no database's text may hold.

    Raises:
        RegistryError: naming the offender.
    """
    try:
        encoded = str.encode(value)  # type: ignore[arg-type]
    except (TypeError, UnicodeEncodeError) as error:
        raise RegistryError(f"{kind} {value!r} is no text", expected="text that UTF-8 can hold") from error
    if b"\0" in encoded:
        raise RegistryError(f"{kind} {value!r} has a NUL in it", expected="text that a database can hold")


@dataclass(frozen=True)
class Candidate:
    """A trained permutation, ready to be registered.

    Attributes:
        line: the line whose champion it challenges.
        label: the first part of its version id.
        spec: the name of the spec that asked for it.
        experiment: the name of the experiment directory.
        permutation_id: the permutation's id there; `NO_PERMUTATION` for a cohort.
        train_end: the last bar that any training label uses; None without a time axis.
        inputs: whatever decides what is trained; it is fingerprinted together with line and label.
        overrides: the spec's overrides.
        metrics: by kind (`logged`, `reproduced`, `variant`, `refit`), then by name; NaN survives.
        lineage: where it came from, for people and for later checks; not fingerprinted.
        config: the composed configuration, as YAML text.
        sensor: the skops file's bytes.
        predictions: a frame with `part` (`test`: the variant's; `refit`: the refit's), the key columns
            `date` and `asset`, or `row`, and `prediction`.

    Raises:
        RegistryError: for a name that cannot be a directory, a permutation id that is no id, or a value
            that JSON cannot hold.
    """

    line: str
    label: str
    spec: str
    experiment: str
    permutation_id: int
    train_end: datetime.date | None
    inputs: Mapping[str, Any]
    overrides: Mapping[str, Any]
    metrics: Metrics
    lineage: Mapping[str, Any]
    config: str
    sensor: bytes
    predictions: pd.DataFrame

    def __post_init__(self) -> None:
        for kind in ("line", "label", "spec"):
            check_name(kind, getattr(self, kind))
        if isinstance(self.permutation_id, bool) or not isinstance(self.permutation_id, int):
            raise RegistryError(f"permutation {self.permutation_id!r} is no id", expected="an integer")
        for kind in ("experiment", "config"):
            check_text(kind, getattr(self, kind))
        if not isinstance(self.sensor, bytes):
            raise RegistryError(f"the sensor is {type(self.sensor).__name__}", expected="bytes")
        if isinstance(self.train_end, datetime.datetime):  # pandas' Timestamp is one
            object.__setattr__(self, "train_end", self.train_end.date())

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the canonical JSON of line, label and inputs, as 64 hexadecimal digits."""
        return fingerprint(self.line, self.label, canonical.encode(self.inputs, "inputs"))

    @property
    def version_id(self) -> str:
        """`{label}-{YYYYMMDD of train_end}-{first 8 of the fingerprint}`."""
        day = NO_TIME_AXIS if self.train_end is None else self.train_end.isoformat().replace("-", "")
        return f"{self.label}-{day}-{self.fingerprint[:8]}"


def fingerprint(line: str, label: str, encoded_inputs: Any) -> str:
    """Return the fingerprint of inputs that `canonical.encode` has been through."""
    return canonical.digest({"inputs": encoded_inputs, "label": label, "line": line})


@dataclass(frozen=True)
class Version:
    """One immutable entry of the registry; only its stage ever changes, by an event.

    Attributes:
        version_id: `{label}-{YYYYMMDD of train_end}-{first 8 of the fingerprint}`.
        line: the line whose champion it challenges.
        label: the first part of the id.
        spec: the spec that asked for it first.
        experiment: the name of the experiment directory.
        permutation_id: the permutation's id there; None for a cohort, whose lineage lists its `members`.
        stage: `challenger`, `champion`, `retired` or `archived`.
        fingerprint: SHA-256 of what went in.
        train_end: the last bar that any training label uses; None without a time axis.
        created_at: UTC, ISO 8601 with microseconds.
        overrides: the spec's overrides.
        metrics: by kind, then by name.
        lineage: where it came from.
        digest: SHA-256 of `version.json`, which holds the SHA-256 of the other files.
        zoo_version: the zoo that registered it.
        deleted_at: when `gc` deleted its files; its row and its events stay. None while it can be loaded.
    """

    version_id: str
    line: str
    label: str
    spec: str
    experiment: str
    permutation_id: int | None
    stage: str
    fingerprint: str
    train_end: datetime.date | None
    created_at: str
    overrides: Mapping[str, Any]
    metrics: Metrics
    lineage: Mapping[str, Any]
    digest: str
    zoo_version: str
    deleted_at: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return strict JSON types; a number that is not finite is text: `NaN`, `Infinity`, `-Infinity`."""
        return {
            "version_id": self.version_id,
            "line": self.line,
            "label": self.label,
            "spec": self.spec,
            "experiment": self.experiment,
            "permutation_id": self.permutation_id,
            "stage": self.stage,
            "fingerprint": self.fingerprint,
            "train_end": None if self.train_end is None else self.train_end.isoformat(),
            "created_at": self.created_at,
            "overrides": canonical.presentable(self.overrides),
            "metrics": canonical.presentable(self.metrics),
            "lineage": canonical.presentable(self.lineage),
            "digest": self.digest,
            "zoo_version": self.zoo_version,
            "deleted_at": self.deleted_at,
        }


@dataclass(frozen=True)
class Registered:
    """What registering came to.

    Attributes:
        version: the version that the registry now holds for this content.
        created: False where it held it before; nothing was changed then.
        notices: sentences for the user, such as a refit that came out differently this time.
    """

    version: Version
    created: bool
    notices: tuple[str, ...]


__all__ = [
    "ARCHIVED",
    "CHALLENGER",
    "CHAMPION",
    "NAME",
    "NO_PERMUTATION",
    "RETIRED",
    "STAGES",
    "VERSION_ID",
    "Candidate",
    "Metrics",
    "Registered",
    "Version",
    "check_name",
    "check_text",
    "fingerprint",
]
