"""Whether a directory is still the one that its writer left: digests, checked where a round is promoted.

Whatever pass 1 compares, it compares within a tolerance, and what it does not exercise (a date, a count, a
feature that is left out) it does not compare at all. A digest has no tolerance. It guards against an edit of
one file that another does not know of, not against somebody who edits both.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zoo.errors import ExperimentCorrupt
from zoo.experiment.completeness import is_finished, is_ours
from zoo.experiment.format import (
    AUDIT,
    CHECKPOINT,
    METADATA,
    REMAKE,
    SERIES,
    declared_digest,
    dumps,
    loads,
    read_text,
    row_digest,
    series_digest,
    write_cell,
)

if TYPE_CHECKING:
    from zoo.experiment.directory import Round

#: files of which the checkpoint of a finished run keeps the digest
SEALED: Final = (METADATA, AUDIT)
_TAIL: Final = ', "sha256": '
_LINE: Final = "a line of round_data.jsonl"


def sealed_line(line: Mapping[str, Any], digests: Mapping[str, str]) -> str:
    """Return a round's line of round_data.jsonl: its values, then the digests, one of them of the values.

    Args:
        line: everything that the round logs.
        digests: further digests.
    """
    text = dumps(dict(line))
    sealed = {**digests, "line": _sha256(text)}
    return f"{text[:-1]}{_TAIL}{dumps(sealed)}}}"


def line_digest(text: str) -> str | None:
    """Return the digest of the values of a line as it stands; None where it has no digests at its end."""
    head, mark, tail = text.rpartition(_TAIL)
    if not mark or not tail.endswith("}}"):
        return None
    try:
        canonical = dumps(loads(tail[:-1], _LINE)) == tail[:-1]
    except ExperimentCorrupt:
        return None
    return _sha256(f"{head}}}") if canonical else None


def check_line(logged: Round, where: str) -> None:
    """Raise `ExperimentCorrupt` where a round's line in round_data.jsonl is not the one that was logged."""
    if logged.digests is not None and (logged.line is None or logged.digests.get("line") != logged.line):
        raise ExperimentCorrupt(
            f"the line of permutation {logged.id} is not the one that was logged", where=where, remedy=REMAKE
        )


def check_row(logged: Round, where: str) -> None:
    """Raise `ExperimentCorrupt` where a round's row in results.csv is not the one that was logged with it."""
    if logged.digests is None:
        return
    if logged.digests.get("row") != row_digest(logged.metrics):
        raise ExperimentCorrupt(
            f"the row of permutation {logged.id} is not the one that was logged", where=where, remedy=REMAKE
        )
    series = {name: getattr(logged, name) for name in SERIES}
    if any(series.values()) and logged.digests.get("series") != series_digest(series):
        raise ExperimentCorrupt(
            f"the series of permutation {logged.id} are not those that were logged",
            where=where,
            remedy=REMAKE,
        )


def check_declared(logged: Round, metadata: Mapping[str, Any], where: str) -> None:
    """Raise `ExperimentCorrupt` where metadata.json declares something else than when a round was run."""
    if logged.digests is not None and logged.digests.get("declared") != declared_digest(metadata):
        raise ExperimentCorrupt(
            "metadata.json declares something else than when the round was run",
            where=where,
            remedy="restore metadata.json, or make the experiment again with overwrite=true",
        )


def check_spelling(text: str, header: Sequence[str], rows: Iterable[Iterable[str]], where: Path) -> None:
    """Raise `ExperimentCorrupt` where results.csv has more than its cells: an empty line, quotes, other ends.

    Args:
        text: the file.
        header: the columns.
        rows: the cells of each row, as they were read.
        where: the file.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    if out.getvalue() != text:
        raise ExperimentCorrupt("is not written as zoo writes it", where=where, remedy=REMAKE)


def check_order(ids: Iterable[int], metadata: Mapping[str, Any], where: Path) -> None:
    """Raise `ExperimentCorrupt` where the rounds of a finished experiment of ours are not in order of id."""
    found = list(ids)
    if is_ours(metadata) and is_finished(metadata) and found != sorted(found):
        raise ExperimentCorrupt("has its rounds in another order than by id", where=where, remedy=REMAKE)


def check_ended(ended: bool, metadata: Mapping[str, Any], where: Path) -> None:
    """Raise `ExperimentCorrupt` where the last line of a finished experiment of ours has no end."""
    if not ended and is_ours(metadata) and is_finished(metadata):
        raise ExperimentCorrupt("ends in the middle of a line", where=where, remedy=REMAKE)


def check_cell(cell: str, value: Any, where: str) -> None:
    """Raise `ExperimentCorrupt` where a cell is not spelt as zoo spells its value."""
    whole = isinstance(value, float) and value.is_integer() and cell == write_cell(int(value))
    if cell != write_cell(value) and not whole:
        raise ExperimentCorrupt(
            f"{cell!r} is not spelt as zoo spells it", where=where, expected=write_cell(value), remedy=REMAKE
        )


def seals(directory: Path) -> dict[str, str]:
    """Return the digests of the files that are sealed when a run is finished."""
    return {name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in SEALED}


def check_sealed(directory: Path, metadata: Mapping[str, Any]) -> None:
    """Check that the files of a finished experiment of ours are those that its run left.

    Nothing is sealed before a run is finished, and both files say that it is not.

    Raises:
        ExperimentCorrupt: the checkpoint, or a file that it seals, is missing or another one.
    """
    if not is_ours(metadata):
        return
    path = directory / CHECKPOINT
    text = read_text(path)
    found = loads(text, str(path))
    if not isinstance(found, dict) or text != f"{dumps(found)}\n":
        raise ExperimentCorrupt("is not the file that the run left", where=path, remedy=REMAKE)
    if not is_finished(metadata) and found.get("status") == metadata["status"] and "sha256" not in found:
        return
    now = {name: hashlib.sha256(read_text(directory / name).encode()).hexdigest() for name in SEALED}
    state = {"status": metadata.get("status"), "rounds": metadata.get("rounds")}
    expected = {**state, "failed": len(metadata.get("failed") or ()), "sha256": now}
    if text != f"{dumps(expected)}\n":
        sealed = found.get("sha256")
        other = [name for name in SEALED if isinstance(sealed, dict) and sealed.get(name) != now[name]]
        where = directory / other[0] if len(other) == 1 else path
        raise ExperimentCorrupt("is not the file that the run left", where=where, remedy=REMAKE)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


__all__ = [
    "SEALED",
    "check_cell",
    "check_declared",
    "check_ended",
    "check_line",
    "check_order",
    "check_row",
    "check_sealed",
    "check_spelling",
    "line_digest",
    "sealed_line",
    "seals",
]
