"""The only reader of an experiment directory.

It fails closed: what cannot be read is an error that names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from zoo.errors import ExperimentCorrupt, ExperimentError, ExperimentNotFound, UnknownPermutation
from zoo.experiment.completeness import check_metadata, check_round, is_finished, is_ours, unchecked
from zoo.experiment.format import (
    AUDIT,
    FORMAT_VERSION,
    ID,
    METADATA,
    REMAKE,
    RESULTS,
    ROUNDS,
    VOLATILE,
    loads,
    read_cell,
    read_text,
    read_whole_lines,
    write_cell,
)
from zoo.experiment.integrity import (
    check_cell,
    check_ended,
    check_order,
    check_row,
    check_spelling,
    line_digest,
)
from zoo.experiment.replace import repair
from zoo.experiment.table import Table, read_table


@dataclass(frozen=True, slots=True)
class Description:
    """What can be said of an experiment without reading its predictions."""

    path: Path
    name: str
    settings: dict[str, Any]
    params: dict[str, list[Any]]
    permutations: tuple[int, ...]
    created_at: str
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Round:
    """One logged permutation.

    Attributes:
        id: its position in the product of the parameters' values.
        params: its parameters.
        preds: test predictions, date-major, None where there is none.
        probs: probabilities of the second class in the same order, or None.
        alignment: what the predictions' rows are called.
        split: the boundaries of its parts; None where they were not recorded.
        metrics: what results.csv says, without parameters and volatile columns.
        deterministic: what the model was when it was logged; None where that was not recorded.
        digests: sha256 of what metadata.json declared (`declared`), of the metrics (`row`) and of the line
            itself (`line`) when it was logged; None where they were not recorded.
        unchecked: what was not recorded, and can therefore not be checked.
        held_out: net returns of every bar of the test part: `calendar`, `first`, `last`, `bars`, `net`.
        quality: `rank_ic` of each test date.
        fitted: what of the target and the calibration was fitted.
        tolerances: `absolute` and `relative` by metric, where the experiment declares its own.
        volatile: metrics that the experiment declares volatile; they are not among `metrics`.
        line: sha256 of the line as it stands now; None where it has no digests at its end.
    """

    id: int
    params: dict[str, Any]
    preds: list[Any]
    probs: list[Any] | None
    alignment: dict[str, Any]
    split: dict[str, Any] | None
    metrics: dict[str, Any]
    deterministic: bool | None = None
    digests: dict[str, str] | None = None
    unchecked: tuple[str, ...] = ()
    held_out: dict[str, Any] | None = None
    quality: dict[str, Any] | None = None
    fitted: dict[str, Any] | None = None
    tolerances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    volatile: tuple[str, ...] = ()
    line: str | None = None


class ExperimentDirectory:
    """A finished experiment on disk.

    Args:
        path: the directory.
        unfinished: read what a run that was stopped or killed has finished: rounds that both files hold, in
            whole lines.

    Raises:
        ExperimentNotFound: there is none.
        ExperimentCorrupt: a file is missing, torn or malformed; raised when it is first needed.
    """

    def __init__(self, path: Path | str, *, unfinished: bool = False) -> None:
        self.unfinished = unfinished
        self.path = Path(
            path
        ).resolve()  # a replacement is made beside the directory, not beside a link to it
        repair(self.path)
        if not self.path.is_dir():
            raise ExperimentNotFound(
                "there is no experiment directory",
                where=self.path,
                remedy=f"make it with `python -m zoo experiment experiment={self.path.name}`",
            )

        self._identity = self.path.stat().st_ino

    @property
    def name(self) -> str:
        """The directory's own name."""
        return self.path.name

    def _read(self, name: str) -> str:
        """Read a file, and refuse to go on with another directory than the one that was opened."""
        if self.unfinished and name != METADATA:
            text = read_whole_lines(self.path / name)
        else:
            text = read_text(self.path / name)
        if self.path.stat().st_ino != self._identity:
            raise ExperimentError("was replaced while it was read", where=self.path, remedy="run it again")
        return text

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What metadata.json says; its format version and its keys' types are checked."""
        path = self.path / METADATA
        found = loads(self._read(METADATA), str(path))
        if not isinstance(found, dict) or not ({"manifest", "sfd_module"} & set(found)):
            raise ExperimentCorrupt(
                "names no pipeline", where=path, expected="`manifest` or `sfd_module`", remedy=REMAKE
            )
        version = found.get("format_version", FORMAT_VERSION)
        if version != FORMAT_VERSION:
            raise ExperimentCorrupt(
                f"has format_version {version!r}",
                where=path,
                expected=str(FORMAT_VERSION),
                remedy="use that zoo",
            )
        check_metadata(found, path)
        return found

    @cached_property
    def _table(self) -> Table:
        """results.csv as text; that of a run without a finished round is empty."""
        path, text = self.path / RESULTS, self._read(RESULTS)
        if self.unfinished and not text:
            return Table([ID], {}, {})
        table = read_table(text, path)
        self._check_header(table.header, path)
        check_order(table.rows, self.metadata, path)
        if is_ours(self.metadata):
            check_spelling(text, table.header, (row.values() for row in table.rows.values()), path)
        return table

    @property
    def cells(self) -> dict[int, dict[str, str]]:
        """The rows of results.csv by id, as they were written: "0.50" is not "0.5"."""
        return self._table.rows

    @cached_property
    def results(self) -> dict[int, dict[str, Any]]:
        """The rows of results.csv by id, typed by the columns that the writer declared."""
        path, table = self.path / RESULTS, self._table
        rows = {
            number: {
                name: self._value(name, cell, f"{path}:{table.lines[number]}, column {name}")
                for name, cell in row.items()
            }
            for number, row in table.rows.items()
        }
        expected = self.metadata.get("rounds", len(rows) or 1)
        if len(rows) != expected and not self.unfinished:
            raise ExperimentCorrupt(
                f"has {len(rows)} rows",
                where=path,
                expected=f"{expected}, a row a permutation",
                remedy=REMAKE,
            )
        return rows

    def _value(self, name: str, cell: str, where: str) -> Any:
        """Read a cell; one of ours is spelt as zoo spells it, so that no two texts are one value.

        An integer in a column of floats stays one: 3 is not 3.0, which a second run tells apart.
        """
        value = read_cell(cell, self._kind(name, cell), where)
        if is_ours(self.metadata):
            check_cell(cell, value, where)
            return int(value) if isinstance(value, float) and cell != write_cell(value) else value
        return value

    def _counts(self, value: Any) -> bool:
        """A metric that a round does not have is an empty cell of ours; another library's may mean more."""
        return value is not None or not is_ours(self.metadata)

    def _check_header(self, header: list[str], path: Path) -> None:
        declared = self.metadata.get("columns")
        if declared is None:
            return
        missing = [] if self.unfinished else [name for name in declared if name not in header]
        if missing:  # of an unfinished run: types are written before their columns
            raise ExperimentCorrupt(
                f"lacks the column {missing[0]!r}",
                where=path,
                expected="the columns that metadata.json declares",
                remedy=REMAKE,
            )
        extra = [name for name in header if name not in declared]
        if extra:
            raise ExperimentCorrupt(
                f"has a column {extra[0]!r} that metadata.json does not declare", where=path, remedy=REMAKE
            )

    def _kind(self, name: str, cell: str) -> str:
        declared: Mapping[str, str] = self.metadata.get("columns") or {}
        return declared.get(name) or guess_kind(cell)

    @cached_property
    def _rounds(self) -> dict[int, tuple[dict[str, Any], str | None]]:
        """The lines of round_data.jsonl by id, each with its digest."""
        path = self.path / ROUNDS
        lines = self._read(ROUNDS).split("\n")
        check_ended(lines[-1] == "", self.metadata, path)
        rounds: dict[int, tuple[dict[str, Any], str | None]] = {}
        for number, line in enumerate(lines, start=1):
            if line == "" and number == len(lines):
                continue
            where = f"{path}:{number}"
            found = loads(line, where)
            if not isinstance(found, dict) or type(found.get("round_id")) is not int:
                raise ExperimentCorrupt(
                    "is no round", where=where, expected="an object with round_id", remedy=REMAKE
                )
            if found["round_id"] in rounds:
                raise ExperimentCorrupt(f"round {found['round_id']} stands twice", where=where, remedy=REMAKE)
            rounds[found["round_id"]] = found, line_digest(line)
        check_order(rounds, self.metadata, path)
        self._check_count(rounds, path)
        return rounds

    def _check_count(self, rounds: Mapping[int, Any], path: Path) -> None:
        """A line that was added or taken away is a change, whichever permutation is asked for."""
        expected = self.metadata.get("rounds")
        if self.unfinished or not is_ours(self.metadata) or not is_finished(self.metadata):
            return
        if len(rounds) != expected:
            raise ExperimentCorrupt(
                f"has {len(rounds)} rounds",
                where=path,
                expected=f"{expected}, a line a permutation",
                remedy=REMAKE,
            )

    @cached_property
    def ids(self) -> tuple[int, ...]:
        """The permutations that have results."""
        known = set(self.results) & set(self._rounds) if self.unfinished else self.results
        return tuple(sorted(known))

    @cached_property
    def failed(self) -> dict[int, dict[str, Any]]:
        """The permutations that failed, by id: `params`, `error` and `message`, as audit.jsonl says.

        Raises:
            ExperimentCorrupt: a permutation that metadata.json says failed is not in it.
        """
        path = self.path / AUDIT
        text = self._read(AUDIT) if path.exists() and path.stat().st_size else ""
        found: dict[int, dict[str, Any]] = {}
        for place, line in enumerate(text.split("\n"), start=1):
            event = loads(line, f"{path}:{place}") if line else None
            if not isinstance(event, dict) or event.get("event") != "failed":
                continue
            number, params = event.get("round_id"), event.get("round_params")
            if type(number) is not int or not isinstance(params, dict):
                raise ExperimentCorrupt("is no failure of a round", where=f"{path}:{place}", remedy=REMAKE)
            told = {name: str(event.get(name)) for name in ("error", "message")}
            found[number] = {"params": params, **told}
        missing = [] if self.unfinished else [n for n in self.metadata.get("failed") or () if n not in found]
        if missing:
            raise ExperimentCorrupt(f"lacks the failure of round {missing[0]}", where=path, remedy=REMAKE)
        return {number: found[number] for number in sorted(found) if number not in self.results}

    def round(self, permutation_id: object, *, results: bool = True) -> Round:
        """Return one permutation with its metrics and predictions.

        Args:
            permutation_id: its id.
            results: read results.csv; without it, there are no metrics.

        Raises:
            UnknownPermutation: no id at all (a bool, a float, negative), or not in the experiment.
            ExperimentCorrupt: the files disagree about it.
        """
        known = self.ids if results else tuple(sorted(self._rounds))
        number = check_id(permutation_id, known, str(self.path))
        row = self.results[number] if results else {}
        found, line = self._rounds.get(number, (None, None))
        where = f"{self.path / ROUNDS}, round {number}"
        if found is None:
            raise ExperimentCorrupt(
                f"lacks round {number}, which {RESULTS} has", where=self.path / ROUNDS, remedy=REMAKE
            )
        check_round(found, self.metadata, where)
        params = found["round_params"]
        cells = self.cells[number] if results else {}
        if any(_differs(params[name], row[name], cells[name]) for name in params if name in row):
            raise ExperimentCorrupt(f"says other parameters than {RESULTS}", where=where, remedy=REMAKE)
        volatile = tuple(name for name in self.metadata.get("volatile") or () if name not in VOLATILE)
        skipped = {ID, *VOLATILE, *volatile, *params}
        return Round(
            number,
            params,
            found.get("preds") or [],
            found.get("probs"),
            found.get("alignment") or {},
            found.get("split"),
            {n: v for n, v in row.items() if n not in skipped and n[:1] != "_" and self._counts(v)},
            found.get("deterministic"),
            found.get("sha256"),
            unchecked(self.metadata, found),
            found.get("held_out"),
            found.get("quality"),
            found.get("fitted"),
            self.metadata.get("tolerances") or {},
            volatile,
            line,
        )


def _differs(declared: Any, logged: Any, cell: str) -> bool:
    """Compare a parameter in JSON with its cell; what is no number was written as text, often by `str`."""
    if cell == str(declared):
        return False
    if isinstance(declared, bool) or isinstance(logged, bool):
        return write_cell(declared) != write_cell(logged)
    if isinstance(declared, int | float) and isinstance(logged, int | float):
        return bool(declared != logged)
    return write_cell(declared) != write_cell(logged)


def guess_kind(cell: str) -> str:
    """Return the type of a cell that no writer declared: a number where it reads as one."""
    for kind in (int, float):
        try:
            kind(cell)
        except ValueError:
            continue
        return kind.__name__
    return "str"


def check_id(value: object, ids: tuple[int, ...], where: str) -> int:
    """Return `value` if it is one of `ids`; a bool or a float is no id, whatever it equals."""
    if type(value) is not int or value not in ids:
        known = (
            f"{ids[0]} to {ids[-1]}" if ids == tuple(range(ids[0], ids[-1] + 1)) else ", ".join(map(str, ids))
        )
        raise UnknownPermutation(
            f"permutation {value!r} does not exist",
            where=where,
            expected=f"an id of this experiment ({known})",
            remedy="correct the ids in the spec",
        )
    return value


def describe(path: Path | str) -> Description:
    """Say what an experiment is, from its metadata and its results.

    Raises:
        ExperimentNotFound, ExperimentCorrupt: as `ExperimentDirectory`.
    """
    directory = ExperimentDirectory(path)
    meta = directory.metadata
    return Description(
        directory.path,
        directory.name,
        dict(meta.get("settings") or {}),
        dict(meta.get("params") or {}),
        directory.ids,
        str(meta.get("created_at", "")),
        meta,
    )


__all__ = [
    "Description",
    "ExperimentDirectory",
    "Round",
    "check_id",
    "check_row",
    "describe",
    "guess_kind",
]
