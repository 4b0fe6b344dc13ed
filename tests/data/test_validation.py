from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zoo.data import Dataset
from zoo.errors import DataError


def refused(match, fields, factors=None):
    with pytest.raises(DataError, match=match):
        Dataset(fields, factors, "prices")


def test_fields_are_frames_by_name_and_close_is_one_of_them(close):
    refused(r"prices: fields are a DataFrame; expected a mapping", close)
    refused(r"prices: no field 'close'; expected 'close' beside \['open'\]", {"open": close})
    refused(r"no field 'close'; expected 'close' beside nothing", {})
    refused(r"prices, field 'close': a ndarray; expected a pandas DataFrame", {"close": close.to_numpy()})
    refused(r"field name 3 is a int", {"close": close, 3: close})


def test_without_dates_or_assets_there_is_no_data(close):
    refused(r"no data: 0 dates × 2 assets", {"close": close.iloc[:0]})
    refused(r"no data: 6 dates × 0 assets", {"close": close.iloc[:, :0]})


def test_dates_are_a_calendar(close):
    refused(r"field 'close': the index is a RangeIndex of int64", {"close": close.reset_index(drop=True)})
    refused(r"the index is a Index of (str|object)", {"close": close.set_axis(close.index.astype(str))})
    swapped = close.iloc[[0, 2, 1, 3, 4, 5]]
    refused(r"dates are not in order: 2024-01-03 comes after 2024-01-04", {"close": swapped})
    refused(r"date 2024-01-03 occurs twice", {"close": close.iloc[[0, 1, 1, 2]]})
    missing = close.set_axis(close.index[:5].append(pd.DatetimeIndex([pd.NaT])))
    refused(r"the date in row 5 is missing", {"close": missing})


def test_time_zones_are_none_or_one(close):
    zoned = close.tz_localize("UTC")
    assert str(Dataset({"close": zoned}).dates.tz) == "UTC"
    mixed = [
        stamp.tz_localize(zone) for stamp, zone in zip(close.index, ["UTC", "Asia/Tokyo"] * 3, strict=True)
    ]
    refused(
        r"with mixed time zones Asia/Tokyo, UTC", {"close": close.set_axis(pd.Index(mixed, dtype=object))}
    )
    refused(r"field 'open': date", {"close": close, "open": zoned})
    refused(r"factors: date", {"close": close}, zoned["A"])


def test_fields_share_their_dates_and_assets(close):
    shorter, fewer = close.drop(close.index[2]), close[["A"]]
    refused(r"field 'open': date 2024-01-04 is missing; expected the same dates as field 'close'",
            {"close": close, "open": shorter})  # fmt: skip
    refused(r"field 'open': date 2024-01-04 is not in field 'close'", {"close": shorter, "open": close})
    refused(r"field 'open': asset 'B' is missing", {"close": close, "open": fewer})
    refused(r"field 'open': assets in another order", {"close": close, "open": close[["B", "A"]]})
    refused(r"factors: date 2024-01-04 is missing", {"close": close}, shorter["A"])


def test_asset_and_factor_names_are_unique_strings(close):
    refused(r"asset 'A' occurs twice", {"close": close.set_axis(["A", "A"], axis=1)})
    refused(r"asset name 1 is a int; .*astype\(str\)", {"close": close.set_axis(["A", 1], axis=1)})
    refused(r"asset name '' is empty", {"close": close.set_axis(["A", ""], axis=1)})
    twice = close.set_axis(["m", "m"], axis=1)
    refused(r"factors: factor 'm' occurs twice", {"close": close}, twice)


@pytest.mark.parametrize(
    "values", [["a", "b"] * 3, [True, False] * 3, [1j] * 6, pd.date_range("2024", periods=6)]
)
def test_values_are_numbers(close, values):
    refused(r"asset 'B' is not numeric but ", {"close": close.assign(B=values)})
    refused(r"factors: factor 'B' is not numeric", {"close": close}, close.assign(B=values))


@pytest.mark.parametrize("infinity", [np.inf, -np.inf])
def test_infinite_values_are_refused_with_their_asset_and_date(close, infinity):
    broken = close.copy()
    broken.iloc[2, 1] = infinity
    refused(r"field 'close': asset 'B' is infinite on 2024-01-04", {"close": broken})
    refused(r"field 'volume': asset 'B' is infinite on 2024-01-04", {"close": close, "volume": broken})
    refused(r"factors: factor 'B' is infinite on 2024-01-04", {"close": close}, broken)


def test_NaN_is_kept_and_numbers_become_float64(close):
    panel = Dataset({"close": close, "volume": close.fillna(0).astype("int32")})
    assert np.isnan(panel.close.loc["2024-01-04", "B"])
    assert set(panel.field("volume").dtypes) == {np.dtype("float64")}
    missing = Dataset({"close": close.astype("Float64")})
    assert np.isnan(missing.close.loc["2024-01-04", "B"])


def test_factors_without_a_column_are_refused(close):
    refused(r"factors: no factor among the factors", {"close": close}, close.iloc[:, :0])
    refused(r"factors: a list; expected a pandas DataFrame", {"close": close}, [1, 2])
