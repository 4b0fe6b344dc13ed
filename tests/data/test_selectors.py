from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo import data as zoo_data
from zoo.data import Dataset, assets, between, random_window, sp500, tabular, with_history
from zoo.errors import DataError
from zoo.trust import resolve


@pytest.fixture(scope="module")
def market():
    return sp500(start="1990-01-02", end="1991-12-31")


def test_between_is_the_panels_own_cut(panel, days):
    found = between(panel, first="2024-01-03", last="2024-01-05")
    assert found.fingerprint() == panel.between("2024-01-03", "2024-01-05").fingerprint()
    assert between(panel).fingerprint() == panel.fingerprint()
    assert between(panel, last="2024-01-03").dates.equals(days[:2])


def test_between_refuses_a_cut_that_leaves_nothing(panel):
    with pytest.raises(DataError, match="no bar from 2030-01-01"):
        between(panel, first="2030-01-01")


def test_assets_are_kept_by_name_in_every_field_and_the_factors_stay(panel):
    found = assets(panel, names=["B"])
    assert found.assets == ["B"]
    assert set(found.fields) == set(panel.fields)
    assert all(frame.equals(panel.fields[name][["B"]]) for name, frame in found.fields.items())
    assert found.factors.equals(panel.factors)
    assert found.name == panel.name


def test_assets_keep_the_order_of_the_data(market):
    found = assets(market, names=["XOM", "AAPL", "JPM"])
    assert found.assets == [name for name in market.assets if name in ("XOM", "AAPL", "JPM")]
    assert found.fingerprint() == assets(market, names=["JPM", "XOM", "AAPL"]).fingerprint()


def test_assets_are_left_out_by_name(market):
    assert assets(market, without="AAPL").assets == [name for name in market.assets if name != "AAPL"]
    assert assets(market, names=("AAPL", "XOM"), without=["AAPL"]).assets == ["XOM"]


@pytest.mark.parametrize(
    ("given_names", "problem"),
    [
        ({"names": ["AAPL", "XOMM"]}, r"names: no asset 'XOMM'; expected one of AAPL.*did you mean 'XOM'\?"),
        ({"without": ["APL"]}, r"without: no asset 'APL'.*did you mean 'AAPL'\?"),
        ({"names": ["AAPL", "AAPL"]}, "asset 'AAPL' occurs twice"),
        ({"names": [1]}, "asset name 1 is a int"),
        ({"names": 5}, "5 is a int; expected a list of assets"),
        ({"names": []}, "no asset is left"),
        ({"names": "AAPL", "without": "AAPL"}, "no asset is left"),
        ({}, "assets are selected by nothing; expected names, without or both"),
    ],
)
def test_a_selection_of_assets_that_cannot_be_meant_is_refused(market, given_names, problem):
    with pytest.raises(DataError, match=problem):
        assets(market, **given_names)


def test_assets_with_enough_prices_are_kept(panel):
    assert with_history(panel, bars=5).assets == ["A", "B"]
    assert with_history(panel, bars=6).assets == ["A"]
    assert with_history(panel, bars=6).dates.equals(panel.dates)


def test_more_history_than_any_asset_has_is_refused_with_the_most_that_there_is(panel):
    with pytest.raises(DataError, match=r"no asset has 7 closing prices; expected at most 6 bars"):
        with_history(panel, bars=7)


@settings(max_examples=40, deadline=None)
@given(bars=st.integers(1, 505), seed=st.integers(0, 2**32 - 1))
def test_a_random_window_is_contiguous_as_long_as_asked_and_the_same_for_a_seed(market, bars, seed):
    found = random_window(market, bars=bars, seed=seed)
    start = market.dates.get_loc(found.dates[0])
    assert found.dates.equals(market.dates[start : start + bars])
    assert found.close.equals(market.close.iloc[start : start + bars])
    assert found.factors.equals(market.factors.iloc[start : start + bars])
    assert random_window(market, bars=bars, seed=seed).fingerprint() == found.fingerprint()


def test_every_window_can_be_drawn_and_none_is_favoured():
    days = pd.bdate_range("2024-01-02", periods=6)
    small = Dataset({"close": pd.DataFrame({"A": np.arange(1.0, 7.0)}, index=days)})
    starts = [random_window(small, bars=3, seed=seed).close.iloc[0, 0] for seed in range(400)]
    values, counts = np.unique(starts, return_counts=True)
    assert values.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert counts.min() > 70


def test_a_bar_of_a_random_window_is_exact_within_a_day():
    hours = pd.date_range("2024-01-02", periods=30, freq="h")
    small = Dataset({"close": pd.DataFrame({"A": np.arange(1.0, 31.0)}, index=hours)})
    assert {len(random_window(small, bars=7, seed=seed).dates) for seed in range(20)} == {7}


def test_a_window_longer_than_the_data_is_refused(panel):
    assert len(random_window(panel, bars=6, seed=0).dates) == 6
    with pytest.raises(DataError, match=r"panel: a window of 7 bars in 6; expected at most 6 bars"):
        random_window(panel, bars=7, seed=0)


@pytest.mark.parametrize("bars", [0, -1, 2.0, True, "5", None])
def test_bars_are_a_positive_whole_number(panel, bars):
    with pytest.raises(DataError, match=r"bars is .*; expected a whole number, at least 1"):
        with_history(panel, bars=bars)
    with pytest.raises(DataError, match=r"bars is .*; expected a whole number, at least 1"):
        random_window(panel, bars=bars, seed=0)


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, True, None])
def test_a_seed_is_a_whole_number_that_numpy_takes(panel, seed):
    with pytest.raises(
        DataError, match=r"seed is .*; expected a whole number, at least 0 and below 4294967296"
    ):
        random_window(panel, bars=3, seed=seed)


SELECTORS = {
    "between": {"first": "2024-01-03"},
    "assets": {"names": ["A"]},
    "with_history": {"bars": 2},
    "random_window": {"bars": 2, "seed": 1},
}


@pytest.mark.parametrize("name", SELECTORS)
def test_a_manifest_may_name_it_and_it_changes_nothing_that_it_was_given(panel, name):
    before = panel.fingerprint()
    selector = resolve(f"zoo.data.{name}")
    assert selector is getattr(zoo_data, name)
    assert isinstance(selector(panel, **SELECTORS[name]), Dataset)
    assert panel.fingerprint() == before


@pytest.mark.parametrize("name", SELECTORS)
def test_what_is_no_panel_is_refused(name):
    with pytest.raises(DataError, match=r"a selector was given a Table; expected a panel"):
        getattr(zoo_data, name)(tabular("diabetes"), **SELECTORS[name])
