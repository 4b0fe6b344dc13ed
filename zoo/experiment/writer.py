"""The only writer of an experiment directory: rounds as they finish, the whole directory in one step."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from zoo.errors import ExperimentError, ExperimentExists
from zoo.experiment.format import (
    AUDIT,
    CHECKPOINT,
    EXECUTION_TIME,
    ID,
    METADATA,
    RESULTS,
    ROUNDS,
    VOLATILE,
    dumps,
    kind_of,
    write_cell,
)
from zoo.experiment.replace import publish, writing


class ExperimentWriter:
    """Collects rounds in a staging directory; `finish` puts it in place."""

    def __init__(self, staging: Path, path: Path, total: int) -> None:
        self.staging = staging
        self.path = path
        self._total = total
        self._rows: list[dict[str, Any]] = []
        self._failed: list[int] = []
        self._params: list[str] = []

    @classmethod
    @contextmanager
    def open(cls, path: Path, total: int, *, overwrite: bool) -> Iterator[Self]:
        """Begin to write an experiment of `total` permutations.

        Raises:
            ExperimentExists: there is one already, and it was not asked to be replaced.
            ExperimentBusy: another process writes it.
        """
        with writing(path) as staging:
            if (path / METADATA).exists() and not overwrite:
                raise ExperimentExists("exists already", where=path, remedy="replace it with overwrite=true")
            yield cls(staging, path, total)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Say what the disk refused, and that the directory is as it was."""
        try:
            yield
        except OSError as error:
            raise ExperimentError(
                f"cannot be written: {error.strerror or error}",
                where=self.path,
                remedy="free space or choose another place; what was there before is untouched",
            ) from error

    def add(
        self,
        number: int,
        params: Mapping[str, Any],
        metrics: Mapping[str, Any],
        seconds: float,
        line: Mapping[str, Any],
    ) -> None:
        """Log one finished permutation."""
        self._params = list(params)
        self._append(ROUNDS, dumps({"round_id": number, "round_params": dict(params), **line}))
        self._rows.append({ID: number, **metrics, EXECUTION_TIME: seconds, **params})
        self._checkpoint()

    def fail(self, number: int, params: Mapping[str, Any], error: BaseException) -> None:
        """Log a permutation that raised."""
        self._failed.append(number)
        self.audit(
            "failed", round_id=number, round_params=dict(params), error=f"{type(error).__name__}: {error}"
        )
        self._checkpoint()

    def audit(self, event: str, **facts: Any) -> None:
        """Append a line to audit.jsonl."""
        self._append(AUDIT, dumps({"at": now(), "event": event, **facts}))

    def finish(self, metadata: Mapping[str, Any]) -> None:
        """Write results and metadata, and replace the directory.

        Raises:
            ExperimentError: nothing finished, or the disk refused.
        """
        if not self._rows:
            raise ExperimentError("no permutation finished, so nothing was written", where=self.path)
        columns = list(dict.fromkeys(name for row in self._rows for name in row))
        columns = [name for name in columns if name not in self._params] + self._params
        kinds = {name: kind_of([row.get(name) for row in self._rows]) for name in columns}
        self.audit("finished", rounds=len(self._rows), failed=self._failed)
        counts = {"rounds": len(self._rows), "failed": self._failed}
        described = {**metadata, **counts, "columns": kinds, "volatile": list(VOLATILE)}
        with self._disk():
            (self.staging / RESULTS).write_text(self._table(columns), encoding="utf-8")
            (self.staging / METADATA).write_text(pretty(described), encoding="utf-8")
            self._keep_modules()
            publish(self.staging, self.path)

    def _table(self, columns: list[str]) -> str:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        for row in sorted(self._rows, key=lambda row: row[ID]):
            writer.writerow([write_cell(row.get(name)) for name in columns])
        return out.getvalue()

    def _keep_modules(self) -> None:
        """A decoder of the user's own, put into the directory beforehand, stays there."""
        for module in self.path.glob("*.py"):
            shutil.copy2(module, self.staging / module.name)

    def _append(self, name: str, line: str) -> None:
        with self._disk(), (self.staging / name).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def _checkpoint(self) -> None:
        state = {"completed": [row[ID] for row in self._rows], "failed": self._failed, "total": self._total}
        temporary = self.staging / f".{CHECKPOINT}.tmp"
        with self._disk():
            temporary.write_text(dumps(state), encoding="utf-8")
            temporary.replace(self.staging / CHECKPOINT)


def pretty(value: Mapping[str, Any]) -> str:
    """Write strict JSON that a person can read."""
    import json

    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def now() -> str:
    """Return the time, UTC, in ISO format."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


__all__ = ["ExperimentWriter", "now", "pretty"]
