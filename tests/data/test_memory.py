from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zoo.data import Dataset, Table, frame
from zoo.errors import DataError

DAYS = pd.bdate_range("2024-01-02", periods=3)
LONG = pd.DataFrame(
    {"date": DAYS.repeat(2), "asset": ["A", "B"] * 3, "close": np.arange(6.0), "volume": range(6)}
)
WIDE = pd.DataFrame(np.arange(6.0).reshape(3, 2), DAYS, ["A", "B"])


@pytest.fixture
def wanted():
    return Dataset({"close": WIDE, "volume": WIDE}).fingerprint()


def test_a_frame_of_rows_is_a_panel_however_it_holds_them(wanted):
    found = frame(LONG)
    assert found.fingerprint() == wanted
    assert found.name == "frame"
    assert frame(LONG.set_index(["date", "asset"])).fingerprint() == wanted
    assert frame(LONG.set_index("date")).fingerprint() == wanted
    assert frame(LONG.set_index("date").rename_axis(None)).fingerprint() == wanted
    assert frame(LONG.astype({"asset": "category", "volume": "Int32"})).fingerprint() == wanted
    assert frame(LONG.set_index(np.array([5, 5, 3, 1, 0, 9]))).fingerprint() == wanted


def test_frames_of_dates_and_assets_are_a_field_each(wanted):
    assert frame({"close": WIDE, "volume": WIDE.astype(int)}).fingerprint() == wanted
    assert frame({"close": WIDE.rename_axis("day"), "volume": WIDE}).fingerprint() == wanted
    with pytest.raises(DataError, match=r"prices, field 'volume': a ndarray; expected a DataFrame of pandas"):
        frame({"close": WIDE, "volume": WIDE.to_numpy()}, name="prices")


def test_polars_frames_are_taken_too(wanted):
    polars = pytest.importorskip("polars")
    found = polars.DataFrame(LONG)
    assert frame(found).fingerprint() == wanted
    assert frame(found.lazy()).fingerprint() == wanted
    assert frame(found.with_columns(polars.col("date").cast(polars.Date))).fingerprint() == wanted
    assert frame(found.with_columns(polars.col("asset").cast(polars.Categorical))).fingerprint() == wanted
    zoned = found.with_columns(polars.col("date").dt.replace_time_zone("UTC"))
    assert str(frame(zoned).dates.tz) == "UTC"
    wide = polars.DataFrame(WIDE.rename_axis("date").reset_index())
    assert frame({"close": wide, "volume": wide}).fingerprint() == wanted


def test_missing_values_of_polars_stay_missing():
    polars = pytest.importorskip("polars")
    found = frame(polars.DataFrame({"date": DAYS, "close": [1.0, None, 3.0]}))
    np.testing.assert_array_equal(found.close["frame"], [1.0, np.nan, 3.0])


def test_one_asset_is_called_by_the_name():
    alone = LONG[LONG["asset"] == "A"].drop(columns="asset")
    assert frame(alone, name="gold").assets == ["gold"]


def test_factor_returns_stand_beside():
    market = pd.DataFrame({"m": [0.1, 0.2, 0.3], "s": 0.0}, DAYS)
    assert list(frame(LONG, factors=market).factors.columns) == ["m", "s"]
    chosen = frame(LONG, factors=market, columns={"factors": ["m"]})
    assert chosen.factors["m"].tolist() == [0.1, 0.2, 0.3]
    assert frame({"close": WIDE}, factors=market, end="2024-01-03").factors.shape == (2, 2)
    with pytest.raises(DataError, match=r"frame, factors: no column 'x'"):
        frame(LONG, factors=market, columns={"factors": ["x"]})


def test_a_frame_with_a_target_is_a_table():
    table = frame(pd.DataFrame({"x": [1, 2], "y": [0, 1]}), columns={"target": "y"}, name="shop")
    assert isinstance(table, Table)
    assert (table.name, list(table.frame.columns)) == ("shop", ["x", "target"])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (LONG.to_numpy(), "frame: a ndarray; expected a DataFrame of pandas or polars"),
        (None, "frame: a NoneType"),
        (LONG.iloc[:0], "frame: no rows"),
        (LONG.iloc[[2, 0]], "frame, row 1: dates of asset 'A' are not in order"),
        (LONG.iloc[[0, 1, 0]], "frame, row 2: date 2024-01-02 of asset 'A' occurs twice, first at row 0"),
        (LONG.assign(close="x"), "frame, row 0: text 'x' in column 'close'"),
        (LONG.drop(columns="date"), "frame: no column 'date'"),
        (LONG.rename(columns={"volume": "close"}), "frame: column 'close' occurs twice"),
    ],
)
def test_what_is_wrong_in_a_frame_is_named_with_its_row(given, problem):
    with pytest.raises(DataError) as caught:
        frame(given)
    assert problem in str(caught.value)


def test_each_asset_s_own_order_is_what_counts(wanted):
    assert frame(LONG.iloc[[1, 3, 5, 0, 2, 4]]).fingerprint() == wanted
    assert frame(LONG.iloc[[1, 0, 3, 5, 2, 4]]).fingerprint() == wanted
