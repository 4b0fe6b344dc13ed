"""Panels and tables from queries: a database behind an SQLAlchemy URL, or DuckDB over files or its own."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from zoo.data import cache as caching
from zoo.data.columns import Columns
from zoo.data.dataset import Dataset, DateLike
from zoo.data.files import clipped
from zoo.data.memory import assembled, factor_rows
from zoo.data.names import checked_names
from zoo.data.rows import Rows
from zoo.data.table import Table
from zoo.errors import DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from sqlalchemy import URL, Connection

_ENV = "env:"
_FIRST_WORD = re.compile(
    r"(\s|--[^\n]*\n|/\*.*?\*/|\()*(select|with|values|table)\b", re.IGNORECASE | re.DOTALL
)


def sql(
    query: str,
    *,
    url: str,
    columns: Mapping[str, Any] | None = None,
    factors: str | None = None,
    start: DateLike | None = None,
    end: DateLike | None = None,
    freq: str | None = None,
    version: str | int | None = None,
    cache: str | Path | None = None,
) -> Dataset | Table:
    """Return the panel (or table) that a query gives: rows of a date, an asset and fields.

    Args:
        query: SQL, with an ORDER BY over the date.
        url: an SQLAlchemy URL without a password, or `env:NAME` for the URL in an environment variable: what
            is declared here is recorded with every experiment.
        columns: which column is what, as for `csv`.
        factors: another query, whose rows are a date and a column a factor.
        start: the first bar to keep.
        end: the last bar to keep.
        freq: `ME` for month ends, None for the bars as they are.
        version: what changes whenever the rows do; a cache needs it, since a database cannot be hashed.
        cache: a directory that keeps the result as Parquet, under query, URL and version.

    Raises:
        DataError: a URL that is none or has a password, a database that refuses, a cache without a version,
            and whatever `csv` refuses in a file.
    """
    place, mapped = _url(url), Columns.of(columns)
    where = place.render_as_string(hide_password=True)
    if cache is not None and version is None:
        raise DataError(
            "a cache without a version",
            where=where,
            expected="version: what changes whenever the rows do",
            remedy="leave `cache` out, or say which version of the rows this is",
        )

    def load() -> Dataset | Table:
        beside = None if factors is None else factor_rows(_rows(factors, place, f"{where}, factors"), mapped)
        return assembled(_rows(query, place, where), mapped, _stem(place), beside)

    if cache is None:
        return clipped(load(), start, end, freq)
    key = caching.key("sql", [where, query, factors, asdict(mapped), str(version)])
    return clipped(caching.through(cache, key, load), start, end, freq)


def duckdb(
    query: str,
    *,
    database: str | Path | None = None,
    columns: Mapping[str, Any] | None = None,
    factors: str | None = None,
    start: DateLike | None = None,
    end: DateLike | None = None,
    freq: str | None = None,
) -> Dataset | Table:
    """Return the panel (or table) that DuckDB gives, over files or a database of its own.

    Args:
        query: SQL, with an ORDER BY over the date: `SELECT * FROM 'prices/*.parquet' ORDER BY date`.
        database: a file of DuckDB's, opened for reading only; None queries files.
        columns: which column is what, as for `csv`.
        factors: another query, whose rows are a date and a column a factor.
        start: the first bar to keep.
        end: the last bar to keep.
        freq: `ME` for month ends, None for the bars as they are.

    Raises:
        DataError: DuckDB is not installed, a database that is missing, a query that is refused, and whatever
            `csv` refuses in a file.
    """
    try:
        import duckdb as engine
    except ImportError as error:
        raise DataError("DuckDB is not installed", remedy="pip install 'zoo[duckdb]'") from error
    mapped, where = Columns.of(columns), "duckdb" if database is None else str(database)
    if database is not None and not Path(database).expanduser().is_file():
        raise DataError("no such file", where=where, expected="a database of DuckDB's")
    file = ":memory:" if database is None else str(Path(database).expanduser())
    # What a query may name are files and tables, not variables of whoever happens to call.
    options: dict[str, str | bool | int | float | list[str]] = {
        "python_enable_replacements": "false",
        "autoinstall_known_extensions": "false",  # nothing is fetched from the network
        "autoload_known_extensions": "false",
    }
    try:
        with engine.connect(file, read_only=database is not None, config=options) as connection:
            beside = None if factors is None else _queried(connection, factors, f"{where}, factors")
            found = _queried(connection, query, where)
    except engine.Error as error:
        raise DataError(f"the query was refused: {_first_line(error)}", where=where) from error
    name = "duckdb" if database is None else Path(database).stem
    chosen = None if beside is None else factor_rows(beside, mapped)
    return clipped(assembled(found, mapped, name, chosen), start, end, freq)


def _queried(connection: DuckDBPyConnection, query: str, where: str) -> Rows:
    """Run one SELECT and nothing else: a manifest may come from somebody else, and a COPY writes files."""
    kinds = [statement.type.name for statement in connection.extract_statements(query)]
    if kinds != ["SELECT"]:
        raise _no_select(where, ", ".join(kinds) or "nothing")
    return Rows.of(connection.sql(query).to_arrow_table().to_pandas(date_as_object=False), where)


def _no_select(where: str, found: str) -> DataError:
    return DataError(f"the query is {found}", where=where, expected="one SELECT: a source only reads")


def _url(url: str) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    given = url
    if url.startswith(_ENV):
        name = url.removeprefix(_ENV)
        if name not in os.environ:
            raise DataError(
                f"no environment variable {name!r}", where=url, expected="an SQLAlchemy URL in it"
            )
        given = os.environ[name]
    try:
        place = make_url(given)
    except ArgumentError as error:
        raise DataError(
            "no SQLAlchemy URL", where="url" if given is url else url, expected="dialect://user@host/database"
        ) from error
    if given is url and place.password is not None:
        raise DataError(
            "the URL holds a password, which would be recorded",
            where=place.render_as_string(hide_password=True),
            expected="a URL without one",
            remedy="put the URL into an environment variable, and say url: env:NAME",
        )
    if place.get_backend_name() == "sqlite":
        _check_sqlite(place.database or ":memory:")
    return place


def _check_sqlite(database: str) -> None:
    # SQLite would make a new, empty database in silence.
    if database != ":memory:" and not database.startswith("file:") and not Path(database).is_file():
        raise DataError("no such file", where=database, expected="a database of SQLite's")


def _stem(place: URL) -> str:
    return Path(place.database or "sql").stem


def _rows(query: str, place: URL, where: str) -> Rows:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    if _FIRST_WORD.match(query) is None:
        raise _no_select(where, f"no SELECT but {query.split()[0] if query.split() else 'empty'}")
    try:
        engine = create_engine(place, poolclass=NullPool)
        with engine.connect() as connection:
            _read_only(connection, place.get_backend_name())
            # The query goes to the driver as it is: a colon or a percent sign in it is no parameter.
            result = connection.execution_options(no_parameters=True).exec_driver_sql(query)
            if not result.returns_rows:
                raise DataError("the query gives no rows", where=where, expected="a SELECT")
            names = checked_names(list(result.keys()), "column", where)
            found = pd.DataFrame(result.fetchall(), columns=names)
    except (SQLAlchemyError, ImportError) as error:
        cause = getattr(error, "orig", None) or error
        raise DataError(f"the query was refused: {_first_line(cause)}", where=where) from error
    return Rows.of(found, where)


def _read_only(connection: Connection, backend: str) -> None:
    """Let the database itself refuse what writes; where it cannot, the transaction is rolled back anyway."""
    if backend == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
    elif backend == "postgresql":
        connection.execution_options(postgresql_readonly=True)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


__all__ = ["duckdb", "sql"]
