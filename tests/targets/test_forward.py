from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.data import sp500
from zoo.errors import DataError, ManifestError
from zoo.targets import forward_return


@pytest.fixture(scope="module")
def prices():
    return sp500(end="1991-12-31").close


@pytest.mark.parametrize("horizon", [1, 21, 60])
def test_a_label_is_the_simple_return_to_the_bar_horizon_bars_later(prices, horizon):
    found = forward_return(prices, horizon=horizon)
    wanted = prices.shift(-horizon) / prices - 1
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-14)
    assert found.iloc[-horizon:].isna().all(axis=None)
    assert found.iloc[:-horizon].notna().all(axis=None)


def test_a_demeaned_label_is_relative_to_the_assets_that_have_one(prices):
    holed = prices.copy()
    holed.iloc[30, :3] = np.nan
    plain, demeaned = (forward_return(holed, horizon=21, demean=flag) for flag in (False, True))
    np.testing.assert_allclose(demeaned.mean(axis=1).dropna(), 0, atol=1e-15)
    pd.testing.assert_frame_equal(demeaned, plain.sub(plain.mean(axis=1), axis=0), rtol=1e-12, atol=1e-15)
    assert demeaned.isna().equals(plain.isna())


@settings(max_examples=30, deadline=None)
@given(
    horizon=st.integers(1, 60), date=st.integers(0, 500), value=st.sampled_from([np.nan, 0.0, 1e300, -1.0])
)
def test_a_label_uses_no_bar_past_its_horizon(prices, horizon, date, value):
    changed = prices.copy()
    changed.iloc[date:] = value
    before = forward_return(prices, horizon=horizon, demean=True).to_numpy()
    after = forward_return(changed, horizon=horizon, demean=True).to_numpy()
    known = max(date - horizon, 0)
    np.testing.assert_array_equal(after[:known].view(np.int64), before[:known].view(np.int64))


def test_missing_and_zero_prices_give_no_label_and_no_infinity():
    prices = pd.DataFrame({"A": [1.0, np.nan, 2.0], "B": [0.0, 1.0, np.inf], "C": [1.0, 1.0, 0.5]})
    found = forward_return(prices, horizon=1)
    assert found.isna().to_numpy().tolist() == [[True, True, False], [True, True, False], [True, True, True]]
    assert found["C"].tolist()[:2] == [0.0, -0.5]


def test_a_horizon_longer_than_the_data_gives_no_label(prices):
    assert forward_return(prices.iloc[:5], horizon=5).isna().all(axis=None)
    assert forward_return(prices.iloc[:5], horizon=50, demean=True).isna().all(axis=None)


@pytest.mark.parametrize("horizon", [0, -1, True, 21.0, "21", None])
def test_a_horizon_is_a_positive_whole_number(prices, horizon):
    with pytest.raises(ManifestError, match=r"horizon is .*; expected a whole number of bars, at least 1"):
        forward_return(prices, horizon=horizon)


@pytest.mark.parametrize("demean", ["false", 0, 1, None])
def test_demean_is_a_bool_and_no_text_that_happens_to_be_true(prices, demean):
    with pytest.raises(ManifestError, match=r"demean is .*; expected true or false"):
        forward_return(prices, horizon=1, demean=demean)


@pytest.mark.parametrize(
    ("prices", "problem"), [(None, "a NoneType"), (pd.DataFrame({"A": ["x"]}), "no number")]
)
def test_what_holds_no_prices_is_refused(prices, problem):
    with pytest.raises(DataError, match=problem):
        forward_return(prices, horizon=1)
