"""results.csv as text: which rows it has, and which cells. What they mean says the directory's reader."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import ExperimentCorrupt
from zoo.experiment.format import ID, REMAKE, read_cell


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a file.

    Attributes:
        header: its columns.
        rows: by id, the cell of each column as it was written: "0.50" is not "0.5".
        lines: by id, the number of the line on which the row ends.
    """

    header: list[str]
    rows: dict[int, dict[str, str]]
    lines: dict[int, int]


def read_table(text: str, path: Path) -> Table:
    """Take a file apart.

    Raises:
        ExperimentCorrupt: no CSV, a column twice, no ids, an id that is none or stands twice, or a row with
            too many or too few cells.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        _check_header(header, path)
        table = Table(header, {}, {})
        for cells in reader:
            if cells:
                _add(table, cells, reader.line_num, path)
    except csv.Error as error:
        raise ExperimentCorrupt(f"is not CSV: {error}", where=path, remedy=REMAKE) from error
    return table


def _check_header(header: list[str], path: Path) -> None:
    if ID not in header or len(set(header)) != len(header):
        raise ExperimentCorrupt(
            f"lacks the column {ID!r}" if ID not in header else "has a column twice",
            where=path,
            expected="the columns that metadata.json declares",
            remedy=REMAKE,
        )


def _add(table: Table, cells: list[str], line: int, path: Path) -> None:
    where, count = f"{path}:{line}", len(table.header)
    if len(cells) != count:
        raise ExperimentCorrupt(
            "has not as many cells as the header", where=where, expected=str(count), remedy=REMAKE
        )
    row = dict(zip(table.header, cells, strict=True))
    number = read_cell(row[ID], "int", f"{where}, column {ID}")
    if number is None or number in table.rows:
        raise ExperimentCorrupt(f"id {row[ID]!r} is empty or stands twice", where=where, remedy=REMAKE)
    table.rows[number] = row
    table.lines[number] = line


__all__ = ["Table", "read_table"]
