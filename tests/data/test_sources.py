from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import zoo.data
from zoo.data import sp500, tabular
from zoo.errors import DataError


def test_the_package_offers_exactly_what_it_says():
    assert zoo.data.__all__ == sorted(zoo.data.__all__)
    assert {"Dataset", "Fingerprint", "Table", "csv", "sp500", "tabular", "trades", "volume_bars"} <= set(
        zoo.data.__all__
    )
    assert all(hasattr(zoo.data, name) for name in zoo.data.__all__)


def test_the_sample_prices_are_twenty_stocks_and_their_index():
    data = sp500()
    assert data.name == "sp500"
    assert data.close.shape == (8313, 20)
    assert not data.close.isna().any(axis=None)
    assert list(data.factors.columns) == ["SP500"]
    assert data.factors["SP500"].isna().tolist()[:2] == [True, False]
    assert data.factors["SP500"].iloc[1] == pytest.approx(358.76 / 359.69 - 1, rel=1e-12)


def test_end_and_start_are_the_last_and_first_bar():
    data = sp500(end="2017-12-29", start="2016-01-01")
    assert (f"{data.dates[0]:%Y-%m-%d}", f"{data.dates[-1]:%Y-%m-%d}") == ("2016-01-04", "2017-12-29")
    assert data.fingerprint() == sp500().between("2016-01-01", "2017-12-29").fingerprint()


def test_prices_are_cut_before_they_are_resampled():
    monthly = sp500(end="2017-12-28", freq="ME")
    assert f"{monthly.dates[-1]:%Y-%m-%d}" == "2017-11-30"
    assert f"{sp500(end='2017-12-29', freq='ME').dates[-1]:%Y-%m-%d}" == "2017-12-29"


def test_the_sample_prices_are_the_same_every_time():
    assert sp500().fingerprint() == sp500().fingerprint()


def test_diabetes_comes_in_its_own_units():
    table = tabular("diabetes")
    assert table.frame.shape == (442, 11)
    assert table.frame["age"].iloc[0] == 59.0  # not centred and scaled over all rows
    assert table.name == "diabetes"


def test_breast_cancer_is_binary():
    table = tabular("breast_cancer")
    assert table.frame.shape == (569, 31)
    assert sorted(table.frame["target"].unique()) == [0, 1]


FRAME = pd.DataFrame({"x": [0.1, 1 / 3, 2e-17], "y": ["a", "b", "ü"], "label": [1, 0, 1]})


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".csv.gz", ".parquet", ".pq"])
def test_a_file_comes_back_as_it_was(tmp_path, suffix):
    path = tmp_path / f"shop{suffix}"
    FRAME.to_csv(path, index=False) if ".csv" in suffix.lower() else FRAME.to_parquet(path)
    table = tabular(path=path, target="label")
    assert table.name == "shop"
    assert table.frame["x"].to_list() == FRAME["x"].to_list()
    assert list(table.frame.columns) == ["x", "y", "target"]
    assert (
        table.fingerprint().content
        == zoo.data.Table(FRAME.rename(columns={"label": "target"})).fingerprint().content
    )


def test_a_column_called_target_needs_no_renaming(tmp_path):
    FRAME.rename(columns={"label": "target"}).to_csv(tmp_path / "a.csv", index=False)
    plain, named = tabular(path=str(tmp_path / "a.csv")), tabular(path=tmp_path / "a.csv", target="target")
    assert plain.fingerprint() == named.fingerprint()


def test_exactly_one_source_is_named():
    with pytest.raises(DataError, match=r"tabular data without a source; expected one of name"):
        tabular()
    with pytest.raises(DataError, match=r"both name 'diabetes' and path 'a\.csv'"):
        tabular("diabetes", path="a.csv")


def test_an_unknown_table_is_refused_with_the_nearest():
    with pytest.raises(DataError, match=r"unknown table 'diabetis'.*did you mean 'diabetes'\?"):
        tabular("diabetis")


def test_an_unknown_target_is_refused_with_the_columns_that_there_are(tmp_path):
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(
        DataError, match=r"a: no column 'lable'; expected one of x, y, label; did you mean 'label'\?"
    ):
        tabular(path=tmp_path / "a.csv", target="lable")
    FRAME.assign(target=1).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DataError, match="target is 'label', and there is a column 'target' too"):
        tabular(path=tmp_path / "b.csv", target="label")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", None, "no such file"),
        ("a.xlsx", b"x", "unknown kind of file '.xlsx'"),
        ("a.csv", b"", "cannot be read"),
        ("a.csv", b"x,y\n1,2,3\n4,5,6,7\n", "cannot be read"),
        ("a.csv", b"\xff\xfe\xfd,x\n", "cannot be read"),
        ("a.csv", b"x,y\n", "no data: 0 rows"),
        ("a.csv", b"x,x\n1,2\n", "column 'x' occurs twice"),
        ("a.csv", b"x,\n1,2\n", "column name '' is empty"),
        ("a.csv.gz", b"not gzip", "cannot be read"),
        ("a.parquet", b"not parquet", "cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_refused_by_name(tmp_path, name, content, problem):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=problem) as caught:
        tabular(path=path)
    assert "a" in str(caught.value.where)


def test_a_directory_is_no_table(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        tabular(path=tmp_path)


def test_missing_values_of_a_file_stay_missing(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,\n,b\n")
    frame = tabular(path=tmp_path / "a.csv").frame
    assert np.isnan(frame["x"].iloc[1])
    assert pd.isna(frame["y"].iloc[0])
