from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.preprocessing import RobustScaler

from zoo.errors import DataError, ManifestError
from zoo.features import momentum, rolling_robust

# halves of small numbers: ties and windows without any spread are common
PANELS = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 30), st.integers(1, 3)),
    elements=st.integers(-6, 6).map(lambda n: n / 2) | st.sampled_from([np.nan, np.inf, -np.inf, 1e9]),
)


def test_the_last_bar_of_a_window_is_what_the_robust_scaler_makes_of_it(prices):
    found = rolling_robust(prices, window=63)
    for date in (62, 100, 259):
        window = prices.iloc[date - 62 : date + 1].to_numpy()
        wanted = RobustScaler().fit_transform(window)[-1]
        np.testing.assert_allclose(found.iloc[date], wanted, rtol=1e-12, atol=1e-14)


@settings(max_examples=150, deadline=None)
@given(values=PANELS, window=st.integers(2, 12), data=st.data())
def test_every_value_follows_from_its_own_window(values, window, data):
    least = data.draw(st.none() | st.integers(2, window))
    found = rolling_robust(pd.DataFrame(values), window=window, min_periods=least).to_numpy()
    for date, asset in np.ndindex(values.shape):
        seen = values[max(date - window + 1, 0) : date + 1, asset]
        seen, x = seen[np.isfinite(seen)], values[date, asset]
        if not np.isfinite(x) or len(seen) < (window if least is None else least):
            assert np.isnan(found[date, asset])
            continue
        lower, median, upper = np.quantile(seen, (0.25, 0.5, 0.75))
        wanted = (x - median) / (upper - lower) if upper > lower else 0.0 if x == median else np.nan
        np.testing.assert_allclose(found[date, asset], wanted, rtol=1e-12, atol=1e-12)


def test_a_value_beside_a_median_without_spread_has_no_score():
    values = pd.DataFrame({"A": [2.0, 2.0, 2.0, 2.0, 2.0, 7.0, 2.0]})
    found = rolling_robust(values, window=5)["A"]
    assert found.isna().tolist() == [True, True, True, True, False, True, False]
    assert found[4] == found[6] == 0.0


def test_fewer_values_than_the_window_will_do_when_they_are_asked_for(prices):
    holed = prices.copy()
    holed.iloc[40:60:3, 2] = np.nan
    strict, loose = rolling_robust(holed, window=30), rolling_robust(holed, window=30, min_periods=10)
    assert strict.iloc[40:88, 2].isna().all()
    assert loose.iloc[:9].isna().all(axis=None)
    assert loose.iloc[9:40].notna().all(axis=None)
    assert loose.iloc[40:, 2].isna().equals(holed.iloc[40:, 2].isna())


def test_an_outlier_moves_no_other_score_by_much(prices):
    spoilt = prices.copy()
    spoilt.iloc[150, 4] *= 1000
    clean, found = (rolling_robust(frame, window=63).iloc[:, 4] for frame in (prices, spoilt))
    assert found.iloc[150] > 1000
    assert (found - clean).drop(prices.index[150]).abs().max() < 0.6


def test_a_scale_and_a_shift_make_no_difference(prices):
    np.testing.assert_allclose(
        rolling_robust(3.0 * prices - 7.0, window=42), rolling_robust(prices, window=42), rtol=1e-9, atol=1e-9
    )


def test_another_features_panel_is_scaled_where_it_has_values(prices):
    feature = momentum(prices, lookback=21, skip=5)
    found = rolling_robust(feature, window=30)
    assert found.iloc[: 21 + 29].isna().all(axis=None)
    assert found.iloc[21 + 29 :].notna().all(axis=None)


@pytest.mark.parametrize("window", [1, 0, 2.5, True, "21", None])
def test_a_window_is_at_least_two_bars(prices, window):
    with pytest.raises(ManifestError, match=r"window is .*; expected a whole number of bars, at least 2"):
        rolling_robust(prices, window=window)


@pytest.mark.parametrize(
    ("least", "problem"), [(1, "at least 2"), (2.0, "a float"), (22, "min_periods is 22 and window 21")]
)
def test_the_least_number_of_values_lies_within_the_window(prices, least, problem):
    with pytest.raises(ManifestError, match=problem):
        rolling_robust(prices, window=21, min_periods=least)


def test_what_is_no_frame_is_refused():
    with pytest.raises(DataError, match="values are a Series"):
        rolling_robust(pd.Series([1.0, 2.0]), window=2)
