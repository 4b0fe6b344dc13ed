"""CSV and Parquet files as rows: only the columns that are asked for, numbers read to the last bit."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from zoo.data.names import checked_names
from zoo.data.parse import no_number
from zoo.data.rows import Rows
from zoo.errors import DataError

#: what stands for a missing number in a text file
MISSING: Final = ("", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None")
_CSV: Final = (".csv", ".csv.gz")
_PARQUET: Final = (".parquet", ".pq")

#: from a source's column names and what messages call it, its columns of text and of numbers
Choose: TypeAlias = Callable[[list[str], str], tuple[Sequence[str], Sequence[str]]]


def read(path: Path, choose: Choose, suffixes: Sequence[str]) -> Rows:
    """Return the rows of a file.

    Args:
        path: a file that ends in one of `suffixes`.
        choose: says which of the columns to read, and which of them hold numbers.
        suffixes: of the format that the caller expects.

    Raises:
        DataError: no such file, another kind of file, one that cannot be read, text in a number.
    """
    if not path.is_file():
        raise DataError(
            "is a directory" if path.is_dir() else "no such file",
            where=path,
            expected=f"a file {' or '.join(suffixes)}",
            remedy=f"for all files in it: {path}/*{suffixes[0]}" if path.is_dir() else None,
        )
    if not path.name.lower().endswith(tuple(suffixes)):
        raise DataError(f"unknown kind of file {path.suffix!r}", where=path, expected=" or ".join(suffixes))
    return _read_csv(path, choose) if tuple(suffixes) == _CSV else _read_parquet(path, choose)


def _read_csv(path: Path, choose: Choose) -> Rows:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    header = _header(path)
    text, numeric = choose(header, str(path))
    types = {**dict.fromkeys(text, pa.string()), **dict.fromkeys(numeric, pa.float64())}
    options = arrow_csv.ConvertOptions(
        column_types=types, include_columns=list(types), null_values=list(MISSING), strings_can_be_null=False
    )
    parse = arrow_csv.ParseOptions(newlines_in_values=True)
    try:
        found = arrow_csv.read_csv(path, parse_options=parse, convert_options=options)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _diagnosis(path, header, numeric) or _unreadable(path, error) from error
    return Rows.of(found.to_pandas(), str(path), lambda row: _line(path, row))


def _read_parquet(path: Path, choose: Choose) -> Rows:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            header = list(file.schema_arrow.names)
            named = ["date" if name == "__index_level_0__" else name for name in header]
            text, numeric = choose(named, str(path))
            chosen = [*text, *numeric]
            found = file.read(columns=[header[named.index(name)] for name in chosen])
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    frame = found.to_pandas(date_as_object=False, ignore_metadata=True)
    return Rows.of(frame.rename(columns={"__index_level_0__": "date"})[chosen], str(path))


def _header(path: Path) -> list[str]:
    try:
        with _records(path) as records:
            _, names = next(records, (0, []))
    except (OSError, EOFError, csv.Error) as error:
        raise _unreadable(path, error) from error
    if any(_is_foreign(name) for name in names):
        raise DataError("a header that is not UTF-8", where=path, expected="UTF-8")
    if not names:
        raise DataError("is empty", where=path, expected="a header and rows")
    return checked_names(names, "column", str(path))


@contextmanager
def _records(path: Path) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """Yield a CSV file's records with the line on which each ends; lines without content do not count."""
    opened: Any = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        reader = csv.reader(lines)
        yield ((reader.line_num, record) for record in reader if record)


def _line(path: Path, row: int) -> int:
    with _records(path) as records:
        for number, (line, _) in enumerate(records):
            if number == row + 1:
                return line
    return row + 2


def _diagnosis(path: Path, header: list[str], numeric: Iterable[str]) -> DataError | None:
    """Find the first record that is no row of this file."""
    places = {name: header.index(name) for name in numeric}
    try:
        with _records(path) as records:
            next(records)  # the header
            for line, record in records:
                wrong = _wrong_record(record, header, places, f"{path}, line {line}")
                if wrong is not None:
                    return wrong
    except (OSError, EOFError, csv.Error) as error:
        return _unreadable(path, error)
    return None


def _wrong_record(
    record: list[str], header: list[str], places: dict[str, int], where: str
) -> DataError | None:
    if len(record) != len(header):
        return DataError(
            f"{len(record)} values", where=where, expected=f"{len(header)}, as many as the header has columns"
        )
    if any(_is_foreign(value) for value in record):
        return DataError("text that is not UTF-8", where=where, expected="UTF-8")
    for name, place in places.items():
        if record[place] not in MISSING and not _is_number(record[place]):
            return no_number(record[place], name, where)
    return None


def _is_foreign(text: str) -> bool:
    """Tell whether bytes that are no UTF-8 were read as surrogates."""
    return any("\udc80" <= letter <= "\udcff" for letter in text)


def _is_number(text: str) -> bool:
    try:
        return not math.isnan(float(text)) and "_" not in text
    except ValueError:
        return False


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"cannot be read: {error}", where=path, expected="a table with a header")


__all__ = ["MISSING", "read"]
