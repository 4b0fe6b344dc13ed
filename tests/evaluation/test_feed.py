import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tests.evaluation import small
from zoo.errors import DataError, FutureBars, ShadowError
from zoo.evaluation.feed import Feed, came_later, check_clock, declaration_of, fetch

NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


def test_a_bar_of_the_very_day_existed():
    dates = pd.DatetimeIndex(["2026-03-09", "2026-03-10", "2026-03-11"])
    assert came_later(dates, NOON).tolist() == [False, False, True]
    hours = pd.DatetimeIndex(["2026-03-10 11:00", "2026-03-10 13:00", "2026-03-11 00:00"])
    assert came_later(hours, NOON).tolist() == [False, False, True]


def test_bars_with_a_time_zone_are_compared_by_their_times():
    hours = pd.DatetimeIndex(
        ["2026-03-10 07:59", "2026-03-10 08:00", "2026-03-10 08:01"], tz="America/New_York"
    )
    assert came_later(hours, NOON).tolist() == [False, False, True]


@pytest.mark.parametrize("last", ["2026-03-10", "2026-03-11", "2026-03-10 23:00"])
def test_a_day_that_has_begun_somewhere_is_not_in_the_future(last):
    check_clock(pd.Timestamp(last), NOON, "x")


@pytest.mark.parametrize("last", [pd.Timestamp("2026-03-12"), pd.Timestamp("2026-03-10 12:01", tz="UTC")])
def test_a_bar_that_nobody_can_have_seen_is_refused(last):
    with pytest.raises(FutureBars, match=r"x: the last bar, .* lies in the future of this machine's clock"):
        check_clock(last, NOON, "x")


@pytest.fixture
def source(monkeypatch):
    monkeypatch.setitem(small.STATE, "data", small.market())


def test_a_version_s_source_is_taken_without_its_end(source):
    sensor, _ = small.sensor_of([("trend", {})])
    declared = declaration_of(sensor.bound, small.LINE)
    assert declared == {"_target_": small.LINE.data}
    assert fetch(declared, small.TRUST, None, small.NOW).dates[-1] == pd.Timestamp("2021-07-13")
    assert fetch(declared, small.TRUST, "2021-02-14", small.NOW).dates[-1] == pd.Timestamp("2021-02-12")


def test_a_date_before_the_data_is_refused(source):
    with pytest.raises(DataError, match="no bar"):
        fetch({"_target_": small.LINE.data}, small.TRUST, "2001-01-01", small.NOW)


def test_a_table_has_no_bars():
    with pytest.raises(ShadowError, match="a table has no bars"):
        fetch({"_target_": "zoo.data.tabular", "name": "diabetes"}, small.TRUST, None, small.NOW)


def test_what_was_seen_at_a_bar_is_what_the_source_had_by_then():
    feed = Feed(small.market(bars=30))
    assert feed.seen(feed.data.dates[4]) == feed.digests[4]
    assert feed.seen(pd.Timestamp("2020-01-04")) == feed.digests[2]  # a Saturday
    assert feed.seen(pd.Timestamp("2019-01-01")) == ""
    bars = pd.DatetimeIndex(["2019-01-01", "2020-01-04", feed.data.dates[4]])
    assert feed.seen_at(bars) == tuple(feed.seen(bar) for bar in bars)


def test_a_cut_is_made_once_and_holds_no_later_bar():
    feed = Feed(small.market(bars=30))
    assert feed.cut(7) is feed.cut(7)
    assert len(feed.cut(7).data.dates) == 8
    assert np.isfinite(feed.cut(7).data.close.to_numpy()).all()
