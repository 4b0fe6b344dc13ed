"""Queries against a real SQLite file and a real DuckDB."""

from __future__ import annotations

import contextlib
import sqlite3

import numpy as np
import pandas as pd
import pytest

from zoo.data import Dataset, Table, csv, duckdb, sql
from zoo.errors import DataError

DAYS = pd.bdate_range("2024-01-02", periods=3)
LONG = pd.DataFrame(
    {"date": DAYS.strftime("%Y-%m-%d").repeat(2), "asset": ["A", "B"] * 3, "close": np.arange(6.0)}
)
QUERY = "SELECT * FROM prices ORDER BY date"


@pytest.fixture
def wanted():
    return Dataset({"close": pd.DataFrame(np.arange(6.0).reshape(3, 2), DAYS, ["A", "B"])}).fingerprint()


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "market.db"
    connection = sqlite3.connect(path)
    LONG.to_sql("prices", connection, index=False)
    pd.DataFrame({"date": LONG["date"].unique(), "m": [0.1, None, 0.3]}).to_sql(
        "factors", connection, index=False
    )
    connection.close()
    return path


@pytest.fixture
def url(database):
    return f"sqlite:///{database}"


def refused(read, problem, *args, **kwargs):
    with pytest.raises(DataError) as caught:
        read(*args, **kwargs)
    assert problem in str(caught.value)
    return caught.value


def test_the_rows_of_a_query_are_a_panel(url, wanted):
    data = sql(QUERY, url=url)
    assert data.fingerprint() == wanted
    assert data.name == "market"
    named = "SELECT date AS day, asset AS ticker, close AS px FROM prices ORDER BY asset, date"
    assert (
        sql(named, url=url, columns={"date": "day", "asset": "ticker", "close": "px"}).fingerprint() == wanted
    )
    assert sql(QUERY, url=url, end="2024-01-03").close.shape == (2, 2)


def test_factor_returns_are_another_query(url):
    data = sql(QUERY, url=url, factors="SELECT * FROM factors ORDER BY date")
    np.testing.assert_array_equal(data.factors["m"], [0.1, np.nan, 0.3])


def test_a_query_with_a_target_is_a_table(url):
    table = sql("SELECT close, asset FROM prices", url=url, columns={"target": "close"})
    assert isinstance(table, Table)
    assert table.frame.shape == (6, 2)


def test_a_colon_or_a_percent_sign_in_a_query_is_no_parameter(url, wanted):
    query = "SELECT * FROM prices WHERE asset NOT LIKE 'x%' AND ' :name %(a)s ?' != '' ORDER BY date"
    assert sql(query, url=url).fingerprint() == wanted


def test_the_url_may_lie_in_the_environment(url, wanted, monkeypatch):
    monkeypatch.setenv("MARKET_URL", url)
    assert sql(QUERY, url="env:MARKET_URL").fingerprint() == wanted
    refused(sql, "env:NIX: no environment variable 'NIX'", QUERY, url="env:NIX")
    monkeypatch.setenv("MARKET_URL", "no url, secret")
    assert "secret" not in str(refused(sql, "env:MARKET_URL: no SQLAlchemy URL", QUERY, url="env:MARKET_URL"))


def test_a_password_is_neither_accepted_nor_shown(monkeypatch):
    error = refused(sql, "the URL holds a password", QUERY, url="postgresql://me:secret@host/db")
    assert "secret" not in str(error)
    monkeypatch.setenv("MARKET_URL", "nosuchdialect://me:secret@host/db")
    error = refused(sql, "nosuchdialect://me:***@host/db", QUERY, url="env:MARKET_URL")
    assert "secret" not in str(error)


def test_a_sqlite_file_that_is_missing_is_not_made(tmp_path):
    refused(sql, "nix.db: no such file", QUERY, url=f"sqlite:///{tmp_path}/nix.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("SELECT * FROM nix", "the query was refused: no such table: nix"),
        ("SELEC", "the query is no SELECT but SELEC"),
        ("SELECT * FROM prices WHERE 0", "no rows; expected at least one row of data"),
        ("SELECT date, asset FROM prices", "no column 'close'; expected one of date, asset"),
        ("SELECT *, close FROM prices", "column 'close' occurs twice"),
        (
            "SELECT * FROM prices ORDER BY date DESC",
            "not in order: 2024-01-03 comes after 2024-01-04; sort the",
        ),
        ("SELECT date, asset, 'a' AS close FROM prices", "market.db, row 0: text 'a' in column 'close'"),
        (
            "SELECT * FROM prices UNION ALL SELECT * FROM prices ORDER BY date",
            "row 2: date 2024-01-02 of asset",
        ),
        ("CREATE TEMP TABLE x (y)", "the query is no SELECT but CREATE"),
    ],
)
def test_what_is_wrong_in_a_query_is_said(url, query, problem):
    refused(sql, problem, query, url=url)


def test_a_cache_needs_a_version_and_is_another_for_another(database, url, wanted, tmp_path):
    cache = tmp_path / "cache"
    refused(sql, "a cache without a version", QUERY, url=url, cache=cache)
    assert sql(QUERY, url=url, cache=cache, version=1).fingerprint() == wanted
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE prices SET close = close + 1")
    connection.close()
    assert sql(QUERY, url=url, cache=cache, version=1).fingerprint() == wanted  # the caller said so
    assert sql(QUERY, url=url, cache=cache, version=2).fingerprint() != wanted
    assert sql(QUERY + " ", url=url, cache=cache, version=1).fingerprint() != wanted
    assert sql(QUERY, url=url).fingerprint() != wanted


def test_duckdb_queries_files_and_databases(tmp_path, wanted):
    engine = pytest.importorskip("duckdb")
    LONG.to_csv(tmp_path / "p.csv", index=False)
    query = f"SELECT * FROM '{tmp_path}/p*.csv' ORDER BY date"
    assert duckdb(query).fingerprint() == wanted
    assert csv(tmp_path / "p.csv").fingerprint() == wanted
    with engine.connect(str(tmp_path / "m.duckdb")) as connection:
        connection.execute(f"CREATE TABLE prices AS {query}")
    data = duckdb(
        QUERY, database=tmp_path / "m.duckdb", factors="SELECT DISTINCT date, 0.5 AS m FROM prices ORDER BY 1"
    )
    assert (data.fingerprint().rows, data.name, data.factors["m"].tolist()) == (3, "m", [0.5] * 3)
    assert data.close.equals(csv(tmp_path / "p.csv").close)
    assert duckdb(QUERY, database=tmp_path / "m.duckdb", start="2024-01-04").close.shape == (1, 2)


def test_what_duckdb_refuses_is_said(tmp_path, monkeypatch):
    engine = pytest.importorskip("duckdb")
    # a variable of this name is no table of the query's
    monkeypatch.setattr("zoo.data.queries.prices", LONG, raising=False)
    refused(duckdb, "duckdb: the query was refused: Catalog Error: Table with name prices", QUERY)
    refused(duckdb, "the query was refused: Parser Error", "SELEC")
    refused(duckdb, "the query was refused: IO Error: No files found", f"SELECT * FROM '{tmp_path}/nix.csv'")
    refused(duckdb, "nix.duckdb: no such file", QUERY, database=tmp_path / "nix.duckdb")
    refused(duckdb, "the query is nothing", "")
    engine.connect(str(tmp_path / "m.duckdb")).close()
    refused(duckdb, "the query is CREATE", "CREATE TABLE x (y INT)", database=tmp_path / "m.duckdb")
    (tmp_path / "bad.duckdb").write_bytes(b"x" * 5000)
    refused(duckdb, "bad.duckdb: the query was refused", QUERY, database=tmp_path / "bad.duckdb")


def test_duckdb_that_is_not_installed_is_asked_for(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    refused(duckdb, "DuckDB is not installed; pip install 'zoo[duckdb]'", QUERY)


@pytest.mark.parametrize(
    "query",
    [
        "COPY (SELECT 1) TO '{0}/x.csv'",
        "SELECT 1; SELECT 2",
        "ATTACH '{0}/x.db'",
        "INSTALL httpfs",
        "SET threads = 1",
        "",
    ],
)
def test_duckdb_runs_one_select_and_nothing_else(tmp_path, query):
    with pytest.raises(DataError, match="one SELECT: a source only reads"):
        duckdb(query.format(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE bars",
        "DELETE FROM bars",
        "/* SELECT */ DELETE FROM bars",
        "WITH x AS (SELECT 1) DELETE FROM bars",
        "ATTACH 'x.db' AS x",
        "",
    ],
)
def test_a_database_is_only_read(tmp_path, query):
    path = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE bars (a)")
        connection.execute("INSERT INTO bars VALUES (1)")
    with pytest.raises(DataError):
        sql(query, url=f"sqlite:///{path}")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM bars").fetchone() == (1,)
    assert [p.name for p in tmp_path.iterdir()] == ["a.db"]
