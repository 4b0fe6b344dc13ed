"""Bars of every kind: nothing is lost before the unfinished one, and nothing later is in any."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.data import (
    Dataset,
    completed,
    dollar_bars,
    sp500,
    time_bars,
    trade_count_bars,
    trades,
    volume_bars,
)
from zoo.errors import DataError

START = pd.Timestamp("2024-01-02T09:30")


def ticks(seed, count=200):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "date": START + pd.to_timedelta(np.sort(rng.integers(0, 3000, count)), unit="s"),
            "price": 100 * np.exp(rng.normal(0, 0.01, count).cumsum()),
            "size": rng.integers(0, 50, count) / 10,
        }
    )


FORM = {
    "time": lambda data: time_bars(data, every="5min"),
    "volume": lambda data: volume_bars(data, volume=37.5),
    "count": lambda data: trade_count_bars(data, count=13),
    "dollars": lambda data: dollar_bars(data, dollars=5000),
}


@pytest.fixture(params=FORM)
def form(request):
    return FORM[request.param]


def covered(bars, frame):
    """The trades of each bar by the dates alone."""
    edges = np.searchsorted(frame["date"], bars.dates, side="right")
    return [frame.iloc[first:last] for first, last in zip([0, *edges[:-1]], edges, strict=True)]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("kind", FORM)
def test_a_bar_is_what_was_traded_since_the_last_one(kind, seed):
    frame = ticks(seed)
    bars = FORM[kind](trades(frame, name="X"))
    for row, part in enumerate(covered(bars, frame)):
        found = {name: field.iloc[row, 0] for name, field in bars.fields.items()}
        assert found["open"] == part["price"].iloc[0]
        assert found["close"] == part["price"].iloc[-1]
        assert found["high"] == part["price"].max()
        assert found["low"] == part["price"].min()
        assert found["trades"] == len(part)
        assert found["volume"] == pytest.approx(part["size"].sum(), rel=1e-12)
        value = (part["price"] * part["size"]).sum()
        if part["size"].sum() > 0:
            assert found["vwap"] == pytest.approx(value / part["size"].sum(), rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_volume_is_conserved_up_to_the_unfinished_bar(seed):
    frame = ticks(seed)
    for bars, threshold in ((FORM["volume"](trades(frame)), 37.5), (FORM["count"](trades(frame)), 13)):
        left = frame[frame["date"] > bars.dates[-1]]
        total = bars.field("volume").to_numpy().sum() + left["size"].sum()
        assert total == pytest.approx(frame["size"].sum(), rel=1e-12)
        measure = "volume" if threshold == 37.5 else "trades"
        assert (bars.field(measure).to_numpy() >= threshold * (1 - 1e-9)).all()
        assert (left["size"].sum() if measure == "volume" else len(left)) < threshold


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(60, 199))
@pytest.mark.parametrize("kind", FORM)
def test_no_bar_knows_of_anything_later_than_its_date(kind, seed, cut):
    frame = ticks(seed)
    data = trades(frame, name="X")
    whole = FORM[kind](data)
    early = data.until(frame["date"].iloc[cut])
    try:
        part = FORM[kind](early)
    except DataError:
        assert whole.dates[0] > early.dates[-1]
        return
    rows = len(part.dates)
    assert part.dates.equals(whole.dates[:rows])
    assert rows == (whole.dates <= early.dates[-1]).sum()  # each is there at the very time that it carries
    for name in whole.fields:
        np.testing.assert_array_equal(part.field(name).to_numpy(), whole.field(name).to_numpy()[:rows])
    spoilt = frame.copy()
    later = spoilt["date"] > part.dates[-1]
    spoilt.loc[later, ["price", "size"]] = [1e6, 1e6]
    changed = FORM[kind](trades(spoilt, name="X"))
    for name in whole.fields:
        np.testing.assert_array_equal(changed.field(name).to_numpy()[:rows], part.field(name).to_numpy())


def test_the_unfinished_bar_is_dropped(form):
    data = trades(ticks(0))
    bars = form(data)
    assert bars.dates[-1] <= data.dates[-1]
    assert bars.field("trades").to_numpy().sum() < data.field("trades").to_numpy().sum()


def test_trades_that_add_up_to_the_threshold_complete_the_bar():
    frame = pd.DataFrame(
        {"date": pd.date_range(START, periods=30, freq="s"), "price": 1.0, "size": 0.1}
    )  # 0.1 ten times is less than 1 in floats
    bars = volume_bars(trades(frame), volume=1.0)
    assert bars.field("trades").iloc[:, 0].tolist() == [10, 10, 10]
    assert bars.dates[0] == START + pd.Timedelta("9s")


def test_bars_may_be_of_any_length():
    sizes = [*[1] * 3, *[0.01] * 1000, *[5] * 3]
    frame = pd.DataFrame({"date": pd.date_range(START, periods=1006, freq="s"), "price": 1.0, "size": sizes})
    bars = volume_bars(trades(frame), volume=3)
    assert bars.field("trades").iloc[:, 0].tolist() == [3, 300, 300, 300, 101, 1, 1]


def test_a_trade_is_never_split_nor_are_those_of_an_instant():
    frame = pd.DataFrame(
        {"date": [START, START, START + pd.Timedelta("1s")], "price": 1.0, "size": [7, 8, 100]}
    )
    bars = volume_bars(trades(frame), volume=10)
    assert bars.field("volume").iloc[:, 0].tolist() == [15, 100]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_bars_of_bars_by_time_are_bars_by_time(seed):
    data = trades(ticks(seed))
    fine = time_bars(data, every="1min")
    coarse, direct = time_bars(fine, every="10min"), time_bars(data, every="10min")
    rows = len(coarse.dates)
    assert rows >= len(direct.dates) - 1
    assert coarse.dates.equals(direct.dates[:rows])
    for name in ("open", "high", "low", "close", "trades"):
        np.testing.assert_array_equal(coarse.field(name), direct.field(name).iloc[:rows])
    for name in ("volume", "vwap"):
        np.testing.assert_allclose(coarse.field(name), direct.field(name).iloc[:rows], rtol=1e-12)


def fine(rows=24, assets=("A", "B"), start="2024-01-02T22:00", freq="15min", tz=None):
    dates = pd.date_range(start, periods=rows, freq=freq, tz=tz)
    values = np.arange(rows * len(assets), dtype=float).reshape(rows, -1) + 1
    close = pd.DataFrame(values, dates, list(assets))
    fields = {"close": close, "open": close - 0.5, "high": close + 2, "low": close - 2, "volume": close * 10}
    return Dataset(fields, pd.DataFrame({"m": 0.01}, dates), "fine")


def test_a_panel_is_aggregated_an_asset_at_a_time():
    data = fine()
    bars = time_bars(data, every="1h")
    # the first row is complete at 22:00, at the end of the stretch before
    assert [f"{date:%H:%M}" for date in bars.dates] == ["22:00", "23:00", "00:00", "01:00", "02:00", "03:00"]
    rows = slice(1, 5)
    assert bars.close.iloc[1].tolist() == data.close.iloc[4].tolist()
    assert bars.field("open").iloc[1].tolist() == data.field("open").iloc[1].tolist()
    assert bars.field("high").iloc[1].tolist() == data.field("high").iloc[rows].max().tolist()
    assert bars.field("low").iloc[1].tolist() == data.field("low").iloc[rows].min().tolist()
    assert bars.field("volume").iloc[1].tolist() == data.field("volume").iloc[rows].sum().tolist()
    weights = data.field("volume").iloc[rows]
    np.testing.assert_allclose(
        bars.field("vwap").iloc[1], (data.close.iloc[rows] * weights).sum() / weights.sum()
    )
    assert bars.factors["m"].iloc[1] == pytest.approx(1.01**4 - 1)


def test_what_is_missing_in_a_bar_stays_missing():
    data = fine()
    close, volume = data.close.copy(), data.field("volume").copy()
    close.iloc[1:5, 0] = np.nan
    volume.iloc[1:5, 0] = np.nan
    close.iloc[7, 1] = np.nan
    bars = time_bars(Dataset({**data.fields, "close": close, "volume": volume}), every="1h")
    assert np.isnan(bars.close.iloc[1, 0])
    assert np.isnan(bars.field("volume").iloc[1, 0])
    assert np.isnan(bars.field("vwap").iloc[1, 0])
    assert bars.close.iloc[2].tolist() == data.close.iloc[8].tolist()
    assert bars.close.iloc[1:].notna().sum().tolist() == [4, 5]


def test_the_average_price_is_of_the_rows_that_have_a_price_and_a_volume():
    data = fine(assets=("A",))
    volume, close = data.field("volume").copy(), data.close.copy()
    volume.iloc[2] = np.nan
    close.iloc[3] = np.nan
    bars = time_bars(Dataset({"close": close, "volume": volume}), every="1h")
    rows = [1, 4]
    value = (close.iloc[rows] * volume.iloc[rows]).sum() / volume.iloc[rows].sum()
    assert bars.field("vwap").iloc[1, 0] == pytest.approx(value["A"], rel=1e-14)


def test_a_stretch_without_a_row_has_no_bar():
    data = fine()
    holed = data.between(None, "2024-01-02T22:45"), data.between("2024-01-03T02:15", None)
    both = Dataset({n: pd.concat([part.fields[n] for part in holed]) for n in data.fields})
    assert [f"{date:%H:%M}" for date in time_bars(both, every="1h").dates] == ["22:00", "23:00", "03:00"]


def test_days_end_at_midnight_where_the_clocks_are():
    data = fine(rows=96 * 3, start="2024-10-26T00:15", tz="Europe/Berlin")
    bars = time_bars(data, every="1D")
    assert [str(date) for date in bars.dates] == ["2024-10-27 00:00:00+02:00", "2024-10-28 00:00:00+01:00"]
    counts = np.diff(np.r_[0, np.searchsorted(data.dates, bars.dates, side="right")])
    assert counts.tolist() == [96, 100]  # that day had 25 hours
    quarters = time_bars(
        data, every="4h"
    )  # 24 hours after midnight it was 23:00, and the day had an hour to go
    assert {f"{date:%H:%M}" for date in quarters.dates[:6]} == {f"{h:02}:00" for h in (0, 4, 8, 12, 16, 20)}
    assert [f"{date:%H:%M}" for date in quarters.dates[6:14]] == [
        *("03:00", "07:00", "11:00", "15:00", "19:00", "23:00"), "00:00", "04:00"]  # fmt: skip
    daily = sp500(start="2022-01-03", end="2022-01-31")
    assert time_bars(daily, every="1D").dates.equals(daily.dates)


def test_a_panel_by_activity_needs_a_clock():
    data = fine()
    for call in (volume_bars, dollar_bars):
        with pytest.raises(
            DataError, match=r"fine: bars by .* of 2 assets, which would have a calendar each"
        ):
            call(data, **{"volume" if call is volume_bars else "dollars": 100})
    with pytest.raises(DataError, match=r"no asset 'a' for a clock; expected one of A, B"):
        volume_bars(data, volume=100, clock="a")
    bars = volume_bars(data, volume=500, clock="B")
    alone = Dataset({name: frame[["B"]] for name, frame in data.fields.items()})
    assert bars.close[["B"]].equals(volume_bars(alone, volume=500).close)
    assert bars.close["A"].equals(data.close["A"].loc[bars.dates].rename("A"))
    total = data.field("volume").loc[: bars.dates[-1]].sum()
    assert bars.field("volume").sum().tolist() == total.tolist()


def test_value_is_volume_at_the_average_price_where_there_is_one():
    data = fine(assets=("A",))
    by_close = dollar_bars(data, dollars=2000)
    twice = Dataset({**data.fields, "vwap": data.close * 2})
    assert dollar_bars(twice, dollars=4000).dates.equals(by_close.dates)


def test_bars_stamped_with_their_start_are_moved_to_their_end():
    data = fine()
    moved = completed(data, length="15min")
    assert moved.dates.equals(data.dates + pd.Timedelta("15min"))
    assert moved.factors.index.equals(moved.dates)
    assert f"{time_bars(moved, every='1h').dates[0]:%H:%M}" == "23:00"


def test_a_field_of_the_user_s_own_is_the_last_of_the_bar():
    data = fine(assets=("A",))
    bars = time_bars(Dataset({**data.fields, "bid": data.close + 7}), every="1h")
    assert bars.field("bid").equals(bars.close + 7)


def test_required_fields_are_checked():
    data = Dataset({"close": fine().close})
    assert list(time_bars(data, every="1h").fields) == ["close"]
    with pytest.raises(DataError, match=r"no field 'high'; expected one of close"):
        time_bars(data, every="1h", required=["close", "high"])
    with pytest.raises(DataError, match=r"no field 'volume'; expected one of close"):
        volume_bars(data, volume=1, clock="A")
    with pytest.raises(DataError, match=r"no field 'trades'; expected one of close, open"):
        trade_count_bars(fine(), count=1, clock="A")
    assert volume_bars(trades(ticks(0)), volume=9, required=["open", "vwap"])


@pytest.mark.parametrize("every", ["7min", "2D", "0min", "-1h", "soon", 5, None, "25h"])
def test_stretches_divide_a_day(every):
    with pytest.raises(DataError, match="every is "):
        time_bars(fine(), every=every)


@pytest.mark.parametrize("threshold", [0, -1, np.nan, np.inf, True, "10", None])
def test_thresholds_are_positive_numbers(threshold):
    data = trades(ticks(0))
    for call, name in ((volume_bars, "volume"), (trade_count_bars, "count"), (dollar_bars, "dollars")):
        with pytest.raises(DataError, match=f"trades: {name} is .*; expected a positive number"):
            call(data, **{name: threshold})


def test_no_finished_bar_is_an_error_that_says_how_much_there_was(form):
    data = trades(ticks(0).iloc[:3])
    with pytest.raises(DataError, match=r"trades: no finished bar .* from 2024-01-02T09:30:"):
        form(data)
    with pytest.raises(DataError, match=r"of volume 1e\+09 \(there are 3 in all\)"):
        volume_bars(trades(ticks(0).iloc[:3].assign(size=1)), volume=1e9)


@pytest.mark.parametrize("value", [np.nan, -1.0])
def test_activity_that_is_missing_beside_a_price_is_refused(value):
    data = fine(assets=("A",))
    volume = data.field("volume").copy()
    volume.iloc[3] = value
    spoilt = Dataset({**data.fields, "volume": volume})
    with pytest.raises(
        DataError, match=r"asset 'A' has volume .* on 2024-01-02T22:45:00; expected volume of 0"
    ):
        volume_bars(spoilt, volume=100)


def test_an_idle_stretch_counts_nothing():
    data = fine(assets=("A",))
    fields = {name: frame.copy() for name, frame in data.fields.items()}
    for frame in fields.values():
        frame.iloc[3] = np.nan
    bars = volume_bars(Dataset(fields), volume=100)
    assert bars.field("volume").to_numpy().sum() <= np.nansum(fields["volume"])
    assert np.isfinite(bars.close.to_numpy()).all()
