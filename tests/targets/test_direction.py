from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.data import sp500
from zoo.errors import DataError, ManifestError
from zoo.targets import forward_direction, forward_return


@pytest.fixture(scope="module")
def prices():
    holed = sp500(end="1991-12-31").close
    holed.iloc[30, :3] = np.nan
    return holed


@pytest.mark.parametrize("demean", [False, True])
@pytest.mark.parametrize("threshold", [0, 0.02, -0.01])
def test_a_label_says_whether_the_forward_return_is_above_the_threshold(prices, threshold, demean):
    found = forward_direction(prices, horizon=21, threshold=threshold, demean=demean)
    returns = forward_return(prices, horizon=21, demean=demean)
    assert found.index.equals(prices.index)
    assert found.columns.equals(prices.columns)
    assert (found.dtypes == np.float64).all()
    assert found.isna().equals(returns.isna())
    known = returns.notna().to_numpy()
    assert np.array_equal(found.to_numpy()[known], (returns.to_numpy()[known] > threshold).astype(float))
    assert set(np.unique(found.to_numpy()[known])) == {0.0, 1.0}


def test_a_return_that_equals_the_threshold_is_not_above_it():
    prices = pd.DataFrame({"A": [1.0, 1.5, 1.5, 3.0]})
    assert forward_direction(prices, horizon=1)["A"].tolist()[:3] == [1.0, 0.0, 1.0]
    assert forward_direction(prices, horizon=1, threshold=0.5)["A"].tolist()[:3] == [0.0, 0.0, 1.0]


def test_where_there_is_no_return_there_is_no_label():
    prices = pd.DataFrame({"A": [1.0, np.nan, 2.0], "B": [0.0, 1.0, np.inf]})
    assert forward_direction(prices, horizon=1).isna().all(axis=None)


@settings(max_examples=30, deadline=None)
@given(horizon=st.integers(1, 60), date=st.integers(0, 500), value=st.sampled_from([np.nan, 0.0, 1e300]))
def test_a_label_uses_no_bar_past_its_horizon(prices, horizon, date, value):
    changed = prices.copy()
    changed.iloc[date:] = value
    before = forward_direction(prices, horizon=horizon, demean=True).to_numpy()
    after = forward_direction(changed, horizon=horizon, demean=True).to_numpy()
    known = max(date - horizon, 0)
    np.testing.assert_array_equal(after[:known], before[:known])


@pytest.mark.parametrize("threshold", ["0", None, True, np.nan, np.inf])
def test_a_threshold_is_a_finite_number(prices, threshold):
    with pytest.raises(ManifestError, match=r"threshold is .*; expected a finite number"):
        forward_direction(prices, horizon=1, threshold=threshold)


def test_the_rest_is_checked_as_for_the_return_itself(prices):
    with pytest.raises(ManifestError, match="horizon is 0"):
        forward_direction(prices, horizon=0)
    with pytest.raises(DataError, match="a NoneType"):
        forward_direction(None, horizon=1)
