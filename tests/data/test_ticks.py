from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zoo.data import trades
from zoo.errors import DataError

NINE = pd.Timestamp("2024-01-02T09:30")
FRAME = pd.DataFrame(
    {
        "date": NINE + pd.to_timedelta([0, 1, 1, 1, 5], unit="s"),
        "price": [10.0, 11.0, 13.0, 12.0, 9.0],
        "size": [100, 10, 30, 0, 5],
    }
)


def test_trades_of_one_instant_are_one_bar():
    data = trades(FRAME, name="X")
    assert data.assets == ["X"]
    assert list(data.dates) == [NINE, NINE + pd.Timedelta("1s"), NINE + pd.Timedelta("5s")]
    found = {name: frame["X"].tolist() for name, frame in data.fields.items()}
    assert found == {
        "open": [10.0, 11.0, 9.0],
        "high": [10.0, 13.0, 9.0],
        "low": [10.0, 11.0, 9.0],
        "close": [10.0, 12.0, 9.0],
        "volume": [100.0, 40.0, 5.0],
        "trades": [1.0, 3.0, 1.0],
        "vwap": [10.0, 12.5, 9.0],
    }


def test_an_instant_without_volume_has_no_average_price():
    data = trades(FRAME.assign(size=0))
    assert data.field("vwap").isna().all(axis=None)
    assert data.field("volume").eq(0).all(axis=None)


def test_trades_come_from_files_too(tmp_path):
    wanted = trades(FRAME, name="trades").fingerprint()
    FRAME.iloc[:2].to_csv(tmp_path / "1.csv", index=False)
    FRAME.iloc[2:].to_csv(tmp_path / "2.csv", index=False)
    FRAME.to_parquet(tmp_path / "a.parquet")
    assert trades(tmp_path / "*.csv").fingerprint() == wanted
    assert trades([tmp_path / "1.csv", str(tmp_path / "2.csv")]).fingerprint() == wanted
    assert trades(tmp_path / "a.parquet").fingerprint() == wanted
    other = FRAME.set_axis(["Time", "Px", "Qty"], axis=1).assign(Time=FRAME["date"].astype("int64"))
    unit = FRAME["date"].dt.unit
    columns = {"date": {"name": "Time", "format": unit}, "price": "Px", "size": "Qty"}
    assert trades(other, columns=columns).fingerprint() == wanted


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (FRAME.iloc[[0, 4, 1]], "x, row 2: dates are not in order: 2024-01-02T09:30:01 comes after"),
        (FRAME.assign(price=[1, 2, np.nan, 4, 5]), "x, row 2: column 'price' is nan; expected a number, po"),
        (FRAME.assign(price=[1, 2, 3, 0, 5]), "x, row 3: column 'price' is 0.0; expected a number, positive"),
        (FRAME.assign(price=[1, 2, 3, np.inf, 5]), "x, row 3: column 'price' is inf"),
        (FRAME.assign(size=[1, -2, 3, 4, 5]), "x, row 1: column 'size' is -2.0; expected a number, not"),
        (FRAME.assign(size=[1, None, 3, 4, 5]), "x, row 1: column 'size' is nan"),
        (FRAME.assign(size="many"), "x, row 0: text 'many' in column 'size'"),
        (FRAME.rename(columns={"size": "qty"}), "x: no column 'size'; expected one of date, price, qty"),
        (FRAME.iloc[:0], "x: no rows; expected at least one trade"),
        (FRAME.to_numpy(), "x: a ndarray; expected a DataFrame"),
    ],
)  # fmt: skip
def test_trades_that_cannot_be_are_refused(frame, problem):
    with pytest.raises(DataError) as caught:
        trades(frame, name="x")
    assert problem in str(caught.value)
