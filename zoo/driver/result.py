"""What came of one spec: the entry of `results` in the document that `apply` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from zoo.driver.task import RESULT_FILE


class Outcome(StrEnum):
    """How a spec ended. `bad_config`: refused when it was read; `failed`: anything later."""

    ok = "ok"
    partial = "partial"
    failed = "failed"
    skipped = "skipped"
    crashed = "crashed"
    bad_config = "bad_config"
    interrupted = "interrupted"


@dataclass(frozen=True, slots=True)
class Promoted:
    """A permutation that is registered; `created` is False where the same content was there before."""

    version_id: str
    permutation_id: int | None
    experiment: str
    stage: str
    created: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A permutation (or, where `permutation_id` is None, the whole spec) that failed."""

    permutation_id: int | None
    error: str
    message: str


@dataclass(frozen=True, slots=True)
class SpecResult:
    """What came of one spec.

    Attributes:
        spec: its name.
        status: how it ended.
        versions: what is registered for it now.
        failures: what failed.
        duration_s: seconds, as its parent saw them.
        notices: facts that are no failures.
        directory: where its task, its log and this result are; empty where nothing was started. The last
            part is the job's name: the spec's, numbered where a sweep runs it more than once.
    """

    spec: str
    status: Outcome
    versions: Sequence[Promoted] = ()
    failures: Sequence[Failure] = ()
    duration_s: float = 0.0
    notices: Sequence[str] = ()
    directory: str = ""

    @classmethod
    def refused(cls, spec: str, status: Outcome, error: Exception) -> SpecResult:
        """A spec that failed as a whole."""
        return cls(spec, status, failures=(Failure(None, type(error).__name__, str(error)),))

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SpecResult:
        """Rebuild what `as_dict` gave."""
        return cls(
            **{
                **values,
                "status": Outcome(values["status"]),
                "versions": tuple(Promoted(**v) for v in values["versions"]),
                "failures": tuple(Failure(**f) for f in values["failures"]),
                "notices": tuple(values["notices"]),
            }
        )

    def write(self, directory: Path) -> None:
        """Write `result.json` whole or not at all.

        Raises:
            OSError: it cannot be written; nothing of it is left.
        """
        temporary = directory / f".{RESULT_FILE}.tmp"
        try:
            temporary.write_text(json.dumps(self.as_dict(), indent=2), encoding="utf-8")
            temporary.replace(directory / RESULT_FILE)
        finally:
            temporary.unlink(missing_ok=True)

    @classmethod
    def read(cls, directory: Path) -> SpecResult | None:
        """Read `result.json`; None where the child died before it wrote one."""
        try:
            return cls.from_dict(json.loads((directory / RESULT_FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None


__all__ = ["Failure", "Outcome", "Promoted", "SpecResult"]
