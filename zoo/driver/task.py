"""What one child process is told, as plain values: nothing of Hydra, so that a notebook can say it too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zoo.controls import Controls
from zoo.line import Line
from zoo.settings import ALLOWED, DEFAULTS
from zoo.spec import Spec
from zoo.terms import Terms
from zoo.trust import Trust

TASK_FILE = "task.json"
RESULT_FILE = "result.json"


@dataclass(frozen=True)
class Task:
    """One spec to apply.

    Attributes:
        spec: what to promote.
        line: the line that it challenges.
        registry_url: URL of the store, such as `sqlite:///outputs/registry/registry.db`.
        artifacts: where version directories lie.
        run_id: the run that this belongs to.
        settings: the settings of a pipeline that no experiment recorded.
        allowed: the settings that a spec may override.
        trust: what may be imported.
        terms: on what terms permutations are promoted.
        n_jobs: processes over the permutations.
        controls: the control twins that every permutation must pass; None for none.
    """

    spec: Spec
    line: Line
    registry_url: str
    artifacts: Path
    run_id: str
    settings: Mapping[str, Any] = field(default_factory=lambda: dict(DEFAULTS))
    allowed: frozenset[str] = ALLOWED
    trust: Trust = field(default_factory=Trust)
    terms: Terms = field(default_factory=Terms)
    n_jobs: int = 1
    controls: Controls | None = None

    def write(self, directory: Path) -> Path:
        """Write `task.json` into `directory` and return its path; a URL may hold a password, so only for us.

        Raises:
            OSError: it cannot be written; nothing of it is left.
        """
        values = {
            **asdict(self),
            "spec": self.spec.as_dict(),
            "line": self.line.as_dict(),
            "artifacts": str(self.artifacts),
            "allowed": sorted(self.allowed),
            "trust": {**asdict(self.trust), "hashes": sorted(self.trust.hashes)},
            "terms": self.terms.as_dict(),
        }
        path = directory / TASK_FILE
        try:
            path.touch(mode=0o600)
            path.write_text(json.dumps(values, indent=2), encoding="utf-8")
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path

    @classmethod
    def read(cls, path: Path) -> Task:
        """Read what `write` wrote."""
        values = json.loads(path.read_text(encoding="utf-8"))
        trust = values["trust"]
        return cls(
            **{
                **values,
                "spec": Spec.from_dict(values["spec"]),
                "line": Line(**{**values["line"], "locked": tuple(values["line"]["locked"])}),
                "artifacts": Path(values["artifacts"]),
                "allowed": frozenset(values["allowed"]),
                "trust": Trust(tuple(trust["prefixes"]), trust["local"], frozenset(trust["hashes"])),
                "terms": Terms.of(values["terms"]),
                "controls": None if values["controls"] is None else Controls.of(values["controls"]),
            }
        )


__all__ = ["RESULT_FILE", "TASK_FILE", "Task"]
