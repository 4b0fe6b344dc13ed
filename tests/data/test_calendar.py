from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.data import Dataset, sp500
from zoo.errors import DataError


def daily(first, last, drop=()):
    """Prices that count the bars, on every weekday but those dropped."""
    dates = pd.bdate_range(first, last).difference(pd.DatetimeIndex(drop))
    close = pd.DataFrame({"A": np.arange(1.0, len(dates) + 1)}, index=dates)
    return Dataset({"close": close}, close["A"].pct_change().rename("market"))


def months(panel):
    return [f"{date:%Y-%m-%d}" for date in panel.resample("ME").dates]


def test_each_field_is_resampled_in_its_own_way():
    dates = pd.DatetimeIndex(["2024-01-30", "2024-01-31", "2024-02-01", "2024-02-29"])
    numbers = pd.DataFrame({"A": [3.0, 1.0, 4.0, 2.0], "B": [np.nan, 7.0, 5.0, np.nan]}, index=dates)
    fields = dict.fromkeys(("close", "open", "high", "low", "volume", "shares"), numbers)
    monthly = Dataset(fields, pd.Series([0.1, 0.2, -0.5, 1.0], dates)).resample("ME")
    expected = {"close": [1, 2, 7, 5], "open": [3, 4, 7, 5], "high": [3, 4, 7, 5], "low": [1, 2, 7, 5]}
    expected |= {"volume": [4, 6, 7, 5], "shares": [1, 2, 7, 5]}
    for name, (a1, a2, b1, b2) in expected.items():
        assert monthly.field(name).to_numpy().tolist() == [[a1, b1], [a2, b2]], name
    np.testing.assert_allclose(monthly.factors["factor"], [1.1 * 1.2 - 1, 0.5 * 2 - 1], rtol=1e-15)


def test_a_month_without_a_value_is_missing_and_its_volume_no_zero():
    dates = pd.bdate_range("2024-01-01", "2024-02-29")
    close = pd.DataFrame({"A": 1.0, "B": np.where(dates.month == 1, np.nan, 2.0)}, index=dates)
    monthly = Dataset({"close": close, "volume": close}).resample("ME")
    assert np.isnan(monthly.close["B"].iloc[0])
    assert np.isnan(monthly.field("volume")["B"].iloc[0])


def test_a_missing_factor_return_makes_its_month_unknown():
    panel = daily("2024-01-01", "2024-03-29")
    assert np.isnan(panel.resample("ME").factors["market"].iloc[0])  # the first bar has no return
    assert np.isfinite(panel.resample("ME").factors["market"].iloc[1:]).all()


def test_the_label_is_the_date_of_the_last_bar_of_the_month():
    # 2024-03-29 was Good Friday: the exchange's last day of March was the 28th.
    assert months(daily("2024-01-01", "2024-04-30", drop=["2024-03-29"])) == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-28",
        "2024-04-30",
    ]


def test_a_month_is_finished_by_its_last_weekday():
    assert months(daily("2024-01-01", "2024-05-30"))[-1] == "2024-04-30"
    assert months(daily("2024-01-01", "2024-05-31"))[-1] == "2024-05-31"


def test_a_month_that_ends_on_a_weekend_is_finished_by_its_last_friday():
    assert months(daily("2024-05-01", "2024-06-28"))[-1] == "2024-06-28"  # the 30th was a Sunday
    assert months(daily("2024-05-01", "2024-06-27"))[-1] == "2024-05-31"


def test_a_month_whose_last_weekday_is_a_holiday_is_finished_by_the_next_bar():
    holiday = ["2024-03-29"]
    assert months(daily("2024-01-01", "2024-03-28", drop=holiday))[-1] == "2024-02-29"
    assert months(daily("2024-01-01", "2024-04-01", drop=holiday))[-1] == "2024-03-28"


def test_a_bar_on_the_weekend_after_the_last_weekday_finishes_its_month():
    dates = pd.date_range("2024-03-01", "2024-03-31").difference(
        pd.DatetimeIndex(["2024-03-29", "2024-03-31"])
    )
    panel = Dataset({"close": pd.DataFrame({"A": 1.0}, index=dates)})
    assert months(panel) == ["2024-03-30"]


def test_months_are_those_of_the_data_s_time_zone():
    hours = pd.date_range("2024-01-31 20:00", "2024-02-29 20:00", freq="h", tz="America/New_York")
    panel = Dataset({"close": pd.DataFrame({"A": 1.0}, index=hours)})
    assert [str(date) for date in panel.resample("ME").dates] == [
        "2024-01-31 23:00:00-05:00",
        "2024-02-29 20:00:00-05:00",
    ]


def test_a_month_without_bars_has_no_row():
    dates = pd.bdate_range("2024-01-01", "2024-01-31").append(pd.bdate_range("2024-03-01", "2024-03-29"))
    panel = Dataset({"close": pd.DataFrame({"A": 1.0}, index=dates)})
    assert months(panel) == ["2024-01-31", "2024-03-29"]


def test_december_2022_is_partial_in_the_sample_prices():
    assert months(sp500())[-2:] == ["2022-10-31", "2022-11-30"]


def test_month_ends_of_real_prices_are_the_closes_of_those_days():
    data = sp500(end="2017-12-29")
    monthly = data.resample("ME")
    assert len(monthly.dates) == 28 * 12
    pd.testing.assert_frame_equal(monthly.close, data.close.loc[monthly.dates], check_freq=False)
    index = (1 + data.factors["SP500"].fillna(0)).cumprod().loc[monthly.dates].pct_change()
    np.testing.assert_allclose(monthly.factors["SP500"].iloc[1:], index.iloc[1:], rtol=1e-9, atol=1e-13)


def test_only_month_ends_are_offered_and_one_must_be_finished():
    panel = daily("2024-01-01", "2024-01-30")
    with pytest.raises(DataError, match=r"cannot resample to 'W'; expected 'ME'"):
        panel.resample("W")
    with pytest.raises(DataError, match=r"no finished month from 2024-01-01 to 2024-01-30"):
        panel.resample("ME")


@settings(max_examples=50, deadline=None)
@given(st.integers(30, 500), st.sets(st.integers(0, 500), max_size=100))
def test_bars_that_come_later_leave_finished_months_as_they_were(length, holidays):
    dates = pd.bdate_range("2022-12-30", periods=501)
    dates = dates[[i for i in range(501) if i not in holidays]]
    close = pd.DataFrame({"A": np.arange(1.0, len(dates) + 1)}, index=dates)
    whole, part = (
        Dataset({"close": close}, close["A"]),
        Dataset({"close": close[:length]}, close["A"][:length]),
    )
    try:
        early = part.resample("ME")
    except DataError:
        return
    late = whole.resample("ME")
    assert early.close.equals(late.close.iloc[: len(early.dates)])
    assert early.factors.equals(late.factors.iloc[: len(early.dates)])
