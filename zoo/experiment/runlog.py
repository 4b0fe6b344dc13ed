"""What a run has finished, on disk after every round: the only writer of an experiment directory.

Rounds are appended as they finish, in whatever order; `finish` sorts them by id. What a killed writer leaves
is read back by `resume`: a torn last line is dropped, and so is a round that only one of the two files has.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zoo.errors import ExperimentCorrupt, ExperimentError
from zoo.experiment.format import (
    AUDIT,
    CHECKPOINT,
    EXECUTION_TIME,
    ID,
    LEFTOVERS,
    METADATA,
    REMAKE,
    RESULTS,
    ROUNDS,
    SERIES,
    VOLATILE,
    declared_digest,
    dumps,
    kind_of,
    loads,
    now,
    pretty,
    read_cell,
    row_digest,
    series_digest,
    wider,
    write_cell,
)
from zoo.experiment.integrity import sealed_line, seals
from zoo.experiment.reducers import LogRow
from zoo.experiment.replace import sync

RUNNING = "running"
FINISHED = "finished"
BATCH_END = "feedback"


class RunLog:
    """The rounds of one run, in its working directory.

    Args:
        work: the directory that is written.
        path: where it will lie in the end, for messages.
        metadata: what is known before the first round.
    """

    def __init__(self, work: Path, path: Path, metadata: Mapping[str, Any]) -> None:
        self.work = work
        self.path = path
        self.metadata = dict(metadata)
        self.rows: dict[int, dict[str, Any]] = {}
        self.failed: dict[int, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self._offsets: dict[int, tuple[int, int]] = {}
        self._columns: list[str] = []
        self._kinds: dict[str, str] = {}

    # --- beginning and resuming -------------------------------------------------------------------

    def begin(self, modules: Iterable[Path] = ()) -> None:
        """Start an empty log; a decoder of the user's own is copied beside it."""
        with self._disk():
            self.work.mkdir(parents=True, exist_ok=True)
            for module in modules:
                if module.parent != self.work:
                    shutil.copy2(module, self.work / module.name)
            for name in (ROUNDS, RESULTS, AUDIT):
                (self.work / name).write_bytes(b"")
            self._write_metadata(RUNNING)

    def resume(self) -> None:
        """Read back what was finished, and drop what was torn."""
        for name in LEFTOVERS:
            (self.work / name).unlink(missing_ok=True)
        lines = self._whole_lines(ROUNDS)
        found = {named[0]: (line, named[1]) for line in lines if (named := _named(line)) is not None}
        rows = self._read_rows()
        for number in sorted(set(found) & set(rows)):
            # parameters as JSON gives them: a cell cannot tell a list from its text, nor None from ""
            self.rows[number] = rows[number] | found[number][1]
        self.events = self._read_events()
        for event in self.events:
            if event["event"] == "failed":
                self.failed[event["round_id"]] = event["round_params"]
        with self._disk():
            self._rewrite_rounds([found[number][0] for number in self.rows])
            self._rewrite_results()
            self._rewrite_audit()
            self._write_metadata(RUNNING)

    def _whole_lines(self, name: str) -> list[str]:
        """Return the lines of a file; a last one without its end was torn by the writer's death."""
        try:
            text = (self.work / name).read_bytes().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return text.split("\n")[:-1]

    def _read_rows(self) -> dict[int, dict[str, Any]]:
        lines = self._whole_lines(RESULTS)
        kinds: Mapping[str, str] = self.metadata.get("columns") or {}
        if not lines:
            return {}
        where = f"{self.work / RESULTS}"
        header, rows = next(csv.reader([lines[0]])), {}
        if not set(header) <= set(kinds):
            raise ExperimentCorrupt("has columns of no declared type", where=where, remedy=REMAKE)
        for number, cells in enumerate(csv.reader(lines[1:]), start=2):
            if len(cells) != len(header):
                raise ExperimentCorrupt(
                    "has not as many cells as the header", where=f"{where}:{number}", remedy=REMAKE
                )
            row = {
                name: read_cell(cell, _kind(cell, kinds[name]), f"{where}:{number}, column {name}")
                for name, cell in zip(header, cells, strict=True)
            }
            rows[row[ID]] = row
        return rows

    def _read_events(self) -> list[dict[str, Any]]:
        """Return the audit up to the last batch that was closed; what comes after it is done again."""
        events = [
            loads(line, f"{self.work / AUDIT}:{n}")
            for n, line in enumerate(self._whole_lines(AUDIT), start=1)
        ]
        ends = [place for place, event in enumerate(events) if event.get("event") == BATCH_END]
        return events[: ends[-1] + 1] if ends else []

    def begun(self) -> int:
        """Return how many rounds the closed batches on disk have, failed ones too."""
        return sum(len(event.get("ids") or ()) for event in self._read_events())

    # --- writing ----------------------------------------------------------------------------------

    @property
    def done(self) -> set[int]:
        """The ids that need not be run (again)."""
        return {*self.rows, *self.failed}

    def add(
        self,
        number: int,
        params: Mapping[str, Any],
        metrics: Mapping[str, Any],
        seconds: float,
        line: Mapping[str, Any],
    ) -> None:
        """Log one finished permutation; after this it is not lost."""
        row = {ID: number, **metrics, EXECUTION_TIME: seconds, **params}
        lasting = {name: value for name, value in metrics.items() if name not in self.metadata["volatile"]}
        digests = {"declared": declared_digest(self.metadata), "row": row_digest(lasting)}
        if any(name in line for name in SERIES):
            digests["series"] = series_digest(line)
        named = {"round_id": number, "round_params": dict(params)}
        with self._disk():
            self._append_round(number, sealed_line({**named, **line}, digests))
            self.rows[number] = row
            self._append_row(row)
            self._write_checkpoint(RUNNING)

    def close_batch(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Append a batch's events to the audit in one write; the last of them closes the batch."""
        fresh = [dict(event) for event in events]
        for event in fresh:
            if event["event"] == "failed":
                self.failed[event["round_id"]] = event["round_params"]
        self.events.extend(fresh)
        text = "".join(f"{dumps({'at': now(), **event})}\n" for event in fresh)
        with self._disk(), (self.work / AUDIT).open("a", encoding="utf-8") as file:
            file.write(text)

    def finish(self) -> None:
        """Sort the rounds by id, and say that the run is over.

        Raises:
            ExperimentError: nothing finished, or the disk refused.
        """
        if not self.rows:
            raise ExperimentError("no permutation finished, so nothing was written", where=self.path)
        self.rows = dict(sorted(self.rows.items()))
        with self._disk():
            with (self.work / ROUNDS).open("rb") as file:
                self._rewrite_rounds(self._stored(file, number) for number in self.rows)
            self._columns = []
            self._rewrite_results()
            self._write_metadata(FINISHED)
            self._write_checkpoint(FINISHED)
            sync(self.work)

    def log(self, column: str) -> list[LogRow]:
        """Return the rounds as reducers see them, by id; a failed one has the score NaN."""
        nan = float("nan")
        scored = [
            LogRow(
                n,
                {name: row[name] for name in self._params(row)},
                _score(row.get(column)),
                row[EXECUTION_TIME],
            )
            for n, row in self.rows.items()
        ]
        failed = [LogRow(n, params, nan, 0.0) for n, params in self.failed.items()]
        return sorted([*scored, *failed], key=lambda row: row.number)

    def _params(self, row: Mapping[str, Any]) -> list[str]:
        return [name for name in self.metadata["params"] if name in row]

    def _append_round(self, number: int, line: str) -> None:
        content = f"{line}\n".encode()
        with (self.work / ROUNDS).open("ab") as file:
            self._offsets[number] = (file.tell(), len(content))
            file.write(content)

    def _stored(self, file: io.BufferedReader, number: int) -> str:
        start, length = self._offsets[number]
        file.seek(start)
        return file.read(length).decode("utf-8").rstrip("\n")

    def _rewrite_rounds(self, lines: Iterable[str]) -> None:
        temporary, offset = self.work / f".{ROUNDS}.tmp", 0
        offsets: dict[int, tuple[int, int]] = {}
        with temporary.open("wb") as file:
            for number, line in zip(self.rows, lines, strict=True):
                content = f"{line}\n".encode()
                file.write(content)
                offsets[number] = (offset, len(content))
                offset += len(content)
        temporary.replace(self.work / ROUNDS)
        self._offsets = offsets

    def _append_row(self, row: Mapping[str, Any]) -> None:
        """Append a row; one with columns that the header lacks makes the table anew."""
        if not set(row) <= set(self._columns):
            self._columns = self._named()
            self._write_metadata(RUNNING)  # the types first: rows could not be read without them
            self._rewrite_results()
            return
        widened = {name: wider(self._kinds[name], value) for name, value in row.items()}
        if widened != {name: self._kinds[name] for name in row}:
            self._write_metadata(RUNNING)  # here as well
        with (self.work / RESULTS).open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(
                write_cell(row.get(name)) for name in self._columns
            )

    def _rewrite_results(self) -> None:
        self._columns = self._named()
        out = io.StringIO()
        if self._columns:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(self._columns)
            writer.writerows(
                [write_cell(row.get(name)) for name in self._columns] for row in self.rows.values()
            )
        self._replace(RESULTS, out.getvalue())

    def _named(self) -> list[str]:
        """Return the columns of all rows: metrics in the order of their coming, then parameters."""
        params = list(self.metadata["params"])
        names = dict.fromkeys(name for row in self.rows.values() for name in row)
        return [name for name in names if name not in params] + [n for n in params if n in names]

    def _rewrite_audit(self) -> None:
        self._replace(AUDIT, "".join(f"{dumps(event)}\n" for event in self.events))

    def _write_metadata(self, status: str) -> None:
        rows = list(self.rows.values())
        self.metadata["status"] = status
        self._kinds = {name: kind_of([row.get(name) for row in rows]) for name in self._columns}
        self.metadata["columns"] = dict(self._kinds)
        self.metadata.setdefault("volatile", list(VOLATILE))
        if status == FINISHED:
            self.metadata |= {"rounds": len(rows), "failed": sorted(self.failed)}
        self._replace(METADATA, pretty(self.metadata))

    def _write_checkpoint(self, status: str) -> None:
        """Say how far the run is; of constant size, whatever the number of rounds. The last one seals."""
        state: dict[str, Any] = {"status": status, "rounds": len(self.rows), "failed": len(self.failed)}
        if status == FINISHED:
            state["sha256"] = seals(self.work)
        self._replace(CHECKPOINT, f"{dumps(state)}\n")

    def _replace(self, name: str, text: str) -> None:
        temporary = self.work / f".{name}.tmp"
        try:
            temporary.write_text(text, encoding="utf-8", newline="")
            temporary.replace(self.work / name)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Say what the disk refused, and that what was finished is kept."""
        try:
            yield
        except OSError as error:
            kept = f"its {len(self.rows)} finished rounds are kept" if self.rows else "no round had finished"
            raise ExperimentError(
                f"cannot be written: {error.strerror or error}; {kept}",
                where=self.path,
                remedy=f"free space, then {'go on with resume=true' if self.rows else 'run it again'}",
            ) from error


def _named(line: str) -> tuple[int, dict[str, Any]] | None:
    """Return a round's id and parameters, or None for a line that is no whole round."""
    try:
        found = loads(line, "a round")
    except ExperimentCorrupt:
        return None
    number = found.get("round_id") if isinstance(found, dict) else None
    params = found.get("round_params") if isinstance(found, dict) else None
    return (number, params) if type(number) is int and isinstance(params, dict) else None


def _kind(cell: str, kind: str) -> str:
    """Return the type of one cell: an integer in a column of floats is written back as an integer."""
    return "int" if kind == "float" and cell.removeprefix("-").isdecimal() else kind


def _score(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


__all__ = ["BATCH_END", "FINISHED", "RUNNING", "RunLog"]
