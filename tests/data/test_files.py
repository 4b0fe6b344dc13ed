"""CSV and Parquet files in every layout, and every way in which they can be wrong."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoo.data import Dataset, Table, csv, parquet
from zoo.errors import DataError

DAYS = pd.bdate_range("2024-01-02", periods=4)
LONG = pd.DataFrame(
    [
        (day, asset, 10.0 * i + j, 100 + i)
        for i, day in enumerate(DAYS)
        for j, asset in enumerate(["NA", "BRK.B"])
        if not (asset == "NA" and i == 0) and not (asset == "BRK.B" and i == 3)
    ],
    columns=["date", "asset", "close", "volume"],
)


def write(path, text):
    path.write_text(text)
    return path


def refused(problem, *args, read=csv, **kwargs):
    with pytest.raises(DataError) as caught:
        read(*args, **kwargs)
    assert problem in str(caught.value)


@pytest.fixture
def long_csv(tmp_path):
    LONG.to_csv(tmp_path / "long.csv", index=False)
    return tmp_path / "long.csv"


def expected(column="close"):
    return LONG.pivot(index="date", columns="asset", values=column).rename_axis(index=None, columns=None)


def test_a_long_file_is_a_panel_with_assets_by_name(long_csv):
    data = csv(long_csv)
    assert isinstance(data, Dataset)
    assert data.assets == ["BRK.B", "NA"]
    assert list(data.fields) == ["close", "volume"]
    pd.testing.assert_frame_equal(data.close, expected(), check_freq=False, check_index_type=False)
    assert data.name == "long"


def test_an_asset_that_starts_late_or_stops_early_is_not_filled(long_csv):
    close = csv(long_csv).close
    assert np.isnan(close.loc["2024-01-02", "NA"])
    assert np.isnan(close.loc["2024-01-05", "BRK.B"])
    assert close.notna().sum().tolist() == [3, 3]


def test_csv_gz_and_parquet_give_the_same_content(tmp_path, long_csv):
    wanted = csv(long_csv).fingerprint()
    with gzip.open(tmp_path / "long.csv.gz", "wb") as file:
        file.write(long_csv.read_bytes())
    LONG.to_parquet(tmp_path / "long.parquet", index=False)
    assert csv(tmp_path / "long.csv.gz").fingerprint() == wanted
    assert parquet(str(tmp_path / "long.parquet")).fingerprint() == wanted
    long_csv.write_bytes(b"\xef\xbb\xbf" + long_csv.read_bytes())
    assert csv(long_csv).fingerprint() == wanted


def test_columns_are_mapped_by_name(tmp_path, long_csv):
    other = LONG.rename(columns={"date": "Day", "asset": "Ticker", "close": "Px", "volume": "Vol"})
    path = write(tmp_path / "o.csv", other.assign(note="text").to_csv(index=False))
    mapped = csv(path, columns={"date": "Day", "asset": "Ticker", "close": "Px", "volume": "Vol"})
    assert mapped.fingerprint() == csv(long_csv).fingerprint()
    assert list(csv(path, columns={"date": "Day", "asset": "Ticker", "close": "Px"}).fields) == ["close"]
    own = csv(path, columns={"date": "Day", "asset": "Ticker", "close": "Px", "bid": "Px"})
    assert own.field("bid").equals(own.close)


def test_many_files_of_rows_are_one_panel(tmp_path, long_csv):
    first, second = LONG[LONG["date"] < DAYS[2]], LONG[LONG["date"] >= DAYS[2]]
    write(tmp_path / "part1.csv", first.to_csv(index=False))
    write(tmp_path / "part2.csv", second[["volume", "asset", "close", "date"]].to_csv(index=False))
    wanted = csv(long_csv).fingerprint()
    assert csv(str(tmp_path / "part*.csv")).fingerprint() == wanted
    assert csv([tmp_path / "part1.csv", tmp_path / "part2.csv"]).fingerprint() == wanted
    refused("part1.csv, line 2: dates of asset 'BRK.B' are not in order",
            [tmp_path / "part2.csv", tmp_path / "part1.csv"])  # fmt: skip


def test_files_without_an_asset_column_are_an_asset_each(tmp_path):
    for asset, rows in LONG.groupby("asset"):
        write(tmp_path / f"{asset}.csv", rows.drop(columns="asset").to_csv(index=False))
    data = csv(tmp_path / "*.csv")
    assert data.assets == ["BRK.B", "NA"]
    pd.testing.assert_frame_equal(data.close, expected(), check_freq=False, check_index_type=False)
    assert csv(tmp_path / "BRK.B.csv").assets == ["BRK.B"]


def test_an_asset_that_is_null_makes_all_files_one_asset(tmp_path):
    alone = LONG[LONG["asset"] == "NA"].drop(columns="asset")
    (tmp_path / "gold").mkdir()
    write(tmp_path / "gold" / "1.csv", alone.iloc[:2].to_csv(index=False))
    write(tmp_path / "gold" / "2.csv", alone.iloc[2:].to_csv(index=False))
    data = csv(tmp_path / "gold" / "*.csv", columns={"asset": None})
    assert data.assets == ["gold"]
    assert data.close["gold"].tolist() == alone["close"].tolist()


def test_two_files_of_one_stem_are_not_two_assets(tmp_path):
    text = LONG[LONG["asset"] == "NA"].drop(columns="asset").to_csv(index=False)
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        write(tmp_path / place / "x.csv", text)
    refused("two files for asset 'x'", tmp_path / "*" / "x.csv")


def test_wide_files_hold_a_field_each(tmp_path, long_csv):
    for field in ("close", "volume"):
        expected(field).rename_axis("date").to_csv(tmp_path / f"{field}.csv")
        expected(field).to_parquet(tmp_path / f"{field}.parquet")
    files = {"close": tmp_path / "close.csv", "volume": str(tmp_path / "volume.csv")}
    wanted = csv(long_csv).fingerprint()
    assert csv(files).fingerprint() == wanted
    assert (
        parquet({k: tmp_path / f"{k}.parquet" for k in files}).fingerprint() == wanted
    )  # the index has no name
    write(tmp_path / "v.csv", expected("volume").rename_axis("date").drop(columns="NA").to_csv())
    refused("field 'volume': asset 'NA' is missing", {**files, "volume": tmp_path / "v.csv"})


def test_factor_returns_come_from_columns_or_from_a_file_beside(tmp_path, long_csv):
    market = pd.Series([np.nan, 0.01, -0.02, 0.5], DAYS, name="market")
    beside = pd.DataFrame({"market": market, "size": 1.0}).rename_axis("date")
    beside.to_csv(tmp_path / "f.csv")
    data = csv(long_csv, columns={"factors": ["market"]}, factors=tmp_path / "f.csv")
    pd.testing.assert_series_equal(data.factors["market"], market, check_freq=False, check_index_type=False)
    assert list(csv(long_csv, factors=tmp_path / "f.csv").factors) == ["market", "size"]
    within = LONG.assign(market=LONG["date"].map(market))
    path = write(tmp_path / "l.csv", within.to_csv(index=False))
    assert csv(path, columns={"factors": ["market"]}).fingerprint() == data.fingerprint()
    assert csv(path, columns={"factors": "market"}).fingerprint() == data.fingerprint()
    within.loc[3, "market"] = 0.25
    write(path, within.to_csv(index=False))
    refused(", line 5: factor 'market' is 0.25 and -0.02 on one date, 2024-01-04", path,
            columns={"factors": ["market"]})  # fmt: skip
    write(tmp_path / "f.csv", beside.iloc[:3].to_csv())
    refused("factors: date 2024-01-05 is missing", long_csv, factors=tmp_path / "f.csv")
    refused("no column 'markte'; expected one of date, market, size; did you mean 'market'?", long_csv,
            factors=tmp_path / "f.csv", columns={"factors": ["markte"]})  # fmt: skip


def test_a_panel_is_cut_before_it_is_resampled(tmp_path):
    days = pd.bdate_range("2024-01-01", "2024-03-29")
    frame = pd.DataFrame({"date": days, "close": np.arange(len(days), dtype=float)})
    path = write(tmp_path / "a.csv", frame.to_csv(index=False))
    data = csv(path, start="2024-01-15", end="2024-02-28", freq="ME")
    assert [f"{date:%Y-%m-%d}" for date in data.dates] == ["2024-01-31"]
    refused("a table has no start, end or freq", path, columns={"target": "close"}, start="2024-01-15")


def test_columns_with_a_target_are_a_table(tmp_path):
    path = write(tmp_path / "t.csv", "x,y,kind\n1,0.5,a\n2,1.5,b\n")
    table = csv(path, columns={"target": "y"})
    assert isinstance(table, Table)
    assert list(table.frame.columns) == ["x", "kind", "target"]
    assert list(csv(path, columns={"target": "y", "features": ["x"]}).frame.columns) == ["x", "target"]
    assert csv([path, path], columns={"target": "y"}).frame["target"].tolist() == [0.5, 1.5, 0.5, 1.5]
    refused("no column 'z'; expected one of x, y, kind", path, columns={"target": "z"})
    refused("column 'y' is both target and feature", path, columns={"target": "y", "features": ["x", "y"]})
    other = write(tmp_path / "u.csv", "x,y\n1,2\n")
    refused("u.csv: other columns than the first file", [path, other], columns={"target": "y"})


HEAD = "date,asset,close\n2024-01-02,A,1\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "a.csv: is empty; expected a header and rows"),
        ("date,asset,close\n", "a.csv: no rows"),
        ("date,asset,colse\n2024-01-02,A,1\n", "no column 'close'; expected one of date, asset, colse; did"),
        ("date,close,close\n2024-01-02,1,1\n", "column 'close' occurs twice"),
        ("date,,close\n2024-01-02,1,1\n", "column name '' is empty"),
        (HEAD + "2024-01-03,A,1.5x\n", "a.csv, line 3: text '1.5x' in column 'close'; expected a number"),
        (HEAD + "\n\n2024-01-03,A,true\n", "a.csv, line 5: text 'true' in column 'close'"),
        (HEAD + '2024-01-03,A,"1,5"\n', "a.csv, line 3: text '1,5' in column 'close'"),
        (HEAD + "2024-01-03,A,1_5\n", "a.csv, line 3: text '1_5' in column 'close'"),
        (HEAD + "2024-01-03,A,inf\n", "asset 'A' is infinite on 2024-01-03"),
        (HEAD + HEAD, "a.csv, line 3: text 'close' in column 'close'"),
        (HEAD + "2024-01-03,A\n", "a.csv, line 3: 2 values; expected 3"),
        (HEAD + "2024-01-03,A,1,2\n", "a.csv, line 3: 4 values; expected 3"),
        (HEAD + "2024-01-03,,1\n", "a.csv, line 3: column 'asset' has no asset"),
        (HEAD + ",A,1\n", "a.csv, line 3: column 'date' has no date"),
        (HEAD + "2024-02-30,A,1\n", "a.csv, line 3: '2024-02-30' in column 'date' is no date; expected an"),
        (HEAD + "03.01.2024,A,1\n", "a.csv, line 3: '03.01.2024' in column 'date' is no date"),
        (HEAD + "2024-01-01,A,1\n", "a.csv, line 3: dates of asset 'A' are not in order: 2024-01-01 comes"),
        (HEAD + "2024-01-02,B,1\n2024-01-02,A,1\n", "line 4: date 2024-01-02 of asset 'A' occurs twice, f"),
        (HEAD + "2024-01-02,A,2\n", "expected each (date, asset) once"),
        (HEAD + "2024-01-03T00:00Z,A,1\n", "line 3: mixed time zones in column 'date': 2024-01-02 and 2024"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_named_with_its_line(tmp_path, content, problem):
    refused(problem, write(tmp_path / "a.csv", content))


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(HEAD.encode() + b"2024-01-03,\xff,1\n")
    refused("a.csv, line 3: text that is not UTF-8", path)
    path.write_bytes(b"\xff\xfe,x\n1,2\n")
    refused("a.csv: a header that is not UTF-8", path)
    (tmp_path / "a.csv.gz").write_bytes(b"no gzip")
    refused("a.csv.gz: cannot be read", tmp_path / "a.csv.gz")
    (tmp_path / "a.parquet").write_bytes(b"no parquet")
    refused("a.parquet: cannot be read", tmp_path / "a.parquet", read=parquet)


def test_lines_are_those_of_an_editor_even_where_a_field_has_several(tmp_path):
    path = write(tmp_path / "a.csv", 'date,note,close\n2024-01-02,"two\nlines",1\n2024-01-01,,1\n')
    refused("a.csv, line 4: dates are not in order", path)
    write(path, 'date,note,close\n2024-01-02,"two\nlines",1\n2024-01-03,,x\n')
    refused("a.csv, line 4: text 'x' in column 'close'", path)


@pytest.mark.parametrize("missing", ["", "NA", "NaN", "null", "#N/A", "None"])
def test_a_missing_number_is_missing(tmp_path, missing):
    data = csv(write(tmp_path / "a.csv", f"{HEAD}2024-01-03,A,{missing}\n2024-01-04,A,2\n"))
    np.testing.assert_array_equal(data.close["A"], [1.0, np.nan, 2.0])


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_every_float_is_read_to_the_last_bit(tmp_path, values):
    days = pd.date_range("2024-01-01", periods=len(values))
    rows = "".join(f"{day:%Y-%m-%d},{value!r}\n" for day, value in zip(days, values, strict=True))
    data = csv(write(tmp_path / "a.csv", f"date,close\n{rows}"))
    assert data.close["a"].tolist() == values


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 0.9), by_asset=st.booleans())
def test_rows_of_any_panel_give_that_panel(tmp_path, seed, share, by_asset):
    rng = np.random.default_rng(seed)
    close = pd.DataFrame(rng.normal(size=(9, 3)), pd.date_range("2024-01-01", periods=9), ["A", "B", "C"])
    close = close.mask(rng.random(close.shape) < share)
    close.iloc[0], close.iloc[:, 0] = 1.0, 2.0  # no date and no asset without a value
    rows = close.rename_axis("date").melt(ignore_index=False, var_name="asset", value_name="close")
    rows = rows.dropna().reset_index()
    rows = rows if by_asset else rows.sort_values("date", kind="stable")
    data = csv(write(tmp_path / "a.csv", rows.to_csv(index=False)))
    assert data.fingerprint() == Dataset({"close": close}).fingerprint()


def test_files_that_are_not_there_are_named(tmp_path, long_csv):
    refused("nix.csv: no such file", tmp_path / "nix.csv")
    refused("nix*.csv: no file matches", tmp_path / "nix*.csv")
    refused(
        f"is a directory; expected a file .csv or .csv.gz; for all files in it: {tmp_path}/*.csv", tmp_path
    )
    refused("unknown kind of file '.csv'", long_csv, read=parquet)
    refused("no path", [])
    refused("an empty mapping", {})
    refused(
        "a path for each field, and columns of a long layout", {"close": long_csv}, columns={"close": "x"}
    )


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    assert csv(write(tmp_path / "a[1].csv", HEAD)).assets == ["A"]


def test_a_column_missing_in_one_of_many_files_is_named_with_that_file(tmp_path, long_csv):
    other = write(tmp_path / "other.csv", "date,asset,close\n2024-02-01,A,1\n")
    refused("other.csv: no column 'volume'", [long_csv, other])


def test_parquet_values_that_are_no_numbers_are_named_with_their_row(tmp_path):
    path = tmp_path / "a.parquet"
    LONG.assign(close=LONG["close"].astype(str)).to_parquet(path)
    refused("a.parquet, row 0: text '1.0' in column 'close'", path, read=parquet)
    LONG.assign(close=LONG["close"] > 3).to_parquet(path)
    refused("a.parquet, row 0: a bool False in column 'close'", path, read=parquet)
